from __future__ import annotations

import pytest

from ivsim.core.journal import Journal
from ivsim.core.stores import Table
from ivsim.wire.errors import ResourceNotFoundException


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


def test_unknown_key() -> None:
    """A key that nothing has is ResourceNotFoundException, to read and to delete."""
    table: Table[str] = Table("thing", Journal())
    for use in (table.__getitem__, table.__delitem__):
        with pytest.raises(ResourceNotFoundException):
            use("nothing")
    assert table.get("nothing", "else") == "else"
    assert len(table) == 0


def test_hooks() -> None:
    """What waits for a transaction's end is called once, for the outermost, and not after a failure."""
    journal = Journal()
    called: list[str] = []
    journal.on_commit = lambda: called.append("on")
    journal.after_commit = lambda: called.append("after")
    with journal, journal:
        assert called == []
    assert called == ["on", "after"]
    with pytest.raises(LookupError), journal:
        raise LookupError
    assert called == ["on", "after", "on"]
