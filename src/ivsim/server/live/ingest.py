"""The port of encoders: who pushes by RTMP goes live with the channel of the stream key."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from ...ivs.ingest.connections import insecure
from ...media import flv
from ...media.flv import FlvRefused
from . import rtmp
from .incoming import Incoming, IncomingRefused, admit
from .rtmp import Media, Metadata, Publish, RtmpRefused

if TYPE_CHECKING:
    from ...emulator import Emulator

_log = logging.getLogger("ivsim.ingest")


class Ingest(asyncio.Protocol):
    """One encoder's connection: from its stream key to the end of its stream.

    It is live from its first key frame on, since only then it is known what it sends. Where the connection is not safe,
    the channel has to allow insecure ingest.
    """

    def __init__(self, emulator: Emulator, connections: set[Ingest], *, is_safe: bool = True) -> None:
        self._emulator = emulator
        self._is_safe = is_safe
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._rtmp = rtmp.Connection()
        self._incoming: Incoming | None = None
        self._said: dict[str, Any] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End the stream: whoever hangs up has stopped."""
        self._connections.discard(self)
        self._transport.close()  # which Python 3.10 forgets inside TLS, and warns of
        self._end()

    def data_received(self, data: bytes) -> None:
        """Read on. What is no RTMP, and media that are not taken, end the connection, with a line in the log."""
        try:
            for event in self._rtmp.receive(data):
                self._take(event)
        except (RtmpRefused, FlvRefused, IncomingRefused) as refused:
            self._refuse(str(refused))
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim at what an encoder sent; please report it")
            self._transport.abort()
        self._transport.write(self._rtmp.take_bytes())

    def stop(self, why: str) -> None:
        """Tell the encoder that it has been stopped, and hang up."""
        self._rtmp.stop(why)
        self._hang_up()

    def close(self, why: str) -> None:
        """Stop the encoder, end its stream, and forget its media: nobody is served any more."""
        self.stop(why)
        if self._incoming is not None:
            self._incoming.end()
            self._incoming.forget()

    def abort(self) -> None:
        """Drop the connection, whatever is still to be said."""
        self._transport.abort()

    def _take(self, event: rtmp.Event) -> None:
        if self._transport.is_closing():
            return
        if isinstance(event, Publish):
            self._admit(event.key)
        elif isinstance(event, Metadata):
            self._said.clear()
            self._said.update(event.values)
        elif isinstance(event, Media):
            self._take_media(event)
        else:
            self._end()

    def _admit(self, key: str) -> None:
        try:
            admission = admit(self._emulator, key)
        except ValueError as refused:
            self._refuse(str(refused))
            return
        if not (self._is_safe or admission.insecure_ingest):
            self._refuse(insecure(admission.channel_arn))
            return
        self._incoming = Incoming(self._emulator, admission, "RTMP", self._said, self._hang_up_stopped)
        self._rtmp.accept()

    def _take_media(self, media: Media) -> None:
        assert self._incoming, "media are let through when it is there"
        tag = flv.video(media.payload) if media.kind == "video" else flv.audio(media.payload)
        self._incoming.take(media, tag)

    def _hang_up_stopped(self) -> None:
        if not self._transport.is_closing():
            self.stop("The stream has been stopped.")

    def _refuse(self, why: str) -> None:
        _log.warning("an encoder is refused: %s", why)
        self._rtmp.reject(why)
        self._hang_up()

    def _hang_up(self) -> None:
        """Close, when what is to be said is sent."""
        self._transport.write(self._rtmp.take_bytes())
        self._transport.close()

    def _end(self) -> None:
        if self._incoming is not None:
            self._incoming.end()
