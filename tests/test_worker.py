from __future__ import annotations

import pickle
from io import BytesIO

import pytest

from ivsim.wire.http import Recipe
from ivsim.worker import ANSWERED, ASKED, work


def asking(*recipes: Recipe) -> BytesIO:
    """What a server writes to ask for bodies."""
    return BytesIO(b"".join(ASKED.pack(len(each)) + each for each in map(pickle.dumps, recipes)))


def answers(*recipes: Recipe) -> list[tuple[bool, bytes]]:
    """Return what the process answers until nothing more is asked for."""
    stream = BytesIO()
    work(asking(*recipes), stream)
    stream.seek(0)
    found = []
    while head := stream.read(ANSWERED.size):
        is_body, length = ANSWERED.unpack(head)
        found.append((is_body, stream.read(length)))
    return found


def shout() -> bytes:
    """Print, which a function in a recipe may do."""
    print("hello")
    return b"done"


def test_bodies() -> None:
    """One body comes after the other, until nothing more is asked for."""
    assert answers() == []
    assert answers(Recipe(bytes.fromhex, ("00ff",)), Recipe(bytes)) == [(True, b"\0\xff"), (True, b"")]


def test_what_goes_wrong() -> None:
    """What goes wrong is answered, as a traceback, and the next body is made."""
    (failed, text), made = answers(Recipe(bytes.fromhex, ("zz",)), Recipe(bytes, (2,)))
    assert not failed
    assert text.startswith(b"Traceback")
    assert b"ValueError: non-hexadecimal" in text
    assert made == (True, b"\0\0")


def test_printing(capsys: pytest.CaptureFixture[str]) -> None:
    """What a function prints does not get between the answers."""
    assert answers(Recipe(shout)) == [(True, b"done")]
    assert capsys.readouterr() == ("", "hello\n")
