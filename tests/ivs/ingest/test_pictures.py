"""The form of a broadcast's pictures, and their title."""

from __future__ import annotations

import pytest

from ivsim import Emulator
from ivsim.ivs.ingest.pictures import form, form_of, title_of
from ivsim.ivs.ingest.renditions import Rendition
from ivsim.media.h264 import Format

from ...calling import call


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ((1280, 720, 30, "avc1.4D401F"), (1280, 720, 30, "avc1.4D401F")),
        ((853, 481, 60, "avc1.640028"), (852, 480, 60, "avc1.640028")),
        ((1, 1, 0, "avc1.42C01E"), (2, 2, 1, "avc1.42C01E")),
        ((7680, 4320, 240, "hvc1.1.6.L93.B0"), (4096, 4096, 120, "avc1.4D401F")),
        ((640, 360, 30, "avc1.58401F"), (640, 360, 30, "avc1.4D401F")),
    ],
    ids=["as it is", "odd", "smallest", "largest", "another profile"],
)
def test_nearest_form(asked: tuple[int, int, int, str], drawn: tuple[int, int, int, str]) -> None:
    """What cannot be drawn as an encoder says becomes the nearest that can."""
    assert form(*asked) == Format(*drawn)


def test_sound_alone() -> None:
    """A rendition without pictures has no form."""
    assert form_of(Rendition("audio_only", 0, 0, 0, 64_000, "mp4a.40.2")) is None


@pytest.mark.parametrize("name", ["show", ""])
def test_title(sim: Emulator, name: str) -> None:
    """A picture names the channel, or has the channel's id where it has no name."""
    arn = call(sim, "CreateChannel", name=name).body["channel"]["arn"]
    session = sim.streams.start(arn).session
    assert session is not None
    assert title_of(session.channel) == (name or arn.rpartition("/")[2])
