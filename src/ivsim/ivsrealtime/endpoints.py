"""Endpoints: where participants reach a stage."""

from __future__ import annotations

from ..core import arns

EVENTS = "wss://global.events.live-video.net"
"""Where clients hear what happens on a stage, the same for all of them."""


def endpoints_of(stage_arn: str) -> dict[str, str]:
    """Return the addresses at which participants of a stage hear of it and publish, by the names that stages have."""
    arn = arns.parse(stage_arn)
    assert arn, f"{stage_arn} is a stage's"
    host_id = arns.host_id(arn.account, arn.region)
    return {
        "events": EVENTS,
        "whip": f"https://{host_id}.global-bm.whip.live-video.net",
        "rtmp": f"rtmp://{host_id}.global-contribute.live-video.net/app/",
        "rtmps": f"rtmps://{host_id}.global-contribute.live-video.net:443/app/",
    }
