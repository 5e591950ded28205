"""A simulated broadcast is what its playlists say, to a decoder that is not ours."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import m3u8
import pytest

from ivsim import Emulator

from ...calling import call
from ...decoding import Decoded, decoded, grey, reading
from ..conftest import NOON, variant_urls

needs_fragments = pytest.mark.needs("CreateChannel.containerFormat")
needs_slates = pytest.mark.needs("CreateFailoverSlateConfiguration")


@pytest.fixture
def sim() -> Emulator:
    sim = Emulator(seed=1)
    sim.clock.freeze(NOON)
    return sim


def media(sim: Emulator, variant: str, segments: int) -> bytes:
    """Return the first segments of a rendition, one after the other, with what is read before them."""
    playlist = m3u8.loads(sim.playback.request(variant).body)
    urls = [each.uri for each in playlist.segment_map] + [each.uri for each in playlist.segments[:segments]]
    return b"".join(bytes(sim.playback.request(url).body) for url in urls)  # type: ignore[arg-type]


SMALL = {"videoWidth": 1280, "videoHeight": 720}
MULTITRACK = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}
TRACKS = [
    {"videoWidth": 1920, "videoHeight": 1080, "targetBitrate": 6_000_000},
    {"videoWidth": 640, "videoHeight": 360, "targetBitrate": 800_000, "targetFramerate": 60},
]


def in_fragments(kind: str, video: Any, **options: Any) -> Any:
    """Return a case of a channel that has fragmented MP4."""
    name = f"{kind} in MP4, {', '.join(options)}"
    members = {"type": kind, "containerFormat": "FRAGMENTED_MP4", **options}
    return pytest.param(members, video, id=name, marks=needs_fragments)


TYPES = [
    pytest.param({"type": "BASIC"}, {"targetFramerate": 60}, id="BASIC"),
    pytest.param({"type": "STANDARD"}, {}, id="STANDARD"),
    pytest.param({"type": "ADVANCED_HD", "preset": "HIGHER_BANDWIDTH_DELIVERY"}, SMALL, id="ADVANCED_HD"),
    in_fragments("STANDARD", {"videoWidth": 720, "videoHeight": 1280}),
    in_fragments("ADVANCED_SD", SMALL, preset="CONSTRAINED_BANDWIDTH_DELIVERY"),
    in_fragments("ADVANCED_HD", SMALL, preset="CONSTRAINED_BANDWIDTH_DELIVERY"),
    in_fragments("STANDARD", TRACKS, multitrackInputConfiguration=MULTITRACK),
]


@pytest.mark.parametrize(("options", "video"), TYPES)
def test_what_the_playlist_says(sim: Emulator, options: dict[str, Any], video: Any) -> None:
    """Each rendition has the size and frame rate that its playlist says, and sound; all begin at the same times."""
    arn = call(sim, "CreateChannel", **options).body["channel"]["arn"]
    sim.streams.start(arn, video=video)
    sim.clock.advance(8)
    begins = set()
    for variant in m3u8.loads(sim.playback.request(arn).body).playlists:
        its: Decoded = decoded(data=media(sim, variant.uri, 2))
        assert its.sound == "48000 stereo"
        assert len(its.frames) == pytest.approx(4 * 48_000 / 1024, abs=1)
        about = variant.stream_info
        if about.resolution is None:
            assert not its.pictures
            continue
        assert its.size == "x".join(map(str, about.resolution))
        assert len(its.pictures) == 4 * about.frame_rate
        steps = [after - before for before, after in pairwise(its.pictures)]
        assert all(abs(step - Fraction(1, int(about.frame_rate))) <= Fraction(1, 90_000) for step in steps)
        begins.add((its.pictures[0], its.frames[0]))
    assert len(begins) == 1


def test_it_runs_on(sim: Emulator) -> None:
    """A program reads in each frame which rendition it is and when it was shown, over the borders of segments."""
    arn = call(sim, "CreateChannel", type="STANDARD").body["channel"]["arn"]
    sim.streams.start(arn, video={"videoWidth": 852, "videoHeight": 480})
    sim.clock.advance(6)
    for variant in m3u8.loads(sim.playback.request(arn).body).playlists:
        width, height = variant.stream_info.resolution
        read = [reading(each, width, height) for each in grey("-", media(sim, variant.uri, 2), width, height)]
        assert read == [(height, 30, "live", round(number * 1000 / 30)) for number in range(120)]


@needs_slates
def test_slate(sim: Emulator) -> None:
    """While ingest is interrupted, a program reads that it is the failover slate that is shown."""
    slate = call(sim, "CreateFailoverSlateConfiguration").body["failoverSlateConfiguration"]["arn"]
    arn = call(sim, "CreateChannel", type="BASIC", failoverSlateConfigurationArn=slate).body["channel"]["arn"]
    stream = sim.streams.start(arn, video={"videoWidth": 320, "videoHeight": 180, "targetBitrate": 800_000})
    sim.clock.advance(4)
    stream.starve()
    sim.clock.advance(12)
    (variant,) = variant_urls(sim.playback.request(arn))
    segments = m3u8.loads(sim.playback.request(variant).body).segments
    shown = []
    for segment in segments:
        first = grey("-", bytes(sim.playback.request(segment.uri).body), 320, 180)[0]  # type: ignore[arg-type]
        said = reading(first, 320, 180)
        assert said is not None
        shown.append(said.source)
    assert shown[0] == "live"
    assert shown[-1] == "slate"


def test_same_bytes() -> None:
    """The same seed and clock give the same bytes."""

    def made() -> list[bytes]:
        sim = Emulator(seed=1)
        sim.clock.freeze(NOON)
        arn = call(sim, "CreateChannel", name="show").body["channel"]["arn"]
        sim.streams.start(arn)
        call(sim, "PutMetadata", channelArn=arn, metadata="hello")
        sim.clock.advance(4)
        return [media(sim, url, 2) for url in variant_urls(sim.playback.request(arn))]

    assert made() == made()


@pytest.mark.parametrize(
    "video",
    [
        {"videoWidth": 7680, "videoHeight": 4320, "targetBitrate": 1_000_000},
        {"videoWidth": 1, "videoHeight": 1},
        {"videoWidth": 853, "videoHeight": 481, "targetFramerate": 1},
        {"codec": "hvc1.1.6.L93.B0", "videoWidth": 640, "videoHeight": 360},
        {"codec": "avc1.42C01E", "videoWidth": 640, "videoHeight": 360},
        {"codec": "avc1.640028", "videoWidth": 640, "videoHeight": 360},
    ],
    ids=["largest", "smallest", "odd", "another codec", "Baseline", "High"],
)
def test_whatever_is_sent(sim: Emulator, video: dict[str, Any]) -> None:
    """Whatever an encoder says that it sends, what is drawn decodes."""
    arn = call(sim, "CreateChannel", type="BASIC").body["channel"]["arn"]
    stream = sim.streams.start(arn, video=video)
    sim.clock.advance(4)
    if stream.is_live:
        (variant,) = variant_urls(sim.playback.request(arn))
        assert decoded(data=media(sim, variant, 1)).pictures
