"""The objects of a recording: media, thumbnails and metadata files, made when somebody reads them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.media import simulation
from ivsim.media.picture import Scene

from ...calling import call
from ...decoding import decoded, ffmpeg, grey, reading
from ...media.containers import inserted
from .recorded import (
    MORNING,
    channel,
    configure,
    needs_fragments,
    paths,
    playlist,
    read,
    read_json,
    record,
)

pytestmark = pytest.mark.usefixtures("frozen")


def test_tree(sim: Emulator) -> None:
    """A recording has metadata files, playlists, segments and thumbnails, the file that says it ended last."""
    storage = {"storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 10}
    arn = channel(sim, configure(sim, thumbnailConfiguration=storage), type="BASIC")
    recording = record(sim, arn, 25)
    assert paths(recording) == [
        "events/recording-started.json",
        "media/hls/master.m3u8",
        "media/hls/byte-range-multivariant.m3u8",
        "media/hls/1080p30/0.ts",
        "media/hls/1080p30/1.ts",
        "media/hls/1080p30/2.ts",
        "media/hls/1080p30/playlist.m3u8",
        "media/hls/1080p30/byte-range-variant.m3u8",
        "media/thumbnails/thumb0.jpg",
        "media/thumbnails/thumb1.jpg",
        "media/thumbnails/thumb2.jpg",
        "media/latest_thumbnail/thumb.jpg",
        "events/recording-ended.json",
    ]


def test_the_end_is_written_once(sim: Emulator) -> None:
    """The objects of a recording that has ended stay as they were written, however late they are read."""
    recording = record(sim, channel(sim, configure(sim), type="BASIC"), 25)
    written = dict(recording.objects)
    sim.clock.advance(3600)
    assert dict(recording.objects) == written


def test_metadata_files(sim: Emulator) -> None:
    """The metadata files have the members of AWS's, in their order."""
    storage = {"storage": ["SEQUENTIAL", "LATEST"], "resolution": "SD"}
    arn = channel(sim, configure(sim, thumbnailConfiguration=storage), type="ADVANCED_SD")
    recording = record(sim, arn, 70)

    def rendition(path: str, **size: int) -> dict[str, Any]:
        names = {"playlist": "playlist.m3u8", "byte_range_playlist": "byte-range-variant.m3u8"}
        return {"path": path, **names, **size}

    hls = {
        "path": "media/hls",
        "playlist": "master.m3u8",
        "byte_range_playlist": "byte-range-multivariant.m3u8",
        "renditions": [
            rendition("480p30", resolution_height=480, resolution_width=852),
            rendition("360p30", resolution_height=360, resolution_width=640),
            rendition("160p30", resolution_height=160, resolution_width=284),
            rendition("audio_only"),
        ],
    }
    size = {"resolution_height": 480, "resolution_width": 852}
    thumbnails = {
        "thumbnails": {"path": "media/thumbnails", **size},
        "latest_thumbnail": {"path": "media/latest_thumbnail/thumb.jpg", **size},
    }
    assert read(recording, "events/recording-started.json").decode() == json.dumps(
        {
            "version": "v1",
            "channel_arn": arn,
            "recording_started_at": "2026-03-04T05:06:07Z",
            "recording_status": "RECORDING_STARTED",
            "media": {"hls": hls, **thumbnails},
        }
    )
    assert read(recording, "events/recording-ended.json").decode() == json.dumps(
        {
            "version": "v1",
            "channel_arn": arn,
            "recording_ended_at": "2026-03-04T05:07:17Z",
            "recording_started_at": "2026-03-04T05:06:07Z",
            "recording_status": "RECORDING_ENDED",
            "media": {"hls": {"duration_ms": 70_000, **hls}, **thumbnails},
        }
    )


@pytest.mark.parametrize(
    ("thumbnails", "expected"),
    [
        ({}, ["media/thumbnails/thumb0.jpg", "media/thumbnails/thumb1.jpg"]),
        ({"targetIntervalSeconds": 30}, [f"media/thumbnails/thumb{number}.jpg" for number in range(3)]),
        ({"recordingMode": "DISABLED"}, []),
        ({"recordingMode": "DISABLED", "storage": ["LATEST"]}, []),
        ({"storage": ["LATEST"]}, ["media/latest_thumbnail/thumb.jpg"]),
        ({"storage": []}, []),
    ],
)
def test_thumbnails(sim: Emulator, thumbnails: dict[str, Any], expected: list[str]) -> None:
    """There are the thumbnails that the configuration asks for, and the metadata files say which."""
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration=thumbnails)), 61)
    found = [path for path in paths(recording) if path.endswith(".jpg")]
    assert found == expected
    folders = [path.split("/")[1] for path in dict.fromkeys(path.rpartition("/")[0] for path in found)]
    media = read_json(recording, "ended")["media"]
    assert list(media) == ["hls", *folders]
    for path in found:
        body = read(recording, path)
        assert (body[:3], body[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


@pytest.mark.parametrize(
    ("resolution", "kind", "expected"),
    [
        (None, "STANDARD", (1920, 1080)),
        ("FULL_HD", "STANDARD", (1920, 1080)),
        ("HD", "STANDARD", (1280, 720)),
        ("SD", "STANDARD", (852, 480)),
        ("LOWEST_RESOLUTION", "STANDARD", (640, 360)),
        ("SD", "BASIC", (1920, 1080)),
        ("HD", "ADVANCED_SD", (1920, 1080)),
    ],
)
def test_size_of_thumbnails(sim: Emulator, resolution: str | None, kind: str, expected: tuple[int, int]) -> None:
    """Thumbnails have the size that was asked for if there is such a rendition, else that of the source."""
    thumbnails = {"resolution": resolution} if resolution else {}
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration=thumbnails), type=kind), 10)
    about = read_json(recording, "started")["media"]["thumbnails"]
    assert (about["resolution_width"], about["resolution_height"]) == expected


def test_interval_that_is_none() -> None:
    """Where nothing is checked, an interval of 0 is taken for the shortest there is."""
    sim = Emulator(seed=1, strict=False)
    sim.clock.freeze(MORNING)
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration={"targetIntervalSeconds": 0})), 10)
    assert sum("thumb" in path for path in paths(recording)) == 10


_LOW = ["480p30", "360p30", "160p30"]


_ALL = ["1080p30", "720p30", *_LOW]


@pytest.mark.parametrize(
    ("kind", "selection", "expected"),
    [
        ("STANDARD", {}, _ALL),
        ("STANDARD", {"renditionSelection": "ALL"}, _ALL),
        ("STANDARD", {"renditionSelection": "NONE"}, []),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]}, ["720p30", "480p30"]),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["LOWEST_RESOLUTION"]}, ["360p30", "160p30"]),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["FULL_HD"]}, ["1080p30"]),
        ("ADVANCED_SD", {}, [*_LOW, "audio_only"]),
        ("ADVANCED_SD", {"renditionSelection": "CUSTOM", "renditions": ["HD"]}, ["480p30"]),
        ("ADVANCED_HD", {}, ["720p30", *_LOW, "audio_only"]),
        ("BASIC", {}, ["1080p30"]),
        ("BASIC", {"renditionSelection": "CUSTOM", "renditions": ["SD"]}, ["1080p30"]),
    ],
)
def test_renditions(sim: Emulator, kind: str, selection: dict[str, Any], expected: list[str]) -> None:
    """The renditions are those of the channel's type that the configuration selects, else the best there is."""
    recording = record(sim, channel(sim, configure(sim, renditionConfiguration=selection), type=kind), 10)
    found = dict.fromkeys(path.split("/")[2] for path in paths(recording) if path.count("/") > 2)
    about = read_json(recording, "ended")["media"]["hls"]["renditions"]
    assert list(found) == [rendition["path"] for rendition in about] == expected
    if expected:
        for name in ("master.m3u8", "byte-range-multivariant.m3u8"):
            variants = playlist(recording, name).playlists
            assert [variant.uri.split("/")[0] for variant in variants] == expected
            assert all(f"media/hls/{variant.uri}" in paths(recording) for variant in variants)
    else:
        assert not any(path.startswith("media/hls") for path in paths(recording))
        assert "media/thumbnails/thumb0.jpg" in paths(recording)


@pytest.mark.parametrize(
    ("container", "suffix"), [("TS", "ts"), pytest.param("FRAGMENTED_MP4", "mp4", marks=needs_fragments)]
)
def test_timed_metadata(sim: Emulator, container: str, suffix: str) -> None:
    """What PutMetadata inserted is in the segment of its time, in each of merged streams."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60), containerFormat=container)
    for text in ("first", "second"):
        with sim.streams.start(arn):
            sim.clock.advance(12)
            call(sim, "PutMetadata", channelArn=arn, metadata=text)
            sim.clock.advance(10)
    (recording,) = sim.recordings
    bodies = [read(recording, f"media/hls/160p30/{number}.{suffix}") for number in range(6)]
    texts = [
        inserted(body) if suffix == "ts" else [text for text in ("first", "second") if text.encode() in body]
        for body in bodies
    ]
    assert texts == [[], ["first"], [], [], ["second"], []]


def test_objects_are_a_mapping(sim: Emulator) -> None:
    """Objects are counted, found and missed as in any mapping."""
    recording = record(sim, channel(sim, configure(sim)), 25)
    objects = recording.objects
    assert len(objects) == len(list(objects)) == len(dict(objects))
    assert all(key in objects for key in objects)
    assert repr(objects) == f"<{len(objects)} objects under {recording.key_prefix}>"
    for missing in (
        "",
        "events/recording-ended.json",
        f"{recording.key_prefix}",
        f"{recording.key_prefix}/events/recording-failed.json",
        f"{recording.key_prefix}/media/hls/720p30/3.ts",
        f"{recording.key_prefix}/media/hls/720p30/00.ts",
        f"{recording.key_prefix}/media/hls/720p30/x.ts",
        f"{recording.key_prefix}/media/thumbnails/thumb1.jpg",
    ):
        assert missing not in objects
        with pytest.raises(KeyError):
            objects[missing]
    assert None not in objects


def test_nothing_is_made_that_nobody_reads(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day's recording only the segments are made that are read."""
    made = []

    def segment(_form: None, scene: Scene, part: simulation.Part) -> bytes:
        made.append(scene.began + timedelta(seconds=part.elapsed + part.gap))
        return b"media"

    monkeypatch.setattr(simulation, "transport_stream", segment)
    recording = record(sim, channel(sim, configure(sim)), 86_400)
    assert len(recording.objects) == 5 * (8640 + 2) + 2 + 1440 + 2
    assert f"{recording.key_prefix}/media/hls/720p30/8639.ts" in recording.objects
    assert len(playlist(recording, "720p30/playlist.m3u8").segments) == 8640
    assert made == []
    assert read(recording, "media/hls/720p30/8639.ts") == b"media" * 5
    assert made[0] == MORNING + timedelta(seconds=86_390)


def test_same_seed_same_bytes() -> None:
    """With the same seed and a frozen clock two recordings are the same, byte for byte."""
    both = []
    for _ in range(2):
        sim = Emulator(seed="evening")
        sim.clock.freeze(MORNING)
        arn = channel(sim, configure(sim, thumbnailConfiguration={"storage": ["SEQUENTIAL", "LATEST"]}))
        live = sim.streams.start(arn)
        sim.clock.advance(33.3)
        call(sim, "PutMetadata", channelArn=arn, metadata="hello")
        sim.clock.advance(33.3)
        live.end()
        both.append((dict(sim.recordings[0].objects), list(sim.events)))
    assert both[0] == both[1]


@pytest.mark.parametrize("container", ["TS", pytest.param("FRAGMENTED_MP4", marks=needs_fragments)])
@pytest.mark.parametrize("playlist_name", ["master.m3u8", "byte-range-multivariant.m3u8"])
def test_it_plays(sim: Emulator, tmp_path: Path, container: str, playlist_name: str) -> None:
    """A decoder that is not ours plays a recording from its playlists, as long as it was, and reads what it shows."""
    options = {} if container == "TS" else {"containerFormat": container}
    arn = channel(sim, configure(sim), type="BASIC", **options)
    recording = record(sim, arn, 25, video={"videoWidth": 640, "videoHeight": 360, "targetBitrate": 800_000})
    for path in paths(recording):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(read(recording, path))
    source = str(tmp_path / "media/hls" / playlist_name)
    its = decoded(source)
    assert its.size == "640x360"
    assert len(its.pictures) == 25 * 30
    assert float(its.end - its.pictures[0]) == pytest.approx(25, abs=0.1)
    shown = grey(source, b"", 640, 360)[::60]
    assert [reading(each, 640, 360) for each in shown] == [
        (360, 30, "live", second * 1000) for second in range(0, 25, 2)
    ]


def test_what_thumbnails_show(sim: Emulator) -> None:
    """Thumbnails are pictures of the told size, of the moments that the configuration asks for."""
    storage = {"storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 20}
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration=storage), type="BASIC"), 65)
    size = read_json(recording, "ended")["media"]["thumbnails"]
    width, height = size["resolution_width"], size["resolution_height"]
    seen = []
    for name in ("thumbnails/thumb0", "thumbnails/thumb1", "thumbnails/thumb3", "latest_thumbnail/thumb"):
        made = ["-f", "rawvideo", "-pix_fmt", "yuvj420p", "-"]
        shown = ffmpeg("-f", "mjpeg", "-i", "-", *made, data=read(recording, f"media/{name}.jpg"))
        assert len(shown) == width * height * 3 // 2
        said = reading(shown, width, height)
        assert said is not None
        seen.append(said.milliseconds)
    assert seen == [0, 20_000, 60_000, 60_000]
