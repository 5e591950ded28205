"""How a name that does not exist is refused."""

from __future__ import annotations

from ivsim.core.unknown import unknown


def test_near() -> None:
    """Names that are near are proposed, the likeliest first, and no others."""
    text = unknown("operation", "GetChanel", ["GetChannel", "GetChannels", "DeleteRoom"])
    assert text == "there is no operation 'GetChanel'; did you mean 'GetChannel' or 'GetChannels'?"


def test_nothing_near() -> None:
    """Where none is near, all are named in the order of the alphabet."""
    assert unknown("preset", "x", {"ffmpeg": 1, "OBS": 2}) == "there is no preset 'x'; there are 'OBS', 'ffmpeg'"
