"""A service broadcasts on the channel of another, which it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator
from ivsim.core.service import Contexts, Service
from ivsim.core.stores import Store
from ivsim.services import SERVICES
from ivsim.wire.validate import smithy_text

from ..calling import call

service = Service("ivs-realtime", Store, namespace="ivs", time_format="seconds", problem_text=smithy_text)
heard: list[str] = []


@service.task
def lose(_ctx: Any, what: str) -> None:
    heard.append(what)


@pytest.fixture
def ctx(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The place of a service that is called as one of those there are."""
    heard.clear()
    monkeypatch.setitem(SERVICES["ivs-realtime"].tasks, "lose", lose)
    return Contexts(service, sim._state)(sim.account_id, sim.region)


@pytest.fixture
def channel(sim: Emulator) -> str:
    return str(call(sim, "CreateChannel").body["channel"]["arn"])


def begin(sim: Emulator, ctx: Any, channel: str, **video: Any) -> str:
    with sim._state.transaction():
        video = {"videoHeight": 720, "videoWidth": 1280, **video}
        return str(ctx.broadcaster.begin(channel, video=video, then=ctx.task(lose, ("lost",))))


def test_a_broadcast_of_another_service(sim: Emulator, ctx: Any, channel: str) -> None:
    """What one service sends is a stream like any other's; its sender hears that it was stopped."""
    assert ctx.broadcaster.has_channel(channel)
    stream_id = begin(sim, ctx, channel)
    (live,) = sim.streams.live
    assert live.session
    assert (live.stream_id, live.session.ingest.video[0].video_height) == (stream_id, 720)
    call(sim, "StopStream", channelArn=channel)
    assert sim.streams.live == []
    assert heard == ["lost"]
    ctx.broadcaster.end(stream_id)
    assert heard == ["lost"]


def test_its_end(sim: Emulator, ctx: Any, channel: str) -> None:
    """Who ends a broadcast itself hears nothing of that."""
    stream_id = begin(sim, ctx, channel)
    with sim._state.transaction():
        ctx.broadcaster.end(stream_id)
    assert sim.streams.live == []
    assert heard == []


def test_takeover(sim: Emulator, ctx: Any, channel: str) -> None:
    """Who takes a broadcast over goes on with it when the other one, who has heard of it, ends."""
    stream_id = begin(sim, ctx, channel, codec="avc1.42C01F")
    other = {"videoHeight": 720, "videoWidth": 1280, "codec": "avc1.42C01F"}
    taken = sim.streams.start(channel, priority=1, video=other)
    assert (taken.stream_id, taken.is_live) == (stream_id, True)
    assert heard == ["lost"]
    ctx.broadcaster.end(stream_id)
    assert taken.is_live


def test_too_much(sim: Emulator, ctx: Any) -> None:
    """Who is let in and disconnected at once hears that afterwards."""
    channel = call(sim, "CreateChannel", type="BASIC").body["channel"]["arn"]
    begin(sim, ctx, channel, targetBitrate=9_000_000)
    assert sim.streams.live == []
    assert heard == ["lost"]
