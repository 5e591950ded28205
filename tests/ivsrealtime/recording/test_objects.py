"""The objects of recordings of stages: metadata files, media and thumbnails, made when somebody reads them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.media import simulation

from ...decoding import decoded, ffmpeg, grey, reading
from .recorded import MORNING, needs_settings, paths, playlist, read, read_json, record, recorded_stage, seconds

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]

THUMBNAILS = {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 10}


def test_tree(sim: Emulator) -> None:
    """A recording has the documented tree, its files counted from 1, the file that says it ended last."""
    recording = record(sim, recorded_stage(sim, thumbnailConfiguration=THUMBNAILS), 15)
    assert paths(recording) == [
        "events/recording-started.json",
        "media/hls/multivariant.m3u8",
        "media/hls/high/init-0.mp4",
        "media/hls/high/1.mp4",
        "media/hls/high/2.mp4",
        "media/hls/high/3.mp4",
        "media/hls/high/playlist.m3u8",
        "media/thumbnails/high/1.jpg",
        "media/thumbnails/high/2.jpg",
        "media/latest_thumbnail/high/thumb.jpg",
        "events/recording-ended.json",
    ]


def test_metadata_files(sim: Emulator) -> None:
    """The metadata files have the members of AWS's, in their order."""
    stage = recorded_stage(sim, thumbnailConfiguration=THUMBNAILS)
    recording = record(sim, stage, 70)
    about = {
        "version": "v1",
        "stage_arn": stage,
        "session_id": recording.session_id,
        "participant_id": recording.participant_id,
        "recording_started_at": "2026-03-04T05:06:07Z",
    }
    hls = {
        "path": "media/hls",
        "playlist": "multivariant.m3u8",
        "renditions": [{"path": "high", "playlist": "playlist.m3u8"}],
    }
    thumbnails = {
        "thumbnails": {"path": "media/thumbnails", "renditions": [{"path": "high"}]},
        "latest_thumbnail": {"path": "media/latest_thumbnail", "renditions": [{"path": "high"}]},
    }
    assert read(recording, "events/recording-started.json").decode() == json.dumps(
        {**about, "recording_status": "RECORDING_STARTED", "media": {"hls": hls, **thumbnails}}
    )
    assert read(recording, "events/recording-ended.json").decode() == json.dumps(
        {
            **about,
            "recording_ended_at": "2026-03-04T05:07:17Z",
            "recording_status": "RECORDING_ENDED",
            "media": {"hls": {"duration_ms": 70_000, **hls}, **thumbnails},
        }
    )


def test_the_end_is_written_once(sim: Emulator) -> None:
    """The objects of a recording that has ended stay as they were written, however late they are read."""
    recording = record(sim, recorded_stage(sim), 15)
    written = dict(recording.objects)
    sim.clock.advance(3600)
    assert dict(recording.objects) == written


@pytest.mark.parametrize(
    ("thumbnails", "expected"),
    [
        ({}, []),
        ({"recordingMode": "DISABLED", "storage": ["LATEST"]}, []),
        ({"recordingMode": "INTERVAL"}, ["thumbnails/high/1.jpg", "thumbnails/high/2.jpg"]),
        (
            {"recordingMode": "INTERVAL", "targetIntervalSeconds": 30},
            [f"thumbnails/high/{number}.jpg" for number in (1, 2, 3)],
        ),
        ({"recordingMode": "INTERVAL", "storage": ["LATEST"]}, ["latest_thumbnail/high/thumb.jpg"]),
        ({"recordingMode": "INTERVAL", "storage": []}, []),
    ],
)
def test_thumbnails(sim: Emulator, thumbnails: dict[str, Any], expected: list[str]) -> None:
    """There are the thumbnails that the stage asks for, and the metadata files say which."""
    recording = record(sim, recorded_stage(sim, thumbnailConfiguration=thumbnails), 61)
    found = [path for path in paths(recording) if path.endswith(".jpg")]
    assert found == [f"media/{path}" for path in expected]
    media = read_json(recording, "ended")["media"]
    assert list(media) == ["hls", *dict.fromkeys(path.split("/")[0] for path in expected)]
    for path in found:
        body = read(recording, path)
        assert (body[:3], body[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


def test_thumbnails_alone(sim: Emulator) -> None:
    """A stage that wants no media has thumbnails, and metadata files without a rendition."""
    settings: dict[str, Any] = {"mediaTypes": ["NONE"], "thumbnailConfiguration": THUMBNAILS}
    recording = record(sim, recorded_stage(sim, **settings), 15)
    assert paths(recording) == [
        "events/recording-started.json",
        "media/thumbnails/high/1.jpg",
        "media/thumbnails/high/2.jpg",
        "media/latest_thumbnail/high/thumb.jpg",
        "events/recording-ended.json",
    ]
    media = read_json(recording, "ended")["media"]
    assert media["hls"] == {
        "duration_ms": 15_000,
        "path": "media/hls",
        "playlist": "multivariant.m3u8",
        "renditions": [],
    }


@pytest.mark.parametrize(("length", "media"), [(0, 0), (4.9, 0), (5, 5), (5.9, 5), (86_399, 86_399)])
def test_duration(sim: Emulator, length: float, media: int) -> None:
    """The duration has whole seconds; of less than five there are no media, only the metadata files."""
    recording = record(sim, recorded_stage(sim, thumbnailConfiguration=THUMBNAILS), length)
    assert recording.duration == seconds(media)
    assert read_json(recording, "ended")["media"]["hls"]["duration_ms"] == media * 1000
    if not media:
        assert paths(recording) == ["events/recording-started.json", "events/recording-ended.json"]


@pytest.mark.parametrize("target", [2, 3, 10])
def test_length_of_files(sim: Emulator, target: int) -> None:
    """A file is as long as the stage asks for, the last one has what is left."""
    settings: dict[str, Any] = {"hlsConfiguration": {"targetSegmentDurationSeconds": target}}
    recording = record(sim, recorded_stage(sim, **settings), 3 * target + 1)
    parsed = playlist(recording, "high/playlist.m3u8")
    assert parsed.target_duration == target
    assert [segment.duration for segment in parsed.segments] == [target] * 3 + [1]


@pytest.mark.parametrize(
    ("settings", "files", "thumbnails"),
    [
        ({"thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 0}}, 2, 10),
        ({"hlsConfiguration": {"targetSegmentDurationSeconds": 0}}, 10, 0),
    ],
)
def test_what_is_not_checked(settings: dict[str, Any], files: int, thumbnails: int) -> None:
    """Where nothing is checked, a length or an interval of 0 is taken for the shortest there is."""
    sim = Emulator(seed=1, strict=False)
    sim.clock.freeze()
    found = paths(record(sim, recorded_stage(sim, **settings), 10))
    assert sum(path.endswith(".mp4") and "init" not in path for path in found) == files
    assert sum(path.endswith(".jpg") for path in found) == thumbnails


def test_same_seed_same_bytes() -> None:
    """With the same seed and a frozen clock two recordings are the same, byte for byte."""
    both = []
    for _ in range(2):
        sim = Emulator(seed="evening")
        sim.clock.freeze(MORNING)
        recording = record(sim, recorded_stage(sim, thumbnailConfiguration=THUMBNAILS), 13.3)
        both.append((dict(recording.objects), list(sim.events)))
    assert both[0] == both[1]


def test_nothing_is_made_that_nobody_reads(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day's recording only the files are made that are read."""
    made = []

    def fragment(_form: object, scene: Any, part: simulation.Part) -> bytes:
        made.append(scene.began + timedelta(seconds=part.elapsed + part.gap))
        return b"media"

    monkeypatch.setattr(simulation, "fragment", fragment)
    recording = record(sim, recorded_stage(sim, thumbnailConfiguration=THUMBNAILS), 86_340)
    assert len(recording.objects) == 2 + 14_390 + 3 + 8_634 + 1
    assert f"{recording.key_prefix}/media/hls/high/14390.mp4" in recording.objects
    assert f"{recording.key_prefix}/media/hls/high/0.mp4" not in recording.objects
    assert f"{recording.key_prefix}/media/hls/high/14391.mp4" not in recording.objects
    assert made == []
    assert read(recording, "media/hls/high/14390.mp4") == b"media" * 3
    assert made[0] == MORNING + timedelta(seconds=86_334)


def folder(recording: Any, place: Path) -> Path:
    """Write a recording to a folder, and return that of its playlists."""
    for path in paths(recording):
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(read(recording, path))
    return place / "media" / "hls"


@pytest.mark.parametrize("target", [3, 6])
def test_it_plays(sim: Emulator, tmp_path: Path, target: int) -> None:
    """A decoder that is not ours plays a recording from its playlist, as long as it was, and reads what it shows."""
    settings: dict[str, Any] = {"hlsConfiguration": {"targetSegmentDurationSeconds": target}}
    recording = record(sim, recorded_stage(sim, **settings), 15, width=640, height=360)
    source = str(folder(recording, tmp_path) / "multivariant.m3u8")
    its = decoded(source)
    assert its.size == "640x360"
    assert len(its.pictures) == 15 * 30
    assert float(its.end - its.pictures[0]) == pytest.approx(15, abs=0.1)
    shown = [reading(each, 640, 360) for each in grey(source, b"", 640, 360)]
    assert {each is None for each in shown} == {False}
    assert [each.milliseconds for each in shown if each][::30] == [
        second * 1000 - (second % target % 2) * 1000 for second in range(15)
    ]


def test_merged_media_play(sim: Emulator, tmp_path: Path) -> None:
    """Files and thumbnails of what is merged are counted on, with a break between them, and play."""
    settings: dict[str, Any] = {"recordingReconnectWindowSeconds": 60, "thumbnailConfiguration": THUMBNAILS}
    ann = sim.stages.join(recorded_stage(sim, **settings))
    for _ in range(2):
        ann.publish(video={"width": 320, "height": 180})
        sim.clock.advance(8)
        ann.unpublish()
        sim.clock.advance(10)
    sim.clock.advance(60)
    (recording,) = sim.recordings
    parsed = playlist(recording, "high/playlist.m3u8")
    assert [(each.uri, each.duration, each.discontinuity) for each in parsed.segments] == [
        ("1.mp4", 6, False),
        ("2.mp4", 2, False),
        ("3.mp4", 6, True),
        ("4.mp4", 2, False),
    ]
    assert parsed.segments[2].program_date_time == MORNING + timedelta(seconds=18)
    assert [path for path in paths(recording) if "/thumbnails/" in path] == [
        "media/thumbnails/high/1.jpg",
        "media/thumbnails/high/2.jpg",
    ]
    hls = folder(recording, tmp_path)
    first = (hls / "high" / "init-0.mp4").read_bytes()
    for number, count in ((1, 6), (2, 2), (3, 6), (4, 2)):
        assert len(decoded(data=first + (hls / "high" / f"{number}.mp4").read_bytes()).pictures) == count * 30


def test_sound_alone(sim: Emulator, tmp_path: Path) -> None:
    """A stage that has sound alone recorded has no pictures in its media, but thumbnails if it wants."""
    settings: dict[str, Any] = {"mediaTypes": ["AUDIO_ONLY"], "thumbnailConfiguration": THUMBNAILS}
    recording = record(sim, recorded_stage(sim, **settings), 15)
    (variant,) = playlist(recording, "multivariant.m3u8").playlists
    assert (variant.stream_info.codecs, variant.stream_info.resolution) == ("mp4a.40.2", None)
    its = decoded(str(folder(recording, tmp_path) / "multivariant.m3u8"))
    assert its.pictures == []
    assert float(its.end - its.frames[0]) == pytest.approx(15, abs=0.1)
    assert "media/thumbnails/high/2.jpg" in paths(recording)


def test_what_thumbnails_show(sim: Emulator) -> None:
    """Thumbnails have the size of what was sent, and are of the moments that the stage asks for."""
    recording = record(sim, recorded_stage(sim, thumbnailConfiguration=THUMBNAILS), 25, width=640, height=360)
    shown = []
    for name in ("thumbnails/high/1", "thumbnails/high/2", "thumbnails/high/3", "latest_thumbnail/high/thumb"):
        made = ["-f", "rawvideo", "-pix_fmt", "yuvj420p", "-"]
        picture = ffmpeg("-f", "mjpeg", "-i", "-", *made, data=read(recording, f"media/{name}.jpg"))
        assert len(picture) == 640 * 360 * 3 // 2
        said = reading(picture, 640, 360)
        assert said is not None
        shown.append(said.milliseconds)
    assert shown == [0, 10_000, 20_000, 20_000]


@pytest.mark.parametrize("user_id", ["ann", ""])
def test_title(sim: Emulator, monkeypatch: pytest.MonkeyPatch, user_id: str) -> None:
    """Pictures name the participant by the user id, or by its own where there is none."""
    titles = []

    def fragment(_form: object, scene: Any, _part: object) -> bytes:
        titles.append(scene.title)
        return b""

    monkeypatch.setattr(simulation, "fragment", fragment)
    with sim.stages.join(recorded_stage(sim), user_id=user_id) as ann:
        ann.publish()
        sim.clock.advance(10)
    read(sim.recordings[0], "media/hls/high/1.mp4")
    assert set(titles) == {user_id or ann.participant_id}


def test_muted_and_stopped(sim: Emulator) -> None:
    """Who mutes the sound or stops the picture is recorded as if nothing had been."""
    with sim.stages.join(recorded_stage(sim)) as ann:
        ann.publish()
        sim.clock.advance(5)
        ann.mute(audio=True, video=True)
        sim.clock.advance(5)
    (recording,) = sim.recordings
    assert recording.duration == seconds(10)
