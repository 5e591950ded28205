"""What tests of broadcasts share: a channel to send to, and how what becomes of it is looked at."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from botocore.session import get_session

from ivsim import Emulator

from ..calling import call

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


CODES = "code" in get_session().get_service_model("ivs").shape_for("StreamEvent").members
"""Whether the installed botocore knows that events in a session can have a code."""


MULTITRACK = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}


def channel(sim: Emulator, **settings: Any) -> str:
    return str(call(sim, "CreateChannel", name="show", **settings).body["channel"]["arn"])


def channel_and_key(sim: Emulator, **members: object) -> tuple[str, str]:
    """Return a new channel's ARN and the value of its stream key."""
    created = call(sim, "CreateChannel", **members).body
    return created["channel"]["arn"], created["streamKey"]["value"]


def told(sim: Emulator) -> list[str]:
    """Return what EventBridge heard, with the seconds since noon."""
    return [
        f"{event['detail'].get('event_name') or event['detail']['limit_name']} "
        f"{(datetime.fromisoformat(event['time'].replace('Z', '+00:00')) - NOON).total_seconds():.0f}"
        for event in sim.events
    ]


def stream(sim: Emulator, arn: str) -> Any:
    return call(sim, "GetStream", channelArn=arn).body["stream"]


def session(sim: Emulator, arn: str) -> Any:
    return call(sim, "GetStreamSession", channelArn=arn).body["streamSession"]


def has_error(sim: Emulator, arn: str) -> bool:
    return bool(call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"][0]["hasErrorEvent"])


def hd(**more: Any) -> dict[str, Any]:
    return {"videoWidth": 1280, "videoHeight": 720, "targetBitrate": 2_000_000, **more}
