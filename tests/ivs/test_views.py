"""Who watches, and how many of them are counted: players beside those whom a test lets watch."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .broadcasts import channel, stream
from .conftest import variant_urls

pytestmark = pytest.mark.usefixtures("noon")


def watch(sim: Emulator, arn: str) -> str:
    """Return the URL of the playlist that a new viewer session asks for."""
    return variant_urls(sim.playback.request(arn))[0]


def test_players_are_counted(sim: Emulator) -> None:
    """A viewer session counts from its first request for a playlist until 30 seconds after the last, and once."""
    arn = channel(sim)
    live = sim.streams.start(arn, viewers=5)
    one, two = watch(sim, arn), watch(sim, arn)
    assert stream(sim, arn)["viewerCount"] == 5
    for url in (one, one, two):
        sim.playback.request(url)
    assert stream(sim, arn)["viewerCount"] == 7
    (listed,) = call(sim, "ListStreams").body["streams"]
    assert (listed["viewerCount"], live.viewer_count) == (7, 7)
    sim.clock.advance(20)
    sim.playback.request(two)
    sim.clock.advance(10)
    assert stream(sim, arn)["viewerCount"] == 7
    sim.clock.advance(0.001)
    assert stream(sim, arn)["viewerCount"] == 6
    live.set_viewers(2)
    assert stream(sim, arn)["viewerCount"] == 3


def test_who_asks_later_counts_again(sim: Emulator) -> None:
    """A player that comes back is counted again; segments that it asks for do not count."""
    arn = channel(sim)
    sim.streams.start(arn)
    url = watch(sim, arn)
    sim.playback.request(url)
    sim.clock.advance(31)
    assert stream(sim, arn)["viewerCount"] == 0
    sim.playback.request(url)
    assert stream(sim, arn)["viewerCount"] == 1


def test_the_console_is_not_counted(sim: Emulator) -> None:
    """Whoever looks at a channel in the console is no viewer of it."""
    arn = channel(sim)
    sim.streams.start(arn, viewers=2)
    answer = sim.playback.request(f"{stream(sim, arn)['playbackUrl']}?ivsim-uncounted=1")
    sim.playback.request(variant_urls(answer)[0])
    assert stream(sim, arn)["viewerCount"] == 2


def test_nobody_after_the_end(sim: Emulator) -> None:
    """A stream that is over has no viewers, though players still ask; nor has the next one theirs."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    url = watch(sim, arn)
    sim.playback.request(url)
    live.end()
    assert sim.playback.request(url).status == 200
    assert live.viewer_count == 0
    again = sim.streams.start(arn)
    assert (again.viewer_count, stream(sim, arn)["viewerCount"]) == (0, 0)
    sim.reset()
    assert again.viewer_count == 0


def test_players_leave_the_quota_alone(sim: Emulator) -> None:
    """The quota of views is used up by those whom a test lets watch, and then no player gets in."""
    arn = channel(sim)
    sim.quotas["Concurrent views"] = 2
    live = sim.streams.start(arn)
    for _ in range(3):
        assert sim.playback.request(watch(sim, arn)).status == 200
    live.set_viewers(2)
    assert stream(sim, arn)["viewerCount"] == 5
    assert sim.playback.request(arn).status == 403


def test_before_the_start(slow: Emulator) -> None:
    """Who is let in before a stream has started watches it from its start."""
    live = slow.streams.start(channel(slow))
    live.set_viewers(3)
    assert live.viewer_count == 0
    slow.clock.advance(4 + 15)
    assert live.viewer_count == 3


def test_a_watched_stream_is_saved(sim: Emulator) -> None:
    """Who watches is no part of the saved state: a new process has not been asked yet."""
    arn = channel(sim)
    sim.streams.start(arn, viewers=1)
    sim.playback.request(watch(sim, arn))
    other: Any = Emulator()
    other.loads(sim.dumps())
    assert stream(other, arn)["viewerCount"] == 1
