"""The same seed and the same acts make the same stages, byte by byte."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator, LiveParticipant, StageRefused

from ..calling import call

NOON = datetime(2027, 1, 1, 12, 0, 0, tzinfo=timezone.utc)

WHO = st.integers(0, 5)
PLACE = st.integers(0, 1)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), PLACE, st.booleans()),
        st.tuples(st.sampled_from(["publish", "mute", "leave"]), WHO),
        st.tuples(st.just("subscribe"), WHO, WHO),
        st.tuples(st.just("throw_out"), WHO),
        st.tuples(st.just("replicate"), WHO, PLACE),
        st.tuples(st.just("compose"), PLACE),
        st.tuples(st.just("delete"), PLACE),
        st.tuples(st.just("pass_time"), st.sampled_from([1, 60, 24 * 60 * 60])),
    ),
    min_size=5,
    max_size=30,
)


class World:
    """An emulator with two stages, in which acts are done."""

    def __init__(self, seed: int) -> None:
        self.sim = Emulator(seed=seed, transitions="realistic")
        self.sim.clock.freeze(NOON)
        self.stages = [self.create() for _ in range(2)]
        self.people: list[LiveParticipant] = [self.sim.stages.join(self.stages[0]) for _ in range(2)]
        self.codes: list[str | None] = []

    def create(self) -> str:
        arn: str = call(self.sim, "CreateStage").body["stage"]["arn"]
        return arn

    def ask(self, operation: str, **members: Any) -> None:
        self.codes.append(call(self.sim, operation, **members).code)

    def do(self, act: tuple[Any, ...]) -> None:
        """Do one of the acts."""
        what, *details = act
        with suppress(StageRefused):
            getattr(self, what)(*details)

    def join(self, place: int, by_token: bool) -> None:
        token = self.stages[place]
        if by_token:
            made = call(self.sim, "CreateParticipantToken", stageArn=token, userId="ann")
            token = made.body["participantToken"]["token"]
        self.people.append(self.sim.stages.join(token))

    def person(self, who: int) -> LiveParticipant:
        there = [each for each in self.people if each.is_connected] or self.people
        return there[who % len(there)]

    def publish(self, who: int) -> None:
        self.person(who).publish()

    def mute(self, who: int) -> None:
        self.person(who).mute()

    def leave(self, who: int) -> None:
        self.person(who).leave()

    def subscribe(self, who: int, other: int) -> None:
        self.person(who).subscribe(self.person(other))

    def throw_out(self, who: int) -> None:
        person = self.person(who)
        self.ask("DisconnectParticipant", stageArn=person.stage_arn, participantId=person.participant_id)

    def replicate(self, who: int, place: int) -> None:
        person = self.person(who)
        stages = {"sourceStageArn": person.stage_arn, "destinationStageArn": self.stages[place]}
        self.ask("StartParticipantReplication", **stages, participantId=person.participant_id)

    def compose(self, place: int) -> None:
        channel = call(self.sim, "CreateChannel").body["channel"]["arn"]
        self.ask("StartComposition", stageArn=self.stages[place], destinations=[{"channel": {"channelArn": channel}}])

    def delete(self, place: int) -> None:
        self.ask("DeleteStage", arn=self.stages[place])
        self.stages[place] = self.create()

    def pass_time(self, seconds: int) -> None:
        self.sim.clock.advance(seconds)


@pytest.mark.needs("StartParticipantReplication")
@settings(deadline=None, max_examples=40)
@given(acts=ACTS, seed=st.integers(0, 2**32), cut=st.integers(0, 30))
def test_twice(acts: list[tuple[Any, ...]], seed: int, cut: int) -> None:
    """Done twice, acts lead to the same state, events and all, whether or not others watch in between."""
    first, second = World(seed), World(seed)
    for place, act in enumerate(acts):
        first.do(act)
        second.do(act)
        if place == cut:
            assert len(second.sim.dumps()) == len(first.sim.dumps())
            assert second.sim.overview() == first.sim.overview()
    assert second.codes == first.codes
    assert second.sim.dumps() == first.sim.dumps()
    assert [*second.sim.events] == [*first.sim.events]
    assert [each.seen for each in second.people] == [each.seen for each in first.people]


def test_other_seeds() -> None:
    """Another seed makes other ids."""
    assert World(1).people[0].participant_id == World(1).people[0].participant_id
    assert World(1).people[0].participant_id != World(2).people[0].participant_id
