"""An emulator that asks a server for media when the test wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ivsim import Emulator


class Asked:
    """What a composer and a recorder use of an emulator; `ask` is whoever is asked, None where nobody is."""

    def __init__(self, sim: Emulator) -> None:
        self.streams, self.stages, self.clock = sim.streams, sim.stages, sim.clock
        self.ask: Callable[[str], Any] | None = None

    def compose_by(self, ask: Callable[[str], Any]) -> Callable[[], None]:
        """Take who composes."""
        self.ask = ask

        def end() -> None:
            self.ask = None

        return end

    record_by = compose_by
