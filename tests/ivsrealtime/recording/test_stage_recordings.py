"""The records of recordings of stages: prefixes, and how long they are kept."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from .recorded import MORNING, needs_settings, record, recorded_stage

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]


def test_prefixes_differ(sim: Emulator) -> None:
    """Of a participant who publishes several times in one second each recording has a prefix of its own."""
    ann = sim.stages.join(recorded_stage(sim))
    for _ in range(3):
        ann.publish()
        ann.unpublish()
    sim.clock.advance(20)
    ann.publish()
    assert [recording.recording_id for recording in sim.recordings] == [
        "2026-03-04T05-06-07Z",
        "2026-03-04T05-06-08Z",
        "2026-03-04T05-06-09Z",
        "2026-03-04T05-06-27Z",
    ]


def test_one_at_a_time_each(sim: Emulator) -> None:
    """Each of those who publish at once has a recording, with a prefix of its own."""
    stage = recorded_stage(sim)
    people = [sim.stages.join(stage) for _ in range(3)]
    for each in people:
        each.publish()
    assert [recording.participant_id for recording in sim.recordings] == [each.participant_id for each in people]
    assert len({recording.key_prefix for recording in sim.recordings}) == 3


def test_history() -> None:
    """Where history is limited, the recordings that ended last are kept, and all that go on."""
    sim = Emulator(seed=1, history=3)
    sim.clock.freeze(MORNING)
    stage = recorded_stage(sim)
    bob = sim.stages.join(stage)
    bob.publish()
    for _ in range(20):
        newest = record(sim, stage, 10)
    kept = list(sim.recordings)
    assert 4 <= len(kept) <= 8
    assert kept[0].participant_id == bob.participant_id
    assert kept[-1] == newest
    bob.unpublish()
    assert kept[0].status == "RECORDING_ENDED"
