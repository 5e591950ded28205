"""The pictures of a simulated broadcast: colour bars, words, running clocks, and the strip for programs.

A picture is drawn in blocks of 4 x 4 pixels, and words in cells of several blocks, so that they are as large in every
rendition. Only what changes from one frame to the next is drawn and coded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple, TypeAlias
from zlib import crc32

from . import font, h264, strip
from .h264 import Format, Macroblock, Picture

_CELLS_DOWN, _CELLS_ACROSS = 40, 70
"""The numbers of cells, down and across, that have to fit; a cell is as large as a picture then allows."""

_LINES = (11, 17, 23, 29)
"""The rows of cells where words begin, from above."""

_BARS_DOWN = 10
"""The number of rows of cells that the bars take."""

_MARGIN = 1

_BARS = (
    (176, 128, 128),
    (160, 44, 142),
    (128, 156, 44),
    (112, 72, 58),
    (80, 184, 198),
    (64, 100, 212),
    (32, 212, 114),
)
"""White, yellow, cyan, green, magenta, red and blue at three quarters: lightness and both differences of colour."""

_INSTEAD = {"slate": (64, 200, 108), "ad": (96, 96, 180)}
"""The colour in the place of the bars, where something other than the broadcast is shown."""

_BACKGROUND, _INK = 32, 224
_LIGHTS = 16, 240
"""The lightness of a 0 and of a 1 in the strip."""

_TILES = ((112, 72, 58), (80, 184, 198), (64, 100, 212), (96, 44, 142), (80, 128, 156), (96, 156, 44))
"""The colours of people, of whom each has one by its name."""

_DARK = (48, 128, 128)
"""The colour of one whose picture is stopped."""

YOUNG = 5.0
"""The seconds for which a text of PutMetadata is to be read."""


Cells: TypeAlias = tuple[tuple[str, float, float, float, float, bool], ...]
"""The people in a picture: each has a name, left, top, width and height in parts of the picture, and may be dark.

What comes later lies on what comes before.
"""


class Scene(NamedTuple):
    """The content of the pictures of one source.

    `title` is the channel's name, `rendition` the rendition's; `source` is one of strip.SOURCES, `began` the time at
    which the broadcast did. `texts` are those of PutMetadata, each with its time in seconds since then.
    Where there are `cells`, people are seen, by their names, in the place of bars and words.
    """

    title: str
    rendition: str
    source: str
    began: datetime
    texts: tuple[tuple[float, str], ...] = ()
    cells: Cells | None = None

    @property
    def people(self) -> Cells | None:
        """The cells that are seen, which slates and ads cover; None where there are none."""
        return self.cells if self.source == "live" else None


def frames(
    form: Format, scene: Scene, first: int, count: int, *, offset: timedelta, number: int, is_still: bool = False
) -> Iterator[bytes]:
    """Return pictures of a stream as NAL units, the first of which needs no other.

    They are frames `first` and following since the stream began; `offset` is how much later than these the time of day
    is, and `number` that of the segment, which neighbours must not share. Where it `is_still`, all are as the first.
    """
    canvas = _begun(form, scene._replace(texts=())).copy()
    for index in range(first, first + count):
        seconds = index / form.framerate
        if index == first or not is_still:
            canvas.show(scene, seconds, scene.began + timedelta(seconds=seconds) + offset)
        if index == first:
            yield h264.key_frame(form, canvas.picture, number)
        else:
            yield h264.frame(form, canvas.picture, () if is_still else canvas.changed, index - first)


def still(form: Format, scene: Scene, seconds: float, *, offset: timedelta) -> Picture:
    """Return the picture that is shown at a time; `offset` is as for `frames()`."""
    canvas = _begun(form, scene._replace(texts=())).copy()
    canvas.show(scene, seconds, scene.began + timedelta(seconds=seconds) + offset)
    return canvas.picture


class _Canvas:
    """A picture that is drawn on, and the macroblocks that changed since it was last shown."""

    def __init__(self, form: Format, scene: Scene) -> None:
        self._form = form
        self._columns = form.columns * 4
        self._cell = _cell_of(form)
        self._strip = _strip_layout(form)
        self.changed: list[int] = []
        self._touched: set[int] = set()
        people = scene.people
        ground = _ground(form, scene.source) if people is None else _tiled(form, people)
        self.picture, self._light = [*ground.picture], bytearray(ground.light)
        self._words = [""] * len(_LINES)
        self._bits: Sequence[int] = [-1] * (strip.ROWS * strip.COLUMNS)

    def copy(self) -> _Canvas:
        """Return another picture that looks the same."""
        other = copy(self)
        other.picture, other._light, other._words = [*self.picture], self._light[:], [*self._words]
        other._touched = set()
        return other

    def show(self, scene: Scene, seconds: float, now: datetime) -> None:
        """Draw the picture of a time; `changed` then says where it differs from the one before."""
        if scene.people is None:
            self._write(0, scene.title)
            self._write(1, f"{scene.rendition} {_clock(seconds)}")
            self._write(2, f"{now:%H:%M:%S} UTC" if scene.source == "live" else _SAYS[scene.source])
            self._write(3, next((text for at, text in reversed(scene.texts) if 0 <= seconds - at < YOUNG), ""))
        for place in self._touched:
            self.picture[place] = _cut_out(self._light, self._columns, place) + self.picture[place][16:]
        height = min(self._form.height, self._form.width)
        reading = strip.Reading(height, self._form.framerate, scene.source, round(seconds * 1000))
        self._draw_strip(strip.write(reading))
        self.changed = sorted(self._touched)
        self._touched.clear()

    def _write(self, line: int, text: str) -> None:
        """Write a line of words; those that are there already are left alone."""
        if text == self._words[line]:
            return
        room = (self._columns // self._cell - 2 * _MARGIN) // (font.WIDTH + 1)
        signs = font.legible(text)[:room]
        before = font.legible(self._words[line])[:room]
        for place, (sign, old) in enumerate(zip_longest(signs, before, fillvalue=" ")):
            if sign != old:
                self._draw(sign, _MARGIN + place * (font.WIDTH + 1), _LINES[line])
        self._words[line] = text

    def _draw(self, sign: str, column: int, row: int) -> None:
        """Draw a sign, in rows of cells that are alike."""
        size, columns = self._cell, self._columns
        left, top = column * size, row * size
        width, height = (
            min(font.WIDTH * size, columns - left),
            min(font.HEIGHT * size, len(self._light) // columns - top),
        )
        lines = _drawn(sign, size)
        for down in range(height):
            start = (top + down) * columns + left
            self._light[start : start + width] = lines[down][:width]
        for across in range(top // 4, (top + height + 3) // 4):
            start = across * self._form.columns
            self._touched.update(range(start + left // 4, start + (left + width + 3) // 4))

    def _draw_strip(self, bits: Sequence[int]) -> None:
        touched = {
            place
            for bit, before, places in zip(bits, self._bits, self._strip.places, strict=True)
            if bit != before
            for place in places
        }
        for place in touched:
            self.picture[place] = self._strip.macroblock(place, bits)
        self._touched |= touched
        self._bits = bits


@lru_cache(maxsize=32)
def _begun(form: Format, scene: Scene) -> _Canvas:
    """Return the first picture of a stream, since most of it is in all that follow."""
    canvas = _Canvas(form, scene)
    canvas.show(scene, 0.0, scene.began)
    return canvas


class _Ground(NamedTuple):
    """A picture without words and strip: the lightness of its blocks, row by row, and its macroblocks."""

    light: bytes
    picture: tuple[Macroblock, ...]


def _cell_of(form: Format) -> int:
    """Return the blocks on an edge of a cell."""
    return max(min(form.height // 4 // _CELLS_DOWN, form.width // 4 // _CELLS_ACROSS), 1)


@lru_cache(maxsize=32)
def _ground(form: Format, source: str) -> _Ground:
    """Return the bars, or the colour that stands in their place, and what is below them."""
    down = min(_BARS_DOWN * _cell_of(form) // 4, form.rows)
    bars = [_INSTEAD.get(source) or _BARS[column * len(_BARS) // form.columns] for column in range(form.columns)]
    line = b"".join(bytes([light]) * 4 for light, _, _ in bars)
    light = line * (down * 4) + bytes([_BACKGROUND]) * (len(line) * (form.rows - down) * 4)
    upper = [h264.macroblock([light] * 16, *colour) for light, *colour in bars] * down
    lower = [h264.macroblock([_BACKGROUND] * 16)] * (form.columns * (form.rows - down))
    return _Ground(light, (*upper, *lower))


@lru_cache(maxsize=32)
def _tiled(form: Format, cells: Cells) -> _Ground:
    """Return a picture of people: a tile for each, in its colour, with its name; the strip is below them."""
    columns, rows = form.columns, max(form.rows - -(-form.rows // strip.SHARE), 1)
    light = bytearray([_BACKGROUND]) * (columns * form.rows * 16)
    colours: list[tuple[int, ...]] = [(128, 128)] * (columns * form.rows)
    for name, *place, is_dark in cells:
        left, top, width, height = place
        lightness, *colour = _DARK if is_dark else _TILES[crc32(name.encode()) % len(_TILES)]
        across, down = _part(left, width, columns), _part(top, height, rows)
        for row in down:
            for column in across:
                colours[row * columns + column] = tuple(colour)
        tile = _tile(name, len(across) * 4, len(down) * 4, lightness)
        for line, blocks in enumerate(tile, down.start * 4):
            start = (line * columns + across.start) * 4
            light[start : start + len(blocks)] = blocks
    picture = [h264.macroblock(_cut_out(light, columns * 4, place), *colour) for place, colour in enumerate(colours)]
    return _Ground(bytes(light), tuple(picture))


def _part(start: float, share: float, total: int) -> range:
    """Return the numbers of what a share of so many takes: at least one."""
    first = min(round(start * total), total - 1)
    return range(first, max(min(round((start + share) * total), total), first + 1))


def _tile(name: str, width: int, height: int, lightness: int) -> list[bytes]:
    """Return a tile of so many blocks, row by row: a dark frame, and the name in it, as large as there is room for."""
    edge = bytes([_BACKGROUND])
    frame = edge * width
    rows = [frame, *[edge + bytes([lightness]) * (width - 2) + edge] * (height - 2), frame]
    size = max(min((width - 4) // (max(len(name), 6) * (font.WIDTH + 1)), (height - 4) // (2 * font.HEIGHT)), 1)
    signs = font.legible(name)[: (width - 4) // (size * (font.WIDTH + 1))]
    for down in range(min(font.HEIGHT * size, height - 4)):
        ink = b"".join(
            bytes([_INK if (column, down // size) in font.cells(sign) else lightness]) * size
            for sign in signs
            for column in range(font.WIDTH + 1)
        )
        rows[2 + down] = rows[2 + down][:2] + ink + rows[2 + down][2 + len(ink) :]
    return rows


def _cut_out(light: bytes | bytearray, columns: int, place: int) -> bytes:
    """Return the lightness of the blocks of one macroblock of a picture that is so many blocks wide."""
    return b"".join(light[each : each + 4] for each in _rows_of(columns, place))


def _rows_of(columns: int, place: int) -> range:
    """Return where the four rows of blocks of one macroblock begin, in a picture that is so many blocks wide."""
    row, column = divmod(place, columns // 4)
    start = row * 4 * columns + column * 4
    return range(start, start + 4 * columns, columns)


@lru_cache(maxsize=1024)
def _drawn(sign: str, size: int) -> tuple[bytes, ...]:
    """Return a sign as rows of blocks, in cells of so many."""
    cells = set(font.cells(sign))
    rows = [
        b"".join(bytes([_INK if (column, row) in cells else _BACKGROUND]) * size for column in range(font.WIDTH))
        for row in range(font.HEIGHT)
    ]
    return tuple(row for row in rows for _ in range(size))


class _Look(NamedTuple):
    """What macroblocks of the strip have in their 16 blocks: the numbers of bits, -1 for none.

    `bits` are those there are, `made` the macroblocks by the values of these.
    """

    blocks: tuple[int, ...]
    bits: tuple[int, ...]
    made: dict[tuple[int, ...], Macroblock]


class _StripLayout:
    """Where the bits of the strip are in pictures of a form: what a bit's macroblocks are, and what they look like."""

    def __init__(self, form: Format) -> None:
        columns = form.columns * 4
        blocks = _bits_in_blocks(form)
        looks: dict[tuple[int, ...], _Look] = {}
        self._looks: dict[int, _Look] = {}
        self.places: list[list[int]] = [[] for _ in range(strip.ROWS * strip.COLUMNS)]
        for place in range(form.columns * form.rows):
            each = tuple(bit for line in _rows_of(columns, place) for bit in blocks[line : line + 4])
            bits = tuple({*each} - {-1})
            self._looks[place] = looks.setdefault(each, _Look(each, bits, {}))
            for bit in bits:
                self.places[bit].append(place)

    def macroblock(self, place: int, bits: Sequence[int]) -> Macroblock:
        """Return a macroblock of the strip as it looks with these bits."""
        look = self._looks[place]
        key = tuple([bits[bit] for bit in look.bits])
        made = look.made.get(key)
        if made is None:
            light = [_BACKGROUND if bit < 0 else _LIGHTS[bits[bit]] for bit in look.blocks]
            made = look.made[key] = h264.macroblock(light)
        return made


def _bits_in_blocks(form: Format) -> list[int]:
    """Return the number of the strip's bit in each block of a picture, -1 where there is none."""
    columns, rows = form.columns * 4, form.rows * 4
    width, height = form.width // 4, form.height // 4
    top = height - height // strip.SHARE
    blocks = [-1] * (columns * rows)
    for bit in range(strip.ROWS * strip.COLUMNS):
        row, column = divmod(bit, strip.COLUMNS)
        left, right = (width * each // strip.COLUMNS for each in (column, column + 1))
        upper, lower = (top + (height - top) * each // strip.ROWS for each in (row, row + 1))
        if row == strip.ROWS - 1:
            lower = rows  # what is below is cut off
        for line in range(upper, lower):
            blocks[line * columns + left : line * columns + right] = [bit] * (right - left)
    return blocks


_strip_layout = lru_cache(maxsize=32)(_StripLayout)


_SAYS = {"slate": "FAILOVER SLATE", "ad": "AD BREAK"}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds * 10 + 1e-6), 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
