"""The floor of a server: uvicorn with httptools and an answer that was there before."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn


class Contender:
    """A bare ASGI application that reads the request and sends the answer it was told."""

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    def learn(self, headers: list[tuple[str, str]], body: bytes) -> None:
        """Take ivsim's answer; uvicorn writes the date itself."""
        self._headers = [(name.encode(), value.encode()) for name, value in headers if name.lower() != "date"]
        self._body = body

    def start(self) -> str:
        """Serve; return the URL."""
        listener = socket.socket(proto=socket.IPPROTO_TCP)  # said so, asyncio has small packets sent at once
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(
            self._answer, interface="asgi3", http="httptools", proxy_headers=False, log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        threading.Thread(target=asyncio.run, args=(server.serve([listener]),), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def _answer(
        self, _: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})
