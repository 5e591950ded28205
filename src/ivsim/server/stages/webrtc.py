"""A connection of WebRTC, from its offer on: ICE, DTLS and SRTP are those of aiortc.

aiortc decodes what it receives, and encodes what it sends. Here packets go through as they came, so its parts below
that are used alone: `RTCIceGatherer`, `RTCIceTransport`, `RTCDtlsTransport`. They are public; what is not, and is
touched all the same, is touched in this file, each with its reason. tests/server/stages/test_webrtc.py pins it.

What aiortc has no part for, and is left out with that: congestion control by transport-wide feedback (a fixed limit is
told by REMB in its place), and retransmission as a stream of its own (lost packets are sent again as they were).
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.sdp import candidate_to_sdp

from .rtp import is_media
from .sdp import Local, Offer, OfferRefused

PATIENCE = 20.0
"""The seconds that a client has to connect, from the answer on."""

_LOOPBACK = "127.0.0.1"

_BUFFER = 2**20
"""The bytes that may wait in a socket until they are read, as far as the system allows."""

_certificates: list[RTCCertificate] = []


class _Way:
    """The way to a client, on which packets of media may be lost, a `loss` of them.

    Touches `_recv` and `_send` of the transport, which carry what is encrypted: packets that were decrypted, and are
    sent again, would be taken for a replay.
    """

    def __init__(self, ice: RTCIceTransport) -> None:
        self.loss = 0.0
        self._receive, self._send = ice._recv, ice._send
        ice._recv, ice._send = self._take, self._pass

    async def _take(self) -> bytes:
        data = await self._receive()
        while self._is_lost(data):
            data = await self._receive()
        return data

    async def _pass(self, data: bytes) -> None:
        if not self._is_lost(data):
            await self._send(data)

    def _is_lost(self, data: bytes) -> bool:
        return random.random() < self.loss and is_media(data)


class _Packets(RTCDtlsTransport):
    """A transport that hands on packets as they are.

    Touches `_handle_rtp_data` and `_handle_rtcp_data`, to which aiortc gives each packet once it is decrypted: its own
    look for a receiver of aiortc's, which would put frames together and decode them.
    """

    take_rtp: Callable[[bytes], Awaitable[object]]
    take_rtcp: Callable[[bytes], Awaitable[object]]

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:  # noqa: ARG002 - aiortc's
        await self.take_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        await self.take_rtcp(data)


class Connection:
    """A client's connection. `take_rtp` and `take_rtcp` get what it sends.

    `opened` is called when packets go through, `ended` when they do not any more, but not after `close()`.
    """

    def __init__(
        self,
        take_rtp: Callable[[bytes], Awaitable[object]],
        take_rtcp: Callable[[bytes], Awaitable[object]],
        opened: Callable[[], object],
        ended: Callable[[], object],
    ) -> None:
        if not _certificates:
            _certificates.append(RTCCertificate.generateCertificate())
        self._gatherer = RTCIceGatherer(iceServers=[])  # no STUN: nothing leaves the machine
        self._ice = RTCIceTransport(self._gatherer)
        self._way = _Way(self._ice)
        self._dtls = _Packets(self._ice, _certificates)
        self._dtls.take_rtp, self._dtls.take_rtcp = take_rtp, take_rtcp
        self._opened, self._ended = opened, ended
        self.username = ""
        """The client's name in ICE, once it has made an offer."""
        self.is_over = False
        """True once it has ended, or was closed."""
        self._connecting: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """True while packets go through."""
        return self._dtls.state == "connected"

    def lose(self, share: float) -> None:
        """Let a share of the packets of sound and picture be lost on the way from now on, in whichever direction."""
        self._way.loss = share

    async def listen(self, came_by: str) -> Local:
        """Return how the connection is reached: first at the address that the client `came_by`, else at any it has.

        Raises OfferRefused where the system has no socket left.

        Touches aioice's `Connection`, which knows no candidate on loopback: without network there were none at all. And
        it leaves its sockets the usual buffer, which a key frame fills while the event loop is busy elsewhere.
        """
        await self._gatherer.gather()
        inner = self._gatherer._connection
        inner._local_candidates += await inner.get_component_candidates(component=1, addresses=[_LOOPBACK])
        if self.is_over:  # meanwhile, when there were no sockets yet to be closed
            await inner.close()
        for each in inner._protocols:
            each.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if not inner._protocols and not self.is_over:
            raise OfferRefused("no socket is left for another connection; see `ulimit -n` where the server runs", 503)
        candidates = sorted(self._gatherer.getLocalCandidates(), key=lambda each: each.ip != came_by)
        known, fingerprint = self._gatherer.getLocalParameters(), self._dtls.getLocalParameters().fingerprints[0]
        assert known.usernameFragment, "it was made with the gatherer"
        assert known.password, "and so was this"
        return Local(
            known.usernameFragment,
            known.password,
            (fingerprint.algorithm, fingerprint.value),
            tuple(map(candidate_to_sdp, candidates)),
        )

    def connect(self, offer: Offer) -> None:
        """Let the client of an offer connect, which has been answered, or is about to be.

        Touches `_set_role`, which aiortc itself takes from the answer: who begins the handshake.
        """
        self.username = offer.username
        self._dtls._set_role("client" if offer.answer_setup == "active" else "server")
        self._connecting = asyncio.create_task(self._connect(offer))

    async def send(self, data: bytes) -> None:
        """Send a packet of RTP or RTCP, unless nobody is there to take it.

        Touches `_send_rtp`, with which aiortc encrypts and sends packets.
        """
        with suppress(ConnectionError):
            await self._dtls._send_rtp(data)

    async def close(self) -> None:
        """End the connection, if it has not ended."""
        self.is_over = True
        if self._connecting is not None:
            self._connecting.cancel()
        await self._dtls.stop()
        await self._ice.stop()

    async def _connect(self, offer: Offer) -> None:
        """Wait for the client, whose checks say where it is: no candidate of an offer is called."""
        with suppress(asyncio.TimeoutError, ConnectionError):
            await asyncio.wait_for(self._handshake(offer), PATIENCE)
        if self.is_open:
            self._dtls.on("statechange", self._end)  # the next state is the end
            self._opened()
        else:
            self._end()

    async def _handshake(self, offer: Offer) -> None:
        await self._ice.start(RTCIceParameters(offer.username, offer.password))
        prints = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in offer.fingerprints]
        await self._dtls.start(RTCDtlsParameters(prints))

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._ended()
