"""What is put on buses: events of a transaction together, and none that did not happen."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest

from ivsim.core.deliveries import Deliveries
from ivsim.core.journal import Journal
from ivsim.core.outbox import Outbox
from ivsim.core.weather import Event

Taken = list[tuple[str, str, list[int]]]


def event(number: int, account: str = "123456789012", region: str = "us-east-1") -> Event:
    return {"number": number, "account": account, "region": region}


@pytest.fixture
def taken() -> Taken:
    return []


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def outbox(journal: Journal, taken: Taken) -> Outbox:
    def take(account: str, region: str, events: Sequence[Event]) -> None:
        taken.append((account, region, [each["number"] for each in events]))

    return Outbox(journal, Deliveries(), take)


def test_batches(journal: Journal, outbox: Outbox, taken: Taken) -> None:
    """The events of a transaction go out when it is through, in order, ten at a time."""
    with journal:
        for number in range(23):
            outbox.add(event(number))
        assert taken == []
    assert [numbers for _, _, numbers in taken] == [[*range(10)], [*range(10, 20)], [20, 21, 22]]
    with journal:
        outbox.add(event(23))
    assert taken[3:] == [("123456789012", "us-east-1", [23])]


def test_places(journal: Journal, outbox: Outbox, taken: Taken) -> None:
    """Each event goes to the bus of its account and region."""
    with journal:
        for number, place in enumerate(
            [("111111111111", "us-east-1"), ("111111111111", "us-west-2"), ("222222222222", "us-west-2")]
        ):
            outbox.add(event(number, *place))
    assert taken == [
        ("111111111111", "us-east-1", [0]),
        ("111111111111", "us-west-2", [1]),
        ("222222222222", "us-west-2", [2]),
    ]


def test_what_is_taken_back(journal: Journal, outbox: Outbox, taken: Taken) -> None:
    """Events of a block that failed are not put; those around it are."""
    with suppress(ZeroDivisionError), journal:
        outbox.add(event(0))
        raise ZeroDivisionError
    with journal:
        with suppress(ZeroDivisionError), journal:
            outbox.add(event(1))
            raise ZeroDivisionError
        outbox.add(event(2))
        with suppress(ZeroDivisionError), journal:
            outbox.add(event(3))
            raise ZeroDivisionError
    assert taken == [("123456789012", "us-east-1", [2])]


def test_cleared(journal: Journal, outbox: Outbox, taken: Taken) -> None:
    """What was not sent when everything is forgotten stays here; what comes later goes out."""
    with journal:
        outbox.add(event(0))
        journal.forget()
        outbox.clear()
        outbox.add(event(1))
    assert taken == [("123456789012", "us-east-1", [1])]


def test_no_bus(journal: Journal) -> None:
    """Without a bus nothing is kept."""
    with journal:
        Outbox(journal, Deliveries(), None).add(event(0))
