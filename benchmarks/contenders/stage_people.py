"""People who publish a moving picture and a sound to a stage, each by a client of aiortc's."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from collections.abc import Coroutine
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")

_WIDTH, _HEIGHT, _FRAMERATE, _BITRATE = 640, 360, 15, 1_000_000
_TICKS = 90_000
_SECONDS = 2
_PATIENCE = 60


class Contender:
    """All people, in one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._peers: list[Any] = []

    def publish(self, url: str, tokens: list[str]) -> None:
        """Let people publish."""
        pictures = _pictures()
        for token in tokens:
            self._run(self._connect(url, token, pictures))

    def close(self) -> None:
        """End."""
        self._run(self._close())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _connect(self, url: str, token: str, pictures: list[bytes]) -> None:
        import aiortc  # noqa: PLC0415 - without the extra there is no such benchmark
        from aiortc.mediastreams import AudioStreamTrack  # noqa: PLC0415

        peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        peer.addTransceiver(_track(pictures), "sendonly")
        peer.addTransceiver(AudioStreamTrack(), "sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer = await asyncio.to_thread(_post, url, token, peer.localDescription.sdp)
        await peer.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))

    async def _close(self) -> None:
        for each in self._peers:
            await each.close()


def _pictures() -> list[bytes]:
    """Return two seconds of a test picture that moves, coded, with a key frame at the beginning."""
    import av  # noqa: PLC0415 - as above
    from av.filter import Graph  # noqa: PLC0415

    graph = Graph()
    source = graph.add("testsrc2", f"size={_WIDTH}x{_HEIGHT}:rate={_FRAMERATE}")
    form, sink = graph.add("format", "yuv420p"), graph.add("buffersink")
    graph.link_nodes(source, form, sink).configure()
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, _FRAMERATE), _BITRATE
    encoder.gop_size = _FRAMERATE * _SECONDS
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}
    return [bytes(packet) for _ in range(encoder.gop_size) for packet in encoder.encode(graph.vpull())]


def _track(pictures: list[bytes]) -> Any:
    """Return a track of pictures that are coded already, again and again."""
    import av  # noqa: PLC0415 - as above
    from aiortc import MediaStreamTrack  # noqa: PLC0415

    class Pictures(MediaStreamTrack):
        kind = "video"
        number = 0
        began = time.monotonic()

        async def recv(self) -> Any:
            await asyncio.sleep(max(self.began + self.number / _FRAMERATE - time.monotonic(), 0))
            packet = av.Packet(pictures[self.number % len(pictures)])
            packet.pts, packet.time_base = self.number * _TICKS // _FRAMERATE, Fraction(1, _TICKS)
            self.number += 1
            return packet

    return Pictures()


def _post(url: str, token: str, offer: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    with urllib.request.urlopen(urllib.request.Request(url, offer.encode(), headers), timeout=_PATIENCE) as answer:
        text: str = answer.read().decode()
    return text
