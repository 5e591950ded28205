"""Of several who do something, as with two servers of one emulator, the last that is left does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivsim import Emulator
from ivsim.core.last import Last


def test_last() -> None:
    """Whoever goes, the last that is left is asked, and in the end who was there first of all, or nobody."""
    last = Last("first")
    ends = {name: last.add(name) for name in "abc"}
    seen = [last.one]
    for name in "acbb":
        ends[name]()
        seen.append(last.one)
    assert seen == ["c", "c", "b", "first", "first"]
    assert Last().one is None


@pytest.mark.parametrize("closed", [0, 1])
def test_two_servers(sim: Emulator, tmp_path: Path, closed: int) -> None:
    """With either of two servers of an emulator closed, the other delivers to its folder, composes and records."""
    pytest.importorskip("aiortc", reason="aiortc is not installed")
    servers = [sim.serve(recordings=tmp_path / name) for name in ("one", "other")]

    def there() -> list[bool]:
        all_ = sim._state.recorders.one, sim._broadcaster.composers.one, sim.courier
        return [each is not None for each in all_]

    try:
        servers[closed].close()
        assert there() == [True] * 3
    finally:
        for server in servers:
            server.close()
    assert there() == [False] * 3
