"""ivsim on a port, as a test has it: `sim.serve()`."""

from __future__ import annotations

from time import perf_counter

from ivsim import Emulator


class Contender:
    """A server that can be started once and once more."""

    def start(self) -> str:
        """Serve; return the URL."""
        self._server = Emulator().serve()
        return self._server.url

    def times(self) -> tuple[float, float]:
        """Return the seconds that it takes to serve, and to stop."""
        sim = Emulator()
        began = perf_counter()
        server = sim.serve()
        started = perf_counter()
        server.close()
        return started - began, perf_counter() - started
