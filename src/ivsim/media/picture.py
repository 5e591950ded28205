"""The pictures of a simulated broadcast: colour bars, words, running clocks, and the strip for programs.

A picture is drawn in blocks of 4 x 4 pixels, and words in cells of several blocks, so that they are as large in every
rendition. Only what changes from one frame to the next is drawn and coded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from . import font, h264, strip
from .h264 import Format, Macroblock

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
_BLACK, _WHITE = 16, 240

YOUNG = 5.0
"""The seconds for which a text of PutMetadata is to be read."""


class Scene(NamedTuple):
    """The content of the pictures of one source.

    `title` is the channel's name, `rendition` the rendition's; `source` is one of strip.SOURCES, `began` the time at
    which the broadcast did. `texts` are those of PutMetadata, each with its time in seconds since then.
    """

    title: str
    rendition: str
    source: str
    began: datetime
    texts: tuple[tuple[float, str], ...] = ()


def frames(form: Format, scene: Scene, first: int, count: int, *, offset: timedelta, number: int) -> Iterator[bytes]:
    """Return pictures of a stream as NAL units, the first of which needs no other.

    They are frames `first` and following since the stream began; `offset` is how much later than these the time of day
    is, and `number` that of the segment, which neighbours must not share.
    """
    canvas = _Canvas(form, scene.source)
    for index in range(first, first + count):
        seconds = index / form.framerate
        canvas.show(scene, seconds, scene.began + timedelta(seconds=seconds) + offset)
        if index == first:
            yield h264.key_frame(form, canvas.picture, number)
        else:
            yield h264.frame(form, canvas.picture, canvas.changed, index - first)


class _Canvas:
    """A picture that is drawn on, and the macroblocks that changed since it was last shown."""

    def __init__(self, form: Format, source: str) -> None:
        self.changed: list[int] = []
        self._form = form
        self._columns = form.columns * 4
        self._light = bytearray([_BACKGROUND]) * (self._columns * form.rows * 4)
        self._cell = max(min(form.height // 4 // _CELLS_DOWN, form.width // 4 // _CELLS_ACROSS), 1)
        self._colours = [(128, 128)] * (form.columns * form.rows)
        self.picture = [Macroblock(())] * len(self._colours)
        self._touched = set(range(len(self._colours)))
        self._words = [""] * len(_LINES)
        self._bits: Sequence[int] = ()
        self._draw_bars(source)

    def show(self, scene: Scene, seconds: float, now: datetime) -> None:
        """Draw the picture of a time; `changed` then says where it differs from the one before."""
        self._write(0, scene.title)
        self._write(1, f"{scene.rendition} {_clock(seconds)}")
        self._write(2, f"{now:%H:%M:%S} UTC" if scene.source == "live" else _SAYS[scene.source])
        self._write(3, next((text for at, text in reversed(scene.texts) if 0 <= seconds - at < YOUNG), ""))
        height = min(self._form.height, self._form.width)
        reading = strip.Reading(height, self._form.framerate, scene.source, round(seconds * 1000))
        self._draw_strip(strip.write(reading))
        self.changed = sorted(self._touched)
        self._touched.clear()
        for place in self.changed:
            self.picture[place] = self._macroblock(place)

    def _draw_bars(self, source: str) -> None:
        down = min(_BARS_DOWN * self._cell // 4, self._form.rows)
        for column in range(self._form.columns):
            light, *colour = _INSTEAD.get(source) or _BARS[column * len(_BARS) // self._form.columns]
            for row in range(down):
                self._colours[row * self._form.columns + column] = (colour[0], colour[1])
            self._fill(column * 4, 0, 4, down * 4, light)

    def _write(self, line: int, text: str) -> None:
        """Write a line of words; those that are there already are left alone."""
        room = (self._columns // self._cell - 2 * _MARGIN) // (font.WIDTH + 1)
        text = font.legible(text)[:room].ljust(len(self._words[line]))
        before = self._words[line].ljust(len(text))
        for place, (sign, old) in enumerate(zip(text, before, strict=True)):
            if sign != old:
                self._draw(sign, _MARGIN + place * (font.WIDTH + 1), _LINES[line])
        self._words[line] = text

    def _draw(self, sign: str, column: int, row: int) -> None:
        size = self._cell
        self._fill(column * size, row * size, font.WIDTH * size, font.HEIGHT * size, _BACKGROUND)
        for across, down in font.cells(sign):
            self._fill((column + across) * size, (row + down) * size, size, size, _INK)

    def _draw_strip(self, bits: Sequence[int]) -> None:
        width, height = self._form.width // 4, self._form.height // 4
        top = height - height // strip.SHARE
        for place, bit in enumerate(bits):
            if not self._bits or bit != self._bits[place]:
                row, column = divmod(place, strip.COLUMNS)
                left, right = (width * each // strip.COLUMNS for each in (column, column + 1))
                upper, lower = (top + (height - top) * each // strip.ROWS for each in (row, row + 1))
                if row == strip.ROWS - 1:
                    lower = self._form.rows * 4
                self._fill(left, upper, right - left, lower - upper, _WHITE if bit else _BLACK)
        self._bits = bits

    def _fill(self, left: int, top: int, width: int, height: int, light: int) -> None:
        """Fill a rectangle, in blocks, as far as it is in the picture."""
        width, height = min(width, self._columns - left), min(height, self._form.rows * 4 - top)
        row_of = bytes([light]) * width
        for start in range(top * self._columns + left, (top + height) * self._columns, self._columns):
            self._light[start : start + width] = row_of
        for row in range(top // 4, (top + height + 3) // 4):
            start = row * self._form.columns
            self._touched.update(range(start + left // 4, start + (left + width + 3) // 4))

    def _macroblock(self, place: int) -> Macroblock:
        row, column = divmod(place, self._form.columns)
        start = row * 4 * self._columns + column * 4
        rows = range(start, start + 4 * self._columns, self._columns)
        light = b"".join(self._light[each : each + 4] for each in rows)
        return Macroblock(tuple(light), *self._colours[place])


_SAYS = {"slate": "FAILOVER SLATE", "ad": "AD BREAK"}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds * 10 + 1e-6), 600)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
