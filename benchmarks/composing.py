"""A composition of people who publish to a stage, on its way to a channel."""

from __future__ import annotations

from importlib.util import find_spec
from time import sleep

from . import report
from .plan import Plan
from .stage_media import share
from .turns import processes

_MOST = 0.5
_FRAMERATE = 15


def composing(plan: Plan) -> None:
    """Compose four people, who send 640x360 at 15 pictures a second; needs aiortc, and leaves itself out without.

    People are one process, and the server another.
    """
    if find_spec("aiortc") is None:
        return
    count, seconds = 4, plan.pushes[2]
    report.section(f"A composition of {count} people, 640x360 at {_FRAMERATE} pictures a second, all on these CPUs")
    with processes("ivsim_composing", "stage_people") as by_name:
        server, people = by_name["ivsim_composing"], by_name["stage_people"]
        url, tokens = server("serve", count)
        people("publish", url, tokens)
        sleep(2)
        forwarded = share(server, seconds)
        server("compose")
        sleep(2)
        composed = share(server, seconds)
        framerate = server("framerate")
        for each in (people, server):
            each("close")
    report.row("who publish, in percent of a core", "-", f"{forwarded:.2%}", "-")
    most = f"<= {_MOST:.0%}"
    added = composed - forwarded
    report.row("what composing them takes besides", "-", f"{added:.2%}", "-", budget=most, met=added <= _MOST)
    is_met = framerate > _FRAMERATE - 0.5
    report.row("composed pictures", "-", f"{framerate:.1f}/s", "-", budget=f"{_FRAMERATE}/s", met=is_met)
