"""Clients of stages that send and receive media by aiortc: for the tests, each with an event loop in a thread."""

from __future__ import annotations

import asyncio
import io
import math
import re
import threading
import time
from array import array
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from statistics import median
from types import TracebackType
from typing import Any, TypeVar

import pytest
import requests

from ivsim.media import h264, strip
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene, frames
from ivsim.media.strip import Reading

from ..waiting import DEADLINE, until

aiortc = pytest.importorskip("aiortc", reason="aiortc is not installed")
av = pytest.importorskip("av", reason="aiortc is not installed")

T = TypeVar("T")

FORM = Format(320, 180, 15, "avc1.42E01F")
"""The form of the pictures that are sent, unless a test wants another."""

_SAMPLES = 48_000

_TICKS = 90_000


class Pictures(aiortc.MediaStreamTrack):  # type: ignore[misc, name-defined]
    """Pictures of ivsim's, coded already, with a key frame each second."""

    kind = "video"

    def __init__(self, form: Format) -> None:
        super().__init__()
        self.form = form
        self.began = datetime.now(timezone.utc)
        self._number = 0
        self._coded: list[bytes] = []

    async def recv(self) -> Any:
        """Return the next picture when it is time for it."""
        rate = self.form.framerate
        late = time.time() - self.began.timestamp() - self._number / rate
        if late < 0:
            await asyncio.sleep(-late)
        place = self._number % rate
        if place == 0:
            scene = Scene("stage", f"{self.form.height}p", "live", self.began)
            self._coded = list(frames(self.form, scene, self._number, rate, offset=timedelta(), number=self._number))
        units = [*h264.parameter_sets(self.form), self._coded[0]] if place == 0 else [self._coded[place]]
        packet = av.Packet(b"".join(h264.START_CODE + each for each in units))
        packet.pts, packet.time_base = self._number * _TICKS // rate, Fraction(1, _TICKS)
        self._number += 1
        return packet


class Tone(aiortc.MediaStreamTrack):  # type: ignore[misc, name-defined]
    """A tone of so many hertz."""

    kind = "audio"

    def __init__(self, pitch: float) -> None:
        super().__init__()
        self._pitch = pitch
        self._count = 0
        self._began = time.monotonic()

    async def recv(self) -> Any:
        """Return the next 20 milliseconds."""
        begin, self._count = self._count, self._count + 960
        await asyncio.sleep(self._began + begin / 48_000 - time.monotonic())
        waves = (math.sin(2 * math.pi * self._pitch * at / 48_000) for at in range(begin, self._count))
        frame = av.AudioFrame("s16", "mono", 960)
        frame.planes[0].update(array("h", [int(8000 * each) for each in waves]).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
        return frame


class Client:
    """A client of WHIP: it offers by POST, and is connected once that is answered. It leaves with the block.

    What it `sees` are the strips of the pictures that it receives, each with the time at which it came; `light` is the
    mean lightness of the last one. What it hears are `sound`, the samples of the left side, 48,000 a second. Where it
    `trickles`, its candidates are not in the offer, and come later.
    """

    def __init__(
        self, url: str, token: str, *tracks: Any, receives: bool = False, codec: str = "", trickles: bool = False
    ) -> None:
        self.seen: list[tuple[float, Reading]] = []
        self.shown = 0
        self.sound = array("h")
        self.light = 0.0
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._tasks: list[asyncio.Task[None]] = []
        offer = self.run(self._offer(tracks, receives=receives, codec=codec))
        lines = offer.splitlines(keepends=True)
        if trickles:
            offer = "".join(line for line in lines if "candidate" not in line)
        self.answer = self._post(url, offer)
        if self.answer.ok:
            self.run(self._accept(self._answered()))
            if trickles:
                self.patch("".join(line for line in lines if re.match("m=|a=(ice-|mid|candidate|end-of)", line)))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def state(self) -> str:
        """The state of its connection."""
        return str(self._peer.connectionState)

    def patch(self, fragment: str) -> None:
        """Send candidates."""
        headers = {**self.headers, "Content-Type": "application/trickle-ice-sdpfrag"}
        headers["If-Match"] = self.answer.headers["ETag"]
        taken = requests.patch(self.answer.headers["Location"], fragment, headers=headers, timeout=DEADLINE)
        assert (taken.status_code, taken.text) == (204, "")
        assert "ETag" not in taken.headers

    def delete(self) -> requests.Response:
        """Tell the server that it goes."""
        return requests.delete(self.answer.headers["Location"], headers=self.headers, timeout=DEADLINE)

    def close(self) -> None:
        """Go, without a word."""
        if not self._loop.is_closed():
            self.run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the client's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE)

    def sees(self, height: int) -> list[tuple[float, Reading]]:
        """Wait until a picture of this height is seen, and return all that are."""
        until(lambda: any(reading.height == height for _, reading in self.seen))
        return [each for each in self.seen if each[1].height == height]

    def hears(self, seconds: int) -> array[int]:
        """Wait for so many seconds of sound, and return the last of them."""
        until(lambda: len(self.sound) >= seconds * _SAMPLES)
        return self.sound[-_SAMPLES:]

    def _post(self, url: str, offer: str) -> requests.Response:
        return requests.post(url, offer, headers=self.headers, timeout=DEADLINE)

    def _answered(self) -> str:
        return self.answer.text

    async def _offer(self, tracks: tuple[Any, ...], *, receives: bool, codec: str) -> str:
        self._peer = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self._peer.on("track", lambda track: self._tasks.append(self._loop.create_task(self._take(track))))
        for track in tracks:
            transceiver = self._peer.addTransceiver(track, "sendonly")
            if codec and track.kind == "video":
                able = aiortc.RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([each for each in able if each.mimeType == codec])
        for kind in ("audio", "video") if receives else ():
            self._peer.addTransceiver(kind, "recvonly")
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def _accept(self, answer: str) -> None:
        await self._peer.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._peer.close()

    async def _take(self, track: Any) -> None:
        while True:
            try:
                frame = await track.recv()
            except aiortc.mediastreams.MediaStreamError:
                return
            if track.kind == "audio":
                self.sound += array("h", bytes(frame.planes[0]))[: 2 * frame.samples : 2]
                continue
            self.shown += 1
            light = bytes(frame.planes[0])
            self.light = sum(light) / len(light)
            reading = _strip(frame)
            if reading is not None:
                self.seen.append((time.time(), reading))


def pictures(media: bytes) -> list[Any]:
    """Return the pictures in some segments."""
    with av.open(io.BytesIO(media)) as file:
        return list(file.decode(video=0))


def tile(picture: Any, left: int, top: int, width: int, height: int) -> Reading | None:
    """Return what the strip of a tile says."""
    light = picture.planes[0]
    data, line = bytes(light), light.line_size
    return strip.read(width, height, lambda x, y: data[(top + y) * line + left + x])


def pitch(media: bytes) -> float:
    """Return the hertz of the tone that is heard in the last second of some segments, mostly; 0 for silence."""
    samples = array("f")
    with av.open(io.BytesIO(media)) as file:
        for frame in file.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    parts = [samples[at : at + 4_800] for at in range(len(samples) - 48_000, len(samples), 4_800)]
    return median(10 * sum(before < -0.01 <= after for before, after in pairwise(part)) for part in parts)


def _strip(frame: Any) -> Reading | None:
    return tile(frame, 0, 0, frame.width, frame.height)
