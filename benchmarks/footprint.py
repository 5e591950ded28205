"""What a channel with its key takes in memory, as tracemalloc counts it: every object, no slack of the allocator."""

from __future__ import annotations

from . import report
from .plan import Plan
from .turns import processes

_MOST = 1.5 * 1024


def memory(plan: Plan) -> None:
    """Measure over many channels with a name of their own, and no tags.

    ivsim logs every call for `sim.calls`, arguments included; that is told apart by clearing the log.
    """
    report.section(f"Memory for each of {plan.memory:,} channels")
    with processes("ivsim", "moto") as by_name:
        with_log, without_log = by_name["ivsim"]("memory", plan.memory)
        moto = by_name["moto"]("memory", plan.memory)
    report.row(
        "channel, its key (moto keeps none)",
        "-",
        _size(without_log),
        _size(moto),
        of_ivsim=f"{moto / without_log:.2f} x",
        budget=f"<= {_size(_MOST)}",
        met=without_log <= _MOST,
    )
    report.row("... and the call in sim.calls", "-", _size(with_log), "-")


def _size(count: float) -> str:
    return f"{count / 1024:.2f} KB"
