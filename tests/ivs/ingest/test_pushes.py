"""When the segments of a push begin, and how long they last."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ivsim.ivs.ingest.pushes import Cuts

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def after(seconds: float) -> datetime:
    """Return a time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def test_what_is_whole_and_what_has_begun() -> None:
    """A segment has begun before it is whole; what is to come begins when it is expected to."""
    cuts = Cuts()
    cuts.begin_next(NOON, is_break=True)
    assert (cuts.begun, cuts.count, cuts.begin(0), cuts.begin(2)) == (1, 0, NOON, after(4))
    cuts.end(3)
    cuts.begin_next(after(3), is_break=False)
    assert (cuts.begun, cuts.count, cuts.begin(1), cuts.begin(3)) == (2, 1, after(3), after(9))
    assert (cuts.elapsed(0), cuts.elapsed(1), cuts.elapsed(9), cuts.longest) == (0, 3, 3, 3)


def test_breaks() -> None:
    """A segment before which there was something is a break where it does not follow on that; the first is none."""
    cuts = Cuts()
    for second, is_break in ((0, True), (2, False), (9, True)):
        cuts.begin_next(after(second), is_break=is_break)
        cuts.end(2)
    assert cuts.breaks == [2]
    assert [cuts.first_from(after(second)) for second in (-1, 0, 1, 2, 3, 9, 10)] == [0, 0, 1, 1, 2, 2, 3]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_times_do_not_go_back(seconds: list[float]) -> None:
    """However the clock is moved, no segment begins before the one before it."""
    cuts = Cuts()
    for second in seconds:
        cuts.begin_next(after(second), is_break=False)
        cuts.end(2)
    begins = [cuts.begin(number) for number in range(cuts.count)]
    assert begins == sorted(begins)
