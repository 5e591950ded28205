"""Recordings of pushes: the media that were sent, in a folder that stands for S3, as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, Recording
from ivsim.core.deliveries import S3Object
from ivsim.courier import AwsCourier, FolderCourier
from ivsim.recordings.pushed import PushedSegment

from ...calling import call
from ..pushes import Pushed
from .recorded import configure, details, needs_fragments, paths, playlist, read

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture(autouse=True)
def bucket(sim: Emulator, tmp_path: Path) -> Iterator[Path]:
    """The folder of the bucket, to which recordings are written."""
    end = sim.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    yield tmp_path / "shows"
    end()


def created(
    sim: Emulator, *, window: int = 0, more: dict[str, Any] | None = None, container: str = "TS", **members: Any
) -> Any:
    """Return what CreateChannel answers, of a channel that is recorded."""
    arn = configure(sim, recordingReconnectWindowSeconds=window, **(more or {}))
    if container != "TS":  # an older botocore does not know of any
        members["containerFormat"] = container
    return call(sim, "CreateChannel", recordingConfigurationArn=arn, **members).body


def files(bucket: Path, recording: Recording) -> list[str]:
    """Return the paths of a recording's files, in order."""
    folder = bucket / recording.key_prefix
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def statuses(sim: Emulator) -> list[str]:
    """Return what the events of recordings said."""
    return [detail["recording_status"] for detail in details(sim)]


MEDIA = "media/hls/1080p30"


def test_as_it_grows(sim: Emulator, bucket: Path) -> None:
    """A file is written when there are ten seconds for it, with playlists that have it; the rest comes at the end."""
    push = Pushed(sim, created(sim))
    (recording,) = sim.recordings
    assert files(bucket, recording) == ["events/recording-started.json"]
    push.add(4, 4)
    assert len(files(bucket, recording)) == 1
    push.add(4)
    assert read(recording, f"{MEDIA}/0.ts") == b"segment 0;segment 1;segment 2;"
    written = m3u8.loads((bucket / recording.key_prefix / MEDIA / "playlist.m3u8").read_text())
    assert [(each.uri, each.duration) for each in written.segments] == [("0.ts", 12)]
    assert written.target_duration == 12
    assert not written.is_endlist
    assert (bucket / recording.key_prefix / "media/hls/master.m3u8").read_text().count("playlist.m3u8") == 1
    push.add(3, 3)
    assert recording.duration.total_seconds() == 12
    push.live.end()
    assert recording.duration.total_seconds() == 18
    assert files(bucket, recording) == sorted(paths(recording))
    ended = playlist(recording, "1080p30/playlist.m3u8")
    assert [(each.uri, each.duration) for each in ended.segments] == [("0.ts", 12), ("1.ts", 6)]
    assert ended.is_endlist
    assert not any(each.discontinuity for each in ended.segments)
    assert statuses(sim) == ["Recording Start", "Recording End"]
    assert details(sim)[-1]["recording_duration_ms"] == 18_000
    event = json.loads((bucket / recording.key_prefix / "events/recording-ended.json").read_text())
    assert event["media"]["hls"]["duration_ms"] == 18_000


def test_ranges(sim: Emulator, bucket: Path) -> None:
    """A byte range is a segment as it was pushed, and together they are the file."""
    push = Pushed(sim, created(sim)).add(4, 4.5, 4, 3)
    push.live.end()
    (recording,) = sim.recordings
    segments = playlist(recording, "1080p30/byte-range-variant.m3u8").segments
    assert [each.duration for each in segments] == [4, 4.5, 4, 3]
    cut = []
    for each in segments:
        size, _, offset = each.byterange.partition("@")
        body = read(recording, f"{MEDIA}/{each.uri}")
        cut.append(body[int(offset) : int(offset) + int(size)])
    assert cut == push.media.bodies
    begins = [each.program_date_time for each in segments]
    assert [(after - begins[0]).total_seconds() for after in begins] == [0, 4, 8.5, 12.5]


@pytest.mark.parametrize("container", ["TS", pytest.param("FRAGMENTED_MP4", marks=needs_fragments)])
def test_breaks(sim: Emulator, bucket: Path, container: str) -> None:
    """After a break there is another file, a seam, and for fragments another initialization."""
    push = Pushed(sim, created(sim, container=container))
    push.add(4).add(5, 5, is_break=True)
    push.live.end()
    (recording,) = sim.recordings
    written = playlist(recording, "1080p30/playlist.m3u8")
    assert [(each.duration, each.discontinuity) for each in written.segments] == [(4, False), (10, True)]
    assert files(bucket, recording) == sorted(paths(recording))
    if container != "TS":
        maps = [each.init_section.uri for each in written.segments]
        assert maps == ["init-0.mp4", "init-1.mp4"]
        assert [read(recording, f"{MEDIA}/{name}") for name in maps] == [b"init 0", b"init 1"]
        ranges = playlist(recording, "1080p30/byte-range-variant.m3u8").segments
        assert [each.init_section.uri for each in ranges] == ["init-0.mp4", "init-1.mp4", "init-1.mp4"]


@pytest.mark.parametrize("container", ["TS", pytest.param("FRAGMENTED_MP4", marks=needs_fragments)])
@pytest.mark.parametrize("transitions", ["immediate", "realistic"])
def test_merged(tmp_path: Path, container: str, transitions: Any) -> None:
    """A push within the reconnect window goes on with the recording, after a seam."""
    sim = Emulator(seed=1, transitions=transitions)
    sim.clock.freeze()
    sim.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    made = created(sim, window=60, container=container)
    sim.clock.advance(10)
    first = Pushed(sim, made)
    sim.clock.advance(6)
    first.add(6)
    first.live.end()
    sim.clock.advance(10)
    second = Pushed(sim, made)
    sim.clock.advance(6)
    second.add(7)
    second.live.end()
    sim.clock.advance(100)
    (recording,) = sim.recordings
    assert len(recording.stream_ids) == 2
    written = playlist(recording, "1080p30/playlist.m3u8")
    assert [(each.duration, each.discontinuity) for each in written.segments] == [(6, False), (7, True)]
    assert written.is_endlist
    if container != "TS":
        assert [each.init_section.uri for each in written.segments] == ["init-0.mp4", "init-1.mp4"]
        assert read(recording, f"{MEDIA}/init-1.mp4") == b"init 0"
    assert recording.duration.total_seconds() == 13


def test_slates_are_not_recorded(sim: Emulator, bucket: Path) -> None:
    """What has no body of its own, as the failover slate, is not recorded."""
    push = Pushed(sim, created(sim)).add(4)
    at = sim.clock.now()
    push.live.record(PushedSegment(at, 2.0, b"", b"", True))
    push.add(4, is_break=True)
    push.live.end()
    (recording,) = sim.recordings
    assert [each.duration for each in playlist(recording, "1080p30/playlist.m3u8").segments] == [4, 4]


def test_late_segments(sim: Emulator, bucket: Path) -> None:
    """What comes when a recording is over, or the stream has been reset away, is passed over."""
    push = Pushed(sim, created(sim)).add(4)
    push.live.end()
    (recording,) = sim.recordings
    push.add(20)
    assert recording.duration.total_seconds() == 4
    sim.reset()
    push.add(2)
    assert not sim.recordings


def test_a_segment_after_the_stop(sim: Emulator, bucket: Path) -> None:
    """What an encoder had sent when its stream was stopped is recorded as long as the recording goes on."""
    push = Pushed(sim, created(sim, window=60)).add(4)
    push.live.end()
    push.add(1)
    sim.clock.advance(60)
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_ENDED"
    assert recording.duration.total_seconds() == 5


def test_another_encoder(sim: Emulator, bucket: Path) -> None:
    """Segments of a stream that is not recorded, or of a channel without recordings, are not taken for another's."""
    push = Pushed(sim, call(sim, "CreateChannel").body).add(12)
    assert not sim.recordings
    made = created(sim, window=60)
    first = Pushed(sim, made).add(12)
    first.live.end()
    second = Pushed(sim, made)
    first.add(12)
    second.live.end()
    sim.clock.advance(60)
    (recording,) = sim.recordings
    assert recording.duration.total_seconds() == 12
    push.live.end()


def test_thumbnails(sim: Emulator, bucket: Path) -> None:
    """Thumbnails are of the test picture, one for each interval of what was recorded, across breaks."""
    thumbnails = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 5, "storage": ["SEQUENTIAL", "LATEST"]}
    made = created(sim, more={"thumbnailConfiguration": thumbnails})
    push = Pushed(sim, made).add(4).add(7, is_break=True)
    push.live.end()
    (recording,) = sim.recordings
    found = [path for path in paths(recording) if path.endswith(".jpg")]
    assert found == [
        *(f"media/thumbnails/thumb{number}.jpg" for number in range(3)),
        "media/latest_thumbnail/thumb.jpg",
    ]
    assert all(read(recording, path).startswith(b"\xff\xd8") for path in found)
    assert recording.objects[f"{recording.key_prefix}/{found[-1]}"] == read(recording, found[-2])
    assert files(bucket, recording) == sorted(paths(recording))


@pytest.mark.needs("CreateRecordingConfiguration.renditionConfiguration")
def test_no_renditions(sim: Emulator, bucket: Path) -> None:
    """A recording that selects no renditions has no media, but all the rest: events, thumbnails and a duration."""
    thumbnails = {"recordingMode": "INTERVAL", "targetIntervalSeconds": 5}
    more = {"renditionConfiguration": {"renditionSelection": "NONE"}, "thumbnailConfiguration": thumbnails}
    push = Pushed(sim, created(sim, more=more)).add(5, 5, 5)
    push.live.end()
    (recording,) = sim.recordings
    names = ["ended", "started"]
    assert files(bucket, recording) == [
        *(f"events/recording-{name}.json" for name in names),
        *(f"media/thumbnails/thumb{number}.jpg" for number in range(3)),
    ]
    assert details(sim)[-1]["recording_duration_ms"] == 15_000


def test_nobody_writes(sim: Emulator, tmp_path: Path) -> None:
    """Where nothing is written, the recording of a push shows the test picture, as others do."""
    other = Emulator(seed=1)
    push = Pushed(other, created(other)).add(6, 6)
    push.live.end()
    (recording,) = other.recordings
    assert recording.duration.total_seconds() == 12
    assert read(recording, f"{MEDIA}/0.ts")[0] == 0x47
    assert len(playlist(recording, "1080p30/playlist.m3u8").segments) == 2


def test_read_from_the_folder(sim: Emulator, bucket: Path) -> None:
    """The media are read from where they were written; what is not there, or nobody can bring, is a KeyError."""
    push = Pushed(sim, created(sim)).add(6, 6)
    push.live.end()
    (recording,) = sim.recordings
    file = bucket / recording.key_prefix / MEDIA / "0.ts"
    file.write_bytes(b"other")
    assert read(recording, f"{MEDIA}/0.ts") == b"other"
    file.unlink()
    with pytest.raises(KeyError, match="/0"):
        read(recording, f"{MEDIA}/0.ts")
    other = Emulator()
    other.loads(sim.dumps())
    (same,) = other.recordings
    with pytest.raises(KeyError, match="/0"):
        read(same, f"{MEDIA}/0.ts")


def test_saved_and_loaded(sim: Emulator, bucket: Path, tmp_path: Path) -> None:
    """A state that was saved in the middle of a push knows the files there are; once it is hung up, it is over."""
    Pushed(sim, created(sim)).add(6, 6, 3)
    saved = sim.dumps()
    other = Emulator()
    other.loads(saved)
    other.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    other.streams.hang_up_lost()
    (recording,) = other.recordings
    assert recording.status == "RECORDING_ENDED"
    written = playlist(recording, "1080p30/playlist.m3u8")
    assert [each.duration for each in written.segments] == [12]
    assert written.is_endlist
    assert read(recording, f"{MEDIA}/0.ts") == b"segment 0;segment 1;"


def test_a_folder_that_cannot_be_written(sim: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the folder cannot be written the recording fails to start, with the reason in the log; the push goes on."""
    (tmp_path / "shows").write_text("in the way")
    push = Pushed(sim, created(sim)).add(12)
    assert push.live.is_live
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_START_FAILED"
    assert statuses(sim) == ["Recording Start Failure"]
    assert "cannot be written" in caplog.text


def test_a_file_that_cannot_be_written(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A file that fails in the middle is a line in the log, and the recording goes on."""
    refused: list[str] = []

    class Courier:
        def __call__(self, region: str, parcels: Any) -> str | None:
            for parcel in parcels:
                assert isinstance(parcel, S3Object)
                if parcel.key.endswith("/0.ts"):
                    refused.append(parcel.key)
                    return "NoSpace"
            return None

        def fetch(self, region: str, bucket: str, key: str) -> bytes:
            raise KeyError(key)

    sim.deliver_to(Courier())
    push = Pushed(sim, created(sim)).add(12, 12)
    push.live.end()
    (recording,) = sim.recordings
    assert f"a file of {recording.key_prefix} could not be written: bucket shows: NoSpace" in caplog.text
    assert len(refused) == 1
    assert statuses(sim) == ["Recording Start", "Recording End"]
