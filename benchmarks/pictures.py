"""Pictures of a simulated broadcast: what a rendition that somebody watches costs."""

from __future__ import annotations

from datetime import datetime, timezone
from statistics import median
from time import thread_time

from ivsim.media.h264 import Format
from ivsim.media.picture import Scene
from ivsim.media.simulation import Part, transport_stream

from . import report
from .plan import Plan

_RENDITIONS = {
    "160p30": (Format(284, 160, 30, "avc1.4D401F"), None),
    "360p30": (Format(640, 360, 30, "avc1.4D401F"), None),
    "480p30": (Format(852, 480, 30, "avc1.4D401F"), None),
    "720p30": (Format(1280, 720, 30, "avc1.4D401F"), 0.02),
    "1080p60": (Format(1920, 1080, 60, "avc1.640028"), 0.06),
}
_SECONDS = 2.0


def pictures(plan: Plan) -> None:
    """Make segments one after the other, and see what part of a core that takes, beside the time that they last."""
    report.section("A rendition of a simulated broadcast that is watched, in percent of a core")
    scene = Scene("benchmark", "rendition", "live", datetime(2030, 1, 1, tzinfo=timezone.utc))
    for name, (form, most) in _RENDITIONS.items():
        shares = []
        for number in range(plan.rounds + 1):
            began = thread_time()
            transport_stream(form, scene, Part(number, number * _SECONDS, _SECONDS))
            shares.append((thread_time() - began) / _SECONDS)
        share = median(shares[1:])
        report.row(
            name,
            "-",
            f"{share:.2%}",
            "-",
            budget=f"<= {most:.0%}" if most else "",
            met=share <= most if most else None,
        )
