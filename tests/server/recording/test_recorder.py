"""Recordings of people who have clients of their own, in a folder."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, LiveParticipant
from ivsim.media.h264 import Format
from ivsim.server.recording import recorder as recorder_module
from ivsim.server.recording.recorder import Recorder
from ivsim.server.recording.tape import Tape
from ivsim.server.run import Server

from ...decoding import decoded
from ..asked import Asked
from ..control_client import call
from ..stages.meeting import Meeting
from ..stages.peers import FORM, Client, Pictures, Tone, aiortc, av, pictures, pitch, tile
from ..waiting import until

WIDE = Format(640, 360, 15, "avc1.42E01F")
MEDIA = "media/hls/high"


class Studio:
    """A stage on a server whose participants are recorded, in a folder."""

    def __init__(self, sim: Emulator, server: Server, folder: Path, **settings: Any) -> None:
        self.sim, self.server = sim, server
        self.bucket = folder / "shows"
        made = call(sim, "CreateStorageConfiguration", s3={"bucketName": "shows"})["storageConfiguration"]
        recorded = {"storageConfigurationArn": made["arn"], **settings}
        stage = call(sim, "CreateStage", autoParticipantRecordingConfiguration=recorded)["stage"]
        self.stage = Meeting(sim, server, stage["arn"])

    def token(self, user_id: str) -> str:
        """Return a token of somebody."""
        token: str = self.stage.token(userId=user_id)["token"]
        return token

    def publish(self, who: str, *tracks: Any) -> Client:
        """Let somebody publish by WHIP, by a user id or a token, and wait until that is so."""
        token = who if "." in who else self.token(who)
        client = Client(f"{self.server.url}/", token, *tracks)
        until(lambda: any(each.is_publishing for each in self.sim.stages.participants))
        return client

    @property
    def someone(self) -> LiveParticipant:
        """Who publishes."""
        return next(each for each in self.sim.stages.participants if each.is_publishing)

    def path(self, path: str) -> Path:
        """Return where an object of the newest recording is."""
        return self.bucket / self.sim.recordings[-1].key_prefix / path

    def playlist(self) -> Any:
        """Return the playlist as it is written, with no segment before there is one."""
        path = self.path(f"{MEDIA}/playlist.m3u8")
        return m3u8.loads(path.read_text() if path.exists() else "#EXTM3U\n")

    def written(self, least: int) -> bool:
        """Return whether so many files are there."""
        return len(self.playlist().segments) >= least

    def media(self) -> bytes:
        """Return all that is in the bucket of the media, as one file."""
        segments = self.playlist().segments
        names = dict.fromkeys(name for each in segments for name in (each.init_section.uri, each.uri))
        return b"".join(self.path(f"{MEDIA}/{name}").read_bytes() for name in names)

    def files(self) -> set[str]:
        """Return the keys of what is in the bucket."""
        return {str(each.relative_to(self.bucket)) for each in self.bucket.rglob("*") if each.is_file()}

    def seams(self) -> list[Any]:
        """Return the segments that follow on nothing."""
        segments = self.playlist().segments
        return [each for number, each in enumerate(segments) if each.discontinuity or not number]

    def sizes(self) -> list[str]:
        """Return the sizes of what begins with these, in their order."""
        names = [(each.init_section.uri, each.uri) for each in self.seams()]
        return [
            decoded(data=b"".join(self.path(f"{MEDIA}/{name}").read_bytes() for name in pair)).size for pair in names
        ]

    def is_over(self) -> bool:
        """Return whether the newest recording is."""
        events = self.sim.events.of("IVS Participant Recording State Change")
        return bool(events) and events[-1]["detail"]["event_name"].startswith("Recording End")


FILES = {"hlsConfiguration": {"targetSegmentDurationSeconds": 2}}


class Camera(aiortc.MediaStreamTrack):  # type: ignore[misc]
    """Pictures that aiortc encodes: with a key frame at the beginning, and where one is asked for."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()
        self.count = 0

    async def recv(self) -> Any:
        """Return the next picture when it is time for it."""
        await asyncio.sleep(self._began + self.count / 15 - time.monotonic())
        frame = av.VideoFrame(320, 180, "yuv420p")
        frame.pts, frame.time_base = self.count, Fraction(1, 15)
        self.count += 1
        return frame


@pytest.fixture
def studio(sim: Emulator, tmp_path: Path) -> Iterator[Studio]:
    """A studio whose recordings have files of two seconds."""
    with sim.serve(recordings=tmp_path) as server:
        yield Studio(sim, server, tmp_path, **FILES)


def test_what_is_sent(sim: Emulator, studio: Studio) -> None:
    """The folder has what was sent, all of it: pictures as they were, the sound, and what tells of both."""
    client = studio.publish("ann", Pictures(WIDE), Tone(1000))
    until(lambda: studio.written(2))
    assert not studio.playlist().is_endlist
    client.delete()
    client.close()
    until(studio.is_over)
    (recording,) = sim.recordings
    assert studio.files() == set(recording.objects)
    written = studio.playlist()
    assert written.is_endlist
    assert [each.discontinuity for each in written.segments].count(True) == 0
    duration = sum(each.duration for each in written.segments)
    assert recording.duration.total_seconds() == pytest.approx(duration)
    ended = json.loads(studio.path("events/recording-ended.json").read_text())
    assert ended["media"]["hls"]["duration_ms"] == pytest.approx(duration * 1000)
    (variant,) = m3u8.load(str(studio.path("media/hls/multivariant.m3u8"))).playlists
    assert (variant.stream_info.resolution, variant.stream_info.codecs) == ((640, 360), "avc1.42E01F,mp4a.40.2")
    its = decoded(str(studio.path("media/hls/multivariant.m3u8")))
    assert (its.size, its.sound) == ("640x360", "48000 stereo")
    assert len(its.pictures) == pytest.approx(duration * 15, abs=15)
    assert float(its.end - min(its.pictures[0], its.frames[0])) == pytest.approx(duration, abs=2)
    shown = [tile(each, 0, 0, 640, 360) for each in pictures(studio.media())]
    assert shown[0]
    assert shown[-1]
    assert pitch(studio.media()) == pytest.approx(1000, abs=10)
    key = f"{recording.key_prefix}/{MEDIA}/1.mp4"
    assert recording.objects[key] == studio.path(f"{MEDIA}/1.mp4").read_bytes()


@pytest.mark.parametrize("operation", ["DisconnectParticipant", "DeleteStage"])
def test_key_frames_are_asked_for(sim: Emulator, studio: Studio, operation: str) -> None:
    """Where key frames come only when they are asked for, files end all the same; the last one has what came last."""
    camera = Camera()
    with studio.publish("ann", camera):
        until(lambda: studio.written(2))
        whole = sim.recordings[0].duration
        about = {"participantId": studio.someone.participant_id} if operation == "DisconnectParticipant" else {}
        name = "stageArn" if about else "arn"
        sent = camera.count
        until(lambda: camera.count > sent + 8)
        call(sim, operation, **{name: studio.stage.arn}, **about)
    until(studio.is_over)
    (recording,) = sim.recordings
    assert recording.duration > whole
    assert studio.files() == set(recording.objects)
    segments = studio.playlist().segments
    assert all(2 <= each.duration < 10 for each in segments[:-1])
    assert len(pictures(studio.media())) > 15 * whole.total_seconds()


def test_sound_alone(sim: Emulator, tmp_path: Path) -> None:
    """A stage that records sound alone records no pictures."""
    with sim.serve(recordings=tmp_path) as server:
        studio = Studio(sim, server, tmp_path, mediaTypes=["AUDIO_ONLY"], **FILES)
        with studio.publish("ann", Pictures(WIDE), Tone(500)):
            until(lambda: studio.written(2))
    assert studio.is_over()
    its = decoded(str(studio.path("media/hls/multivariant.m3u8")))
    assert (its.pictures, its.sound) == ([], "48000 stereo")
    assert pitch(studio.media()) == pytest.approx(500, abs=10)
    (recording,) = sim.recordings
    assert float(its.end - its.frames[0]) == pytest.approx(recording.duration.total_seconds(), abs=1)


def test_back_within_the_window(sim: Emulator, tmp_path: Path) -> None:
    """Who publishes again within the window goes on in the same recording, after a seam."""
    with sim.serve(recordings=tmp_path) as server:
        studio = Studio(sim, server, tmp_path, recordingReconnectWindowSeconds=300, **FILES)
        token = studio.token("ann")
        for count in (1, 2):
            with studio.publish(token, Pictures(WIDE), Tone(1000)) as client:
                until(lambda count=count: len(studio.seams()) == count)  # type: ignore[misc]
                client.delete()
        assert not studio.is_over()
        sim.clock.advance(300)
        until(studio.is_over)
        (recording,) = sim.recordings
        assert studio.files() == set(recording.objects)
    written = studio.playlist()
    assert written.is_endlist
    first, second = studio.seams()
    assert first.init_section.uri == "init-0.mp4"
    assert second.discontinuity
    for each in (first, second):
        media = b"".join(studio.path(f"{MEDIA}/{name}").read_bytes() for name in (each.init_section.uri, each.uri))
        assert len(decoded(data=media).pictures) == pytest.approx(each.duration * 15, abs=15)


def test_replica(sim: Emulator, studio: Studio) -> None:
    """Of a replica it is recorded what its source sends, also when that begins again within the window."""
    source = Meeting.on(sim, studio.server)
    token = source.token(userId="ann")
    sim.stages.join(source.arn)  # so that the session goes on

    def publish(form: Format) -> Client:
        client = Client(f"{studio.server.url}/", token["token"], Pictures(form))
        until(lambda: source.find(token).is_publishing)
        return client

    with publish(FORM) as client:
        about = {"sourceStageArn": source.arn, "participantId": token["participantId"]}
        about["destinationStageArn"] = studio.stage.arn
        call(sim, "StartParticipantReplication", **about, reconnectWindowSeconds=300)
        until(lambda: studio.written(1))
        client.delete()
    with publish(WIDE):
        until(lambda: studio.sizes()[-1] == "640x360")
        call(sim, "StopParticipantReplication", **about)
    until(studio.is_over)
    assert studio.sizes()[0] == "320x180"
    assert studio.files() == set(sim.recordings[0].objects)


def test_the_server_stops(sim: Emulator, tmp_path: Path) -> None:
    """A recording is whole, and over, when a server has been closed in the middle."""
    with sim.serve(recordings=tmp_path) as server:
        studio = Studio(sim, server, tmp_path, **FILES)
        client = studio.publish("ann", Camera(), Tone(1000))
        until(lambda: studio.written(1))
    client.close()
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_ENDED"
    assert studio.files() == set(recording.objects)
    assert len(decoded(str(studio.path("media/hls/multivariant.m3u8"))).pictures) >= 30


def test_nobody_writes(sim: Emulator) -> None:
    """Where nothing is delivered the recording is drawn, as long as somebody publishes."""
    with sim.serve() as server:
        studio = Studio(sim, server, Path("nowhere"))
        with studio.publish("ann", Pictures(WIDE)):
            sim.clock.advance(20)
    (recording,) = sim.recordings
    assert recording.duration.total_seconds() >= 20
    first = recording.objects[f"{recording.key_prefix}/{MEDIA}/1.mp4"]
    media = decoded(data=recording.objects[f"{recording.key_prefix}/{MEDIA}/init-0.mp4"] + first)
    assert media.size == "640x360"


def test_saved_and_loaded(sim: Emulator, studio: Studio, tmp_path: Path) -> None:
    """A state that is loaded in the middle goes on being recorded."""
    with studio.publish("ann", Pictures(WIDE), Tone(1000)) as client:
        until(lambda: studio.written(1))
        sim.save(tmp_path / "state.json")
        count = len(studio.playlist().segments)
        sim.load(tmp_path / "state.json")
        until(lambda: studio.written(count + 2))
        client.delete()
    until(studio.is_over)
    (recording,) = sim.recordings
    assert studio.files() >= set(recording.objects)
    assert decoded(str(studio.path("media/hls/multivariant.m3u8"))).pictures


def test_a_bug_in_the_sound(
    sim: Emulator, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours in the sound is logged as one, and the pictures are recorded without."""

    def fail(*_: object) -> Iterator[object]:
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    monkeypatch.setattr("ivsim.server.sound.OpusToAac.take", fail)
    with studio.publish("ann", Pictures(WIDE), Tone(1000)):
        until(lambda: studio.written(1))
    until(studio.is_over)
    assert "goes on without audio" in caplog.text
    assert pictures(studio.media())


def test_a_bug(studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Any other bug of ours is logged as well; nothing more is recorded, and the server goes on."""

    def fail(*_: object) -> bool:
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    monkeypatch.setattr("ivsim.server.recording.recorder.Recorder._follow", fail)
    with studio.publish("ann", Pictures(WIDE)):
        until(lambda: "a bug in ivsim in recording" in caplog.text)
        assert studio.someone.is_publishing
    until(studio.is_over)


def test_undone(sim: Emulator) -> None:
    """A recording that was begun in a transaction that failed is not missed."""
    asked = Asked(sim)

    async def record() -> None:
        recorder = Recorder(asked, None)  # type: ignore[arg-type]
        assert asked.ask
        assert isinstance(asked.ask("undone"), Tape)
        await asyncio.sleep(0)
        (task,) = recorder._tasks
        await task
        await recorder.aclose()
        assert asked.ask is None

    asyncio.run(record())


def test_without_the_extra(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what decodes media, nothing is taken to be recorded."""
    monkeypatch.setattr(recorder_module, "find_spec", lambda _: None)
    asked = Asked(sim)

    async def record() -> None:
        recorder = Recorder(asked, None)  # type: ignore[arg-type]
        assert asked.ask is None
        await recorder.aclose()

    asyncio.run(record())
