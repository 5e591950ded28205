"""Objects by their keys: how files are counted and found, and how they are carried to a bucket."""

from __future__ import annotations

import pytest

from ivsim.core.deliveries import S3Object
from ivsim.recordings.objects import Files, RecordedObjects, text_file


@pytest.fixture
def objects() -> RecordedObjects:
    """A tree of a few files, two of which are in the bucket already."""
    return RecordedObjects(
        "a/b",
        [
            text_file("events/started.json", lambda: "{}"),
            Files("media/*.ts", lambda index: b"ts%d" % index, 3),
            Files("media/*.mp4", lambda index: b"mp4-%d" % index, 2, first=1, is_elsewhere=True),
            text_file("media/x.m3u8", lambda: "#EXTM3U"),
        ],
    )


def test_a_mapping(objects: RecordedObjects) -> None:
    """They are listed in order, counted from where each kind begins, and made when they are read."""
    assert dict(objects) == {
        "a/b/events/started.json": b"{}",
        "a/b/media/0.ts": b"ts0",
        "a/b/media/1.ts": b"ts1",
        "a/b/media/2.ts": b"ts2",
        "a/b/media/1.mp4": b"mp4-0",
        "a/b/media/2.mp4": b"mp4-1",
        "a/b/media/x.m3u8": b"#EXTM3U",
    }
    assert len(objects) == 7
    assert repr(objects) == "<7 objects under a/b>"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a/b",
        "media/0.ts",
        "a/b/media/3.ts",
        "a/b/media/00.ts",
        "a/b/media/-1.ts",
        "a/b/media/0.mp4",
        "a/b/media/3.mp4",
        "a/b/media/x.ts",
        "a/b/media/*.ts",
        "a/b/x/media/0.ts",
        None,
    ],
)
def test_what_is_not_there(objects: RecordedObjects, key: str) -> None:
    """A key that nothing has is missed, as in any mapping."""
    assert key not in objects
    with pytest.raises(KeyError):
        objects[key]


def test_on_their_way(objects: RecordedObjects) -> None:
    """Parcels have the type that a key's ending stands for; what is in the bucket already is left out by place."""
    assert list(objects.parcels("shows", objects.playlists())) == [
        S3Object("shows", "a/b/media/x.m3u8", b"#EXTM3U", "application/x-mpegURL")
    ]
    assert [parcel.key for parcel in objects.some_parcels("shows", slice(3, None))] == [
        "a/b/media/2.ts",
        "a/b/media/x.m3u8",
    ]
