"""Pictures as a packager takes them, made of NAL units."""

from __future__ import annotations

from ivsim.media import flv
from ivsim.media.avc import PictureTags
from ivsim.media.flv import Tag
from ivsim.media.h264 import Format, parameter_sets

SEQUENCE, PICTURE = parameter_sets(Format(320, 180, 15, "avc1.42E01F"))
OTHER, _ = parameter_sets(Format(640, 360, 15, "avc1.42E01F"))
KEY, DELTA, DELIMITER = b"\x65key", b"\x41delta", b"\x09\xf0"


def data(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def test_tags() -> None:
    """A key frame has what a decoder has to know before it, where that is new; a picture has neither that nor seams."""
    tags = PictureTags()
    first = list(tags.of([DELIMITER, SEQUENCE, PICTURE, KEY, KEY], is_key=True))
    assert [tag.is_header for tag in first] == [True, False]
    assert flv.parameter_sets(first[0].data) == [SEQUENCE, PICTURE]
    assert first[1] == Tag(False, True, data(KEY, KEY))
    assert list(tags.of([DELTA], is_key=False)) == [Tag(False, False, data(DELTA))]
    assert list(tags.of([SEQUENCE, PICTURE, KEY], is_key=True)) == [Tag(False, True, data(KEY))]
    changed, _ = tags.of([OTHER, KEY], is_key=True)
    assert flv.video_format(changed.data).width == 640


def test_nothing_known() -> None:
    """Parameter sets may come before the key frame; one without any is a picture all the same."""
    tags = PictureTags()
    assert list(tags.of([KEY], is_key=True)) == [Tag(False, True, data(KEY))]
    assert list(tags.of([SEQUENCE, PICTURE], is_key=False)) == []
    assert [tag.is_header for tag in tags.of([KEY], is_key=True)] == [True, False]
