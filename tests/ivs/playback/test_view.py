"""What a viewer who was let in sees of a push; no server has it here, but a test."""

from __future__ import annotations

import re
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, PlaybackResponse

from ...calling import call
from ..conftest import segment_urls, variant_urls
from ..pushes import Pushed

pytestmark = pytest.mark.usefixtures("noon")


def watch(sim: Emulator, made: Any) -> str:
    """Return the URL of the playlist that a new viewer asks for."""
    (url,) = variant_urls(sim.playback.request(made["channel"]["arn"]))
    return url


def prefetched(answer: PlaybackResponse) -> list[str]:
    """Return the URLs of the segments to come."""
    return re.findall(r"#EXT-X-PREFETCH:(.+)", str(answer.body))


def test_pushed_segments(sim: Emulator, created: Any) -> None:
    """Segments that are whole are as they were pushed, with their own durations."""
    push = Pushed(sim, created).add(2, 3.5)
    answer = sim.playback.request(watch(sim, created))
    playlist = m3u8.loads(answer.body)
    assert [each.duration for each in playlist.segments] == [2, 3.5]
    assert playlist.target_duration == 4
    assert [sim.playback.request(url).body for url in segment_urls(answer)] == push.media.bodies


def test_what_grows_is_not_for_those_in_process(sim: Emulator, created: Any) -> None:
    """In process nobody waits: what grows, and a first playlist, are refused, with the way to have them."""
    push = Pushed(sim, created)
    push.media.cuts.begin_next(sim.clock.now(), is_break=True)
    url = watch(sim, created)
    assert sim.playback.request(url).status == 501
    push.media.cuts.end(2)
    push.media.bodies.append(b"first")
    answer = sim.playback.request(url)
    assert answer.status == 200
    assert sim.playback.request(prefetched(answer)[0]).status == 501
    assert sim.playback.request(prefetched(answer)[1]).status == 404


def test_nothing_was_pushed(sim: Emulator, created: Any) -> None:
    """A push that has ended before its first segment has an empty playlist."""
    push = Pushed(sim, created)
    url = watch(sim, created)
    push.live.end()
    answer = sim.playback.request(url)
    assert answer.status == 200
    assert segment_urls(answer) == []
    assert "#EXT-X-ENDLIST" in answer.body


def test_lost_push(sim: Emulator, created: Any) -> None:
    """When the media of a push are gone nothing of it is found."""
    push = Pushed(sim, created).add(2)
    url = watch(sim, created)
    (segment,) = segment_urls(sim.playback.request(url))
    push.live.drop_pushed()
    assert [sim.playback.request(each).status for each in (url, segment)] == [404, 404]
    push.live.drop_pushed()


def test_one_rendition(sim: Emulator) -> None:
    """A push is passed on as it is, whatever the channel would make of a simulated one."""
    made = call(sim, "CreateChannel", type="STANDARD").body
    Pushed(sim, made).add(2)
    (rendition,) = m3u8.loads(sim.playback.request(made["channel"]["arn"]).body).playlists
    assert rendition.stream_info.resolution == (1920, 1080)


@pytest.mark.needs("CreateChannel.containerFormat")
def test_initializations(sim: Emulator) -> None:
    """Before fragments, and after each break, players read an initialization, which is the push's own."""
    made = call(sim, "CreateChannel", containerFormat="FRAGMENTED_MP4").body
    Pushed(sim, made).add(2, 2).add(2, is_break=True)
    answer = sim.playback.request(watch(sim, made))
    maps = re.findall(r'#EXT-X-MAP:URI="(.+)"', str(answer.body))
    assert [sim.playback.request(url).body for url in maps] == [b"init 0", b"init 2"]
    segments = m3u8.loads(answer.body).segments
    assert [each.discontinuity for each in segments] == [False, False, True]


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_slate_for_the_least_time(sim: Emulator) -> None:
    """Where data come back before the slate has been shown for its least time, it stays in the place of the push."""
    slate = call(sim, "CreateFailoverSlateConfiguration", minSlateDisplaySeconds=10).body["failoverSlateConfiguration"]
    made = call(sim, "CreateChannel", failoverSlateConfigurationArn=slate["arn"]).body
    push = Pushed(sim, made).add(2)
    push.live.starve()
    sim.clock.advance(4)
    push.live.recover()
    url = watch(sim, made)
    push.add(2, is_break=True)
    answer = sim.playback.request(url)
    assert [each.title for each in m3u8.loads(answer.body).segments] == ["live", "slate"]
    assert sim.playback.request(segment_urls(answer)[1]).body[0] == 0x47
    assert sim.playback.request(prefetched(answer)[0]).status == 404  # nobody knows how long it will be
    push.add(9).add(2)
    assert [each.title for each in m3u8.loads(sim.playback.request(url).body).segments][-1] == "live"


def test_what_is_to_come_of_a_simulation(sim: Emulator, created: Any) -> None:
    """In process a segment to come of a simulated broadcast is there at once; of one that has ended there is none."""
    with sim.streams.start(created["channel"]["arn"]):
        url = variant_urls(sim.playback.request(created["channel"]["arn"]))[0]
        coming = prefetched(sim.playback.request(url))
        assert [sim.playback.request(each).body[0] for each in coming] == [0x47, 0x47]
    assert prefetched(sim.playback.request(url)) == []
