"""Whoever is replicated to whichever stages: replicas last as long as their source publishes, and are at most five."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ivsim import Emulator, LiveParticipant, StageRefused
from ivsim.ivsrealtime import participants

from ..calling import call
from .people import place_of

pytestmark = pytest.mark.needs("StartParticipantReplication")

STAGES = 8
MOST = 5
PLACE = st.integers(0, STAGES - 1)
WHO = st.integers(0, 3)

Being = tuple[str, str]
"""A session, and the id of a participant in it."""


class Person(NamedTuple):
    """Somebody with a token for a stage."""

    place: int
    name: str
    token: str


class Replication(RuleBasedStateMachine):
    """Eight stages, four people on the first three of them, and their replicas anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator(seed=1)
        self.sim.clock.freeze()
        self.sim.quotas["Publishers per stage"] = 3
        self.stages: list[str] = []
        self.people: list[Person] = []
        self.handles: dict[Person, LiveParticipant] = {}
        self.over: list[LiveParticipant] = []
        self.windows: dict[tuple[Being, str], int] = {}
        """The reconnect window of each replica that is active, by its source and its stage."""
        self.silent: dict[Being, float] = {}
        """Since when sources do not publish."""

    @initialize()
    def build(self) -> None:
        self.stages = [self.ask("CreateStage")["stage"]["arn"] for _ in range(STAGES)]
        for place in (0, 0, 1, 2):
            made = self.ask("CreateParticipantToken", stageArn=self.stages[place])["participantToken"]
            self.people.append(Person(place, made["participantId"], made["token"]))
            self.publish(len(self.people) - 1)
        self.start(2, 3, 30)
        self.listener = self.sim.stages.join(self.stages[0])  # so that a session there outlives whoever publishes

    def ask(self, operation: str, **members: Any) -> dict[str, Any]:
        answer = call(self.sim, operation, **members)
        assert answer.status < 300, answer
        return answer.body

    def session(self, place: int) -> str | None:
        """Return the active session of a stage."""
        active: str | None = self.ask("GetStage", arn=self.stages[place])["stage"].get("activeSessionId")
        return active

    def shown(self, stage: str, session_id: str, name: str) -> dict[str, Any] | None:
        """Return somebody of a session, None where nobody has the id."""
        members = {"stageArn": stage, "sessionId": session_id, "participantId": name}
        shown: dict[str, Any] | None = call(self.sim, "GetParticipant", **members).body.get("participant")
        return shown

    def on(self, place: int, name: str) -> dict[str, Any] | None:
        """Return who of a name is on a stage now."""
        session_id = self.session(place)
        shown = self.shown(self.stages[place], session_id, name) if session_id else None
        return shown if shown and shown["state"] == "CONNECTED" else None

    def end_replicas(self, place: int, name: str) -> None:
        """Remember that who was shown on a stage is not any more."""
        for being, stage in [*self.windows]:
            if (stage, being[1]) == (self.stages[place], name):
                del self.windows[being, stage]

    @rule(who=WHO, place=PLACE, window=st.sampled_from([0, 30, 60]))
    def start(self, who: int, place: int, window: int) -> None:
        """Who publishes is replicated to where they are not yet, while there is room.

        A replica of an earlier session that is still there, for its window, makes room for the new one.
        """
        person = self.people[who]
        source, being = self.on(person.place, person.name), (self.session(person.place) or "", person.name)
        expected = None
        if source is None:
            expected = "ResourceNotFoundException"
        elif place == person.place:
            expected = "ValidationException"
        elif not self.handles[person].is_publishing or (being, self.stages[place]) in self.windows:
            expected = "ConflictException"
        elif len([each for each, _ in self.windows if each == being]) == MOST or self.publishers(place) == 3:
            expected = "ServiceQuotaExceededException"
        code = self.change("StartParticipantReplication", person, place, reconnectWindowSeconds=window)
        assert code == expected
        if code is None:
            self.end_replicas(place, person.name)
            self.windows[being, self.stages[place]] = window

    @rule(who=WHO, place=PLACE)
    def start_from_a_replica(self, who: int, place: int) -> None:
        """A replica is not replicated."""
        name = self.people[who].name
        shown = [self.stages.index(stage) for being, stage in self.windows if being[1] == name]
        if shown and shown[0] != place:
            replica = Person(shown[0], name, "")
            assert self.change("StartParticipantReplication", replica, place) == "ConflictException"

    @rule(who=WHO, first=st.integers(2, 5), window=st.sampled_from([0, 30]))
    def start_many(self, who: int, first: int, window: int) -> None:
        """One after the other, up to the quota and beyond."""
        for place in range(first, STAGES):
            self.start(who, place, window)

    def change(self, operation: str, person: Person, place: int, **more: Any) -> str | None:
        """Call an operation about a replica; return the code with which it is refused."""
        stages = {"sourceStageArn": self.stages[person.place], "destinationStageArn": self.stages[place]}
        return call(self.sim, operation, **stages, participantId=person.name, **more).code

    def publishers(self, place: int) -> int:
        session_id = self.session(place)
        return place_of(self.sim, self.stages[place]).store.stage_sessions[session_id].publishers if session_id else 0

    @rule(who=WHO, place=PLACE)
    def stop(self, who: int, place: int) -> None:
        """What was started is stopped, also while its source is waited for."""
        person = self.people[who]
        stages = [stage for being, stage in self.windows if being[1] == person.name] or self.stages
        place = self.stages.index(stages[place % len(stages)])
        found = [each for each in self.windows if (each[0][1], each[1]) == (person.name, self.stages[place])]
        code = self.change("StopParticipantReplication", person, place)
        assert code == (None if found else "ResourceNotFoundException")
        for each in found:
            del self.windows[each]

    @rule(who=WHO, leaves=st.booleans(), seconds=st.sampled_from([None, 0, 29]))
    def fall(self, who: int, leaves: bool, seconds: int | None) -> None:
        """Who publishes no more, or leaves, is shown on other stages for the window still, and may be back in time.

        Whoever is back may be in a new session, and is replicated anew where the replica of the last one still is.
        """
        handle = self.handles[self.people[who]]
        if handle.is_connected:
            if leaves:
                handle.leave()
                self.over.append(handle)
            else:
                handle.unpublish()
            self.silent.setdefault((handle.session_id, handle.participant_id), self.sim.clock.time())
            self.pass_time(0)
            shown = [stage for being, stage in self.windows if being == (handle.session_id, handle.participant_id)]
            if seconds is not None:
                self.pass_time(seconds)
                self.publish(who)
                for stage in shown[:1]:
                    self.start(who, self.stages.index(stage), 30)

    @rule(who=WHO)
    def publish(self, who: int) -> None:
        """Who publishes again in time, in the same session, goes on being shown."""
        person = self.people[who]
        handle = self.handles.get(person)
        if handle is None or not handle.is_connected:
            handle = self.handles[person] = self.sim.stages.join(person.token)
        with suppress(StageRefused):  # while three publish already
            handle.publish()
            self.silent.pop((handle.session_id, person.name), None)

    @rule(who=WHO, audio=st.booleans(), video=st.booleans())
    def mute(self, who: int, audio: bool, video: bool) -> None:
        """Who publishes mutes its sound, or stops its picture."""
        handle = self.handles[self.people[who]]
        if handle.is_publishing:
            handle.mute(audio=audio, video=video)

    @rule()
    def change_listener(self) -> None:
        """Without anybody who listens, a session is over when the last one who publishes leaves."""
        if self.listener.is_connected:
            self.listener.leave()
        else:
            self.listener = self.sim.stages.join(self.stages[0])

    @rule(place=st.integers(3, STAGES - 1), who=WHO, with_stage=st.booleans())
    def throw_out(self, place: int, who: int, with_stage: bool) -> None:
        """A replica that is disconnected is gone, as it is with its stage, and its source goes on."""
        names = [person.name for person in self.people if self.on(place, person.name)]
        if names and with_stage:
            self.ask("DeleteStage", arn=self.stages[place])
            for name in names:
                self.end_replicas(place, name)
            self.stages[place] = self.ask("CreateStage")["stage"]["arn"]
        elif names:
            name = names[who % len(names)]
            self.ask("DisconnectParticipant", stageArn=self.stages[place], participantId=name)
            self.end_replicas(place, name)

    @rule(seconds=st.sampled_from([1, 29, 30, 60]))
    def pass_time(self, seconds: int) -> None:
        """When the window is over, a replica whose source does not publish is gone."""
        self.sim.clock.advance(seconds)
        for being, since in self.silent.items():
            for its_being, stage in [*self.windows]:
                if its_being == being and self.sim.clock.time() - since >= self.windows[being, stage]:
                    del self.windows[being, stage]

    @rule()
    def save_and_load(self) -> None:
        """What is loaded goes on: there the same replicas are gone by the end of their windows."""
        other = Emulator()
        with TemporaryDirectory() as folder:
            self.sim.save(Path(folder) / "state.json")
            other.load(Path(folder) / "state.json")
        assert other.dumps() == self.sim.dumps()
        other.clock.advance(60)
        left = {(being, stage) for being, stage in self.windows if being not in self.silent}
        assert {(each[0], each[1]) for each in self.active(other)} == left

    def active(self, sim: Emulator) -> list[tuple[Being, str, dict[str, Any]]]:
        """Return the replicas that are active: their sources, their stages, and what is told of them."""
        asked = {(self.stages[person.place], person.name) for person in self.people}
        found = []
        for stage, name in asked:
            asking = {"sourceStageArn": stage, "participantId": name, "nextToken": ""}
            while "nextToken" in asking:
                page = call(sim, "ListParticipantReplicas", **asking).body
                for each in page["replicas"]:
                    if each["replicationState"] == "ACTIVE":
                        found.append(((each["sourceSessionId"], name), each["destinationStageArn"], each))
                asking = {**asking, "nextToken": page["nextToken"]} if "nextToken" in page else {}
        return found

    @invariant()
    def replicas_are_those_that_should_be(self) -> None:
        """They are shown where they should be, as what they are, and nobody has more than five."""
        found = self.active(self.sim)
        assert sorted((being, stage) for being, stage, _ in found) == sorted(self.windows)
        for being, stage, told in found:
            assert len([each for each, *_ in found if each == being]) <= MOST
            replica = self.shown(stage, told["destinationSessionId"], being[1])
            assert replica
            assert (replica["state"], replica["published"]) == ("CONNECTED", True)
            assert (replica["replicationType"], replica["replicationState"]) == ("REPLICA", "ACTIVE")
            assert (replica["sourceStageArn"], replica["sourceSessionId"]) == (told["sourceStageArn"], being[0])

    @invariant()
    def replicas_look_as_their_sources_do(self) -> None:
        """While the source publishes, a replica is muted as it is."""
        for being, stage, told in self.active(self.sim):
            participants_of = place_of(self.sim, stage).store.participants
            source = participants_of[f"{being[0]} {being[1]}"]
            replica = participants_of[f"{told['destinationSessionId']} {being[1]}"]
            if source.is_publishing:
                shown = replica.audio_muted, replica.video_stopped, replica.video
                assert shown == (source.audio_muted, source.video_stopped, source.video)

    @invariant()
    def sources_tell_of_their_replicas(self) -> None:
        """A source is one as long as it has a replica."""
        for being, stage, told in self.active(self.sim):
            source = self.shown(told["sourceStageArn"], *being)
            assert source
            assert (source["replicationType"], source["replicationState"]) == ("SOURCE", "ACTIVE"), stage

    @invariant()
    def sessions_and_counts_agree(self) -> None:
        """A stage has a session while somebody is there, also as a replica, and its numbers are those of its people."""
        for place, arn in enumerate(self.stages):
            session_id, ctx = self.session(place), place_of(self.sim, arn)
            connected = participants.connected(ctx, session_id)
            assert bool(session_id) == bool(connected)
            if session_id:
                session = ctx.store.stage_sessions[session_id]
                publishers = sum(each.is_publishing for each in connected)
                assert (session.present, session.publishers) == (len(connected), publishers)

    @invariant()
    def whoever_left_stays_away(self) -> None:
        """Nobody is back by a handle of before."""
        assert not any(each.is_connected for each in self.over)


TestReplication = Replication.TestCase
TestReplication.settings = settings(deadline=None, max_examples=20, stateful_step_count=30)
