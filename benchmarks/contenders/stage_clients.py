"""Clients that publish to a stage and are subscribed, as light as they can be: they neither code nor decode."""

from __future__ import annotations

import asyncio
import struct
import threading
import time
import urllib.request
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_FRAMERATE = 30
_MOST = 1150
_SLICE = b"\x41\x9a\0\0"
_PATIENCE = 60
_TICKS = 90_000
_AT_ONCE = 5
"""The clients that connect at a time."""


class Contender:
    """All clients, in one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._clients: list[Any] = []
        self._sending: list[asyncio.Task[None]] = []
        self._delays: list[float] = []
        self._lost = 0
        self._seconds: list[set[int]] = []

    def publish(self, url: str, people: list[tuple[str, str]], bitrate: int) -> None:
        """Let these publish a picture of so many bits a second each, once all are connected."""
        clients = self._connected([(f"{url}/publish/{id_}", token, "sendonly") for id_, token in people])
        for each in clients:
            self._run(self._begin(each, bitrate))

    def subscribe(self, url: str, people: list[tuple[str, str]], publishers: list[tuple[str, str]]) -> None:
        """Let each of these be subscribed to one who publishes, and wait until all are connected."""
        chosen = [publishers[number % len(publishers)][0] for number in range(len(people))]
        self._connected(
            [(f"{url}/subscribe/{id_}", token, "recvonly") for id_, (_, token) in zip(chosen, people, strict=True)]
        )

    def forget(self) -> None:
        """Forget what came so far."""
        self._delays.clear()
        self._lost = 0
        for each in self._seconds:
            each.clear()

    def seen(self) -> tuple[int, int, float]:
        """Return how many packets came, how many were lost, and how many seconds half of them took at most."""
        delays = sorted(self._delays)
        return len(delays), self._lost, delays[len(delays) // 2]

    def missed(self) -> list[int]:
        """Return of how many seconds each subscriber got nothing, between its first and its last; -1 of all."""
        return [max(each) - min(each) + 1 - len(each) if each else -1 for each in self._seconds]

    def close(self) -> None:
        """End."""
        self._run(self._close())

    def _connected(self, offers: list[tuple[str, str, str]]) -> list[Any]:
        """Connect a few at a time: keys are exchanged on the same processors as those measured."""

        async def connect(some: list[tuple[str, str, str]]) -> list[Any]:
            return await asyncio.gather(*[self._connect(*each) for each in some])

        parts = (offers[at : at + _AT_ONCE] for at in range(0, len(offers), _AT_ONCE))
        return [client for part in parts for client in self._run(connect(part))]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _connect(self, url: str, token: str, direction: str) -> Any:
        from aiortc.sdp import candidate_from_sdp  # noqa: PLC0415 - without the extra there is no such benchmark

        from ivsim.server.stages import sdp  # noqa: PLC0415
        from ivsim.server.stages.webrtc import Connection  # noqa: PLC0415

        before: list[int] = []
        seconds: set[int] = set()
        if direction == "recvonly":
            self._seconds.append(seconds)

        async def take(data: bytes) -> None:
            number = int.from_bytes(data[2:4], "big")
            if before:
                self._lost += (number - before.pop() - 1) & 0xFFFF
            before.append(number)
            seconds.add(int.from_bytes(data[4:8], "big") // _TICKS)
            if data[12:16] == _SLICE:
                self._delays.append(time.time() - struct.unpack_from("!d", data, 16)[0])

        async def ignore(_: bytes) -> None:
            pass

        opened = asyncio.Event()
        client = Connection(take, ignore, opened.set, lambda: None)
        self._clients.append(client)
        local = await client.listen("127.0.0.1")
        offer = [
            *("v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "m=video 9 UDP/TLS/RTP/SAVPF 102", "a=mid:0"),
            *(f"a={direction}", "a=rtpmap:102 H264/90000", "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f"),
            *(f"a=ice-ufrag:{local.username}", f"a=ice-pwd:{local.password}", "a=setup:actpass"),
            f"a=fingerprint:{' '.join(local.fingerprint)}",
        ]
        text = await asyncio.to_thread(_post, url, token, "".join(f"{line}\r\n" for line in offer))
        client._ice._connection.ice_controlling = True  # the one who offers
        for line in text.splitlines():
            if line.startswith("a=candidate:") and " 127.0.0.1 " in line:
                await client._ice.addRemoteCandidate(candidate_from_sdp(line.partition(":")[2]))
        client.connect(sdp.read(text))
        await asyncio.wait_for(opened.wait(), _PATIENCE)
        return client

    async def _begin(self, client: Any, bitrate: int) -> None:
        self._sending.append(self._loop.create_task(_send(client, bitrate)))

    async def _close(self) -> None:
        for task in self._sending:
            task.cancel()
        for each in self._clients:
            await each.close()


async def _send(client: Any, bitrate: int) -> None:
    """Send pictures without end, each packet with the time at which it goes; each second begins with a key frame."""
    from ivsim.media import h264  # noqa: PLC0415 - as above

    key = h264.parameter_sets(h264.Format(1280, 720, _FRAMERATE, "avc1.42E01F"))[0]
    a_frame = -(-bitrate // _FRAMERATE // 8 // _MOST)
    began, number, frame = time.monotonic(), 0, 0
    while True:
        parts = [key] if frame % _FRAMERATE == 0 else []
        parts += [b""] * a_frame
        for place, part in enumerate(parts):
            payload = part or _SLICE + struct.pack("!d", time.time()) + bytes(_MOST - 12)
            marker = 0x80 if place == len(parts) - 1 else 0
            await client.send(struct.pack("!BBHII", 0x80, marker | 102, number & 0xFFFF, frame * 3000, 7) + payload)
            number += 1
        frame += 1
        await asyncio.sleep(max(began + frame / _FRAMERATE - time.monotonic(), 0))


def _post(url: str, token: str, offer: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    with urllib.request.urlopen(urllib.request.Request(url, offer.encode(), headers), timeout=_PATIENCE) as answer:
        text: str = answer.read().decode()
    return text
