"""Simulated media: what was recorded, in files of the same length and parts that begin with a keyframe."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ivsim.recordings.media import Piece, SimulatedMedia, gap

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def media() -> SimulatedMedia:
    """Eight seconds, a break of ten, and five more, in files of three."""
    return SimulatedMedia([Piece(NOON, 8), Piece(after(18), 5)], ".mp4", 3, first=1)


def test_files(media: SimulatedMedia) -> None:
    """Files are counted throughout; where a stretch ends, a file does, and a break is before the next."""
    assert (media.seconds, media.file_count) == (13, 5)
    assert [(name, piece.at, piece.seconds, list(before)) for name, piece, before in media.files()] == [
        ("1.mp4", NOON, 3, []),
        ("2.mp4", after(3), 3, []),
        ("3.mp4", after(6), 2, []),
        ("4.mp4", after(18), 3, ["#EXT-X-DISCONTINUITY"]),
        ("5.mp4", after(21), 2, []),
    ]
    assert [media.file(index) for index in range(5)] == [piece for _, piece, _ in media.files()]


@pytest.mark.parametrize(("seconds", "moment"), [(0, 0), (7, 7), (8, 18), (12, 22)])
def test_when_it_was(media: SimulatedMedia, seconds: int, moment: float) -> None:
    """So many seconds of media later it was so late."""
    assert media.at(seconds) == after(moment)


def test_parts(media: SimulatedMedia) -> None:
    """A part has two seconds or what is left of its file, a number of its own, and its time by the clock."""
    parts = [(index, piece, part) for index in range(5) for piece, part in media.simulated(index, NOON)]
    assert [piece.seconds for _, piece, _ in parts] == [2, 1, 2, 1, 2, 2, 1, 2]
    assert [part.elapsed for _, _, part in parts] == [0, 2, 3, 5, 6, 9, 11, 12]
    numbers = [part.number for _, _, part in parts]
    assert numbers == sorted(set(numbers))
    assert [part.gap for _, _, part in parts] == [0] * 5 + [9] * 3
    assert all(after(part.elapsed + part.gap) == piece.at for _, piece, part in parts)
    assert media.parts(0) == [Piece(NOON, 2), Piece(after(2), 1)]


def test_gap() -> None:
    """A gap is what the clock has gone beyond what was recorded."""
    assert gap(after(30), NOON, 20) == 10
