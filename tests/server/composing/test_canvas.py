"""Where pictures are on the canvas, and how they are fitted into their tiles."""

from __future__ import annotations

import pytest

from ivsim.core.broadcasting import Cell
from ivsim.ivsrealtime.layouts import Seen

av = pytest.importorskip("av", reason="aiortc is not installed")
canvas = pytest.importorskip("ivsim.server.composing.canvas", reason="aiortc is not installed")

WHITE, BLACK, DARK = 235, 16, 40


def white(width: int, height: int) -> object:
    """Return a white picture."""
    picture = av.VideoFrame(width, height, "yuv420p")
    for place, plane in enumerate(picture.planes):
        plane.update(bytes([128 if place else WHITE]) * plane.buffer_size)
    return picture


def rows(picture: object) -> list[list[int]]:
    """Return how bright the pixels are, of every tenth row and column."""
    plane = picture.planes[0]  # type: ignore[attr-defined]
    data = bytes(plane)
    return [[data[y * plane.line_size + x] for x in range(5, 100, 10)] for y in range(5, 60, 10)]


def seen(left: float, top: float, width: float, height: float, *, fill: str = "COVER") -> Seen:
    """Return somebody who is seen."""
    return Seen("x", Cell("ada", left, top, width, height), fill)


@pytest.mark.parametrize(
    ("fill", "size", "shown"),
    [
        ("FILL", (30, 90), ["##########"] * 6),
        ("COVER", (30, 90), ["##########"] * 6),
        ("COVER", (90, 30), ["##########"] * 6),
        ("CONTAIN", (20, 60), ["    ##    "] * 6),
        ("CONTAIN", (100, 20), [" " * 10] * 2 + ["##########"] * 2 + [" " * 10] * 2),
    ],
)
def test_fill(fill: str, size: tuple[int, int], shown: list[str]) -> None:
    """A picture of another shape is stretched, cut off, or has bars beside it."""
    drawn = canvas.Canvas(100, 60).draw([(canvas.Tile.of(seen(0, 0, 1, 1, fill=fill), 100, 60), white(*size))])
    assert ["".join("#" if each > 200 else " " for each in row) for row in rows(drawn)] == shown


def test_places() -> None:
    """Tiles are where cells are, a later one on those before; where no picture is they are dark, and all else black."""
    tiles = [
        (canvas.Tile.of(seen(0, 0, 0.5, 1), 100, 60), white(50, 60)),
        (canvas.Tile.of(seen(0.3, 0.5, 0.4, 0.5), 100, 60), None),
    ]
    above, below = [WHITE] * 5 + [BLACK] * 5, [WHITE] * 3 + [DARK] * 4 + [BLACK] * 3
    assert rows(canvas.Canvas(100, 60).draw(tiles)) == [above] * 3 + [below] * 3


@pytest.mark.parametrize("place", [(0, 0, 1, 1), (0.999, 0.999, 0.001, 0.001), (1 / 3, 1 / 3, 1 / 3, 2 / 3)])
def test_even(place: tuple[float, float, float, float]) -> None:
    """A tile has even numbers of pixels, two at least, and is inside the canvas."""
    tile = canvas.Tile.of(seen(*place), 100, 60)
    assert not any(each % 2 for each in tile[:4])
    assert tile.width >= 2
    assert tile.height >= 2
    assert tile.left + tile.width <= 100
    assert tile.top + tile.height <= 60
    canvas.Canvas(100, 60).draw([(tile, white(40, 40))])
