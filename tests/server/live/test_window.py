"""What viewers of a push get: segments that are whole, those that grow, and for how long they are kept."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator, playback_token
from ivsim.ivs.playback.urls import opaque
from ivsim.server.live import push as push_module
from ivsim.server.live import window as window_module
from ivsim.server.run import Server

from ...decoding import decoded, grey, reading
from ..control_client import Control, call
from ..raw import RawClient, request
from ..waiting import DEADLINE, until
from . import publisher
from .conftest import CONTAINERS, Encode, Watch, containing, whole


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starves."""
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 1000.0)


def key_of(made: Any) -> str:
    """Return the stream key's value of what CreateChannel answered."""
    return str(made["streamKey"]["value"])


@pytest.mark.parametrize("container", CONTAINERS)
def test_real_segments(sim: Emulator, encode: Encode, watch: Watch, container: str) -> None:
    """Segments are what was pushed, cut at key frames, as long as they say; they decode one after the other."""
    made = call(sim, "CreateChannel", **containing(container))
    encode(key_of(made)).send(3, every=3).send(4, every=1.5)
    viewer = watch(made)
    playlist = viewer.playlist()
    assert [each.duration for each in playlist.segments] == [3, 1.5, 1.5]
    assert playlist.target_duration == 3
    assert not any(each.discontinuity for each in playlist.segments)
    assert not playlist.is_endlist
    bodies = [viewer.body(viewer.url_of(each.uri)) for each in playlist.segments]
    if container != "TS":
        (url,) = {viewer.url_of(each.init_section.uri) for each in playlist.segments}
        bodies.insert(0, viewer.body(url))
    its = decoded(data=b"".join(bodies))
    assert (its.size, len(its.pictures), its.sound) == ("320x180", 60, "48000 stereo")
    assert {round(after - before, 3) for before, after in pairwise(map(float, its.pictures))} == {0.1}
    read = reading(grey("-", b"".join(bodies), 320, 180)[0], 320, 180)
    assert read
    assert read.source == "live"
    assert "AES" not in viewer.master
    assert viewer.rendition.stream_info.resolution == (320, 180)
    assert viewer.rendition.stream_info.codecs == "avc1.42C014,mp4a.40.2"


def test_without_sound(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """Of pictures alone the playlist names no codec of sound, and the session still tells what is sent."""
    encode(key_of(created), has_sound=False).send(3)
    viewer = watch(created)
    assert viewer.rendition.stream_info.codecs == "avc1.42C014"
    its = decoded(data=viewer.body(viewer.urls()[0]))
    assert (len(its.pictures), its.sound) == (20, "")
    arn = created["channel"]["arn"]
    shown = call(sim, "GetStreamSession", channelArn=arn)["streamSession"]["ingestConfiguration"]
    assert shown["video"]["codec"] == "avc1.42C014"


def test_the_first_segment_is_waited_for(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """The first playlist of a push is answered when a segment is whole."""
    encoder = encode(key_of(created)).send(1)
    viewer = watch(created)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(viewer.urls)
        until(lambda: watched(sim, created) == 1)
        assert not waiting.done()
        encoder.send(2)
        assert len(waiting.result(timeout=DEADLINE)) == 1


@pytest.mark.parametrize("end", ["reset", "stop"])
def test_nothing_to_wait_for(sim: Emulator, created: Any, encode: Encode, watch: Watch, end: str) -> None:
    """Who waits for the first segment is answered when the stream ends, or is reset away."""
    encode(key_of(created)).send(1)
    viewer = watch(created)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(viewer.get, viewer.playlist_url)
        until(lambda: watched(sim, created) == 1)
        if end == "reset":
            sim.reset()
        else:
            call(sim, "StopStream", channelArn=created["channel"]["arn"])
        answer = waiting.result(timeout=DEADLINE)
    assert answer.status_code == 200
    assert ("#EXT-X-ENDLIST" in answer.text) is (end == "stop")


def watched(sim: Emulator, made: Any) -> int:
    """Return the viewer count of the channel's stream."""
    return int(call(sim, "GetStream", channelArn=made["channel"]["arn"])["stream"]["viewerCount"])


@pytest.mark.parametrize("container", CONTAINERS)
def test_prefetched(sim: Emulator, encode: Encode, watch: Watch, container: str) -> None:
    """The two segments to come are named, and answered in parts as they grow: all of them, and nothing else."""
    made = call(sim, "CreateChannel", **containing(container))
    encoder = encode(key_of(made)).send(3)
    viewer = watch(made)
    assert 'DATA-ID="FUTURE",VALUE="true"' in viewer.master
    growing, following = viewer.prefetched()
    with viewer.growing(growing) as parts:
        first = next(parts)
        assert first
        assert (first[0] == 0x47) is (container == "TS")
        with ThreadPoolExecutor(1) as thread:
            rest = thread.submit(lambda: b"".join(parts))
            later = thread.submit(viewer.urls)
            encoder.send(2)
            assert first + rest.result(timeout=DEADLINE) == viewer.body(growing)
            assert later.result(timeout=DEADLINE)[-1] in (growing, viewer.urls()[-2])
    assert viewer.urls()[-1] == growing
    assert viewer.prefetched()[0] == following
    assert viewer.get(viewer.prefetched()[1].replace("/segment/", "/segment/x")).status_code == 404


def test_the_next_but_one(created: Any, encode: Encode, watch: Watch) -> None:
    """A segment that has not begun yet may be asked for; it comes when it does."""
    encoder = encode(key_of(created)).send(3)
    viewer = watch(created)
    _, following = viewer.prefetched()
    with viewer.growing(following) as parts, ThreadPoolExecutor(1) as thread:
        whole_one = thread.submit(lambda: b"".join(parts))
        encoder.send(2)
        assert not whole_one.done()
        encoder.send(2)
        encoder.send(2)
        assert whole_one.result(timeout=DEADLINE) == viewer.body(following)


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_more_comes(sim: Emulator, created: Any, encode: Encode, watch: Watch, place: int) -> None:
    """Who waits for a segment when the stream ends gets what there is of it."""
    encode(key_of(created)).send(3)
    viewer = watch(created)
    url = viewer.prefetched()[place]
    with viewer.growing(url) as parts, ThreadPoolExecutor(1) as thread:
        whole_one = thread.submit(lambda: b"".join(parts))
        call(sim, "StopStream", channelArn=created["channel"]["arn"])
        got = whole_one.result(timeout=DEADLINE)
    assert got == (b"" if place else viewer.body(url))
    assert viewer.get(viewer.url_of(viewer.playlist_url)).status_code == 200


def test_a_taker_who_sends_nonsense(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """Who waits for a segment gets what there is of it when whoever takes the stream over spoils it."""
    encode(key_of(created)).send(3)
    viewer = watch(created)
    with viewer.growing(viewer.prefetched()[0]) as parts, ThreadPoolExecutor(1) as thread:
        rest = thread.submit(lambda: b"".join(parts))
        taker = encode(f"{key_of(created)}?priority=5")
        taker.socket.sendall(publisher.message(publisher.VIDEO, b"\x17\1\0\0\0\0\0\0\xff"))
        assert b"a picture is not as long as it says" in taker.rest()
        assert rest.result(timeout=DEADLINE)[0] == 0x47
    assert not sim.streams.live


def test_normal_latency(sim: Emulator, encode: Encode, watch: Watch) -> None:
    """Where latency is to be normal nothing is named that is to come, nor to be had."""
    low, normal = (call(sim, "CreateChannel", latencyMode=mode) for mode in ("LOW", "NORMAL"))
    for made in (low, normal):
        encode(key_of(made)).send(3)
    viewer = watch(normal)
    assert "FUTURE" not in viewer.master
    assert viewer.prefetched() == []
    assert len(viewer.urls()) == 1
    sim.streams.find(sim.streams.live[-1].stream_id)
    assert len(watch(low).prefetched()) == 2


@pytest.mark.parametrize(("mode", "ahead"), [("LOW", 2), ("NORMAL", 0)])
def test_too_far_ahead(sim: Emulator, encode: Encode, watch: Watch, mode: str, ahead: int) -> None:
    """A segment further ahead than is named is not found; with normal latency that is the very next."""
    made = call(sim, "CreateChannel", latencyMode=mode)
    encode(key_of(made)).send(5)
    viewer, (live,) = watch(made), sim.streams.live

    def status(*numbers: int) -> int:
        part = opaque(live.stream_id, 0, *numbers)
        url = viewer.urls()[0].replace(urlsplit(viewer.urls()[0]).path.split("/")[-1], f"{part}.ts")
        return viewer.http.head(url, timeout=DEADLINE).status_code

    assert [status(number) for number in range(2 + ahead)] == [200] * (2 + ahead)
    assert status(2 + ahead) == 404
    assert [status(), status(0, 0), status(1, 2, 3)] == [404] * 3  # what is of MP4, or of nothing


@pytest.mark.parametrize("container", CONTAINERS)
def test_metadata(sim: Emulator, encode: Encode, watch: Watch, container: str) -> None:
    """What PutMetadata inserts is in the segment that grows, before the next picture, in both containers."""
    made = call(sim, "CreateChannel", **containing(container))
    encoder = encode(key_of(made)).send(3)
    call(sim, "PutMetadata", channelArn=made["channel"]["arn"], metadata="goal!")
    until(lambda: encoder.send(1, every=1).milliseconds > 5000)  # it may take a moment until the push hears of it
    encoder.send(2)
    viewer = watch(made)
    assert [b"goal!" in viewer.body(url) for url in viewer.urls()].count(True) == 1


def test_the_end(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """After the end the playlist says so, and all of it can be had for a minute, and then nothing."""
    encoder = encode(key_of(created)).send(5)
    viewer = watch(created)
    encoder.socket.close()
    until(lambda: not sim.streams.live)
    playlist = viewer.playlist()
    assert playlist.is_endlist
    assert [each.duration for each in playlist.segments] == [2, 2, 1]
    assert viewer.prefetched() == []
    urls = viewer.urls()
    assert {viewer.get(url).status_code for url in urls} == {200}
    sim.clock.advance(60)
    assert {viewer.get(url).status_code for url in [*urls, viewer.playlist_url]} == {404}


def test_closed_server(sim: Emulator, created: Any, encode: Encode, watch: Watch, server: Server) -> None:
    """A server that is closed forgets the media of its pushes: in process they cannot be had any more."""
    encode(key_of(created)).send(3)
    viewer = watch(created)
    path = urlsplit(viewer.playlist_url).path
    assert sim.playback.request(f"https://a.live-video.net{path}").status == 200
    server.close()
    assert sim.playback.request(f"https://a.live-video.net{path}").status == 404


# How much is kept


def test_newest_fifteen(sim: Emulator, created: Any, encode: Encode, watch: Watch) -> None:
    """The newest 15 segments are listed; as many again can still be had, and older ones not."""
    encoder = encode(key_of(created))
    encoder.send(3, every=1)
    viewer = watch(created)
    (first, second) = viewer.urls()
    encoder.send(14, every=1)
    assert first not in viewer.urls()
    assert len(viewer.urls()) == 15
    assert viewer.get(first).status_code == 200
    encoder.send(15, every=1)
    assert [viewer.get(url).status_code for url in (first, second)] == [404, 200]
    assert "#EXT-X-MEDIA-SEQUENCE:16" in viewer.text()


def test_bounded_in_bytes(
    sim: Emulator, created: Any, encode: Encode, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of large segments fewer are listed, so that what is kept has a bound; but never less than three."""
    monkeypatch.setattr(window_module, "MOST_KEPT", 900_000)
    encoder = encode(key_of(created)).send(11, every=1, bitrate=800_000)
    viewer = watch(created)
    assert [len(viewer.body(url)) // 100_000 for url in viewer.urls()] == [1] * 5
    encoder.send(9, every=1, bitrate=4_000_000)
    assert [len(viewer.body(url)) // 100_000 for url in viewer.urls()] == [5] * 3
    (live,) = sim.streams.live
    assert live.pushed
    kept = [number for number in range(whole(sim)) if live.pushed.segment(number)]
    assert len(kept) == 3


def test_large_segments_are_sent_in_pieces(created: Any, encode: Encode, watch: Watch, server: Server) -> None:
    """A large segment is sent whole, also to who is slow to read, and others need not wait for that."""
    encode(key_of(created)).send(3, bitrate=8_000_000)
    viewer = watch(created)
    (url,) = viewer.urls()
    size = len(viewer.body(url))
    assert size > 1_900_000
    with RawClient(server.port) as idle:
        idle.send(request(urlsplit(url).path + "?" + urlsplit(url).query, b"", method="GET"))
        assert len(viewer.body(url)) == size
        reply = idle.read()
    assert (reply.status, len(reply.body)) == (200, size)


# Who watches


def test_viewer_count(sim: Emulator, created: Any, encode: Encode, watch: Watch, server: Server) -> None:
    """Viewers are counted for 30 seconds after their last request, beside those that a test lets watch."""
    sim.clock.freeze()
    encode(key_of(created)).send(3)
    (live,) = sim.streams.live
    live.set_viewers(5)
    one, two = watch(created), watch(created)
    assert watched(sim, created) == 5
    for viewer in (one, one, two):
        viewer.playlist()
    assert watched(sim, created) == 7
    assert call(sim, "ListStreams")["streams"][0]["viewerCount"] == 7
    assert Control(server)("GET", f"/streams/{live.stream_id}").body["viewerCount"] == 7
    assert live.viewer_count == 7
    sim.clock.advance(20)
    two.playlist()
    sim.clock.advance(10.5)
    assert watched(sim, created) == 6
    sim.clock.advance(30)
    assert watched(sim, created) == 5


def test_revoked(sim: Emulator, encode: Encode, server: Server, watch: Watch) -> None:
    """On a private channel a viewer needs a token, and one who is revoked gets no more segments, growing or not."""
    key = ec.generate_private_key(ec.SECP384R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    call(sim, "ImportPlaybackKeyPair", publicKeyMaterial=pem)
    made = call(sim, "CreateChannel", authorized=True)
    arn = made["channel"]["arn"]
    encoder = encode(key_of(made)).send(3)
    with pytest.raises(requests.HTTPError, match="403"):
        watch(made)
    viewer = watch(made, token=playback_token(key, arn, viewer_id="ann", now=sim.clock.now()))
    growing, following = viewer.prefetched()
    with viewer.growing(growing) as parts:
        assert next(parts)
        call(sim, "StartViewerSessionRevocation", channelArn=arn, viewerId="ann")
        with ThreadPoolExecutor(1) as thread:
            rest = thread.submit(lambda: b"".join(parts))
            encoder.send(2)
            rest.result(timeout=DEADLINE)  # what was granted is sent
    assert {viewer.get(url).status_code for url in (growing, following, viewer.playlist_url)} == {403}


def test_head(created: Any, encode: Encode, watch: Watch, server: Server) -> None:
    """HEAD is answered at once and without a body, also for what grows."""
    encode(key_of(created)).send(3)
    viewer = watch(created)
    for url in (viewer.playlist_url, *viewer.urls(), *viewer.prefetched()):
        answer = viewer.http.head(url, timeout=DEADLINE)
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.needs("InsertAdBreak")
def test_ad_break(sim: Emulator, encode: Encode, watch: Watch) -> None:
    """An ad break takes the place of the segments that begin in it, simulated, between seams."""
    playback = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"
    configurations = [{"playbackConfigurationArn": playback}]
    ads = call(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=configurations)["adConfiguration"]
    made = call(sim, "CreateChannel", adConfigurationArn=ads["arn"])
    encoder = encode(key_of(made)).send(2)
    sim.clock.advance(2)
    encoder.send(1, every=1)
    call(sim, "InsertAdBreak", channelArn=made["channel"]["arn"], durationSeconds=5)
    for _ in range(4):
        sim.clock.advance(2)
        encoder.send(2)
    viewer = watch(made)
    segments = viewer.playlist().segments
    sources = ["live" if each.title == "live" else "ad" for each in segments]
    assert re.fullmatch("(live )+(ad )+(live )*", " ".join([*sources, ""]))
    first = sources.index("ad")
    assert segments[first].discontinuity
    body = viewer.body(viewer.url_of(segments[first].uri))
    read = reading(grey("-", body, 320, 180)[0], 320, 180)
    assert read
    assert read.source == "ad"
