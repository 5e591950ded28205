"""The floor of the chat's fan-out: a bare broadcast server on the same library, `websockets` without I/O.

What one client sends is encoded once and written to everybody. There are no rooms, no tokens, no rules.
"""

from __future__ import annotations

import asyncio
import threading
from queue import Queue
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from . import peak_bytes


class Contender:
    """The server, in a thread."""

    def serve(self, _: int) -> tuple[int, list[str]]:
        """Begin; return the port, and no tokens, as none are asked for."""
        ports: Queue[int] = Queue()
        threading.Thread(target=asyncio.run, args=(_serve(ports),), daemon=True).start()
        return ports.get(), []

    def memory(self) -> int:
        """Return the bytes that the process takes."""
        return peak_bytes()


async def _serve(ports: Queue[int]) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=2048)
    ports.put(server.sockets[0].getsockname()[1])
    await asyncio.Event().wait()


class _Connection(asyncio.Protocol):
    everybody: dict[_Connection, Any] = {}  # noqa: RUF012 - the process is for nothing else

    def __init__(self) -> None:
        self._protocol = ServerProtocol()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.everybody.pop(self, None)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
                self.everybody[self] = self._transport.write
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                frame = Frame(Opcode.TEXT, event.data).serialize(mask=False)
                for write in self.everybody.values():
                    write(frame)
        for out in self._protocol.data_to_send():
            self._transport.write(out)
