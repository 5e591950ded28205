"""The emulator's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from ...emulator import Emulator
from .endpoints import Body, endpoint


class Time(msgspec.Struct):
    """The time, and whether it stands still."""

    now: datetime
    frozen: bool


class Freeze(Body):
    """The moment to stop at, with a time zone; now, if there is none."""

    at: Annotated[datetime, Meta(tz=True)] | None = None


class Advance(Body):
    """The distance to go forward."""

    seconds: Annotated[float, Meta(ge=0)]


@endpoint("GET", "/clock")
def get_clock(sim: Emulator) -> Time:
    """Return the time that the emulated services see."""
    return Time(sim.clock.now(), sim.clock.is_frozen)


@endpoint("POST", "/clock/freeze", example={"at": "2030-01-01T12:00:00Z"})
def freeze_clock(sim: Emulator, body: Freeze) -> Time:
    """Stop the clock, here or at a moment; from then on only `advance` moves it."""
    sim.clock.freeze(body.at)
    return get_clock(sim)


@endpoint("POST", "/clock/unfreeze")
def unfreeze_clock(sim: Emulator) -> Time:
    """Let a frozen clock run again, from the time it shows."""
    sim.clock.unfreeze()
    return get_clock(sim)


@endpoint("POST", "/clock/advance", example={"seconds": 30}, aliases={"duration": "seconds"})
def advance_clock(sim: Emulator, body: Advance) -> Time:
    """Move the clock forward; what falls due on the way happens in order, each thing at its time."""
    sim.clock.advance(body.seconds)
    return get_clock(sim)
