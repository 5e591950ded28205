"""A connection by aiortc, and what of it is touched that is not public: this is where a new release would show."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Coroutine
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from ivsim.server.stages.sdp import Offer

aiortc = pytest.importorskip("aiortc", reason="aiortc is not installed")

from ivsim.server.stages.webrtc import Connection  # noqa: E402 - without aiortc there is none

MEDIA, REPORT = b"\x80\x60" + bytes(10) + b"media", b"\x80\xc9\0\1\0\0\0\1"
"""A packet of RTP, and one of RTCP."""

Ends = tuple[Connection, "list[bytes]", "list[str]"]


def connection() -> Ends:
    """Return a connection, what it gets, and what happens to it."""
    got: list[bytes] = []
    happened: list[str] = []

    async def take(data: bytes) -> None:
        got.append(data)

    return (
        Connection(take, take, lambda: happened.append("opened"), lambda: happened.append("ended")),
        got,
        happened,
    )


async def until(holds: Any) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Do something in an event loop."""
    asyncio.run(work)


def test_internals() -> None:
    """What is touched of aiortc and aioice is there, and is what it was."""
    transport = aiortc.RTCDtlsTransport
    for name, parameters in (
        ("_handle_rtp_data", ["self", "data", "arrival_time_ms"]),
        ("_handle_rtcp_data", ["self", "data"]),
        ("_send_rtp", ["self", "data"]),
    ):
        touched = getattr(transport, name)
        assert inspect.iscoroutinefunction(touched), name
        assert list(inspect.signature(touched).parameters) == parameters
    assert list(inspect.signature(transport._set_role).parameters) == ["self", "role"]

    async def look() -> None:
        inner = aiortc.RTCIceGatherer(iceServers=[])._connection
        assert inner._local_candidates == []
        [candidate] = await inner.get_component_candidates(component=1, addresses=["127.0.0.1"])
        assert (candidate.host, candidate.type, candidate.transport) == ("127.0.0.1", "host", "udp")
        assert inner.stun_server is None
        ice = aiortc.RTCIceTransport(aiortc.RTCIceGatherer(iceServers=[]))
        assert (ice._recv, ice._send) == (ice._connection.recv, ice._connection.send)
        await inner.close()

    run(look())


def test_room_for_a_key_frame() -> None:
    """A megabyte may wait for the event loop in each of its sockets, or as much as the system allows."""

    async def look() -> None:
        one, _, _ = connection()
        await one.listen("127.0.0.1")
        sockets = [each.transport.get_extra_info("socket") for each in one._gatherer._connection._protocols]
        with socket.socket(type=socket.SOCK_DGRAM) as another:
            another.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            room = another.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert {each.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for each in sockets} == {room}
        await one.close()

    run(look())


async def met(setup: str = "actpass") -> tuple[Ends, Ends]:
    """Return two connections that have met."""
    one, other = connection(), connection()
    here, there = one[0], other[0]
    local = await here.listen("127.0.0.1")
    assert local.candidates[0].split()[4] == "127.0.0.1"
    far = await there.listen("127.0.0.1")
    await here.send(b"nobody is there yet")
    theirs = "active" if setup == "passive" else "passive"
    here.connect(Offer(far.username, far.password, (far.fingerprint,), setup, ()))
    there._ice._connection.ice_controlling = True  # the one who offers
    for each in local.candidates:
        await there._ice.addRemoteCandidate(aiortc.sdp.candidate_from_sdp(each))
    there.connect(Offer(local.username, local.password, (local.fingerprint,), theirs, ()))
    await until(lambda: one[2] == other[2] == ["opened"])
    assert here.is_open
    assert there.is_open
    return one, other


@pytest.mark.parametrize("setup", ["active", "passive", "actpass"])
def test_both_ends(setup: str) -> None:
    """Packets of RTP and RTCP go both ways, whichever end begins, until one of them closes."""

    async def meet() -> None:
        (here, got, happened), (there, got_there, happened_there) = await met(setup)
        for end in (here, there):
            await end.send(MEDIA)
            await end.send(REPORT)
        await until(lambda: len(got) == len(got_there) == 2)
        assert got == got_there == [MEDIA, REPORT]
        await here.close()
        await until(lambda: happened_there == ["opened", "ended"])
        assert happened == ["opened"]
        await there.close()

    run(meet())


def test_lost() -> None:
    """Media that are to be lost are, in both directions, and what is told of them is not; sent again, they come."""

    async def meet() -> None:
        (here, got, _), (there, got_there, _) = await met()
        here.lose(1)
        for end in (here, there):
            await end.send(MEDIA)
            await end.send(REPORT)
        await until(lambda: got == got_there == [REPORT])
        here.lose(0)
        for end in (here, there):
            await end.send(MEDIA)
        await until(lambda: got == got_there == [REPORT, MEDIA])
        await here.close()
        await there.close()

    run(meet())


def test_another_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client whose certificate is of RSA is let in, as GStreamer's is."""
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([]), datetime.now(timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    certificate = aiortc.RTCCertificate(key, made.sign(key, hashes.SHA256()))

    async def meet() -> None:
        here, _, happened = connection()
        local = await here.listen("127.0.0.1")
        monkeypatch.setattr("ivsim.server.stages.webrtc._certificates", [certificate])
        there, _, _ = connection()
        far = await there.listen("127.0.0.1")
        here.connect(Offer(far.username, far.password, (far.fingerprint,), "actpass", ()))
        there._ice._connection.ice_controlling = True
        for each in local.candidates:
            await there._ice.addRemoteCandidate(aiortc.sdp.candidate_from_sdp(each))
        there.connect(Offer(local.username, local.password, (local.fingerprint,), "passive", ()))
        await until(lambda: happened)
        assert happened == ["opened"]
        await here.close()
        await there.close()

    run(meet())


def test_a_share_is_lost() -> None:
    """Of a share that is to be lost about so many are, spread by chance."""

    async def send() -> None:
        sent: list[bytes] = []

        async def take(data: bytes) -> None:
            sent.append(data)

        here, _, _ = connection()
        here._way._send = take
        here.lose(0.25)
        for number in range(2000):
            await here._way._pass(MEDIA + number.to_bytes(2, "big"))
        assert 1300 < len(sent) < 1700
        assert 600 < sum(each < MEDIA + b"\3\xe8" for each in sent) < 900

    run(send())


def test_nobody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not connect is given up after a while; one that is let go of before is not missed."""
    monkeypatch.setattr("ivsim.server.stages.webrtc.PATIENCE", 0.1)

    async def wait() -> None:
        here, _, happened = connection()
        local = await here.listen("10.1.2.3")
        offer = Offer("u" * 4, "p" * 22, (local.fingerprint,), "actpass", ())
        here.connect(offer)
        await until(lambda: happened == ["ended"])
        await here.close()
        other, _, happened = connection()
        await other.close()
        assert happened == []

    run(wait())


def test_closed_while_it_listens() -> None:
    """A connection that is closed before it is known how it is reached leaves no socket open."""

    async def close() -> None:
        here, _, happened = connection()
        listening = asyncio.create_task(here.listen("127.0.0.1"))
        await asyncio.sleep(0)
        await here.close()
        await listening
        assert here._gatherer._connection._protocols == []
        assert happened == []

    run(close())


def test_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is not the one who offered, by its fingerprint, is not let in."""

    async def meet() -> None:
        here, _, happened = connection()
        local = await here.listen("127.0.0.1")
        there, _, _ = connection()
        far = await there.listen("127.0.0.1")
        here.connect(Offer(far.username, far.password, (("sha-256", "00:11"),), "actpass", ()))
        there._ice._connection.ice_controlling = True
        for each in local.candidates:
            await there._ice.addRemoteCandidate(aiortc.sdp.candidate_from_sdp(each))
        there.connect(Offer(local.username, local.password, (local.fingerprint,), "passive", ()))
        await until(lambda: happened == ["ended"])
        await here.close()
        await there.close()

    run(meet())
