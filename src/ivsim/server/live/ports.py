"""The ports to which encoders push: one for RTMP, one for RTMPS, which is the same inside TLS, and one for browsers."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ...core.arguments import ValueRefused
from ..listener import listen

if TYPE_CHECKING:
    from ...emulator import Emulator
    from .ingest import Ingest


_LAST_WORDS = 0.1
"""The seconds that an encoder has to close its connection, when the server stops."""


class RtmpPortRefused(OSError):
    """A port for encoders cannot be had; `argument` names which."""

    def __init__(self, argument: str, why: str) -> None:
        super().__init__(why)
        self.argument = argument


class EncoderPorts(NamedTuple):
    """The ports that a server shall have for encoders, None for none, 0 for any that is free.

    Browsers come by HTTPS, at a port that has all that the server has. RTMPS and HTTPS need a certificate: `tls_cert`
    is a file in PEM format, `tls_key` one with its key, if that is another. Where `insecure_ingest`, any channel takes
    RTMP; else only those that say so, as in AWS.
    """

    rtmp_port: int | None = None
    rtmps_port: int | None = None
    https_port: int | None = None
    tls_cert: str | os.PathLike[str] | None = None
    tls_key: str | os.PathLike[str] | None = None
    insecure_ingest: bool = True

    def open(self, host: str) -> OpenPorts:
        """Take the ports. Raises RtmpPortRefused; ValueError for a certificate that cannot be used."""
        tls = self._tls()
        opened = OpenPorts(tls, insecure_ingest=self.insecure_ingest)
        try:
            for argument in ("rtmp_port", "rtmps_port", "https_port"):
                port = getattr(self, argument)
                if port is not None:
                    opened.open(argument, host, port)
        except BaseException:
            opened.close()
            raise
        return opened

    def _tls(self) -> ssl.SSLContext | None:
        needs = next((each for each in ("rtmps_port", "https_port") if getattr(self, each) is not None), None)
        if needs is None:
            return None
        if self.tls_cert is None:
            what = needs.partition("_")[0].upper()
            raise ValueRefused(needs, f"{what} needs a certificate, tls_cert, and its key, tls_key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.tls_cert, self.tls_key)
        except OSError as error:  # SSLError is one too
            raise ValueRefused(
                "tls_cert", f"{os.fspath(self.tls_cert)} and its key cannot be used: {error.strerror or error}"
            ) from None
        return context


class OpenPorts:
    """The ports for encoders that a server has."""

    def __init__(self, tls: ssl.SSLContext | None, *, insecure_ingest: bool) -> None:
        self._tls = tls
        self._insecure_ingest = insecure_ingest
        self._sockets: dict[str, socket.socket] = {}

    def open(self, argument: str, host: str, port: int) -> None:
        """Take a port. Raises RtmpPortRefused, and ValueError for a number that is none."""
        try:
            self._sockets[argument] = listen(host, port)
        except OSError as error:
            raise RtmpPortRefused(argument, str(error)) from None

    def port(self, argument: str) -> int | None:
        """Return the number of a port, None where there is none."""
        its_socket = self._sockets.get(argument)
        return None if its_socket is None else int(its_socket.getsockname()[1])

    @property
    def https(self) -> tuple[socket.socket, ssl.SSLContext] | None:
        """The socket to which browsers come, and what they are told of the server; None where there is none."""
        its_socket = self._sockets.get("https_port")
        return (its_socket, self._tls) if its_socket and self._tls else None

    def close(self) -> None:
        """Give the ports back."""
        for each in self._sockets.values():
            each.close()

    @asynccontextmanager
    async def serving(self, emulator: Emulator) -> AsyncIterator[None]:
        """Let encoders in by RTMP and RTMPS, inside the block."""
        sockets = {argument: each for argument, each in self._sockets.items() if argument != "https_port"}
        if not sockets:
            yield
            return
        from .ingest import Ingest as Protocol  # noqa: PLC0415 - nobody waits for it who listens for no encoder

        encoders: set[Ingest] = set()
        servers = []
        for argument, its_socket in sockets.items():
            tls = self._tls if argument == "rtmps_port" else None
            is_safe = tls is not None or self._insecure_ingest
            make = partial(Protocol, emulator, encoders, is_safe=is_safe)
            servers.append(await asyncio.get_running_loop().create_server(make, sock=its_socket, ssl=tls))
        try:
            yield
        finally:
            for server in servers:
                server.close()
            await _hang_up(encoders)


async def _hang_up(encoders: set[Ingest]) -> None:
    """Send the encoders away; those inside TLS would answer that first, and are not waited for long."""
    for encoder in list(encoders):
        encoder.close("The server stops.")
    loop = asyncio.get_running_loop()
    end = loop.time() + _LAST_WORDS
    while encoders and loop.time() < end:
        await asyncio.sleep(0.001)
    for encoder in list(encoders):
        encoder.abort()
    await asyncio.sleep(0)
