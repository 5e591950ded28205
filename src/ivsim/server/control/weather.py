"""Events that get lost, come twice, late or in another order."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...core.weather import Disturbance, Way
from ...emulator import Emulator
from .endpoints import Body, endpoint

_SHOWN = 100


class PendingDisturbance(msgspec.Struct):
    """What is wanted of events that match a pattern; `left` is of how many more, null for all of them.

    `seconds` counts where events are delayed.
    """

    way: Way
    pattern: dict[str, Any]
    left: int | None
    seconds: float


class DisturbedEvent(msgspec.Struct):
    """An event, what became of it on its way, and the seconds of its delay, else 0."""

    way: Way
    seconds: float
    event: dict[str, Any]


class DisturbanceList(msgspec.Struct):
    """What is wanted of events to come, the seed of the weather, and the newest events that were disturbed.

    `weather` is null for fair weather.
    """

    disturbances: list[PendingDisturbance]
    weather: int | str | None
    disturbed: list[DisturbedEvent]


class AddDisturbance(Body):
    """What is wanted of how many events (null for all) that match a pattern (null for any)."""

    way: Way
    pattern: dict[str, Any] | None = None
    times: Annotated[int, Meta(ge=1)] | None = 1
    seconds: float = 30


class SetWeather(Body):
    """The seed of the weather, null for fair weather."""

    seed: int | str | None


@endpoint("GET", "/disturbances")
def list_disturbances(sim: Emulator) -> DisturbanceList:
    """Return what is wanted of events to come, and the newest 100 events that did not arrive as they happened.

    Which events arrived, `GET /_ivsim/events?arrived=true` has.
    """
    return DisturbanceList(
        [_shown(each) for each in sim.events.disturbances],
        sim.events.weather,
        [DisturbedEvent(*each) for each in sim.events.disturbed.page(limit=_SHOWN).entries],
    )


@endpoint(
    "POST",
    "/disturbances",
    status=201,
    example={"way": "lost", "pattern": {"detail": {"event_name": ["Session Ended"]}}, "times": 2},
)
def add_disturbance(sim: Emulator, body: AddDisturbance) -> PendingDisturbance:
    """Have the next events that match an event pattern of EventBridge come otherwise than they happened.

    They are "lost", "doubled", "delayed" by `seconds` of the clock, or "swapped" with the next event that arrives. It
    concerns whoever events arrive at: the targets of rules, subscribers, buses. They happen all the same.
    """
    sim.events.disturb(body.way, pattern=body.pattern, times=body.times, seconds=body.seconds)
    return _shown(sim.events.disturbances[-1])


@endpoint("DELETE", "/disturbances")
def clear_disturbances(sim: Emulator) -> None:
    """Want nothing of events to come any more. What is late, or waits for another, arrives all the same."""
    sim.events.clear_disturbances()


@endpoint("PUT", "/event-weather", example={"seed": 7})
def set_event_weather(sim: Emulator, body: SetWeather) -> DisturbanceList:
    """Have one event in eight or so come otherwise, the same ones for a seed; null ends that."""
    sim.events.weather = body.seed
    return list_disturbances(sim)


def _shown(disturbance: Disturbance) -> PendingDisturbance:
    way, pattern, left, seconds = disturbance
    return PendingDisturbance(way, dict(pattern), left, seconds)
