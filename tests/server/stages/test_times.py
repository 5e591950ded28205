"""Times of packets, by timestamps that begin anywhere, wrap around and begin anew."""

from __future__ import annotations

import pytest

from ivsim.server.stages.times import Times


@pytest.mark.parametrize("first", [0, 12_345, (1 << 32) - 90_000])
def test_by_timestamps(first: int) -> None:
    """Whatever a timestamp begins with, the first packet has the time at which it came; others may be late or early."""
    times = Times(90_000)
    came = [(0, 500), (90_000, 1_400), (180_000, 2_900), (135_000, 2_900), (270_000, 3_500)]
    assert [times.at((first + ticks) & 0xFFFFFFFF, arrived) for ticks, arrived in came] == [
        500,
        1_500,
        2_500,
        2_000,
        3_500,
    ]


def test_begun_anew() -> None:
    """What comes much later or earlier than its timestamp says has the time at which it comes; others go by that."""
    times = Times(90_000)
    came = [(0, 0), (90_000, 6_001), (180_000, 7_100), (1_800_000, 8_000), (1_890_000, 8_900)]
    assert [times.at(*each) for each in came] == [0, 6_001, 7_001, 8_000, 9_000]
