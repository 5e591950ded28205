"""The tables of IVS Chat."""

from __future__ import annotations

import pytest

from ivsim import Emulator
from ivsim.core.journal import Journal
from ivsim.services import SERVICES

from ..calling import send

SERVICE = SERVICES["ivschat"]
KINDS = sorted({operation.arn_kind for operation in SERVICE.model.operations.values()} - {""})


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_for_each_kind_of_arn(sim: Emulator, kind: str) -> None:
    """What the model names by an ARN is in a table of that resource type, where tags find it, or find it missing."""
    assert kind in SERVICE.make_store(Journal()).tables
    arn = f"arn:aws:ivschat:us-east-1:123456789012:{kind}/AbCdEf123456"
    answer = send(sim, "GET", f"/tags/{arn}")
    assert (answer.code, sim.calls[-1].service) == ("ResourceNotFoundException", "ivschat")


def test_everything_is_in_a_table_or_a_series() -> None:
    """What a store has is emptied with it: there is nothing beside tables and series."""
    store = SERVICE.make_store(Journal())
    held = {name for name in vars(store) if name not in ("journal", "tables", "series")}
    assert len(held) == len(store.tables) + len(store.series)
