"""Whatever happens to compositions, in whatever order: publishers, channels, destinations and events agree."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ivsim import Emulator, LiveParticipant, StreamRefused

from ..calling import call

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
PLACE = st.integers(0, 1)


class Life(RuleBasedStateMachine):
    """Two stages, a channel for each, somebody who publishes now and then, and compositions."""

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator(seed=1)
        self.stages: list[str] = []
        self.channels: list[str] = []
        self.tape: dict[str, Any] = {}
        self.people: list[LiveParticipant] = []
        self.alone_since: dict[str, datetime] = {}
        self.seen: list[str] = []

    @initialize(transitions=st.sampled_from(["immediate", "realistic"]))
    def build(self, transitions: Any) -> None:
        self.sim = Emulator(seed=1, transitions=transitions)
        self.sim.clock.freeze(NOON)
        encoder = self.ask("CreateEncoderConfiguration")["encoderConfiguration"]["arn"]
        storage = self.ask("CreateStorageConfiguration", s3={"bucketName": "tapes"})["storageConfiguration"]["arn"]
        self.tape = {"s3": {"storageConfigurationArn": storage, "encoderConfigurationArns": [encoder]}}
        for _ in range(2):
            self.stages.append(self.ask("CreateStage")["stage"]["arn"])
            self.channels.append(self.ask("CreateChannel")["channel"]["arn"])
            self.people.append(self.sim.stages.join(self.stages[-1]))
        self.people[0].publish()
        self.start(0, 0, "channel")
        self.wait(5)

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        return call(self.sim, operation, **members).body

    @property
    def compositions(self) -> list[dict[str, Any]]:
        listed = self.ask("ListCompositions")["compositions"]
        return [self.ask("GetComposition", arn=each["arn"])["composition"] for each in listed]

    @rule(stage=PLACE, channel=PLACE, kinds=st.sampled_from(["channel", "tape", "both"]))
    def start(self, stage: int, channel: int, kinds: str) -> None:
        destinations: list[dict[str, Any]] = []
        if kinds != "tape":
            destinations.append({"channel": {"channelArn": self.channels[channel]}})
        if kinds != "channel":
            destinations.append(self.tape)
        answer = self.ask("StartComposition", stageArn=self.stages[stage], destinations=destinations)
        if "composition" in answer:
            assert answer["composition"]["state"] == "STARTING"
            self.seen.append(answer["composition"]["arn"])

    @rule(place=PLACE, what=st.sampled_from(["publish", "publish", "unpublish", "mute"]))
    def act(self, place: int, what: str) -> None:
        person = self.people[place]
        if person.is_publishing or (what == "publish" and person.is_connected):
            getattr(person, what)()

    @rule(which=st.integers(0, 9))
    def stop(self, which: int) -> None:
        if self.seen:
            self.ask("StopComposition", arn=self.seen[which % len(self.seen)])

    @rule(place=PLACE)
    def stop_stream(self, place: int) -> None:
        self.ask("StopStream", channelArn=self.channels[place])

    @rule(place=PLACE)
    def broadcast(self, place: int) -> None:
        try:
            self.sim.streams.start(self.channels[place])
        except StreamRefused:
            assert self.channels[place] in self.occupied

    @rule(place=PLACE)
    def replace_the_stage(self, place: int) -> None:
        self.ask("DeleteStage", arn=self.stages[place])
        self.stages[place] = self.ask("CreateStage")["stage"]["arn"]
        self.people[place] = self.sim.stages.join(self.stages[place])

    @rule(seconds=st.sampled_from([1, 3, 5, 10, 59, 60, 61, 300]))
    def wait(self, seconds: int) -> None:
        self.sim.clock.advance(seconds)

    @rule()
    def save_and_load(self) -> None:
        self.sim.loads(self.sim.dumps())

    @property
    def occupied(self) -> set[str]:
        store = self.sim.streams._contexts(self.sim.account_id, self.sim.region).store
        return {each for each in self.channels if each in store.connected}

    @invariant()
    def nothing_is_composed_for_long_without_a_publisher(self) -> None:
        """Who publishes is looked at after each step, so a composition that is ACTIVE has had one a minute ago."""
        now = self.sim.clock.now()
        publishing = {each.stage_arn for each in self.people if each.is_publishing}
        for each in self.compositions:
            if each["stageArn"] in publishing or each["state"] not in ("STARTING", "ACTIVE"):
                self.alone_since.pop(each["arn"], None)
            else:
                since = self.alone_since.setdefault(each["arn"], now)
                assert now - since < timedelta(seconds=60)

    @invariant()
    def states_agree(self) -> None:
        """A destination is never ahead of its composition, and one lives as long as the other."""
        for each in self.compositions:
            states = Counter(destination["state"] for destination in each["destinations"])
            live = states["ACTIVE"] + states["RECONNECTING"]
            if each["state"] == "STARTING":
                assert set(states) == {"STARTING"}
            elif each["state"] == "ACTIVE":
                assert live
                assert not states["STARTING"] + states["STOPPING"] + states["STOPPED"]
            elif each["state"] == "STOPPING":
                assert states["STOPPING"]
                assert not live
            else:
                assert set(states) <= {"STOPPED", "FAILED"}
            assert ("endTime" in each) == (each["state"] in ("STOPPED", "FAILED"))

    @invariant()
    def a_channel_has_one_sender(self) -> None:
        """What compositions send is a stream each, of a channel that is occupied."""
        running = [
            destination
            for each in self.compositions
            for destination in each["destinations"]
            if "channel" in destination["configuration"] and destination["state"] == "ACTIVE"
        ]
        channels = [each["configuration"]["channel"]["channelArn"] for each in running]
        assert len(channels) == len(set(channels))
        assert set(channels) <= self.occupied
        running_arns = {each["arn"] for each in self.compositions if each["state"] in ("ACTIVE", "STOPPING")}
        store = self.sim.streams._contexts(self.sim.account_id, self.sim.region).store
        senders = (store.stream_sessions[store.connected[each]].then for each in self.occupied)
        assert {task.arguments[0] for task in senders if task} <= running_arns

    @invariant()
    def events_come_in_order(self) -> None:
        """Each composition has one beginning at most, and one end, after those of its destinations."""
        told: dict[str, list[str]] = {}
        for event in self.sim.events.of("IVS Composition State Change"):
            told.setdefault(event["resources"][0], []).append(event["detail"]["event_name"])
        states = {each["arn"]: each["state"] for each in self.compositions}
        for arn in self.seen:
            names = told.get(arn, [])
            number = Counter(names)
            is_over = states.get(arn, "STOPPED") in ("STOPPED", "FAILED")
            assert number["Session End"] + number["Session Failure"] == is_over
            assert number["Session Start"] == 1 if states.get(arn) == "ACTIVE" else number["Session Start"] <= 1
            assert not names[1:] or names[0] == "Session Start"
            if is_over:
                assert names[-1] in ("Session End", "Session Failure")
                started = number["Destination Start"] - number["Destination Reconnecting"]
                assert started <= number["Destination End"] + number["Destination Failure"]

    @invariant()
    def nobody_is_seen_who_does_not_publish(self) -> None:
        """The pictures of a channel show those who publish on the stage, and no others."""
        store = self.sim.streams._contexts(self.sim.account_id, self.sim.region).store
        for each in self.compositions:
            for destination in each["destinations"]:
                channel = destination["configuration"].get("channel")
                if channel and destination["state"] == "ACTIVE" and each["state"] == "ACTIVE":
                    stream_id = store.connected[channel["channelArn"]]
                    shown = {cell.name for cell in store.layouts[stream_id][-1].cells}
                    on_air = {one.participant_id for one in self.people if one.is_publishing}
                    assert shown == {one for one in on_air if self._is_on(one, each["stageArn"])}

    def _is_on(self, participant_id: str, stage_arn: str) -> bool:
        return any(each.participant_id == participant_id and each.stage_arn == stage_arn for each in self.people)


TestCompositions = Life.TestCase
TestCompositions.settings = settings(deadline=None, max_examples=20, stateful_step_count=30)
