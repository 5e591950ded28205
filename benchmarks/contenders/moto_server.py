"""moto on a port, as a test has it: `ThreadedMotoServer`."""

from __future__ import annotations

import logging
from time import perf_counter

import moto  # noqa: F401 - as whoever starts its server has


class Contender:
    """A server that can be started once and once more."""

    def start(self) -> str:
        """Serve; return the URL."""
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - it is part of starting

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each call, which ivsim does not write either
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def times(self) -> tuple[float, float]:
        """Return the seconds that it takes to serve, and to stop."""
        began = perf_counter()
        self.start()
        started = perf_counter()
        self._server.stop()
        return started - began, perf_counter() - started
