"""What an emulator can be made with."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest

from ivsim import Emulator, mock_ivs
from ivsim.core.options import GivenOptions, Options


def test_one_list() -> None:
    """What can be given is what there is, of the same types, and what `help(Emulator)` shows."""
    assert get_type_hints(GivenOptions) == get_type_hints(Options)
    assert list(inspect.signature(Emulator).parameters) == list(get_type_hints(Options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"account_id": "12"}, "account_id: '12' is not 12 digits"),
        ({"transitions": "slow"}, "transitions: 'slow' is neither 'immediate' nor 'realistic'"),
        ({"deliver": "sound"}, "deliver: 'sound' is neither True, False nor 'pictures'"),
        ({"history": 0}, "history: 0 is neither a whole number from 1 on nor None"),
        ({"history": True}, "history: True is neither a whole number from 1 on nor None"),
        ({"quotas": {"Channels": -1}}, r"quotas\['Channels'\]: -1 is not a whole number"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    """An option that cannot be is refused by its name and rule, when the emulator is made and when the mock begins."""
    with pytest.raises(ValueError, match=message):
        Emulator(**options)
    with pytest.raises(ValueError, match=message), mock_ivs(**options):
        pass


def test_unknown_options() -> None:
    """An option that does not exist, or is of another type, is a TypeError that names it."""
    given: dict[str, Any] = {"sead": 1, "account_id": 5, "region": None, "event_weather": 1.5}
    for options, field in (({name: value}, name) for name, value in given.items()):
        with pytest.raises(TypeError, match=field) as refused:
            Emulator(**options)
        assert refused.value.field == field  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="sead"):
        Emulator(sead=1)  # type: ignore[call-arg]
