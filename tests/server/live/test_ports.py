"""The ports for encoders: RTMP, RTMPS, which channels take which, and ports that cannot be had."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from ivsim import Emulator
from ivsim.server.run import Server

from ..control_client import call
from ..waiting import DEADLINE, until
from .certificates import self_signed
from .publisher import VIDEO, Encoder, message


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of a certificate that signs itself, and of its key."""
    return self_signed(tmp_path_factory.mktemp("certificate"))


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def test_rtmps(sim: Emulator, certificate: tuple[Path, Path]) -> None:
    """RTMPS takes every channel's encoder, where RTMP takes those alone whose channel allows insecure ingest."""
    cert, key = certificate
    trusting = ssl.create_default_context(cafile=str(cert))
    strict, open_to_all = call(sim, "CreateChannel"), call(sim, "CreateChannel", insecureIngest=True)
    ports: dict[str, Any] = {"rtmp_port": 0, "rtmps_port": 0, "tls_cert": cert, "tls_key": key}
    with sim.serve(insecure_ingest=False, **ports) as server:
        assert server.rtmps_url
        assert server.rtmps_url.startswith("rtmps://127.0.0.1:")
        values = [made["streamKey"]["value"] for made in (strict, open_to_all)]
        with Encoder(f"{server.rtmp_url}{values[0]}") as refused:
            assert f"{strict['channel']['arn']} does not allow insecure ingest; use rtmps".encode() in refused.rest()
        with Encoder(f"{server.rtmp_url}{values[1]}") as insecure:
            insecure.send(1)
            assert len(sim.streams.live) == 1
        until(lambda: not sim.streams.live)
        for value in values:
            with Encoder(f"{server.rtmps_url}{value}", tls=trusting) as safe:
                safe.send(1)
                assert len(sim.streams.live) == 1
            until(lambda: not sim.streams.live)


def test_insecure_by_default(sim: Emulator) -> None:
    """Where nothing else is said, RTMP takes every channel's encoder."""
    made = call(sim, "CreateChannel")
    with sim.serve(rtmp_port=0) as server, Encoder(f"{server.rtmp_url}{made['streamKey']['value']}") as encoder:
        assert server.rtmps_url is None
        encoder.send(1)
        assert sim.streams.live


def test_key_in_the_same_file(sim: Emulator, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    """Certificate and key may be in one file; a server may have the port for RTMPS alone."""
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(each.read_bytes() for each in certificate))
    with sim.serve(rtmps_port=0, tls_cert=both) as server:
        assert server.rtmp_url is None
        made = call(sim, "CreateChannel")
        trusting = ssl.create_default_context(cafile=str(both))
        with Encoder(f"{server.rtmps_url}{made['streamKey']['value']}", tls=trusting) as encoder:
            encoder.send(1)
            assert sim.streams.live
            server.close()
        assert not sim.streams.live


def test_refused_inside_tls(sim: Emulator, certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture) -> None:
    """An encoder inside TLS that is refused, and does not hang up, can be stopped all the same."""
    cert, key = certificate
    trusting = ssl.create_default_context(cafile=str(cert))
    made = call(sim, "CreateChannel")
    with sim.serve(rtmps_port=0, tls_cert=cert, tls_key=key) as server:
        with Encoder(f"{server.rtmps_url}{made['streamKey']['value']}", tls=trusting) as encoder:
            encoder.send(1)
            encoder.socket.sendall(message(VIDEO, b"\x17\1\0\0\0\0\0\0\xff"))
            until(lambda: "a picture is not as long as it says" in caplog.text)
            call(sim, "StopStream", channelArn=made["channel"]["arn"])
            assert b"a picture is not as long as it says" in encoder.rest()
    assert not sim.streams.live
    assert "Exception" not in caplog.text


def test_bad_certificates(sim: Emulator, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    """A certificate that is missing, or cannot be used, is a ValueError that says so, and leaves no port taken."""
    port = free_port()
    cert, key = certificate
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    with pytest.raises(ValueError, match="rtmps_port: RTMPS needs a certificate, tls_cert, and its key"):
        sim.serve(port, rtmps_port=0)
    with pytest.raises(ValueError, match="https_port: HTTPS needs a certificate, tls_cert, and its key"):
        sim.serve(port, https_port=0)
    with pytest.raises(ValueError, match=r"tls_cert: .*missing\.pem and its key cannot be used: No such file"):
        sim.serve(port, rtmps_port=0, tls_cert=tmp_path / "missing.pem")
    with pytest.raises(ValueError, match=r"tls_cert: .*nonsense\.pem and its key cannot be used: .*PEM"):
        sim.serve(port, rtmps_port=0, tls_cert=nonsense)
    with pytest.raises(ValueError, match=r"cert\.pem and its key cannot be used"):
        sim.serve(port, rtmps_port=0, tls_cert=cert)
    with pytest.raises(ValueError, match=r"cert\.pem and its key cannot be used"):
        sim.serve(port, rtmps_port=0, tls_cert=cert, tls_key=nonsense)
    with sim.serve(port, rtmps_port=0, tls_cert=cert, tls_key=key) as server:
        assert server.port == port


@pytest.mark.parametrize("argument", ["rtmp_port", "rtmps_port", "https_port"])
def test_taken_port(sim: Emulator, certificate: tuple[Path, Path], argument: str) -> None:
    """A port that is taken is an OSError that names it, and leaves nothing behind."""
    ports: dict[str, Any] = {"tls_cert": certificate[0], "tls_key": certificate[1], "rtmp_port": free_port()}
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port}: something else listens there"):
            sim.serve(**{**ports, argument: port})
    with pytest.raises(ValueError, match="70000 is not from 0 to 65535"):
        sim.serve(**{**ports, argument: 70_000})
    with sim.serve(**ports) as server:
        assert server.rtmp_url == f"rtmp://127.0.0.1:{ports['rtmp_port']}/app/"


@pytest.mark.needs("CreateIngestConfiguration")
def test_https(sim: Emulator, certificate: tuple[Path, Path]) -> None:
    """At the port for browsers the server answers as at its own, with URLs that begin as those of the page do."""
    cert, key = certificate
    with sim.serve(https_port=0, tls_cert=cert, tls_key=key) as server:
        assert server.https_url
        made = requests.post(f"{server.https_url}/CreateChannel", json={}, verify=str(cert), timeout=DEADLINE).json()
        assert made["channel"]["playbackUrl"].startswith(f"{server.https_url}/")
        made = requests.post(f"{server.https_url}/CreateStage", json={}, verify=str(cert), timeout=DEADLINE).json()
        host = server.https_url.partition("//")[2]
        assert made["stage"]["endpoints"]["events"] == f"wss://{host}"
        assert made["stage"]["endpoints"]["whip"] == server.https_url
        assert server.rtmp_url is None
        assert requests.post(f"{server.url}/ListStages", json={}, timeout=DEADLINE).ok


def test_no_tls(sim: Emulator, certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture) -> None:
    """Who speaks no TLS there, or says nothing, is in nobody's way, when the server stops neither."""
    cert, key = certificate
    with sim.serve(https_port=0, tls_cert=cert, tls_key=key) as server:
        assert server.https_url
        port = int(server.https_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as plain, socket.create_connection(("127.0.0.1", port)):
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            plain.settimeout(DEADLINE)
            while plain.recv(1024):
                pass
            began = time.monotonic()
            server.close()
            assert time.monotonic() - began < DEADLINE
    assert caplog.text.count("Traceback") == 0


def test_none(sim: Emulator) -> None:
    """Without a port for encoders there is no URL for them."""
    with sim.serve() as server:
        assert (server.rtmp_url, server.rtmps_url, server.https_url) == (None, None, None)


def test_no_state(sim: Emulator, tmp_path: Path) -> None:
    """A server that cannot begin gives the port for encoders back."""
    port = free_port()
    with pytest.raises(OSError, match="it is not a regular file"):
        Server(sim, port=0, rtmp_port=port, state=tmp_path)
    with sim.serve(rtmp_port=port) as server:
        assert server.rtmp_url == f"rtmp://127.0.0.1:{port}/app/"
