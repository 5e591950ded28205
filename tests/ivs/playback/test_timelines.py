"""Which segments there are, of when, and what viewers see in them: the broadcast, a slate or ads."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator, LiveStream, Request

from ...calling import call
from ..conftest import NOON, Channel, import_key, variant_urls

Listed = list[tuple[float, str]]


class Show:
    """A broadcast since noon, and a viewer's playlist of it; the clock stands still."""

    def __init__(self, sim: Emulator, arn: str, **watch: Any) -> None:
        self.sim = sim
        self.arn = arn
        sim.clock.freeze(NOON)
        self.live: LiveStream = sim.streams.start(arn)
        self.url = variant_urls(sim.playback.request(arn, **watch))[0]

    def playlist(self) -> str:
        """Return the playlist's text."""
        answer = self.sim.playback.request(self.url)
        assert answer.status == 200, answer.body
        return str(answer.body)

    def listed(self) -> Listed:
        """Return how many seconds after noon segments begin, and what they are titled."""
        segments = m3u8.loads(self.playlist()).segments
        return [((segment.program_date_time - NOON).total_seconds(), segment.title) for segment in segments]

    def starts(self) -> list[float]:
        """Return how many seconds after noon segments begin."""
        return [start for start, _ in self.listed()]

    def go_to(self, second: float) -> None:
        """Advance the clock to a second after noon."""
        self.sim.clock.advance(NOON + timedelta(seconds=second) - self.sim.clock.now())

    def break_for_ads(self, seconds: int, start: float | None = None) -> dict[str, Any]:
        """Insert an ad break, at a second after noon."""
        at = {} if start is None else {"targetStartAt": (NOON + timedelta(seconds=start)).isoformat()}
        return call(self.sim, "InsertAdBreak", channelArn=self.arn, durationSeconds=seconds, **at).body


def ad_configuration(sim: Emulator) -> str:
    """Return the ARN of an ad configuration."""
    playback = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"
    configurations = [{"playbackConfigurationArn": playback}]
    answer = call(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=configurations)
    return str(answer.body["adConfiguration"]["arn"])


def show(sim: Emulator, **channel: Any) -> Show:
    """Return a broadcast on a new channel."""
    return Show(sim, call(sim, "CreateChannel", **channel).body["channel"]["arn"])


def with_ads(sim: Emulator) -> Show:
    """Return a broadcast on a channel that can have ad breaks."""
    return show(sim, adConfigurationArn=ad_configuration(sim))


def with_slate(sim: Emulator) -> Show:
    """Return a broadcast on a channel with a failover slate after 3 seconds, for at least 4, at most 60."""
    slate = call(sim, "CreateFailoverSlateConfiguration", minSlateDisplaySeconds=4).body["failoverSlateConfiguration"]
    return show(sim, failoverSlateConfigurationArn=slate["arn"])


needs_ads = pytest.mark.needs("InsertAdBreak.targetStartAt")
needs_slates = pytest.mark.needs("CreateFailoverSlateConfiguration")


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        (4, [0, 2, 4]),
        (6, [0, 2, 4]),
        (11, [0, 2, 4]),
        (12, [0, 2, 4]),
        (13, [0, 2, 4, 13]),
        (15, [0, 2, 4, 13, 15]),
        (40, [0, 2, 4, 13, 15]),
        (46, [0, 2, 4, 13, 15]),
    ],
)
def test_starvation(sim: Emulator, now: int, starts: list[float]) -> None:
    """While no data arrives there are no new segments; they go on with the data, and what was listed stays."""
    broadcast = show(sim)
    for second, act in ((5, broadcast.live.starve), (12, broadcast.live.recover), (15, broadcast.live.starve)):
        if second <= now:
            broadcast.go_to(second)
            act()
    broadcast.go_to(now)
    assert broadcast.starts() == starts
    assert ("ENDLIST" in broadcast.playlist()) == (now > 45)


@needs_slates
def test_data_that_come_back_with_the_slate(sim: Emulator) -> None:
    """Data that come back in the very moment of the slate find it listed: it stays for its shortest time."""
    broadcast = with_slate(sim)
    for second, act in ((5, broadcast.live.starve), (8, broadcast.live.recover)):
        broadcast.go_to(second)
        act()
    broadcast.go_to(14)
    assert broadcast.listed()[3:] == [(9, "slate"), (11, "slate"), (13, "live")]


def test_starvation_at_the_ends(sim: Emulator) -> None:
    """A broadcast may starve as it starts, or as it ends."""
    broadcast = show(sim)
    broadcast.live.starve()
    broadcast.go_to(4)
    assert broadcast.starts() == [0]
    broadcast.live.recover()
    broadcast.go_to(9)
    assert broadcast.starts() == [0, 6, 8]
    broadcast.live.starve()
    broadcast.go_to(19)
    broadcast.live.end()
    broadcast.go_to(29)
    assert broadcast.starts() == [0, 6, 8]


def test_many_interruptions(sim: Emulator) -> None:
    """However often it was interrupted, also when the session has forgotten it, what was listed keeps its place."""
    broadcast = show(sim)
    for _ in range(300):
        broadcast.live.starve()
        sim.clock.advance(1)
        broadcast.live.recover()
        sim.clock.advance(1)
    playlist = m3u8.loads(broadcast.playlist())
    assert (playlist.media_sequence, len(playlist.segments)) == (136, 15)
    assert broadcast.starts() == list(range(544, 601, 4))


def test_clock_set_back(sim: Emulator) -> None:
    """A clock that is set back before the start, or into an interruption, makes no playlist of negative numbers."""
    broadcast = show(sim)
    broadcast.go_to(20)
    broadcast.live.starve()
    for second in (-50.0, 10.0):
        sim.clock.freeze(NOON + timedelta(seconds=second))
        assert broadcast.starts()[0] == 0
        assert not re.search(r"[:-]-[0-9]", broadcast.playlist())
    broadcast.live.recover()
    assert broadcast.starts()[-1] == 20


# --- slates


@needs_slates
def test_slate(sim: Emulator) -> None:
    """A failover slate fills the playlist while ingest is interrupted, from its threshold on."""
    broadcast = with_slate(sim)
    broadcast.go_to(4)
    broadcast.live.starve()
    broadcast.go_to(6.5)
    assert broadcast.listed() == [(0, "live"), (2, "live"), (4, "live")]
    broadcast.go_to(13)
    shown = [(0, "live"), (2, "live"), (4, "live"), (9, "slate"), (11, "slate"), (13, "slate")]
    assert broadcast.listed() == shown
    broadcast.live.recover()
    broadcast.go_to(15)
    assert broadcast.listed() == [*shown, (15, "live")]
    lines = broadcast.playlist().splitlines()
    sources = [line.rpartition("=")[2] for line in lines if "stream-source" in line]
    assert sources == ['"live"', '"slate"', '"live"']
    place = lines.index("#EXT-X-DISCONTINUITY")
    assert lines[place - 1].startswith('#EXT-X-DATERANGE:ID="source-1795262409",CLASS="live-video-net-stream-source"')
    assert lines[place + 1 : place + 3] == ["#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:09.000Z", "#EXTINF:2.000,slate"]


@needs_slates
def test_slate_stays_for_its_shortest_time(sim: Emulator) -> None:
    """Data that come back early do not end the slate, nor does it begin anew when they stay away again meanwhile."""
    broadcast = with_slate(sim)
    broadcast.go_to(4)
    broadcast.live.starve()
    broadcast.go_to(8)
    broadcast.live.recover()
    broadcast.go_to(14)
    assert broadcast.listed()[3:] == [(9, "slate"), (11, "live"), (13, "live")]
    again = with_slate(sim)
    again.go_to(4)
    again.live.starve()
    again.go_to(8)
    again.live.recover()
    again.go_to(9)
    again.live.starve()
    again.go_to(14)
    assert again.listed()[3:] == [(9, "slate"), (11, "slate"), (13, "slate")]


@needs_slates
def test_short_interruption(sim: Emulator) -> None:
    """An interruption that is over before the threshold shows no slate."""
    broadcast = with_slate(sim)
    broadcast.go_to(4)
    broadcast.live.starve()
    broadcast.go_to(6)
    broadcast.live.recover()
    broadcast.go_to(10)
    assert broadcast.listed() == [(second, "live") for second in (0, 2, 4, 8, 10)]


# --- ads


@needs_ads
def test_ad_break(sim: Emulator) -> None:
    """A break begins with the next segment: two date ranges, a discontinuity, and segments titled with the ad's id."""
    broadcast = with_ads(sim)
    broadcast.go_to(4)
    ad_break_id = broadcast.break_for_ads(4)["adBreakId"]
    assert broadcast.listed()[-1] == (4, "live")
    broadcast.go_to(10)
    (_, _, _, (start, ad), again, after) = broadcast.listed()
    assert (start, again, after) == (6, (8, ad), (10, "live"))
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ad)
    lines = broadcast.playlist().splitlines()
    place = next(index for index, line in enumerate(lines) if "stitched-ad" in line)
    assert lines[place : place + 5] == [
        '#EXT-X-DATERANGE:ID="stitched-ad-1795262406-4000000000",CLASS="live-video-net-stitched-ad",'
        f'START-DATE="2026-11-21T12:00:06.000Z",DURATION=4.000,X-NET-LIVE-VIDEO-AD-AD-BREAK-ID="{ad_break_id}"',
        '#EXT-X-DATERANGE:ID="source-1795262406",CLASS="live-video-net-stream-source",'
        f'START-DATE="2026-11-21T12:00:06.000Z",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE="{ad}"',
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:06.000Z",
        f"#EXTINF:2.000,{ad}",
    ]
    discontinuous = [segment.discontinuity for segment in m3u8.loads(broadcast.playlist()).segments]
    assert discontinuous == [False, False, False, True, False, True]


@needs_ads
def test_ad_break_leaves_the_window(sim: Emulator) -> None:
    """While segments of a break are listed its date range is; discontinuities that are not listed any more count."""
    broadcast = with_ads(sim)
    broadcast.break_for_ads(4)
    seen = []
    for second in range(28, 40, 2):
        broadcast.go_to(second)
        text = broadcast.playlist()
        seen.append((text.count("stitched-ad-"), text.count("DISCONTINUITY\n"), text.count("source-")))
        counted = re.findall("DISCONTINUITY-SEQUENCE:(.*)", text)
        assert counted == ([] if second < 32 else ["1"] if second < 36 else ["2"])
    assert seen == [(1, 2, 3), (1, 2, 2), (1, 1, 2), (0, 1, 1), (0, 0, 1), (0, 0, 1)]


@needs_ads
def test_ad_breaks_to_come(sim: Emulator) -> None:
    """Breaks may be inserted for later, in any order, unless they overlap or another is running."""
    broadcast = with_ads(sim)
    assert "adBreakId" in broadcast.break_for_ads(10, 100)
    assert "adBreakId" in broadcast.break_for_ads(10, 20)
    for start, seconds in ((100, 10), (95, 6), (109, 1), (90, 30)):
        assert "ad break" in broadcast.break_for_ads(seconds, start)["message"]
    assert "adBreakId" in broadcast.break_for_ads(10, 110)
    broadcast.go_to(25)
    assert "ad break" in broadcast.break_for_ads(10, 200)["message"]
    broadcast.go_to(30)
    assert "adBreakId" in broadcast.break_for_ads(10, 40)
    broadcast.go_to(44)
    titles = ["ad" if title != "live" else title for _, title in broadcast.listed()]
    assert titles == ["live"] * 2 + ["ad"] * 5 + ["live"] * 5 + ["ad"] * 3
    broadcast.go_to(128)
    listed = broadcast.listed()
    assert [start for start, title in listed if title != "live"] == [float(start) for start in range(100, 120, 2)]
    assert len({title for _, title in listed}) == 3


@needs_ads
def test_ads_in_place_of_a_slate(sim: Emulator) -> None:
    """Ads are shown also when the slate would be."""
    slate = call(sim, "CreateFailoverSlateConfiguration").body["failoverSlateConfiguration"]["arn"]
    broadcast = show(sim, failoverSlateConfigurationArn=slate, adConfigurationArn=ad_configuration(sim))
    broadcast.live.starve()
    broadcast.break_for_ads(4, 6)
    broadcast.go_to(13)
    titles = [title if title in ("live", "slate") else "ad" for _, title in broadcast.listed()]
    assert titles == ["live", "slate", "ad", "ad", "slate", "slate"]


@needs_ads
def test_no_ads(sim: Emulator, private_key: Any) -> None:
    """Who is spared ads by the token sees the broadcast all along."""
    import_key(sim, private_key)
    ads = ad_configuration(sim)
    arn = call(sim, "CreateChannel", authorized=True, adConfigurationArn=ads).body["channel"]["arn"]
    there = Channel(sim, arn, "", private_key)
    broadcast = Show(sim, arn, token=there.token(ads_opt_out=True))
    other = variant_urls(there.watch(token=there.token()))[0]
    broadcast.break_for_ads(20)
    broadcast.go_to(10)
    assert {title for _, title in broadcast.listed()} == {"live"}
    text = broadcast.playlist()
    assert "DISCONTINUITY" not in text
    assert "stitched-ad" not in text
    assert "stitched-ad" in sim.playback.request(other).body


@needs_ads
def test_ad_break_beyond_the_calendar() -> None:
    """Where constraints go unchecked a break still has to end within the calendar."""
    broadcast = with_ads(Emulator(strict=False))
    refused = call(
        broadcast.sim,
        "InsertAdBreak",
        channelArn=broadcast.arn,
        durationSeconds=2**31 - 1,
        targetStartAt="9999-12-31T23:59:59Z",
    )
    assert refused.code == "ValidationException"
    assert "'/targetStartAt'" in refused.body["message"]


# --- whatever happens


def is_served(sim: Emulator, url: str) -> bool:
    """Return whether a segment is there, without having it made."""
    return sim.respond(Request("GET", url, {})).status == 200


SECONDS = st.integers(0, 80).map(lambda halves: halves / 2) | st.floats(0, 40)
STEPS = st.one_of(
    st.tuples(st.just("advance"), SECONDS),
    st.tuples(st.sampled_from(["starve", "recover"]), st.just(0.0)),
    st.tuples(st.just("ads"), SECONDS),
)


@needs_ads
@needs_slates
@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=30), has_slate=st.booleans())
def test_what_was_listed_stays(steps: list[tuple[str, float]], has_slate: bool) -> None:
    """A segment keeps its URL, number, time and title for as long as it is listed, and what was announced comes."""
    sim = Emulator(seed=1)
    slate = call(sim, "CreateFailoverSlateConfiguration", minSlateDisplaySeconds=5).body["failoverSlateConfiguration"]
    broadcast = show(
        sim,
        adConfigurationArn=ad_configuration(sim),
        failoverSlateConfigurationArn=slate["arn"] if has_slate else "",
    )
    by_number: dict[int, tuple[str, datetime, str]] = {}
    announced: dict[int, str] = {}
    discontinuities: dict[int, int] = {}
    for action, amount in [*steps, ("advance", 2.0)]:
        is_live = broadcast.live.is_live
        if action == "advance":
            sim.clock.advance(amount)
        elif action == "ads" and is_live:
            broadcast.break_for_ads(7, (sim.clock.now() - NOON).total_seconds() + amount)
        elif action in ("starve", "recover") and is_live:
            getattr(broadcast.live, action)()
        answer = sim.playback.request(broadcast.url)
        if answer.status == 404:
            assert not broadcast.live.is_live
            return
        playlist = m3u8.loads(answer.body)
        first, discontinuity = playlist.media_sequence, int(playlist.discontinuity_sequence or 0)
        assert first == 0 or len(playlist.segments) == 15
        for number, segment in enumerate(playlist.segments, first):
            discontinuity += bool(segment.discontinuity)
            assert discontinuities.setdefault(number, discontinuity) == discontinuity
            seen = (segment.uri, segment.program_date_time, segment.title)
            assert by_number.setdefault(number, seen) == seen
            assert announced.get(number, segment.uri) == segment.uri
        times = [segment.program_date_time for segment in playlist.segments]
        assert times == sorted(set(times))
        for number, url in enumerate(re.findall("#EXT-X-PREFETCH:(.*)", answer.body), first + len(times)):
            announced[number] = url
            assert is_served(sim, url)
        assert is_served(sim, playlist.segments[0].uri)
