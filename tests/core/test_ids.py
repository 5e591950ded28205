"""One seed, one order of identifiers."""

from __future__ import annotations

import re
import uuid

from ivsim import Emulator, Request
from ivsim.core.ids import Ids

from ..calling import call


def test_request_ids(sim: Emulator) -> None:
    """Every answer, refusals too, has a request id of its own, a version 4 UUID."""
    answers = [call(sim, "ListChannels"), call(sim, "GetChannel"), call(sim, "Nonsense")]
    ids = {answer.headers["x-amzn-RequestId"] for answer in answers}
    assert len(ids) == 3
    assert all(each[14] == "4" and each[19] in "89ab" and len(each) == 36 for each in ids)


def test_same_seed_same_bytes() -> None:
    """Two emulators with one seed and frozen clocks answer with the same bytes; without a seed they do not."""

    def play(seed: int | None) -> list[object]:
        from datetime import datetime, timezone

        sim = Emulator(seed=seed)
        sim.clock.freeze(datetime(2026, 11, 21, tzinfo=timezone.utc))
        arn = call(sim, "CreateChannel").body["channel"]["arn"]
        sim.streams.start(arn).end()
        call(sim, "CreateRoom")
        requests = [Request("POST", f"/{name}", {}, b"{}") for name in ("ListChannels", "ListRooms", "Nonsense")]
        return [*(sim.handle(request) for request in requests), list(sim.events)]

    assert play(1) == play(1)
    assert play(1) != play(2)
    assert play(None) != play(None)


def test_snapshot() -> None:
    """After `restore()` the same values follow as after the snapshot, and another emulator's tokens are good here."""
    ids, other = Ids(1), Ids(2)
    state = ids.snapshot()

    def values(ids: Ids) -> list[object]:
        return [ids.alphanumeric(12), ids.base64url(9), ids.uuid(), ids.request_id(), ids.secret]

    expected = values(ids)
    assert values(other) != expected
    other.restore(state)
    assert values(other) == expected


def test_forms() -> None:
    """Values have the forms of AWS's: letters and digits, URL-safe base64 without padding, UUIDs of version 4."""
    ids = Ids("seed")
    for length in (1, 12, 22):
        assert re.fullmatch(rf"[A-Za-z0-9]{{{length}}}", ids.alphanumeric(length))
        assert re.fullmatch(r"[A-Za-z0-9_-]+", ids.base64url(length))
    for text in (ids.uuid(), ids.request_id()):
        assert str(uuid.UUID(text)) == text
        assert uuid.UUID(text).version == 4


def test_request_ids_are_apart() -> None:
    """One call more or less leaves the identifiers of resources as they were."""
    ids, other = Ids(1), Ids(1)
    ids.request_id()
    assert ids.alphanumeric(12) == other.alphanumeric(12)
    assert ids.request_id() != other.request_id()
