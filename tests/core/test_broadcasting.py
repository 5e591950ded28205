"""A service broadcasts on the channel of another, which it does not know."""

from __future__ import annotations

import pytest

from ivsim import Emulator
from ivsim.core.service import Contexts, Service
from ivsim.core.stores import Store
from ivsim.wire.validate import smithy_text

from ..calling import call

service = Service("ivs-realtime", Store, namespace="ivs", time_format="seconds", problem_text=smithy_text)


def test_a_broadcast_of_another_service(sim: Emulator) -> None:
    """What one service sends is a stream like any other's; its sender hears what becomes of it, and can end it."""
    ctx = Contexts(service, sim._state)(sim.account_id, sim.region)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    broadcast = ctx.broadcast(arn, video={"videoHeight": 720, "videoWidth": 1280})
    heard: list[int] = []
    broadcast.on_change(lambda: heard.append(1))
    (live,) = sim.streams.live
    assert live.session
    assert (live.stream_id, live.session.ingest.video[0].video_height) == (broadcast.stream_id, 720)
    call(sim, "StopStream", channelArn=arn)
    assert (bool(heard), broadcast.is_connected) == (True, False)
    broadcast.end()


def test_who_is_not_let_in(sim: Emulator) -> None:
    """A service hears why its broadcast is not let in, as an encoder does."""
    ctx = Contexts(service, sim._state)(sim.account_id, sim.region)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.streams.start(arn)
    with pytest.raises(ValueError, match="is live already"):
        ctx.broadcast(arn)
