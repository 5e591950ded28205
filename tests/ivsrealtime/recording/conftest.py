"""What tests of recordings of stages are given."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from .recorded import MORNING


@pytest.fixture
def frozen(sim: Emulator) -> None:
    """It is morning, and the clock stands still."""
    sim.clock.freeze(MORNING)
