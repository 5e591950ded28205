"""`sim.recordings`, whichever service has recorded."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator


@pytest.mark.parametrize("what", ["nonsense", None, "arn:aws:ivs:us-east-1:123456789012:channel/abcdefghijkl"])
def test_recordings_of_no_stage(sim: Emulator, what: Any) -> None:
    """What is no stage's ARN has no recordings, and is refused rather than answered with none."""
    with pytest.raises(ValueError, match=r"stage_arn: .* is not the ARN of a stage"):
        sim.recordings.of_stage(what)


def test_none(sim: Emulator) -> None:
    """Where nothing is recorded there is none, neither of a channel nor of a stage."""
    arn = "arn:aws:ivs:us-east-1:123456789012:{}/abcdefghijkl"
    assert (len(sim.recordings), list(sim.recordings)) == (0, [])
    assert sim.recordings.of(arn.format("channel")) == []
    assert sim.recordings.of_stage(arn.format("stage")) == []
    assert repr(sim.recordings) == "Recordings([])"
