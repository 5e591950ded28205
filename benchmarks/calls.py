"""One boto3 call: what it takes with few channels or stages and with many, and a page from the middle of a list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from . import report
from .plan import Plan
from .turns import Process, Turns, in_turns, processes, ratio

_FACTORS = {"create": 1.10, "get": 1.10, "tag": 1.10, "list": 1.25}
_NOT_IN_MOTO = {"tag_resource"}
_SAME = 0.10


def one_call(plan: Plan) -> None:
    """Measure each call at each size; create comes last, because it adds channels."""
    report.section("One call, with so many channels existing")
    with processes("floor", "ivsim", "moto") as by_name:
        by_name["moto"]("start")
        for size in plan.sizes:
            by_name["moto"]("populate", size)
        _at_sizes(plan, by_name, ("get_channel", "list_channels", "tag_resource", "create_channel"))


def stage_calls(plan: Plan) -> None:
    """Measure the same of stages, which moto has none of."""
    report.section("One call, with so many stages existing")
    with processes("floor_stages", "ivsim_stages") as started:
        by_name = {"floor": started["floor_stages"], "ivsim": started["ivsim_stages"]}
        _at_sizes(plan, by_name, ("get_stage", "list_stages", "tag_resource", "create_stage"))


def _at_sizes(plan: Plan, by_name: dict[str, Process], calls: Sequence[str]) -> None:
    by_name["ivsim"]("start")
    for size in plan.sizes:
        by_name["floor"]("learn", size, *populated(by_name["ivsim"], size))
    for call in calls:
        contenders = {name: each for name, each in by_name.items() if not (name == "moto" and call in _NOT_IN_MOTO)}
        measured = _sizes_in_turns(plan, contenders, call, plan.sizes)
        for size in plan.sizes:
            report.times(f"{call}, {size:,}", _at(measured, size), factor=_FACTORS[call.partition("_")[0]])
        if call.startswith("get_"):
            _, few, many = plan.sizes
            ivsim, moto = (ratio(measured, f"{name} {many}", f"{name} {few}") for name in ("ivsim", "moto"))
            report.growth(f"{call}: {many:,} / {few:,}", ivsim or 0, moto, within=_SAME)


def pages(plan: Plan) -> None:
    """Measure a page of 100, the first one and one from the middle, of a short list and of a long one."""
    report.section("A page of 100 channels, out of so many")
    few, many = plan.pages
    with processes("floor", "ivsim") as by_name:
        by_name["ivsim"]("start")
        for size in plan.pages:
            by_name["floor"]("learn", size, *populated(by_name["ivsim"], size, with_middle=True))
        for call, where in (("list_channels", "first"), ("list_channels_middle", "from the middle")):
            measured = _sizes_in_turns(plan, by_name, call, plan.pages)
            for size in plan.pages:
                report.times(f"{where}, of {size:,}", _at(measured, size), factor=1.25)
            report.growth(
                f"{where}: {many:,} / {few:,}", ratio(measured, f"ivsim {many}", f"ivsim {few}") or 0, within=_SAME
            )


def populated(ivsim: Process, size: int, *, with_middle: bool = False) -> Sequence[object]:
    """Make channels in a process whose mock is active; return what the floor has to learn of it."""
    ivsim("populate", size, with_middle)
    learned: Sequence[object] = ivsim("record", size)
    return learned


def _sizes_in_turns(plan: Plan, by_name: dict[str, Process], call: str, sizes: tuple[int, ...]) -> Turns:
    """Measure a call at every size in the same rounds, so that sizes compare as contenders do."""
    return in_turns(
        plan.rounds,
        {
            f"{name} {size}": partial(process, "time", call, size, plan.slice)
            for size in sizes
            for name, process in by_name.items()
        },
    )


def _at(turns: Turns, size: int) -> Turns:
    return {key.partition(" ")[0]: values for key, values in turns.items() if key.endswith(f" {size}")}
