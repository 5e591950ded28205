"""Recordings of pushes that a server takes: in a folder, and in an S3 of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import m3u8
import pytest
from moto.server import ThreadedMotoServer

from ivsim import Emulator, Recording
from ivsim.courier import from_environment
from ivsim.server.live import push as push_module
from ivsim.server.run import Server

from ...decoding import Decoded, decoded
from ..control_client import call
from ..waiting import until
from .conftest import CONTAINERS, containing
from .publisher import Encoder


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starves."""
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 1000.0)


def recorded(sim: Emulator, **members: Any) -> Any:
    """Return what CreateChannel answers, of a channel that is recorded."""
    destination = {"s3": {"bucketName": "shows"}}
    made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=destination)["recordingConfiguration"]
    return call(sim, "CreateChannel", recordingConfigurationArn=made["arn"], **members)


def encoder(server: Server, made: Any) -> Encoder:
    return Encoder(f"{server.rtmp_url}{made['streamKey']['value']}")


def end(sim: Emulator, pushing: Encoder) -> Recording:
    """Hang up, and return the recording when all of it is written."""
    pushing.socket.close()
    (recording,) = sim.recordings
    until(lambda: sim.events[-1]["detail"].get("recording_status", "").startswith("Recording End"))
    return recording


def decoded_so_far(playlist: Path) -> Decoded:
    """Decode a recording that goes on, as far as it is there: ffmpeg would wait for more."""
    beside = playlist.with_name("so-far.m3u8")
    beside.write_text(playlist.read_text() + "#EXT-X-ENDLIST\n")
    its = decoded(str(beside))
    beside.unlink()
    return its


@pytest.mark.parametrize("container", CONTAINERS)
def test_real_media(sim: Emulator, tmp_path: Path, container: str) -> None:
    """The folder has the media that were pushed, all of them, in files that decode; it grows with the push."""
    with sim.serve(rtmp_port=0, recordings=tmp_path) as server:
        made = recorded(sim, **containing(container))
        with encoder(server, made) as pushing:
            pushing.send(13)
            (recording,) = sim.recordings
            folder = tmp_path / "shows" / recording.key_prefix
            playlist = folder / "media/hls/180p30/playlist.m3u8"
            until(playlist.exists)
            before = m3u8.loads(playlist.read_text())
            assert [each.duration for each in before.segments] == [10]
            assert not before.is_endlist
            assert len(decoded_so_far(playlist).pictures) == 100
            pushing.send(4)
            assert end(sim, pushing) == recording
        its = decoded(str(playlist))
        assert (its.size, len(its.pictures), its.sound) == ("320x180", 170, "48000 stereo")
        assert len(decoded(str(folder / "media/hls/byte-range-multivariant.m3u8")).pictures) == 170
        files = {str(each.relative_to(tmp_path / "shows")) for each in folder.rglob("*") if each.is_file()}
        assert files == set(recording.objects)
        suffix = "ts" if container == "TS" else "mp4"
        first = f"media/hls/180p30/0.{suffix}"
        assert recording.objects[f"{recording.key_prefix}/{first}"] == (folder / first).read_bytes()
    assert recording.duration.total_seconds() == 17


def test_with_a_break(sim: Emulator, tmp_path: Path) -> None:
    """After an interruption the recording goes on in another file, and all of it decodes."""
    with sim.serve(rtmp_port=0, recordings=tmp_path) as server:
        with encoder(server, recorded(sim)) as pushing:
            pushing.send(4)
            pushing.skip(60)
            pushing.send(4)
            recording = end(sim, pushing)
    playlist = tmp_path / "shows" / recording.key_prefix / "media/hls/180p30/playlist.m3u8"
    segments = m3u8.loads(playlist.read_text()).segments
    assert [(each.duration, each.discontinuity) for each in segments] == [(4, False), (4, True)]
    assert len(decoded(str(playlist.parent / "1.ts")).pictures) == 40


def test_the_server_stops(sim: Emulator, tmp_path: Path) -> None:
    """A recording is whole, and over, when a server has been closed in the middle of a push."""
    with sim.serve(rtmp_port=0, recordings=tmp_path) as server:
        pushing = encoder(server, recorded(sim))
        pushing.send(5)
    pushing.socket.close()
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_ENDED"
    playlist = tmp_path / "shows" / recording.key_prefix / "media/hls/180p30/playlist.m3u8"
    assert m3u8.loads(playlist.read_text()).is_endlist
    assert len(decoded(str(playlist)).pictures) == 50


def test_only_recordings(sim: Emulator, tmp_path: Path) -> None:
    """Chat logs are not written to the folder; nor is anything, when the server is closed."""
    bucket = {"s3": {"bucketName": "logs"}}
    logging = call(sim, "CreateLoggingConfiguration", destinationConfiguration=bucket)
    room = call(sim, "CreateRoom", loggingConfigurationIdentifiers=[logging["arn"]])["arn"]
    with sim.serve(recordings=tmp_path):
        call(sim, "SendEvent", roomIdentifier=room, eventName="hello")
    with sim.streams.start(recorded(sim)["channel"]["arn"]):
        sim.clock.advance(20)
    assert list(tmp_path.rglob("*")) == []


def test_without_a_folder(sim: Emulator) -> None:
    """A server that writes nowhere shows the test picture in a recording of a push."""
    with sim.serve(rtmp_port=0) as server, encoder(server, recorded(sim)) as pushing:
        pushing.send(3)
        sim.clock.advance(12)
        pushing.socket.close()
        until(lambda: not sim.streams.live)
    (recording,) = sim.recordings
    media = [key for key in recording.objects if key.endswith(".ts")]
    assert len(media) == 2
    assert recording.objects[media[0]][0] == 0x47


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 of one's own, which the environment names, with a bucket."""
    own = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    own.start()
    host, port = own.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="shows")
    yield client
    client.close()
    own.stop()


def test_own_s3(sim: Emulator, s3: Any) -> None:
    """With an S3 of one's own the recording goes there, as it grows, and is read from there."""
    courier = from_environment()
    assert courier
    sim.deliver_to(courier)
    with sim.serve(rtmp_port=0) as server, encoder(server, recorded(sim)) as pushing:
        pushing.send(13)

        def keys() -> set[str]:
            return {each["Key"] for each in s3.list_objects_v2(Bucket="shows").get("Contents", [])}

        until(lambda: any(key.endswith("180p30/playlist.m3u8") for key in keys()))
        recording = end(sim, pushing)
        assert keys() == set(recording.objects)
        key = f"{recording.key_prefix}/media/hls/180p30/0.ts"
        body = s3.get_object(Bucket="shows", Key=key)["Body"].read()
        assert recording.objects[key] == body
    assert len(decoded(data=body).pictures) == 100
