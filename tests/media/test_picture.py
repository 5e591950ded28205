"""What one sees of a simulated broadcast."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ivsim.media import font, strip
from ivsim.media.h264 import Format, parameter_sets
from ivsim.media.picture import Scene, frames

from .conftest import Decode

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
SCENE = Scene("My channel", "360p30", "live", NOON, ((1.0, "goal"), (1.5, "another")))
SIZES = [(284, 160), (640, 360), (852, 480), (1280, 720), (1920, 1080), (720, 1280), (90, 160), (16, 16)]
NOTHING = timedelta()


def shown(decode: Decode, form: Format, scene: Scene, first: int, count: int) -> list[bytes]:
    """Return frames of a stream as a decoder shows them: the lightness of each pixel."""
    units = [*parameter_sets(form), *frames(form, scene, first, count, offset=NOTHING, number=1)]
    size = form.width * form.height
    data = decode(b"".join(b"\0\0\0\1" + unit for unit in units), "gray")
    return [data[place : place + size] for place in range(0, len(data), size)]


def words(form: Format, picture: bytes, line: int) -> str:
    """Return what stands in a line, read cell by cell."""
    cell = max(min(form.height // 160, form.width // 280), 1) * 4
    top = (11, 17, 23, 29)[line] * cell
    signs = {font.cells(sign): sign for sign in font._ROWS}
    read = ""
    for left in range(cell, form.width - 3 * cell, 4 * cell):
        cells = tuple(
            (column, row)
            for row in range(font.HEIGHT)
            for column in range(font.WIDTH)
            if picture[(top + row * cell + cell // 2) * form.width + left + column * cell + cell // 2] > 128
        )
        read += signs[cells]
    return read.rstrip()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_strip(decode: Decode, width: int, height: int) -> None:
    """In pictures of the usual sizes a program reads the rendition and the time of each frame."""
    form = Format(width, height, 30, "avc1.4D401F")
    pictures = shown(decode, form, SCENE, 30, 10)
    assert len(pictures) == 10
    for place, picture in enumerate(pictures, 30):
        reading = strip.read(width, height, lambda x, y, picture=picture: picture[y * width + x])  # type: ignore[misc]
        if (width, height) not in ((90, 160), (16, 16)):  # which are narrower than 64 blocks can be told apart in
            assert reading == (min(width, height), 30, "live", round(place * 1000 / 30))


@pytest.mark.parametrize(("width", "height"), SIZES[:5])
def test_words(decode: Decode, width: int, height: int) -> None:
    """The channel's name, the rendition's, the time since the stream began and that of the day, and young metadata."""
    form = Format(width, height, 2, "avc1.4D401F")
    pictures = shown(decode, form, SCENE, 0, 16)

    def said(seconds: float) -> list[str]:
        return [words(form, pictures[int(seconds * 2)], line) for line in range(4)]

    assert said(0.5) == ["MY CHANNEL", "360P30 0:00:00.5", "12:00:00 UTC", ""]
    assert said(1.0) == ["MY CHANNEL", "360P30 0:00:01.0", "12:00:01 UTC", "GOAL"]
    assert said(6.0) == ["MY CHANNEL", "360P30 0:00:06.0", "12:00:06 UTC", "ANOTHER"]
    assert said(7.0) == ["MY CHANNEL", "360P30 0:00:07.0", "12:00:07 UTC", ""]


def test_something_else(decode: Decode) -> None:
    """A slate and an ad say so, in another picture and in the strip."""
    form = Format(640, 360, 30, "avc1.4D401F")
    seen = set()
    for source, said in (("live", "12:00:00 UTC"), ("slate", "FAILOVER SLATE"), ("ad", "AD BREAK")):
        (picture,) = shown(decode, form, SCENE._replace(source=source), 0, 1)
        assert words(form, picture, 2) == said
        reading = strip.read(640, 360, lambda x, y, picture=picture: picture[y * 640 + x])  # type: ignore[misc]
        assert reading is not None
        assert reading.source == source
        seen.add(picture[:640])
    assert len(seen) == 3


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("source", strip.SOURCES)
def test_same_bytes(width: int, height: int, source: str) -> None:
    """A picture is a function of its arguments; the first of a segment needs no other."""
    form = Format(width, height, 30, "avc1.4D401F")
    scene = SCENE._replace(source=source)
    once, again, later = (
        list(frames(form, scene, 30, 6, offset=timedelta(seconds=seconds), number=1)) for seconds in (0, 0, 9)
    )
    assert once == again
    assert [unit[0] & 31 for unit in once] == [5, 1, 1, 1, 1, 1]
    assert (once == later) == (source != "live" or width < 200)  # which has no room for the seconds


def tile(form: Format, picture: bytes, left: float, top: float) -> str:
    """Return the name in the tile whose corner is there, read in the size in which it is written."""
    signs = {font.cells(sign): sign for sign in font._ROWS}
    read = {}
    for size in range(1, 40):
        column, row = (round(left * form.columns) * 4 + 2) * 4, (round(top * _rows(form)) * 4 + 2) * 4
        text = ""
        while column + 4 * size * 4 <= form.width and row + 5 * size * 4 <= form.height:
            cells = tuple(
                (across, down)
                for down in range(font.HEIGHT)
                for across in range(font.WIDTH)
                if picture[(row + down * size * 4 + 2) * form.width + column + across * size * 4 + 2] > 200
            )
            text += signs.get(cells, "~")
            column += 4 * size * 4
        read[size] = text.partition(" ")[0]
    return max((each for each in read.values() if "~" not in each), key=len)


def _rows(form: Format) -> int:
    return form.rows - -(-form.rows // strip.SHARE)


@pytest.mark.parametrize(("width", "height"), SIZES[1:6])
def test_people(decode: Decode, width: int, height: int) -> None:
    """Where people are seen, each has a tile with its name, and the strip is as ever; nothing moves but that."""
    form = Format(width, height, 30, "avc1.4D401F")
    cells = (("host", 0.0, 0.0, 1.0, 0.5, False), ("ann", 0.0, 0.5, 0.5, 0.5, False), ("ben", 0.5, 0.5, 0.5, 0.5, True))
    pictures = shown(decode, form, SCENE._replace(cells=cells), 30, 3)
    for place, picture in enumerate(pictures, 30):
        assert [tile(form, picture, left, top) for _, left, top, *_ in cells] == ["HOST", "ANN", "BEN"]
        reading = strip.read(width, height, lambda x, y, picture=picture: picture[y * width + x])  # type: ignore[misc]
        assert reading == (min(width, height), 30, "live", round(place * 1000 / 30))


def test_a_slate_covers_people(decode: Decode) -> None:
    """What is shown in the place of a broadcast looks as ever, whoever would be seen."""
    form = Format(640, 360, 30, "avc1.4D401F")
    (alone,) = shown(decode, form, SCENE._replace(source="slate", cells=()), 0, 1)
    (other,) = shown(decode, form, SCENE._replace(source="slate"), 0, 1)
    assert alone == other


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_people_in_every_size(decode: Decode, width: int, height: int) -> None:
    """Tiles of no size, with long names or none, on each other, or beside the picture's edge can be drawn."""
    form = Format(width, height, 30, "avc1.4D401F")
    cells = (
        ("", 0.0, 0.0, 0.0, 0.0, False),
        ("a very long name" * 9, 0.9, 0.0, 0.1, 0.1, False),
        ("x", 0.0, 0.0, 1.0, 1.0, True),
    )
    assert len(shown(decode, form, SCENE._replace(cells=cells), 0, 2)) == 2
    assert len(shown(decode, form, SCENE._replace(cells=()), 0, 2)) == 2
