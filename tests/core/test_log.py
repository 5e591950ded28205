"""The log that calls and events are in: who subscribes to it, where one was in it, and its pages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.core.calls import Call
from ivsim.core.log import LogPage, PlaceRefused

from ..calling import call


def log_of(number: int, forgotten: int = 0) -> Emulator:
    """Return an emulator with so many calls, of which the oldest are forgotten; every third is for rooms."""
    sim = Emulator()
    for index in range(number):
        call(sim, "ListChannels" if index % 3 else "ListRooms", maxResults=index + 1)
        if index + 1 == forgotten:
            sim.calls.clear()
    return sim


def places(page: LogPage[Call]) -> list[int]:
    """Return the places of the calls of a page."""
    return [each.params["maxResults"] for each in page.entries]


@pytest.mark.parametrize(
    ("asked", "listed", "before", "after"),
    [
        ({}, [3, 4, 5, 6, 7], None, 7),
        ({"limit": 2}, [6, 7], 6, 7),
        ({"limit": 5}, [3, 4, 5, 6, 7], None, 7),
        ({"limit": 99}, [3, 4, 5, 6, 7], None, 7),
        ({"after": 5}, [6, 7], 6, 7),
        ({"after": 5, "limit": 1}, [6], 6, 6),
        ({"after": 7}, [], 8, 7),
        ({"after": 2}, [3, 4, 5, 6, 7], None, 7),
        ({"after": 0, "limit": 2}, [3, 4], None, 4),
        ({"before": 6}, [3, 4, 5], None, 5),
        ({"before": 6, "limit": 2}, [4, 5], 4, 5),
        ({"before": 8, "limit": 1}, [7], 7, 7),
        ({"before": 3}, [], None, 2),
        ({"before": 1}, [], None, 2),
    ],
)
def test_page(asked: dict[str, Any], listed: list[int], before: int | None, after: int) -> None:
    """A page has the newest, or what is next to a place, oldest first, and says how to go on in both directions."""
    page = log_of(7, forgotten=2).calls.page(**asked)
    assert (places(page), page.before, page.after) == (listed, before, after)


def test_page_of_nothing() -> None:
    """An empty log has one place, and goes on from it."""
    sim = Emulator()
    assert sim.events.page() == sim.events.page(after=0, limit=1) == sim.events.page(before=1) == LogPage([], None, 0)


@pytest.mark.parametrize(
    ("asked", "field", "text"),
    [
        ({"after": 1}, "after", "of the calls after 1 those up to 2 are forgotten; 0 begins with the oldest"),
        ({"after": 8}, "after", "there have been 7 calls, not 8; perhaps another state was loaded"),
        ({"before": 9}, "before", "there have been 7 calls, not 9; perhaps another state was loaded"),
    ],
)
def test_no_such_place(asked: dict[str, Any], field: str, text: str) -> None:
    """A place is refused if what followed it is not all there any more, or if there never was such a place."""
    with pytest.raises(LookupError, match=text) as caught:
        log_of(7, forgotten=2).calls.page(**asked)
    assert isinstance(caught.value, PlaceRefused)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"limit": 0}, "limit: 0 is not a whole number from 1 on"),
        ({"limit": True}, "limit: True is not a whole number from 1 on"),
        ({"after": -1}, "after: -1 is not a whole number from 0 on"),
        ({"before": 0}, "before: 0 is not a whole number from 1 on"),
        ({"before": "3"}, "before: '3' is not a whole number from 1 on"),
        ({"before": 3, "after": 1}, "before: it is given beside `after`, and only one of them can be"),
    ],
)
def test_no_place(asked: dict[str, Any], text: str) -> None:
    """What is no number of entries or no place is refused by name."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        Emulator().calls.page(**asked)


def test_taken_back() -> None:
    """What was taken back is on no page, and its places are those of what comes instead."""
    sim = log_of(2)
    with sim.isolated():
        call(sim, "ListRooms")
        assert sim.calls.page().after == 3
    assert sim.calls.page().after == 2


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 5), st.booleans())
def test_pages_are_the_log(number: int, forgotten: int, limit: int, is_filtered: bool) -> None:
    """Page by page in either direction one reads every entry that is wanted once, in order, and comes to an end."""
    calls = log_of(number, forgotten).calls
    is_wanted = calls.is_of("ListRooms") if is_filtered else lambda _: True
    wanted = [each for each in calls if is_wanted(each)]
    page = calls.page(after=0, limit=limit, is_wanted=is_wanted)
    forward = page.entries
    while page.entries:
        page = calls.page(after=page.after, limit=limit, is_wanted=is_wanted)
        forward = forward + page.entries
    assert forward == wanted
    assert page.after == calls.end
    page = calls.page(limit=limit, is_wanted=is_wanted)
    backward = page.entries
    while page.before is not None:
        page = calls.page(before=page.before, limit=limit, is_wanted=is_wanted)
        backward = page.entries + backward
    assert backward == wanted


def test_subscribe(sim: Emulator) -> None:
    """A subscriber gets each later call, refused ones too, when its effects are there, and may call the API itself."""
    seen: list[tuple[str, int]] = []

    def tell(one: Call) -> None:
        seen.append((one.operation, one.status))
        if one.operation == "CreateChannel":
            call(sim, "ListChannels")
        one.params.clear()  # type: ignore[attr-defined]

    call(sim, "CreateRoom")
    unsubscribe = sim.calls.subscribe(tell)
    call(sim, "CreateChannel", name="x")
    call(sim, "GetRoom", identifier="x")
    unsubscribe()
    unsubscribe()
    call(sim, "CreateRoom")
    assert seen == [("CreateChannel", 200), ("ListChannels", 200), ("GetRoom", 400)]
    assert sim.calls[1].params == {"name": "x"}


def test_subscriber_that_fails(sim: Emulator) -> None:
    """A subscriber that raises breaks nothing and is in `failures`, until everything is forgotten."""
    sim.calls.subscribe(lambda _: 1 / 0)
    assert call(sim, "CreateRoom").status == 200
    ((failed, error),) = sim.calls.failures
    assert (failed, type(error)) == (sim.calls[0], ZeroDivisionError)
    sim.reset()
    assert not sim.calls.failures


def test_subscriptions_and_what_is_taken_back(sim: Emulator) -> None:
    """A subscription from inside an isolated block ends with it; one from before outlives it, and a load."""
    seen: list[str] = []
    sim.calls.subscribe(lambda one: seen.append(one.operation))
    with sim.isolated():
        sim.calls.subscribe(lambda _: seen.append("inside"))
    sim.loads(sim.dumps())
    call(sim, "ListRooms")
    assert seen == ["ListRooms"]


def test_positions(sim: Emulator) -> None:
    """Positions count all that there ever was: `since()` goes on where somebody stopped, whatever was forgotten."""
    for _ in range(3):
        call(sim, "ListRooms")
    assert (sim.calls.first, sim.calls.end) == (0, 3)
    assert sim.calls.since(1, 1) == [sim.calls[1]]
    sim.reset()
    call(sim, "ListChannels")
    assert (sim.calls.first, sim.calls.end) == (3, 4)
    assert [each.operation for each in sim.calls.since(1, 10)] == ["ListChannels"]
    assert sim.calls.since(4, 10) == []
