"""Taps on what is published: packets go there too, for as long as they are wanted."""

from __future__ import annotations

import asyncio

from ivsim.server.stages import rtp
from ivsim.server.stages.forwarding import Publication
from ivsim.server.stages.rtp import Packet
from ivsim.server.stages.sdp import Codec
from ivsim.server.stages.taps import Taps

VIDEO, AUDIO = Codec(96, "h264", "H264/90000"), Codec(97, "opus", "opus/48000/2")


class Client:
    """Who is asked for key frames."""

    def __init__(self) -> None:
        self.asked = 0

    async def send(self, data: bytes) -> None:
        """Be asked."""
        self.asked += 1


def published(client: Client) -> Publication:
    """Return a publication of a picture and a sound."""
    publication = Publication(lambda: None, lambda: 100.0)
    publication.add("video", VIDEO, client)
    publication.add("audio", AUDIO, client)
    return publication


def packet(kind: int, payload: bytes) -> bytes:
    return rtp.written(Packet(kind, True, 1, 2, kind, {}, payload))


def test_taps() -> None:
    """What is taken is told with its kind; of another publication as soon as that is followed, and in the end none."""
    came: list[tuple[str, bytes]] = []
    told: list[tuple[str, int]] = []
    taps = Taps(
        lambda kind, packet: came.append((kind, packet.payload)),
        lambda kind, report: told.append((kind, report.timestamp)),
    )
    client = Client()
    first, second = published(client), published(client)

    async def send() -> None:
        assert not taps.follow(None)
        assert taps.follow(first)
        assert not taps.follow(first)
        await first.take_rtp(packet(96, b"\x41a"))
        await first.take_rtp(packet(97, b"b"))
        await first.take_rtcp(rtp.sender_report(97, bytes(8), 5, 1, 1, "name"))
        taps.ask_for_key_frame()
        await first.flush()
        assert taps.follow(second)
        await first.take_rtp(packet(97, b"c"))
        await second.take_rtp(packet(97, b"d"))
        taps.end()
        await second.take_rtp(packet(97, b"e"))
        assert taps.follow(second)
        assert taps.follow(None)
        await second.take_rtp(packet(97, b"f"))

    asyncio.run(send())
    assert came == [("video", b"\x41a"), ("audio", b"b"), ("audio", b"d")]
    assert told == [("audio", 5)]
    assert client.asked
    assert not any(track.legs for each in (first, second) for track in each.tracks)


def test_without_reports() -> None:
    """Who does not want to be told of the sender's clock is not."""
    taps, publication = Taps(lambda _, __: None), published(Client())
    taps.follow(publication)
    asyncio.run(publication.take_rtp(packet(97, b"a")))
    asyncio.run(publication.take_rtcp(rtp.sender_report(97, bytes(8), 5, 1, 1, "name")))
