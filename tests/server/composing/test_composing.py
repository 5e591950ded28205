"""A composition of people who have clients of their own, over the port: who sees and hears whom, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.media.h264 import Format
from ivsim.server.run import Server
from ivsim.server.stages.forwarding import Publication
from ivsim.server.stages.rtp import written
from ivsim.server.stages.sdp import Codec

from ..control_client import call
from ..live.conftest import CONTAINERS, containing
from ..stages.peers import Client, Pictures, Tone, pictures, pitch, tile
from ..waiting import until
from .conftest import Show
from .test_source import picture

WIDE = Format(640, 360, 15, "avc1.42E01F")


def publish(show: Show, user_id: str, *tracks: Any) -> Client:
    """Let somebody publish by WHIP, and wait until that is so."""
    client = Client(f"{show.server.url}/", show.stage.token(userId=user_id)["token"], *tracks)
    until(lambda: any(each.user_id == user_id and each.is_publishing for each in show.sim.stages.participants))
    return client


@pytest.mark.parametrize("container", CONTAINERS)
def test_who_is_seen(sim: Emulator, server: Server, container: str) -> None:
    """Viewers of the channel see who publishes, by a client and without one, side by side, and hear them."""
    show = Show(sim, server, **containing(container))
    with publish(show, "host", Pictures(WIDE), Tone(1000)):
        sim.stages.join(show.stage.arn, user_id="guest").publish()
        show.compose()
        until(lambda: pitch(show.segments()) == pytest.approx(1000, abs=10))  # there are gaps where packets come late
        shown = pictures(show.segments(3))
    assert (shown[-1].width, shown[-1].height) == (640, 360)
    times = [each.time for each in shown]
    steps = [(after - before) * 15 for before, after in pairwise(times)]  # more than one where there was no time
    assert steps == pytest.approx([max(1, round(each)) for each in steps], abs=0.1)
    host, guest = (tile(shown[-1], left, 90, 318, 178) for left in (0, 322))
    assert host
    assert host.height == 360
    assert guest
    assert guest.height == 360


def test_who_comes_and_goes(show: Show) -> None:
    """Who comes later is seen beside the others; who goes is seen and heard no more, and who stops shows nothing."""
    first = publish(show, "first", Pictures(WIDE), Tone(1000))
    show.compose()

    def seen() -> list[bool]:
        last = pictures(show.segments())[-1]
        places = ((0, 0, 640, 360), (0, 90, 318, 178), (322, 90, 318, 178))
        return [tile(last, *place) is not None for place in places]

    until(lambda: seen() == [True, False, False])
    with publish(show, "second", Pictures(WIDE)):
        until(lambda: seen() == [False, True, True])
        (mine,) = (each for each in show.sim.stages.participants if each.user_id == "second")
        mine.mute(audio=False, video=True)
        until(lambda: seen() == [False, True, False])
        mine.mute(audio=False, video=False)
        first.delete()
        until(lambda: seen() == [True, False, False])
        until(lambda: pitch(show.segments()) == 0)
    first.close()


def test_only_people(show: Show) -> None:
    """Without anybody who has a client, the picture is drawn, when somebody looks, and nothing is composed."""
    show.sim.stages.join(show.stage.arn, user_id="guest").publish()
    show.compose()
    (live,) = show.sim.streams.live
    assert live.pushed is None
    assert "ivsim composing" not in [each.name for each in threading.enumerate()]


def test_replica(show: Show) -> None:
    """Who is a person on another stage is one here."""
    other = Show(show.sim, show.server)
    with publish(other, "host", Pictures(WIDE)):
        (host,) = show.sim.stages.participants
        call(
            show.sim,
            "StartParticipantReplication",
            sourceStageArn=other.stage.arn,
            destinationStageArn=show.stage.arn,
            participantId=host.participant_id,
        )
        show.compose()
        until(lambda: tile(pictures(show.segments())[-1], 0, 0, 640, 360) is not None)


def test_published_anew() -> None:
    """Who publishes by another connection, whose packets have lower numbers, is seen all the same, and is the same."""
    composing = pytest.importorskip("ivsim.server.composing.composing", reason="aiortc is not installed")
    given = composing._Input()

    async def publish(number: int) -> Any:
        publication = Publication(lambda: None, lambda: 0.0)
        publication.add("video", Codec(96, "h264", "H264/90000"), Silent())
        given.follow(publication)
        await publication.take_rtp(written(picture(number)))
        given.source.decode()
        return given.source

    async def publish_anew() -> None:
        first = await publish(40_000)
        assert first.picture is not None
        second = await publish(1)
        assert second.picture is not None
        given.end()

    asyncio.run(publish_anew())


class Silent:
    """A connection by which nothing is asked."""

    async def send(self, data: bytes) -> None:
        """Ask nothing."""


def test_the_end(show: Show) -> None:
    """What is composed ends with the composition, and the thread with that."""
    with publish(show, "host", Pictures(WIDE)):
        arn = show.compose()
        until(lambda: show.whole(1))
        call(show.sim, "StopComposition", arn=arn)
        assert show.state(arn) == ["STOPPED", "STOPPED"]
        assert show.sim.streams.live == []
        until(lambda: "ivsim composing" not in [each.name for each in threading.enumerate()])


def test_stopped_stream(show: Show) -> None:
    """A destination whose stream was stopped goes on after a while, with real media again."""
    with publish(show, "host", Pictures(WIDE)):
        arn = show.compose()
        until(lambda: show.whole(1))
        call(show.sim, "StopStream", channelArn=show.channel["arn"])
        assert show.state(arn) == ["ACTIVE", "RECONNECTING"]
        show.sim.clock.advance(5)
        assert show.state(arn) == ["ACTIVE", "ACTIVE"]
        until(lambda: show.whole(1))


def test_server_gone(sim: Emulator) -> None:
    """With the server what is composed is gone; the destination goes on with a picture that is drawn."""
    with sim.serve() as server:
        show = Show(sim, server)
        host = publish(show, "host", Pictures(WIDE))
        arn = show.compose()
        until(lambda: show.whole(1))
    assert show.state(arn) == ["ACTIVE", "RECONNECTING"]
    sim.stages.join(show.stage.arn, user_id="guest").publish()
    sim.clock.advance(5)
    assert show.state(arn) == ["ACTIVE", "ACTIVE"]
    (live,) = sim.streams.live
    assert live.pushed is None
    host.close()


def test_loaded(show: Show, tmp_path: Path) -> None:
    """A loaded state goes on where it is composed; on another server the destination has lost its stream."""
    with publish(show, "host", Pictures(WIDE)):
        arn = show.compose()
        until(lambda: show.whole(1))
        show.sim.save(tmp_path / "state.json")
        show.sim.load(tmp_path / "state.json")
        until(lambda: show.whole(2))
        assert show.state(arn) == ["ACTIVE", "ACTIVE"]
        with Emulator().serve() as server:
            server.emulator.load(tmp_path / "state.json")
            other = Show(server.emulator, server)
            until(lambda: other.state(arn) == ["ACTIVE", "RECONNECTING"])


@pytest.mark.parametrize("place", ["ivsim.server.composing.mixer.Mixer.step", "ivsim.ivsrealtime.pipeline.composed"])
def test_a_bug(show: Show, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: str) -> None:
    """A bug of ours in composing is logged as one, and ends the stream, not the server."""

    def fail(*_: object) -> Iterator[object]:
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(place, fail)
    with publish(show, "host", Pictures(WIDE)):
        arn = show.compose()
        until(lambda: show.state(arn) == ["ACTIVE", "RECONNECTING"])
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [ZeroDivisionError]


def test_slow_machine(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that does not keep up pictures are left out, and sound and time go on."""
    monkeypatch.setattr("ivsim.server.composing.composing._MOST_BEHIND", 0)
    monkeypatch.setattr("ivsim.server.composing.composing.FRAMERATE", 150)  # ten times as many as it makes
    with publish(show, "host", Pictures(WIDE), Tone(500)):
        show.compose()
        media = show.segments(3)
    assert pictures(media)
