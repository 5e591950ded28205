"""Whatever people do on stages that are recorded: who publishes is recorded, once, and nobody else is."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis.stateful import invariant

from ivsim.ivsrealtime import participants

from ..people import place_of
from ..test_stages_machine import Life
from .recorded import details, needs_settings, recorded_stage

WINDOW = 30


class RecordedLife(Life):
    """Two stages that record whoever publishes, and wait for who comes back."""

    def make_stage(self) -> str:
        storages = self.ask("ListStorageConfigurations")["storageConfigurations"]
        settings = {"storageConfigurationArn": storages[0]["arn"]} if storages else {}
        return recorded_stage(self.sim, recordingReconnectWindowSeconds=WINDOW, **settings)

    @invariant()
    def who_publishes_is_recorded(self) -> None:
        """One recording is open for each who publishes, none for anybody else, and the API says so."""
        open_ones: Counter[tuple[str, str]] = Counter()
        publishing: Counter[tuple[str, str]] = Counter()
        for arn in self.stages:
            ctx = place_of(self.sim, arn)
            for recording in ctx.store.recordings.values():
                if recording.stage_arn == arn and recording.is_open:
                    open_ones[arn, recording.participant_id] += 1
            for each in participants.connected(ctx, ctx.store.stages[arn].active_session_id):
                assert (each.recording_state == "ACTIVE") == each.is_publishing
                publishing[arn, each.participant_id] += each.is_publishing
        assert open_ones == +publishing

    @invariant()
    def each_has_its_place_and_its_end(self) -> None:
        """No two recordings share a prefix; what has ended was told once, and nothing waits for longer than it may."""
        prefixes = [recording.key_prefix for recording in self.sim.recordings]
        assert len(set(prefixes)) == len(prefixes)
        ends = Counter(each["recording_s3_key_prefix"] for each in details(self.sim) if "End" in each["event_name"])
        ended = {recording.key_prefix for recording in self.sim.recordings if recording.ended_at}
        assert ends == dict.fromkeys(ended, 1)
        for recording in place_of(self.sim, self.stages[0]).store.recordings.values():
            if recording.ended_at is None and not recording.is_open:
                now = self.sim.clock.now()
                assert (now - (recording.stretches[-1].ended_at or now)).total_seconds() < WINDOW


TestRecordedStages = needs_settings(RecordedLife.TestCase)
TestRecordedStages.settings = settings(deadline=None, max_examples=20, stateful_step_count=40)
