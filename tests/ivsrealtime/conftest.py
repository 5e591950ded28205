"""Stages, and people on them."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .signing import BackEnd, Sign


@pytest.fixture
def stage(sim: Emulator) -> Any:
    """The ARN of a stage on which nobody is."""
    return call(sim, "CreateStage").body["stage"]["arn"]


@pytest.fixture
def other(sim: Emulator) -> Any:
    """The ARN of another."""
    return call(sim, "CreateStage").body["stage"]["arn"]


@pytest.fixture
def sign() -> Sign:
    """A back end that signs tokens."""
    return BackEnd()
