"""Pushes that are live: what is measured and told of them, interruptions, takeovers, and clocks that jump."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import groupby, pairwise
from typing import Any

import pytest
import requests

from ivsim import Emulator, LiveStream
from ivsim.media.h264 import Format
from ivsim.server.live import push as push_module

from ...decoding import decoded, grey, reading
from ..control_client import call
from ..waiting import DEADLINE, until
from .conftest import CONTAINERS, Encode, Watch, containing, shown, told, whole
from .publisher import LITTLE, Encoder


def key_of(made: Any) -> str:
    """Return the stream key's value of what CreateChannel answered."""
    return str(made["streamKey"]["value"])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starves, and it is looked often."""
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 1000.0)
    monkeypatch.setattr(push_module, "_LOOK", 0.01)


def starve(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pushes starve that are live."""
    before = told(sim).count("Starvation Start")
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 0.0)
    until(lambda: told(sim).count("Starvation Start") > before)
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 1000.0)


# What is told of it


@pytest.mark.usefixtures("impatient")
def test_what_is_measured(sim: Emulator, created: Any, encode: Encode) -> None:
    """A session tells the bitrates that were measured where the encoder tells none, and again when they change much."""
    encoder = encode(key_of(created)).send(4, bitrate=400_000)

    def video_bitrate() -> float:
        return float(shown(sim, created)["ingestConfiguration"]["video"]["targetBitrate"])

    until(lambda: video_bitrate() == pytest.approx(400_000, rel=0.05))
    audio = shown(sim, created)["ingestConfiguration"]["audio"]
    assert audio["targetBitrate"] == pytest.approx(8 * 8 * 48_000 / 1024, rel=0.1)
    encoder.send(10, bitrate=800_000)
    until(lambda: video_bitrate() == pytest.approx(800_000, rel=0.1))


@pytest.mark.usefixtures("impatient")
def test_no_news(sim: Emulator, created: Any, encode: Encode) -> None:
    """What changes by little is not told again."""
    encoder = encode(key_of(created)).send(4, bitrate=400_000)
    until(lambda: shown(sim, created)["ingestConfiguration"]["video"]["targetBitrate"])
    version = sim.version
    (live,) = sim.streams.live
    encoder.send(9, bitrate=410_000)
    assert live.pushed is not None
    until(lambda: live.pushed and live.pushed.measured and live.pushed.measured.seconds > 9)
    assert live.pushed.measured is not None
    assert live.pushed.measured.video_bitrate > 401_000
    assert sim.version == version


@pytest.mark.usefixtures("impatient")
def test_what_is_said_is_kept(sim: Emulator, created: Any, encode: Encode) -> None:
    """What the encoder says of itself goes before what is measured; what it cannot know is measured all the same."""
    form = LITTLE._replace(framerate=10)
    said = {"videodatarate": 300.0, "audiodatarate": 64.0, "framerate": 25.0, "encoder": "obs"}
    encode(key_of(created), form=form, **said).send(4, bitrate=600_000)
    (live,) = sim.streams.live
    until(lambda: live.pushed and live.pushed.measured)
    both = shown(sim, created)["ingestConfiguration"]
    assert both["video"]["targetBitrate"] == 300_000
    assert both["video"]["targetFramerate"] == 10
    assert both["video"]["encoder"] == "obs"
    assert both["audio"]["targetBitrate"] == 64_000
    assert live.pushed
    assert live.pushed.measured
    assert live.pushed.measured.video_bitrate == pytest.approx(600_000, rel=0.05)


@pytest.mark.usefixtures("impatient")
def test_too_much(sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is measured to send more than the channel takes is cut off, with the event that says so."""
    monkeypatch.setattr(push_module, "_SECONDS_TO_JUDGE", 2.5)
    encoder = encode(key_of(created)).send(4, bitrate=9_600_000)
    assert b"NetStream.Unpublish.Success" in encoder.rest()
    (breach,) = [event["detail"] for event in sim.events if event["detail-type"] == "IVS Limit Breach"]
    assert (breach["limit_name"], breach["limit_value"]) == ("Ingest Bitrate", 8_500_000)
    assert breach["exceeded_by"] == pytest.approx(1_100_000, rel=0.2)
    assert told(sim)[-2:] == ["Session Ended", "Stream End"]
    assert not sim.streams.live


@pytest.mark.usefixtures("impatient")
def test_what_is_said_breaches_nothing(
    sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An encoder that says that it sends too much, and does not, goes on; as does one a little above the limit."""
    monkeypatch.setattr(push_module, "_SECONDS_TO_JUDGE", 2.5)
    encoder = encode(key_of(created), videodatarate=20_000.0).send(4, bitrate=9_000_000)
    (live,) = sim.streams.live
    until(lambda: live.pushed and live.pushed.measured and live.pushed.measured.seconds > 2.5)
    encoder.settle()
    assert live.is_connected
    assert live.pushed
    assert live.pushed.measured
    assert live.pushed.measured.video_bitrate > 8_500_000
    assert "Ingest Bitrate" not in told(sim)


def test_too_large(sim: Emulator, created: Any, encode: Encode) -> None:
    """Pictures larger than the channel takes are known by the parameter set, and end the session at once."""
    encoder = encode(key_of(created), form=Format(3840, 2160, 30, "avc1.640033"))
    encoder.form = LITTLE
    encoder.send(1)
    assert b"NetStream.Unpublish.Success" in encoder.rest()
    (breach,) = [event["detail"] for event in sim.events if event["detail-type"] == "IVS Limit Breach"]
    assert breach["limit_name"] == "Ingest Resolution"
    assert breach["exceeded_by"] == 3840 * 2160 - breach["limit_value"]


@pytest.mark.usefixtures("impatient")
def test_key_frames_far_apart(created: Any, encode: Encode, caplog: pytest.LogCaptureFixture) -> None:
    """An encoder whose key frames are far apart is told of in the log, once, with what to set."""
    with caplog.at_level(logging.WARNING, "ivsim.ingest"):
        encoder = encode(key_of(created)).send(9, every=5)
        until(lambda: "key frames are" in caplog.text)
        encoder.send(6, every=5)
    assert caplog.text.count("key frames are 5.0 s apart, and viewers as much later; set the key-frame interval") == 1


@pytest.mark.usefixtures("impatient")
def test_another_form(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """What a decoder has to know may be said again; where it is other than before there is a seam."""
    encoder = encode(key_of(created)).send(2)
    encoder.send_headers()
    encoder.send(2)
    encoder.send_headers(LITTLE._replace(width=160, height=90))
    encoder.send(4)
    viewer = watch(created)
    segments = viewer.playlist().segments
    assert [each.discontinuity for each in segments] == [False, False, True]
    sizes = [decoded(data=viewer.body(viewer.url_of(each.uri))).size for each in segments]
    assert sizes == ["320x180", "320x180", "160x90"]


# Interruptions


@pytest.mark.usefixtures("impatient")
def test_starvation(sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without media a stream starves, once; it recovers when they come again, with a seam in the playlist."""
    encoder = encode(key_of(created)).send(4)
    starve(sim, monkeypatch)
    assert whole(sim) == 2
    assert call(sim, "GetStream", channelArn=created["channel"]["arn"])["stream"]["health"] == "STARVING"
    encoder.send(4)
    assert call(sim, "GetStream", channelArn=created["channel"]["arn"])["stream"]["health"] == "HEALTHY"
    assert told(sim)[2:] == ["Starvation Start", "Starvation End"]
    (live,) = sim.streams.live
    assert live.pushed
    assert live.pushed.cuts.breaks == [2]


@pytest.mark.usefixtures("impatient")
def test_starved(sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 30 seconds of the emulator's clock without media the stream is over, and the encoder cut off."""
    sim.clock.freeze()
    encoder = encode(key_of(created)).send(4)
    starve(sim, monkeypatch)
    sim.clock.advance(29.9)
    assert sim.streams.live
    sim.clock.advance(0.1)
    assert b"NetStream.Unpublish.Success" in encoder.rest()
    assert told(sim)[2:] == ["Starvation Start", "Session Ended", "Stream End"]


def test_starved_before_it_is_live(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An encoder that stops before its stream has started starves from then on."""
    slow = Emulator(transitions="realistic")
    slow.clock.freeze()
    made = call(slow, "CreateChannel")
    monkeypatch.setattr(push_module, "_LOOK", 0.01)
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 0.0)
    with slow.serve(rtmp_port=0) as other:
        with Encoder(f"{other.rtmp_url}{key_of(made)}") as encoder:
            encoder.send(1)
            for _ in range(20):  # looks, at which nothing may happen
                encoder.settle()
            assert told(slow) == ["Session Created"]
            slow.clock.advance(4)
            until(lambda: "Starvation Start" in told(slow))
    assert told(slow)[:3] == ["Session Created", "Stream Start", "Starvation Start"]
    assert "Exception in callback" not in caplog.text


def slate(sim: Emulator, container: str, **members: int) -> Any:
    """Return a channel with a failover slate."""
    made = call(sim, "CreateFailoverSlateConfiguration", **members)["failoverSlateConfiguration"]
    return call(sim, "CreateChannel", name="show", failoverSlateConfigurationArn=made["arn"], **containing(container))


@pytest.mark.needs("CreateFailoverSlateConfiguration")
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("container", CONTAINERS)
def test_slate(sim: Emulator, encode: Encode, watch: Watch, monkeypatch: pytest.MonkeyPatch, container: str) -> None:
    """A failover slate covers the time without media, between seams; it is the simulated one, and all of it plays."""
    made = slate(sim, container)
    encoder = encode(key_of(made)).send(2)
    sim.clock.advance(2)
    encoder.send(2)
    starve(sim, monkeypatch)
    sim.clock.advance(3 + 6)
    until(lambda: whole(sim) >= 5)
    viewer = watch(made)
    assert [title for title, _ in groupby(each.title for each in viewer.playlist().segments)] == ["live", "slate"]
    encoder.send(2)
    sim.clock.advance(2)
    encoder.send(2)
    segments = viewer.playlist().segments
    titles = [each.title for each in segments]
    assert [title for title, _ in groupby(titles)] == ["live", "slate", "live"]
    first, after = titles.index("slate"), len(titles) - titles[::-1].index("slate")
    assert [segments[place].discontinuity for place in (0, 1, first, after)] == [False, False, True, True]
    begins = [each.program_date_time for each in segments]
    assert begins[first] - begins[first - 1] >= timedelta(seconds=3)
    assert all(before < after for before, after in pairwise(begins))
    for place, source in ((0, "live"), (first, "slate"), (after, "live")):
        body = viewer.body(viewer.url_of(segments[place].uri))
        if container != "TS":
            body = viewer.body(viewer.url_of(segments[place].init_section.uri)) + body
        its = decoded(data=body)
        assert its.size == "320x180"
        assert len(its.pictures) == 20
        read = reading(grey("-", body, 320, 180)[0], 320, 180)
        assert read
        assert read.source == source
    if container != "TS":
        maps = [segments[place].init_section.uri for place in (0, first, after)]
        assert len(set(maps)) == 3


@pytest.mark.needs("CreateFailoverSlateConfiguration")
@pytest.mark.usefixtures("impatient")
def test_slate_after_a_jump(sim: Emulator, encode: Encode, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the clock is moved far while the slate is shown, no more of it is made than a playlist needs."""
    sim.clock.freeze()
    made = slate(sim, "TS", maxSlateDisplaySeconds=180)
    encode(key_of(made)).send(4)
    starve(sim, monkeypatch)
    sim.clock.advance(150)
    until(lambda: whole(sim) > 2)
    assert whole(sim) == 2 + 5


@pytest.mark.needs("CreateFailoverSlateConfiguration")
@pytest.mark.usefixtures("impatient")
def test_who_comes_back_under_a_slate(sim: Emulator, encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the slate covers an interruption another encoder may go on with the session, and the first is cut off."""
    sim.clock.freeze()
    made = slate(sim, "TS")
    first = encode(key_of(made)).send(4)
    starve(sim, monkeypatch)
    sim.clock.advance(4)
    second = encode(key_of(made)).send(2)
    assert b"NetStream.Unpublish.Success" in first.rest()
    assert len(call(sim, "ListStreamSessions", channelArn=made["channel"]["arn"])["streamSessions"]) == 1
    assert told(sim)[2:] == ["Starvation Start", "Starvation End"]
    second.send(2)
    assert sim.streams.live


# Takeovers


@pytest.mark.usefixtures("impatient")
def test_takeover_goes_on(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """Whoever takes a stream over goes on with its segments and their numbers, after a seam, for the same viewer."""
    first = encode(key_of(created)).send(4)
    viewer = watch(created)
    before = viewer.urls()
    second = encode(f"{key_of(created)}?priority=5").send(4)
    assert b"NetStream.Unpublish.Success" in first.rest()
    second.settle()
    playlist = viewer.playlist()
    assert [viewer.url_of(each.uri) for each in playlist.segments][:1] == before
    assert [each.discontinuity for each in playlist.segments] == [False, False, True]
    assert all(viewer.get(viewer.url_of(each.uri)).status_code == 200 for each in playlist.segments)
    assert told(sim)[2:] == ["Stream Takeover"]


@pytest.mark.usefixtures("impatient")
def test_takeover_after_a_jump(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """What was growing when a stream is taken over is not as long as the clock was moved."""
    encode(key_of(created)).send(4)
    sim.clock.advance(3600)
    encode(f"{key_of(created)}?priority=5").send(4)
    assert watch(created).playlist().target_duration < 60


@pytest.mark.usefixtures("impatient")
def test_real_and_simulated(sim: Emulator, created: Any, encode: Encode, caplog: pytest.LogCaptureFixture) -> None:
    """Real media and simulated ones do not take each other over."""
    with sim.streams.start(key_of(created), priority=1):
        refused = encode(f"{key_of(created)}?priority=2").send(1)
        refused.rest()
        assert "StreamTakeoverMediaMismatch" in caplog.text
        assert b"NetStream.Publish" in refused.told
    encode(key_of(created)).send(1)
    with pytest.raises(ValueError, match="StreamTakeoverMediaMismatch"):
        sim.streams.start(key_of(created), priority=2)
    assert sim.streams.live


# Clocks


@pytest.mark.usefixtures("impatient")
def test_clock_forward(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """A push goes on when the clock is moved an hour: later segments are of the new time, and as long as they are."""
    encoder = encode(key_of(created)).send(5)
    sim.clock.advance(3600)
    encoder.send(4)
    segments = watch(created).playlist().segments
    assert [each.duration for each in segments] == [2, 2, 1, 2]
    assert segments[-1].program_date_time - segments[0].program_date_time >= timedelta(seconds=3600)
    assert sim.streams.live


@pytest.mark.usefixtures("impatient")
def test_clock_back(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """A push goes on when the clock is set back: times in its playlist never do."""
    encoder = encode(key_of(created)).send(5)
    sim.clock.freeze(sim.clock.now() - timedelta(days=1))
    encoder.send(4)
    begins = [each.program_date_time for each in watch(created).playlist().segments]
    assert len(begins) == 4
    assert begins == sorted(begins)


@pytest.mark.usefixtures("impatient")
def test_clock_frozen(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """A push goes on while the clock stands still."""
    sim.clock.freeze()
    encode(key_of(created)).send(8)
    viewer = watch(created)
    assert len(viewer.urls()) == 3
    assert [viewer.get(url).status_code for url in viewer.urls()] == [200] * 3


# How it ends


@pytest.mark.usefixtures("impatient")
def test_two_days(sim: Emulator, created: Any, encode: Encode) -> None:
    """After 48 hours a push ends, and its encoder is cut off."""
    encoder = encode(created["streamKey"]["value"]).send(3)
    sim.clock.advance(48 * 3600 - 10)
    assert sim.streams.live
    sim.clock.advance(10)
    assert b"NetStream.Unpublish.Success" in encoder.rest()
    assert not sim.streams.live


def test_reset(sim: Emulator, created: Any, encode: Encode, caplog: pytest.LogCaptureFixture) -> None:
    """A reset cuts encoders off, and a new channel takes new ones."""
    encoder = encode(key_of(created)).send(3)
    sim.reset()
    assert b"NetStream.Unpublish.Success" in encoder.rest()
    made = call(sim, "CreateChannel")
    encode(key_of(made)).send(3)
    assert whole(sim) == 1
    assert "Exception in callback" not in caplog.text


@pytest.mark.usefixtures("impatient")
def test_stopped_between_two_looks(
    sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream that another thread has just stopped is told nothing any more, and that is no bug."""
    monkeypatch.setattr(LiveStream, "on_change", lambda *_: lambda: None)  # as if the news were on its way still
    one, other = encode(key_of(created)).send(3), call(sim, "CreateChannel")
    starving = encode(key_of(other)).send(3)
    starve(sim, monkeypatch)
    for made in (created, other):
        call(sim, "StopStream", channelArn=made["channel"]["arn"])
    one.send(3, bitrate=800_000)
    starving.send(3, bitrate=800_000)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.usefixtures("impatient")
def test_stopped_and_back(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """After StopStream the playlist ends, and an encoder that comes back begins a new session with new segments."""
    encoder = encode(key_of(created)).send(5)
    viewer = watch(created)
    call(sim, "StopStream", channelArn=created["channel"]["arn"])
    encoder.rest()
    until(lambda: len(viewer.playlist().segments) == 3)
    assert viewer.playlist().is_endlist
    assert [each.duration for each in viewer.playlist().segments] == [2, 2, 1]
    encode(key_of(created)).send(3)
    assert whole(sim) == 1
    assert len(call(sim, "ListStreamSessions", channelArn=created["channel"]["arn"])["streamSessions"]) == 2
    assert requests.head(viewer.url_of(viewer.playlist().segments[0].uri), timeout=DEADLINE).status_code == 200
    sim.clock.advance(60)
    assert viewer.get(viewer.playlist_url).status_code == 404


@pytest.mark.usefixtures("impatient")
def test_forgotten(sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A while after the end the media are forgotten."""
    monkeypatch.setattr(push_module, "AFTER_THE_END", timedelta())
    encoder = encode(key_of(created)).send(3)
    (live,) = sim.streams.live
    encoder.socket.close()
    until(lambda: live.pushed is None)
    assert not live.is_live
