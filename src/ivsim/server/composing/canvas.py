"""The canvas: pictures of several sources scaled, and put into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from av import VideoFrame
from av.video.reformatter import Interpolation

if TYPE_CHECKING:
    from ...ivsrealtime.layouts import Seen

_FORM = "yuv420p"
_BLACK, _DARK = 16, 40
"""How bright the background is, and a cell in which there is no picture."""

_NO_COLOUR = 128


class Tile(NamedTuple):
    """A cell of the canvas in pixels, all of them even; and how a picture is fitted into it, by the API's names."""

    left: int
    top: int
    width: int
    height: int
    fill: str

    @classmethod
    def of(cls, seen: Seen, width: int, height: int) -> Tile:
        """Return the tile of somebody on a canvas of a size."""
        cell = seen.cell
        left, top = min(_even(cell.left * width), width - 2), min(_even(cell.top * height), height - 2)
        right, bottom = _even((cell.left + cell.width) * width), _even((cell.top + cell.height) * height)
        return cls(left, top, max(min(right, width) - left, 2), max(min(bottom, height) - top, 2), seen.fill)


class Canvas:
    """A picture of so many pixels, an even number each way."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height

    def draw(self, tiles: Sequence[tuple[Tile, VideoFrame | None]]) -> VideoFrame:
        """Return a picture with others in its tiles, the later ones on those before; without one a tile is dark."""
        drawn = VideoFrame(self.width, self.height, _FORM)
        planes = [
            bytearray([_BLACK if place == 0 else _NO_COLOUR]) * plane.buffer_size
            for place, plane in enumerate(drawn.planes)
        ]
        lines = [plane.line_size for plane in drawn.planes]
        for tile, picture in tiles:
            if picture is None:
                _fill(planes, lines, tile, _DARK)
            else:
                _paste(planes, lines, tile, picture)
        for plane, data in zip(drawn.planes, planes, strict=True):
            plane.update(bytes(data))
        return drawn


def _even(pixels: float) -> int:
    return round(pixels / 2) * 2


def _fill(planes: list[bytearray], lines: list[int], tile: Tile, brightness: int) -> None:
    """Let a tile have one colour."""
    for place, (plane, line) in enumerate(zip(planes, lines, strict=True)):
        half = 1 if place else 0
        row = bytes([_NO_COLOUR if place else brightness]) * (tile.width >> half)
        for at in range(tile.top >> half, (tile.top + tile.height) >> half):
            begin = at * line + (tile.left >> half)
            plane[begin : begin + len(row)] = row


def _paste(planes: list[bytearray], lines: list[int], tile: Tile, picture: VideoFrame) -> None:
    """Put a picture into a tile: as large as fits (CONTAIN), so that it fills the tile (COVER), or stretched (FILL)."""
    across, down = tile.width / picture.width, tile.height / picture.height
    if tile.fill != "FILL":
        across = down = min(across, down) if tile.fill == "CONTAIN" else max(across, down)
    width, height = max(_even(picture.width * across), 2), max(_even(picture.height * down), 2)
    scaled = picture.reformat(width, height, _FORM, interpolation=Interpolation.FAST_BILINEAR)
    shown_width, shown_height = min(width, tile.width), min(height, tile.height)
    skipped_left, skipped_top = (width - shown_width) // 4 * 2, (height - shown_height) // 4 * 2
    left, top = tile.left + (tile.width - shown_width) // 4 * 2, tile.top + (tile.height - shown_height) // 4 * 2
    if (shown_width, shown_height) != (tile.width, tile.height):
        _fill(planes, lines, tile, _BLACK)
    for place, source in enumerate(scaled.planes):
        half = 1 if place else 0
        count, data, stride = shown_width >> half, memoryview(source), source.line_size
        plane, line = planes[place], lines[place]
        for row in range(shown_height >> half):
            begin = ((top >> half) + row) * line + (left >> half)
            taken = ((skipped_top >> half) + row) * stride + (skipped_left >> half)
            plane[begin : begin + count] = data[taken : taken + count]
