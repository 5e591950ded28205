"""Real media of a recording: what playlists have of them, and what goes to the bucket."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ivsim.recordings.media import Piece
from ivsim.recordings.pushed import PushedFiles, PushedSegment, RecordedFile

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def segment(at: float, seconds: float, body: bytes, *, is_break: bool = False) -> PushedSegment:
    return PushedSegment(after(at), seconds, body, b"init", is_break)


FILES = [
    RecordedFile.of([segment(0, 2, b"ab", is_break=True), segment(2, 3, b"c")], is_first=True),
    RecordedFile.of([segment(5, 4, b"d")], is_first=False),
    RecordedFile.of([segment(20, 1, b"e", is_break=True)], is_first=False),
    RecordedFile.of([segment(30, 1, b"f")], is_first=True),
]


@pytest.fixture
def media() -> PushedFiles:
    """Four files of MP4, the last two of which follow on nothing."""
    return PushedFiles(FILES, ".mp4", first=1)


def test_files(media: PushedFiles) -> None:
    """A file has the name that follows, and lasts as long as its segments; what follows on nothing has a seam."""
    seam = "#EXT-X-DISCONTINUITY"
    assert list(media.files()) == [
        ("1.mp4", Piece(NOON, 5), []),
        ("2.mp4", Piece(after(5), 4), []),
        ("3.mp4", Piece(after(20), 1), [seam, '#EXT-X-MAP:URI="init-2.mp4"']),
        ("4.mp4", Piece(after(30), 1), [seam, '#EXT-X-MAP:URI="init-3.mp4"']),
    ]
    assert (media.seconds, media.file_count) == (11, 4)
    others = [before for *_, before in PushedFiles(FILES, ".ts", ["#A", "#B"]).files()]
    assert others == [[], [], ["#A", "#B"], ["#A", "#B"]]


def test_parts(media: PushedFiles) -> None:
    """A part is a segment, with its time and its bytes."""
    assert media.parts(0) == [Piece(NOON, 2), Piece(after(2), 3)]
    assert media.lengths(0) == [2, 1]


@pytest.mark.parametrize(("seconds", "moment"), [(0, 0), (4, 4), (5, 5), (9, 20), (10, 30), (11, 31)])
def test_when_it_was(media: PushedFiles, seconds: int, moment: float) -> None:
    """So many seconds of media later it was so late."""
    assert media.at(seconds) == after(moment)


@pytest.mark.parametrize(
    ("suffix", "names"),
    [(".mp4", ["init-0", "init-2", "init-3", "1", "2", "3", "4"]), (".ts", ["1", "2", "3", "4"])],
)
def test_listed(suffix: str, names: list[str]) -> None:
    """The files are read from where they are, and so are the initializations that fragments need."""
    listed = list(PushedFiles(FILES, suffix, first=1).listed("high", str.encode))
    paths = [path for files in listed for path in files.paths()]
    assert paths == [f"high/{name}{suffix}" for name in names]
    assert [files.make(index) for files in listed for index in range(files.total)] == [path.encode() for path in paths]
    assert all(files.is_elsewhere for files in listed)


def test_newest() -> None:
    """The newest file goes to the bucket, with an initialization where it needs one."""
    segments = [segment(0, 1, b"a"), segment(1, 1, b"b")]
    first = list(PushedFiles(FILES[:1], ".mp4", first=1).newest("shows", "a/high", segments))
    assert [(each.bucket, each.key, each.body, each.content_type) for each in first] == [
        ("shows", "a/high/1.mp4", b"ab", "video/mp4"),
        ("shows", "a/high/init-0.mp4", b"init", "video/mp4"),
    ]
    assert [each.key for each in PushedFiles(FILES[:2], ".mp4").newest("shows", "a", segments)] == ["a/1.mp4"]
    assert [each.key for each in PushedFiles(FILES[:1], ".ts").newest("shows", "a", segments)] == ["a/0.ts"]
