"""Encoders that push by RTMP, as OBS does with 30 frames a second and 6 Mbit/s."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Sequence
from threading import Thread
from urllib.parse import urlsplit

from ivsim.media import aac, h264
from ivsim.media.h264 import Format
from ivsim.server.live import amf

_FORM = Format(1920, 1080, 30, "avc1.640028")
_FRAMES = 60
"""The frames from one key frame to the next."""

_KEY, _OTHER = 150_000, 22_500
"""Bytes of a frame, so that there are 6 Mbit a second."""

_CHUNK = 4096


class Contender:
    """Encoders, one for each stream key, in a thread."""

    def push(self, url: str, keys: Sequence[str], speed: float = 1) -> None:
        """Begin to push, at the speed of life or faster."""
        place = urlsplit(url)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = Thread(
            target=self._loop.run_until_complete, args=(_push_all(place.hostname, place.port, keys, speed, self._over),)
        )
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


async def _push_all(host: str | None, port: int | None, keys: Sequence[str], speed: float, over: asyncio.Event) -> None:
    frames = list(_frames())
    pushing = [asyncio.create_task(_push(host, port, key, frames, speed)) for key in keys]
    await over.wait()
    for each in pushing:
        each.cancel()
    await asyncio.gather(*pushing, return_exceptions=True)


async def _push(host: str | None, port: int | None, key: str, frames: Sequence[bytes], speed: float) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(_opening(key))
    while b"NetStream.Publish.Start" not in await reader.read(65536):
        pass
    draining = asyncio.create_task(_drain(reader))
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    try:
        while True:
            time = number * 1000 // 30
            writer.write(_message(9, frames[number % _FRAMES], time))
            writer.write(_message(8, b"\xaf\1" + aac.SILENCE * 40, time))
            number += 1
            await asyncio.sleep(max(began + number / 30 / speed - loop.time(), 0))
            await writer.drain()
    finally:
        draining.cancel()
        writer.close()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


def _frames() -> list[bytes]:
    chance = random.Random(1)
    made = []
    for number in range(_FRAMES):
        unit = (b"\x65" if not number else b"\x41") + chance.randbytes(_OTHER if number else _KEY)
        made.append((b"\x17" if not number else b"\x27") + b"\1\0\0\0" + struct.pack(">I", len(unit)) + unit)
    return made


def _opening(key: str) -> bytes:
    chunks = struct.pack(">B3x", 2) + b"\0\0\4\1\0\0\0\0" + struct.pack(">I", _CHUNK)
    commands: list[list[amf.Value]] = [
        ["connect", 1.0, {"app": "app"}],
        ["createStream", 2.0, None],
        ["publish", 3.0, None, key, "live"],
    ]
    return (
        b"\3"
        + bytes(2 * 1536)
        + chunks
        + b"".join(_message(20, amf.encode(*each)) for each in commands)
        + _message(18, amf.encode("@setDataFrame", "onMetaData", {"framerate": 30.0, "videodatarate": 5800.0}))
        + _message(9, b"\x17\0\0\0\0" + h264.configuration(_FORM))
        + _message(8, b"\xaf\0" + aac.CONFIG)
    )


def _message(kind: int, data: bytes, time: int = 0) -> bytes:
    number = {8: 5, 9: 4}.get(kind, 3)
    head = bytes([number]) + time.to_bytes(3, "big") + len(data).to_bytes(3, "big") + bytes([kind, 1, 0, 0, 0])
    pieces = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    return head + bytes([0xC0 | number]).join(pieces)
