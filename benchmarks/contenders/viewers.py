"""Viewers of live channels, who get each segment as soon as it is listed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Thread
from urllib.parse import urljoin, urlsplit

_FRAMES = 60
"""The frames in a segment of what the encoders push."""


class Contender:
    """Viewers, in a thread."""

    def watch(self, url: str, targets: Sequence[str], count: int) -> None:
        """Have so many viewers watch channels, in turn, by the targets of their playlists."""
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._viewers = [
            _Viewer(url, targets[number % len(targets)], counts=number < len(targets)) for number in range(count)
        ]
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._watch(),))
        self._thread.start()

    def forget(self) -> None:
        """Begin to count anew."""
        for each in self._viewers:
            each.segments = each.lost = 0

    def seen(self) -> tuple[int, int]:
        """Return the segments that reached viewers, and the frames that were missing."""
        return sum(each.segments for each in self._viewers), sum(each.lost for each in self._viewers)

    def close(self) -> None:
        """Leave."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _watch(self) -> None:
        watching = [asyncio.create_task(each.watch()) for each in self._viewers]
        await self._over.wait()
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


class _Viewer:
    """A viewer; one that counts looks for the frames in what it gets."""

    def __init__(self, url: str, target: str, *, counts: bool) -> None:
        self._url = url
        self._target = target
        self._counts = counts
        self.segments = self.lost = 0

    async def watch(self) -> None:
        place = urlsplit(self._url)
        self._reader, self._writer = await asyncio.open_connection(place.hostname, place.port)
        multivariant = (await self._get(self._target)).decode()
        playlist = urljoin(self._target, multivariant.splitlines()[-1])
        seen: list[str] = []
        while True:
            listed = [line for line in (await self._get(playlist)).decode().splitlines() if line[:1] not in ("", "#")]
            new = listed[listed.index(seen[-1]) + 1 :] if seen and seen[-1] in listed else listed[-1:]
            for each in new:
                body = await self._get(urljoin(playlist, each))
                self.segments += 1
                if self._counts:
                    heads = zip(body[1::188], body[2::188], strict=True)
                    self.lost += _FRAMES - sum(head == (0x41, 0) for head in heads)
            if seen and seen[-1] not in listed:
                self.lost += _FRAMES
            seen = listed[-1:] or seen
            await asyncio.sleep(1)

    async def _get(self, target: str) -> bytes:
        self._writer.write(f"GET {target} HTTP/1.1\r\nHost: {urlsplit(self._url).netloc}\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200"), head
        if "content-length:" in head:
            return await self._reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
        parts = []
        while size := int(await self._reader.readline(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)
