"""Errors and delays on demand."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...core.faults import Fault
from ...emulator import Emulator
from .endpoints import Body, endpoint


class PendingFault(msgspec.Struct, rename="camel"):
    """An error that waits for its operations ("ivs:CreateChannel"); `left` is how often it strikes, null for always."""

    operations: list[str]
    error_code: str
    left: int | None
    message: str
    when: dict[str, Any] | None


class FaultList(msgspec.Struct):
    """The pending faults, and the seconds that calls take by operation."""

    faults: list[PendingFault]
    latencies: dict[str, float]


class AddFault(Body):
    """The error of an operation, how often (null for every time), and with which parameters of the call."""

    operation: str
    error_code: str
    times: Annotated[int, Meta(ge=1)] | None = 1
    message: str | None = None
    when: dict[str, Any] | None = None


class SetLatency(Body):
    """The seconds that each call of an operation takes; 0 makes it prompt again."""

    operation: str
    seconds: Annotated[float, Meta(ge=0)]


@endpoint("GET", "/faults")
def list_faults(sim: Emulator) -> FaultList:
    """Return the faults that have not struck for the last time yet, and the latencies."""
    return FaultList([_shown_fault(each) for each in sim.faults.pending], sim.faults.latencies)


@endpoint(
    "POST",
    "/faults",
    status=201,
    example={"operation": "CreateChannel", "errorCode": "ThrottlingException", "when": {"name": "evening-show"}},
)
def add_fault(sim: Emulator, body: AddFault) -> PendingFault:
    """Let the next calls of an operation fail, with any error that its service models."""
    sim.faults.add(body.operation, body.error_code, times=body.times, message=body.message, when=body.when)
    return _shown_fault(sim.faults.pending[-1])


@endpoint("DELETE", "/faults")
def clear_faults(sim: Emulator) -> None:
    """Forget every fault and every latency."""
    sim.faults.clear()


@endpoint("PUT", "/latencies", example={"operation": "ListChannels", "seconds": 0.5})
def set_latency(sim: Emulator, body: SetLatency) -> FaultList:
    """Let every call of an operation take time, on the emulator's clock and on the wire."""
    sim.faults.latency(body.operation, body.seconds)
    return list_faults(sim)


def _shown_fault(fault: Fault) -> PendingFault:
    when = None if fault.when is None or callable(fault.when) else dict(fault.when)
    return PendingFault(list(fault.operations), fault.error_code, fault.left, fault.message, when)
