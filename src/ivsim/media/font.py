"""Letters of 3 x 5 cells: capitals, figures and signs, for pictures with few pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WIDTH, HEIGHT = 3, 5

_UNKNOWN = "?"

# Each sign by its five rows from above, an octal digit each, whose highest bit is the left cell.
_ROWS = {
    " ": "00000", "0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711", "5": "74717", "6": "74757",
    "7": "71122", "8": "75757", "9": "75717", "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647",
    "F": "74644", "G": "34553", "H": "55755", "I": "72227", "J": "11152", "K": "55655", "L": "44447", "M": "57755",
    "N": "65555", "O": "25552", "P": "65644", "Q": "25563", "R": "65655", "S": "34216", "T": "72222", "U": "55557",
    "V": "55552", "W": "55775", "X": "55255", "Y": "55222", "Z": "71247", "-": "00700", "_": "00007", ".": "00002",
    ",": "00024", ":": "02020", ";": "02024", "!": "22202", "?": "71202", "'": "22000", '"': "55000", "/": "11244",
    "\\": "44211", "(": "12221", ")": "42224", "[": "32223", "]": "62226", "{": "32623", "}": "62326", "<": "12421",
    ">": "42124", "+": "02720", "=": "07070", "*": "52500", "#": "57575", "%": "51245", "&": "25253", "$": "36263",
    "@": "75743", "|": "22222", "~": "03600", "^": "25000", "`": "42000",
}  # fmt: skip


def legible(text: str) -> str:
    """Return a text in the letters that there are: capitals without accents, and a question mark for all others."""
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(
        sign if sign in _ROWS else " " if sign.isspace() else _UNKNOWN
        for sign in plain
        if not unicodedata.combining(sign)
    )


@lru_cache(maxsize=256)
def cells(sign: str) -> tuple[tuple[int, int], ...]:
    """Return the cells of a legible sign that are filled, each as column and row."""
    return tuple(_filled(sign))


def _filled(sign: str) -> Iterator[tuple[int, int]]:
    for row, digit in enumerate(_ROWS[sign]):
        for column in range(WIDTH):
            if int(digit) >> WIDTH - 1 - column & 1:
                yield column, row
