"""Tracks as a test tells of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from ivsim.core import tracks


class Track(Struct, frozen=True):
    target_bitrate: int = 1_000
    framerate: float = 30.0
    codec: str = "H264"
    is_live: bool = False


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, [{}]), ({}, [{}]), ({"a": 1}, [{"a": 1}]), ([], []), (({}, {"a": 1}), [{}, {"a": 1}])],
)
def test_listed(given: Any, expected: list[dict[str, int]]) -> None:
    """Nothing said is one track as usual; an empty list is none."""
    assert list(tracks.listed("video", given)) == expected


@pytest.mark.parametrize("given", ["abc", [5], 5])
def test_not_listed(given: Any) -> None:
    """What is neither a track's members nor a list of them is an error that names the argument."""
    with pytest.raises(TypeError, match=r"video: .* is neither a dict of members nor a list of them"):
        tracks.listed("video", given)


def test_told() -> None:
    """Members may be spelled as the API does, and a whole number will do for one that may have fractions."""
    track = tracks.told("video", Track(), {"targetBitrate": 5, "framerate": 15, "is_live": True})
    assert track == Track(5, 15.0, "H264", True)
    assert type(track.framerate) is float


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"colour": 1}, TypeError, "there is no member 'colour'"),
        ({"codec": "a", "Codec": "b"}, TypeError, "codec is given twice"),
        ({"target_bitrate": 1.5}, TypeError, "target_bitrate: 1.5 is not of type int"),
        ({"framerate": True}, TypeError, "framerate: True is not of type float"),
        ({"framerate": 0.5}, ValueError, "framerate: 0.5 is not a number from 1"),
        ({"framerate": float("nan")}, ValueError, "framerate: nan is not a number"),
        ({"target_bitrate": 2**31}, ValueError, "target_bitrate: 2147483648 is not a number from 1 to 2147483647"),
    ],
)
def test_not_told(given: dict[str, Any], error: type[Exception], text: str) -> None:
    """A member that is wrong is an error that names it."""
    with pytest.raises(error, match=text):
        tracks.told("video", Track(), given)
