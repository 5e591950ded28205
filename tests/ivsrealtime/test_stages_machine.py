"""Whatever people do on stages, in whatever order: sessions, counts, rights and events agree."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ivsim import Emulator, LiveParticipant, StageRefused
from ivsim.ivsrealtime import participants

from ..calling import call
from .people import place_of

RIGHTS = st.sampled_from([["PUBLISH", "SUBSCRIBE"], ["PUBLISH", "SUBSCRIBE"], ["PUBLISH"], ["SUBSCRIBE"]])
PLACE = st.integers(0, 1)
WHO = st.integers(0, 7)


class Life(RuleBasedStateMachine):
    """Two stages, the people who ever were on them, and their tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator(seed=1)
        self.sim.clock.freeze()
        self.sim.quotas.update({"Publishers per stage": 2, "Subscribers per stage": 2, "Concurrent subscriptions": 5})
        self.people: list[tuple[LiveParticipant, list[str], str]] = []
        self.stages: list[str] = []
        self.configurations: list[dict[str, Any]] = []

    @initialize()
    def build(self) -> None:
        self.stages = [self.make_stage() for _ in range(2)]
        for place in (0, 0, 0, 1):
            self.join(place, ["PUBLISH", "SUBSCRIBE"])
        for redundant in (False, True):
            made = self.ask("CreateIngestConfiguration", ingestProtocol="RTMPS", redundantIngest=redundant)
            self.configurations += [made["ingestConfiguration"]] if "ingestConfiguration" in made else []

    def make_stage(self) -> str:
        return str(self.ask("CreateStage")["stage"]["arn"])

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        return call(self.sim, operation, **members).body

    def person(self, who: int) -> tuple[LiveParticipant, list[str], str] | None:
        there = [each for each in self.people if each[0].is_connected] or self.people  # who is gone does little
        return there[who % len(there)] if there else None

    @rule(place=PLACE, rights=RIGHTS)
    def join(self, place: int, rights: list[str]) -> None:
        made = self.ask("CreateParticipantToken", stageArn=self.stages[place], capabilities=rights)
        token = made["participantToken"]["token"]
        self.people.append((self.sim.stages.join(token), rights, token))

    @rule(who=WHO)
    def join_again(self, who: int) -> None:
        person = self.person(who)
        if person:
            with suppress(StageRefused):
                self.people.append((self.sim.stages.join(person[2]), *person[1:]))

    @rule(which=PLACE, key=PLACE, place=PLACE)
    def encode(self, which: int, key: int, place: int) -> None:
        """An encoder comes to a stage, or to the one that its configuration is at already."""
        if self.configurations:
            made = self.configurations[which]
            keys = [each["streamKey"] for each in made.get("redundantIngestCredentials", [made])]
            self.ask("UpdateIngestConfiguration", arn=made["arn"], stageArn=self.stages[place])
            with suppress(StageRefused):
                encoder = self.sim.stages.encode(keys[key % len(keys)])
                self.people.append((encoder, ["PUBLISH"], "an encoder has none"))

    @rule(who=WHO, what=st.sampled_from(["publish", "publish", "unpublish", "mute", "leave"]))
    def act(self, who: int, what: str) -> None:
        person = self.person(who)
        if person:
            with suppress(StageRefused):
                getattr(person[0], what)()

    @rule(who=WHO, other=WHO, what=st.sampled_from(["subscribe", "subscribe", "unsubscribe"]))
    def hear(self, who: int, other: int, what: str) -> None:
        person = self.person(who)
        if person:
            on_air = [each for each, *_ in self.people if each.is_publishing and each.stage_arn == person[0].stage_arn]
            remote = on_air[other % len(on_air)] if on_air else person[0]
            with suppress(StageRefused):
                getattr(person[0], what)(remote)

    @rule(who=WHO)
    def throw_out(self, who: int) -> None:
        person = self.person(who)
        if person and who == 0:  # or hardly anybody would be there
            them = {"stageArn": person[0].stage_arn, "participantId": person[0].participant_id}
            self.ask("DisconnectParticipant", **them)

    @rule(who=WHO, place=PLACE, window=st.sampled_from([0, 30]), stop=st.booleans())
    def replicate(self, who: int, place: int, window: int, stop: bool) -> None:
        person = self.person(who)
        if person:
            members: dict[str, Any] = {
                "sourceStageArn": person[0].stage_arn,
                "destinationStageArn": self.stages[place],
                "participantId": person[0].participant_id,
            }
            if stop:
                self.ask("StopParticipantReplication", **members)
            else:
                self.ask("StartParticipantReplication", **members, reconnectWindowSeconds=window)

    @rule(place=PLACE)
    def delete(self, place: int) -> None:
        self.ask("DeleteStage", arn=self.stages[place])
        self.stages[place] = self.make_stage()

    @rule(seconds=st.sampled_from([1, 30, 24 * 60 * 60]))
    def pass_time(self, seconds: int) -> None:
        self.sim.clock.advance(seconds)

    @rule()
    def save_and_load(self) -> None:
        """What is loaded is what was saved, and is who was there."""
        other = Emulator()
        with TemporaryDirectory() as folder:
            self.sim.save(Path(folder) / "state.json")
            other.load(Path(folder) / "state.json")
        assert [each.participant_id for each in other.stages.participants] == [
            each.participant_id for each in self.sim.stages.participants
        ]
        assert other.dumps() == self.sim.dumps()

    @invariant()
    def sessions_and_counts_agree(self) -> None:
        """A stage has a session while somebody is there, one at a time, and its numbers are those of its people."""
        for arn in self.stages:
            shown = self.ask("GetStage", arn=arn)["stage"]
            sessions = self.ask("ListStageSessions", stageArn=arn, maxResults=100)["stageSessions"]
            open_ones = [each["sessionId"] for each in sessions if "endTime" not in each]
            active = shown.get("activeSessionId")
            assert open_ones == ([active] if active else [])
            there = [each for each in self.sim.stages.participants if each.stage_arn == arn]
            assert bool(there) == bool(active)
            if active:
                ctx = place_of(self.sim, arn)
                session, connected = ctx.store.stage_sessions[active], participants.connected(ctx, active)
                assert (session.present, session.publishers) == (len(there), sum(each.is_publishing for each in there))
                assert session.subscribers == sum(bool(each.subscriptions) for each in connected) <= 2
                assert session.publishers <= 2
                assert sum(len(each.subscriptions) for each in connected) <= len(ctx.store.subscriptions) <= 5

    @invariant()
    def nobody_publishes_without_the_right(self) -> None:
        for person, rights, _ in self.people:
            assert not person.is_publishing or "PUBLISH" in rights

    @invariant()
    def configurations_are_active_with_their_encoders(self) -> None:
        """An ingest configuration is ACTIVE while one of its participants is connected, on the stage that it has."""
        for made in self.configurations:
            shown = self.ask("GetIngestConfiguration", arn=made["arn"])["ingestConfiguration"]
            active = {arn: self.ask("GetStage", arn=arn)["stage"].get("activeSessionId") for arn in self.stages}
            there = [
                (each, arn)
                for arn, session_id in active.items()
                for each in participants.connected(place_of(self.sim, arn), session_id)
                if each.ingest_configuration_arn == made["arn"]
            ]
            assert shown["state"] == ("ACTIVE" if there else "INACTIVE")
            assert all(each.is_publishing and arn == shown["stageArn"] for each, arn in there)

    @invariant()
    def events_come_in_pairs(self) -> None:
        """Whoever is gone has left as often as it joined, and no longer publishes nor subscribes."""
        for person in {each[0].participant_id + each[0].session_id: each[0] for each in self.people}.values():
            asked = {"stageArn": person.stage_arn, "sessionId": person.session_id, "maxResults": 100}
            events = self.ask("ListParticipantEvents", **asked, participantId=person.participant_id).get("events", [])
            if not events or len(events) == 100:
                continue
            number = Counter(each["name"] for each in events)
            state = self.ask(
                "GetParticipant",
                stageArn=person.stage_arn,
                sessionId=person.session_id,
                participantId=person.participant_id,
            )["participant"]["state"]
            assert number["JOINED"] - number["LEFT"] == (state == "CONNECTED")
            for begun, ended in (("PUBLISH_STARTED", "PUBLISH_STOPPED"), ("SUBSCRIBE_STARTED", "SUBSCRIBE_STOPPED")):
                more = number[begun] - number[ended]
                assert more >= 0
                assert state == "CONNECTED" or more == 0


TestStages = Life.TestCase
TestStages.settings = settings(deadline=None, max_examples=20, stateful_step_count=40)
