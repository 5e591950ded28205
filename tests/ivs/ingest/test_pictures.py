"""The form of a broadcast's pictures, and their title."""

from __future__ import annotations

import pytest

from ivsim import Emulator
from ivsim.ivs.ingest.pictures import form_of, title_of
from ivsim.ivs.ingest.renditions import Rendition

from ...calling import call


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
