"""Tables and series of records, and the stores that they are in."""

from __future__ import annotations

import logging

import pytest

from ivsim import Emulator
from ivsim.core.journal import Journal
from ivsim.core.stores import Series, Table
from ivsim.wire.errors import ResourceNotFoundException

from ..calling import call


def test_unknown_key() -> None:
    """A key that nothing has is ResourceNotFoundException, to read and to delete."""
    table: Table[str] = Table("thing", Journal())
    for use in (table.__getitem__, table.__delitem__):
        with pytest.raises(ResourceNotFoundException):
            use("nothing")
    assert table.get("nothing", "else") == "else"
    assert len(table) == 0


def numbered(*names: str) -> Table[str]:
    """Return a table of some records, each of which is its own key."""
    table: Table[str] = Table("thing", Journal())
    for name in names:
        table[name] = name
    return table


def test_order() -> None:
    """Records stand in the order in which they came; a change leaves one where it is, a move puts it last."""
    table = numbered("a", "b", "c")
    table["a"] = "changed"
    table.move_to_end("b")
    assert list(table.values()) == ["changed", "c", "b"]
    assert list(table.newest_first()) == ["b", "c", "changed"]


@pytest.mark.parametrize("among", [None, ["a", "c", "d"]])
def test_rows_after(among: list[str] | None) -> None:
    """Rows go on after a serial in both directions, also when the row that had it is gone."""
    table = numbered("a", "b", "c", "d")
    serial = {row.key: row.serial for row in table.rows_after(None)}
    if among is None:
        del table["b"]
    for newest_first, start, expected in (
        (False, None, "acd"),
        (True, None, "dca"),
        (False, "b", "cd"),
        (True, "b", "a"),
        (False, "c", "d"),
        (True, "c", "a"),
        (False, "d", ""),
    ):
        after = serial[start] if start else None
        rows = table.rows_after(after, newest_first=newest_first, among=among)
        assert "".join(row.key for row in rows) == expected


def test_series() -> None:
    """A place in a series is counted from the first record that there ever was, however many were dropped."""
    series: Series[int] = Series("things", Journal())
    for number in range(10):
        series.append("a", number)
    assert (series.first("a"), series.end("a"), series.first("b"), series.end("b")) == (0, 10, 0, 0)
    series.drop_before("a", 4)
    series.drop_before("a", 2)
    assert (series.first("a"), series.end("a"), list(series["a"])) == (4, 10, [4, 5, 6, 7, 8, 9])
    assert list(series.part("a", 2, 6)) == [4, 5]
    assert list(series.part("a", 8)) == [8, 9]
    assert list(series.part("a", 0, 3)) == []
    series.drop({"a"})
    assert (list(series), series.end("a")) == ([], 0)


def test_states_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Each state that a configuration reaches is a debug line in the log `ivsim.states`, whichever service has it."""
    sim = Emulator(seed=1)
    destination = {"s3": {"bucketName": "tapes"}}
    with caplog.at_level(logging.DEBUG, logger="ivsim.states"):
        made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=destination).body
        chat = call(sim, "CreateLoggingConfiguration", destinationConfiguration=destination).body["arn"]
        call(sim, "UpdateLoggingConfiguration", identifier=chat, name="all")
        sim.faults.add("LoggingConfigurationDeletion", "DELETE_FAILED")
        call(sim, "DeleteLoggingConfiguration", identifier=chat)
    recording = made["recordingConfiguration"]["arn"]
    assert caplog.messages == [
        f"{recording} is ACTIVE",
        *(f"{chat} is {state}" for state in ("ACTIVE", "UPDATING", "ACTIVE", "DELETING", "DELETE_FAILED")),
    ]
