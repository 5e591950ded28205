"""ivsim's participants: a stage full of them, and calls about them."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from ivsim import LiveParticipant, mock_ivs

from . import PAGE, PARTICIPANT_CALLS, Place, ivsim

_PLENTY = 1_000_000


class Crowd(NamedTuple):
    """The seconds that each of some steps takes for one participant."""

    join: float
    publish: float
    subscribe: float
    leave: float


class Contender(ivsim.Contender):
    """A client for IVS Real-Time under one mock, which has room for any number of subscribers."""

    service = "ivs-realtime"
    calls = PARTICIPANT_CALLS

    def start(self) -> None:
        """Enter the mock, for good."""
        subscriptions = {"Subscribers per stage": _PLENTY, "Concurrent subscriptions": _PLENTY}
        self._sim = mock_ivs(quotas=subscriptions).start()

    def crowd(self, publishers: int, subscribers: int, stay: bool) -> Crowd:
        """Let so many join a stage, publish, and subscribe to one each; then leave, or stay for calls about them."""
        client = self.client("us-east-1")
        arn = client.create_stage()["stage"]["arn"]
        capabilities = [["PUBLISH", "SUBSCRIBE"]] * publishers + [["SUBSCRIBE"]] * subscribers
        made = [self._sim_token(arn, each) for each in capabilities]
        began = perf_counter()
        people = [self._sim.stages.join(token) for token in made]
        joined = perf_counter()
        hosts, viewers = people[:publishers], people[publishers:]
        for host in hosts:
            host.publish()
        published = perf_counter()
        for number, viewer in enumerate(viewers):
            viewer.subscribe(hosts[number % publishers])
        subscribed = perf_counter()
        if stay:
            self.places[len(people)] = self._place(client, arn, people)
            return Crowd(0, 0, 0, 0)
        for each in viewers:
            each.leave()
        left = perf_counter()
        for host in hosts:
            host.leave()
        self._sim.reset()
        return Crowd(
            (joined - began) / len(people),
            (published - joined) / publishers,
            (subscribed - published) / subscribers,
            (left - subscribed) / subscribers,
        )

    def _sim_token(self, arn: str, capabilities: list[str]) -> str:
        made = self._ask(self._sim, "CreateParticipantToken", stageArn=arn, capabilities=capabilities)
        token: str = made["participantToken"]["token"]
        return token

    def _place(self, client: object, arn: str, people: list[LiveParticipant]) -> Place:
        session = {"stageArn": arn, "sessionId": people[0].session_id}
        place = Place(client, [each.participant_id for each in people[:: max(1, len(people) // 100)]], "", session)
        for _ in range(len(people) // PAGE // 2):
            more = {"nextToken": place.middle} if place.middle else {}
            place.middle = place.client.list_participants(**session, maxResults=PAGE, **more).get("nextToken", "")
        return place
