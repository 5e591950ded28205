from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ivsim.core.journal import Journal
from ivsim.core.stores import Table


def test_nested_rollback() -> None:
    """A block that fails inside another takes back what it did, in the right order, and no more; the outer goes on."""
    journal = Journal()
    table: Table[str] = Table("thing", journal)
    table["stays"] = "as it was"
    with journal:
        table["outer"] = "1"
        with pytest.raises(LookupError), journal:
            table["inner"] = "2"
            table["outer"] = "3"
            table.move_to_end("stays")
            del table["outer"]
            raise LookupError
        assert list(table.values()) == ["as it was", "1"]
        table["outer"] = "4"
    assert list(table.values()) == ["as it was", "4"]
    with pytest.raises(LookupError), journal:
        del table["stays"]
        with journal:
            table["outer"] = "5"
        raise LookupError
    assert list(table.values()) == ["as it was", "4"]
    assert list(table.newest_first()) == ["4", "as it was"]


def test_effects() -> None:
    """Effects come after the outermost transaction, in order; not after a failure, nor those of a block that failed."""
    journal = Journal()
    done: list[str] = []
    with journal, journal:
        journal.afterwards(lambda: done.append("first"))
        with pytest.raises(LookupError), journal:
            journal.afterwards(lambda: done.append("never"))
            raise LookupError
        journal.afterwards(lambda: done.append("second"))
        assert done == []
    assert done == ["first", "second"]
    with pytest.raises(LookupError), journal:
        journal.afterwards(lambda: done.append("never"))
        raise LookupError
    with journal:
        journal.afterwards(lambda: done.append("never"))
        journal.forget()
    assert done == ["first", "second"]


def test_effects_of_effects() -> None:
    """What an effect causes waits for its turn, so that everybody hears of everything in one order."""
    journal = Journal()
    done: list[str] = []

    def cause() -> None:
        with journal:
            journal.afterwards(lambda: done.append("third"))
        done.append("first")

    with journal:
        journal.afterwards(cause)
        journal.afterwards(lambda: done.append("second"))
    assert done == ["first", "second", "third"]


def test_failing_effect() -> None:
    """An effect that raises shows itself, and does not keep the next ones from happening."""
    journal = Journal()
    done: list[str] = []
    with pytest.raises(LookupError), journal:
        journal.afterwards([].pop)
        journal.afterwards(lambda: done.append("next"))
    with journal:
        pass
    assert done == ["next"]


def test_forgetting_inside() -> None:
    """What was emptied in the middle is not taken back; the journal is free for others all the same."""
    journal = Journal()
    table: Table[str] = Table("thing", journal)
    with pytest.raises(LookupError), journal:
        table["one"] = "1"
        table.restore(([], 0))
        journal.forget()
        raise LookupError
    assert len(table) == 0
    with pytest.raises(ZeroDivisionError), journal:
        journal.note_undo(lambda: 1 / 0)
        raise LookupError
    with ThreadPoolExecutor(1) as pool:
        pool.submit(table.__setitem__, "two", "2").result()
        pool.submit(journal.__enter__).result(timeout=10)


@pytest.mark.parametrize("sleeps", [0, 3, 1000])
def test_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch, sleeps: int) -> None:
    """A second thread waits for the first to be through: it looks a few times, and then sleeps until it is woken."""
    journal = Journal()
    said: list[str] = []
    is_inside, may_leave = threading.Event(), threading.Event()
    slept = itertools.count()

    def sleep(_seconds: float) -> None:
        if next(slept) == sleeps:
            may_leave.set()
            first.join()

    def stay() -> None:
        with journal:
            is_inside.set()
            may_leave.wait()
            said.append("first")

    monkeypatch.setattr("ivsim.core.journal.sleep", sleep)
    first = threading.Thread(target=stay)
    first.start()
    is_inside.wait()
    waking = threading.Timer(0.1, may_leave.set)
    if sleeps == 1000:
        waking.start()
    with journal:
        said.append("second")
    assert said == ["first", "second"]
    assert next(slept) == min(sleeps + 1, 8)


def test_an_event_loop_does_not_look_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event loop sleeps on the lock at once, as its clients wait; and so does whoever comes after it."""
    journal = Journal()
    said: list[str] = []
    is_inside, may_leave = threading.Event(), threading.Event()

    def stay() -> None:
        with journal:
            is_inside.set()
            may_leave.wait()
            said.append("first")

    async def enter() -> None:
        threading.Timer(0.1, may_leave.set).start()  # only now: to start a loop may take longer
        with journal:
            said.append("second")

    monkeypatch.setattr("ivsim.core.journal.sleep", said.append)
    for enters in (lambda: asyncio.run(enter()), lambda: enter().send(None)):
        first = threading.Thread(target=stay)
        first.start()
        is_inside.wait()
        with contextlib.suppress(StopIteration):
            enters()
        is_inside.clear()
        may_leave.clear()
    assert said == ["first", "second"] * 2
