"""Recordings of what participants send, as a server brings it: in a folder that stands for S3, as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, LiveParticipant, Recording
from ivsim.core.deliveries import S3Object
from ivsim.courier import AwsCourier, FolderCourier
from ivsim.ivsrealtime.participants import Client
from ivsim.recordings.pushed import PushedSegment

from ...calling import call
from ..people import place_of
from .recorded import details, needs_settings, paths, playlist, read, read_json, realistic, recorded_stage, state

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]

MEDIA = "media/hls/high"


class Tape:
    """What a test has recorded."""

    def __init__(self) -> None:
        self.segments: list[PushedSegment] = []
        self.begun: list[PushedSegment] = []
        self.is_over = False

    def take(self) -> list[PushedSegment]:
        taken, self.segments = self.segments, []
        return taken

    def end(self) -> list[PushedSegment]:
        self.is_over = True
        return self.take() + self.begun


class Server:
    """A server that records, in a folder, as far as the emulator sees one."""

    def __init__(self, sim: Emulator, folder: Path) -> None:
        self.sim = sim
        self.bucket = folder / "shows"
        self.tapes: dict[str, Tape] = {}
        self._count = 0
        self._ends = [sim.deliver_to(FolderCourier(folder, AwsCourier())), sim.record_by(self._record)]

    def _record(self, recording_id: str) -> Tape:
        tape = self.tapes[recording_id] = Tape()
        return tape

    def close(self) -> None:
        for end in self._ends:
            end()

    def join(self, stage: str, **members: Any) -> LiveParticipant:
        """Let a client join."""
        token = call(self.sim, "CreateParticipantToken", stageArn=stage, **members).body["participantToken"]["token"]
        return self.sim.stages.let_in(token, Client())

    @property
    def tape(self) -> Tape:
        """The newest tape."""
        return list(self.tapes.values())[-1]

    def send(self, *durations: float, is_break: bool = False, ends: bool = True) -> None:
        """Let segments come, one after the other, while the clock goes on; the last one need not have ended."""
        for number, seconds in enumerate(durations, 1):
            at = self.sim.clock.now()
            self.sim.clock.advance(timedelta(seconds=seconds))
            body = b"segment %d;" % self._count
            self._count += 1
            made = PushedSegment(at, seconds, body, b"init %d" % len(self.tapes), is_break)
            (self.tape.segments if ends or number < len(durations) else self.tape.begun).append(made)
            is_break = False
            for recording_id in self.tapes:
                self.sim.stages.take_recorded(recording_id)

    def files(self, recording: Recording) -> list[str]:
        """Return the paths of a recording's files in the bucket, in order."""
        folder = self.bucket / recording.key_prefix
        return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


@pytest.fixture
def server(sim: Emulator, tmp_path: Path) -> Iterator[Server]:
    """A server that records to a folder."""
    made = Server(sim, tmp_path)
    yield made
    made.close()


def names(sim: Emulator) -> list[str]:
    """Return what the events of recordings said."""
    return [detail["event_name"].removeprefix("Recording ") for detail in details(sim)]


def durations(recording: Recording) -> list[float]:
    """Return the durations of what is in the playlist."""
    return [each.duration for each in playlist(recording, "high/playlist.m3u8").segments]


def test_as_it_grows(sim: Emulator, server: Server) -> None:
    """A file is written when there is enough for it, with playlists that have it; the rest comes at the end."""
    ann = server.join(recorded_stage(sim))
    ann.publish(video={"width": 640, "height": 360})
    (recording,) = sim.recordings
    assert server.files(recording) == ["events/recording-started.json"]
    server.send(2, 3)
    assert len(server.files(recording)) == 1
    server.send(2.5)
    assert server.files(recording)[1:] == [
        f"{MEDIA}/1.mp4",
        f"{MEDIA}/init-0.mp4",
        f"{MEDIA}/playlist.m3u8",
        "media/hls/multivariant.m3u8",
    ]
    written = m3u8.loads((server.bucket / recording.key_prefix / MEDIA / "playlist.m3u8").read_text())
    assert [(each.uri, each.duration, each.init_section.uri) for each in written.segments] == [
        ("1.mp4", 7.5, "init-0.mp4")
    ]
    assert (written.target_duration, written.is_endlist) == (8, False)
    server.send(4, 1, ends=False)
    assert recording.duration.total_seconds() == 7.5
    ann.unpublish()
    assert server.tape.is_over
    assert recording.duration.total_seconds() == 12.5
    assert server.files(recording) == sorted(paths(recording))
    assert durations(recording) == [7.5, 5]
    assert playlist(recording, "high/playlist.m3u8").is_endlist
    assert read(recording, f"{MEDIA}/2.mp4") == b"segment 3;segment 4;"
    assert read(recording, f"{MEDIA}/init-0.mp4") == b"init 1"
    (variant,) = playlist(recording, "multivariant.m3u8").playlists
    assert variant.stream_info.resolution == (640, 360)
    assert read_json(recording, "ended")["media"]["hls"]["duration_ms"] == 12_500
    assert details(sim)[-1]["recording_duration_ms"] == 12_500
    assert (names(sim), state(sim, ann)) == (["Start", "End"], "STOPPED")


def test_what_is_wanted(sim: Emulator, server: Server) -> None:
    """The server learns of whom a recording is, and in which form, for as long as it goes on."""
    stage = recorded_stage(sim, hlsConfiguration={"targetSegmentDurationSeconds": 4})
    ann, bob = server.join(stage), server.join(stage)
    for each, video in ((ann, None), (bob, [])):
        each.publish(video=video)
    for each, (recording_id, has_pictures) in zip(
        (ann, bob), zip(server.tapes, (True, False), strict=True), strict=True
    ):
        wanted = sim.stages.recorded(recording_id)
        assert wanted
        assert wanted.participant.key == each.key
        assert wanted[1:] == (has_pictures, 4)
        each.leave()
        assert sim.stages.recorded(recording_id) is None
    assert sim.stages.recorded("unknown") is None


def test_sound_alone(sim: Emulator, server: Server) -> None:
    """Of a recording of sound alone the server learns that, whatever is sent."""
    server.join(recorded_stage(sim, mediaTypes=["AUDIO_ONLY"])).publish()
    wanted = sim.stages.recorded(next(iter(server.tapes)))
    assert wanted
    assert not wanted.has_pictures


@pytest.mark.parametrize(
    ("audio", "codecs"), [(None, "avc1.42E01F,mp4a.40.2"), ([], "avc1.42E01F")], ids=["sound", "no sound"]
)
def test_codecs(sim: Emulator, server: Server, audio: Any, codecs: str) -> None:
    """The playlist names no sound where none is sent."""
    server.join(recorded_stage(sim)).publish(audio=audio)
    server.send(6)
    (variant,) = playlist(sim.recordings[0], "multivariant.m3u8").playlists
    assert variant.stream_info.codecs == codecs


def test_breaks(sim: Emulator, server: Server) -> None:
    """After a break there is another file, a seam, and another initialization."""
    ann = server.join(recorded_stage(sim))
    ann.publish()
    server.send(4)
    server.send(5, 1, is_break=True)
    ann.leave()
    (recording,) = sim.recordings
    written = playlist(recording, "high/playlist.m3u8").segments
    assert [(each.duration, each.discontinuity) for each in written] == [(4, False), (6, True)]
    assert [each.init_section.uri for each in written] == ["init-0.mp4", "init-1.mp4"]
    assert server.files(recording) == sorted(paths(recording))


@pytest.mark.parametrize("transitions", ["immediate", "realistic"])
def test_merged(tmp_path: Path, transitions: str) -> None:
    """Who publishes again within the window goes on in the recording, after a seam."""
    sim = realistic() if transitions == "realistic" else Emulator(seed=1)
    sim.clock.freeze()
    server = Server(sim, tmp_path)
    ann = server.join(recorded_stage(sim, recordingReconnectWindowSeconds=60))
    for seconds in (7, 8):
        ann.publish()
        sim.clock.advance(1)
        server.send(seconds)
        ann.unpublish()
        sim.clock.advance(20)
    sim.clock.advance(60)
    (recording,) = sim.recordings
    written = playlist(recording, "high/playlist.m3u8")
    assert [(each.duration, each.discontinuity) for each in written.segments] == [(7, False), (8, True)]
    assert written.is_endlist
    assert [each.init_section.uri for each in written.segments] == ["init-0.mp4", "init-1.mp4"]
    assert names(sim) == ["Start", "Start", "End"]
    assert server.files(recording) == sorted(paths(recording))


def test_not_merged(sim: Emulator, server: Server) -> None:
    """Sound alone is not merged with pictures, nor what is drawn with what was sent."""
    stage = recorded_stage(sim, recordingReconnectWindowSeconds=60)
    ann = server.join(stage)
    sent: list[Any] = [None, []]
    for video in sent:
        ann.publish(video=video)
        server.send(7)
        ann.unpublish()
    server.close()
    ann.publish()
    sim.clock.advance(10)
    ann.unpublish()
    sim.clock.advance(60)
    assert [recording.duration.total_seconds() for recording in sim.recordings] == [7, 7, 10]
    assert names(sim) == ["Start", "Start", "Start", "End", "End", "End"]


def test_drawn(sim: Emulator, tmp_path: Path) -> None:
    """Without a client, without a server that records, without a bucket, and of thumbnails alone all is drawn."""
    stage = recorded_stage(sim)
    server = Server(sim, tmp_path)
    sim.stages.join(stage).publish()
    thumbnails = {"recordingMode": "INTERVAL"}
    server.join(recorded_stage(sim, thumbnailConfiguration=thumbnails, mediaTypes=["NONE"])).publish()
    server.close()
    end = sim.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    server.join(stage).publish()
    end()
    end = sim.record_by(lambda _: Tape())
    server.join(stage).publish()
    end()
    assert server.tapes == {}
    sim.clock.advance(12)
    assert [recording.duration.total_seconds() for recording in sim.recordings] == [12, 12, 12, 12]


def test_replica(sim: Emulator, server: Server) -> None:
    """Where the stage that shows a replica is recorded, what its source sends is."""
    source = call(sim, "CreateStage").body["stage"]["arn"]
    ann = server.join(source)
    ann.publish()
    shown = recorded_stage(sim)
    about = {"destinationStageArn": shown, "participantId": ann.participant_id}
    call(sim, "StartParticipantReplication", sourceStageArn=source, **about)
    (recording_id,) = server.tapes
    wanted = sim.stages.recorded(recording_id)
    assert wanted
    assert wanted.participant.stage_arn == shown


def test_thumbnails(sim: Emulator, server: Server) -> None:
    """Thumbnails are of the test picture, one for each interval of what was sent."""
    thumbnails = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 5, "storage": ["SEQUENTIAL", "LATEST"]}
    ann = server.join(recorded_stage(sim, thumbnailConfiguration=thumbnails))
    ann.publish()
    server.send(4, 3)
    server.send(4, is_break=True)
    ann.leave()
    (recording,) = sim.recordings
    found = [path for path in paths(recording) if path.endswith(".jpg")]
    assert found == [
        *(f"media/thumbnails/high/{number}.jpg" for number in (1, 2, 3)),
        "media/latest_thumbnail/high/thumb.jpg",
    ]
    assert all(read(recording, path).startswith(b"\xff\xd8") for path in found)
    assert server.files(recording) == sorted(paths(recording))


def test_nothing_came(sim: Emulator, server: Server) -> None:
    """Where nothing came the metadata files are there, and no media."""
    server.join(recorded_stage(sim)).publish()
    sim.clock.advance(20)
    sim.stages.participants[0].leave()
    (recording,) = sim.recordings
    assert paths(recording) == ["events/recording-started.json", "events/recording-ended.json"]
    assert recording.duration.total_seconds() == 0


def test_late(sim: Emulator, server: Server) -> None:
    """What comes when a recording is over, or has been reset away, is passed over."""
    ann = server.join(recorded_stage(sim))
    ann.publish()
    server.send(6)
    ann.leave()
    server.send(6)
    (recording,) = sim.recordings
    assert recording.duration.total_seconds() == 6
    sim.reset()
    server.send(6)
    assert not sim.recordings


def test_failed_to_start(sim: Emulator, server: Server) -> None:
    """Where the folder cannot be written, the recording fails to start, and nothing more is taken for it."""
    server.bucket.write_text("in the way")
    ann = server.join(recorded_stage(sim))
    ann.publish()
    server.send(6)
    assert (names(sim), state(sim, ann), ann.is_publishing) == (["Start Failure"], "FAILED", True)
    assert sim.stages.recorded(next(iter(server.tapes))) is None


def test_a_file_that_cannot_be_written(sim: Emulator, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A file that fails in the middle is a line in the log, and the recording goes on."""

    class Courier:
        def __call__(self, region: str, parcels: Any) -> str | None:
            for parcel in parcels:
                assert isinstance(parcel, S3Object)
                if parcel.key.endswith("/1.mp4"):
                    return "NoSpace"
            return None

        def fetch(self, region: str, bucket: str, key: str) -> bytes:
            raise KeyError(key)

    sim.deliver_to(Courier())
    ann = server.join(recorded_stage(sim))
    ann.publish()
    server.send(6, 6)
    ann.leave()
    (recording,) = sim.recordings
    assert f"a file of {recording.key_prefix} could not be written: bucket shows: NoSpace" in caplog.text
    assert names(sim) == ["Start", "End"]


def test_saved_and_loaded(sim: Emulator, server: Server, tmp_path: Path) -> None:
    """A state that was saved in the middle knows the files there are; where it is loaded again, it goes on."""
    ann = server.join(recorded_stage(sim))
    ann.publish()
    server.send(7, 2)
    saved = sim.dumps()
    other = Emulator()
    other.loads(saved)
    end = other.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    (copy,) = other.recordings
    other.stages.participants[0].leave()
    assert copy.status == "RECORDING_ENDED"
    assert durations(copy) == [7]
    assert read(copy, f"{MEDIA}/1.mp4") == b"segment 0;"
    end()
    server.send(5)
    sim.loads(saved)
    server.send(3)
    ann.leave()
    (recording,) = sim.recordings
    assert durations(recording) == [7, 3]


def test_history(tmp_path: Path) -> None:
    """Where history is limited, the files of recordings that are dropped are forgotten."""
    sim = Emulator(seed=1, history=3)
    server = Server(sim, tmp_path)
    ann = server.join(recorded_stage(sim))
    for _ in range(30):
        ann.publish()
        server.send(6)
        ann.unpublish()
    store = place_of(sim, ann.stage_arn).store
    assert set(store.recorded_files) == {row.key for row in store.recordings.rows_after(None)}
    assert len(store.recordings) < 12
