"""What a server's calls deliver to other services is delivered beside its event loop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from ivsim import Emulator
from ivsim.core.deliveries import Parcel, S3Object
from ivsim.server.run import Server

from ..calling import call
from .raw import RawClient
from .waiting import DEADLINE, until


class Bucket:
    """A courier that takes objects when it is let."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.is_asked = threading.Event()
        self.lets = threading.Event()
        self.fails: type[BaseException] | None = None

    def carry(self, region: str, parcels: Iterable[Parcel]) -> str | None:
        self.is_asked.set()
        assert self.lets.wait(DEADLINE)
        if self.fails:
            raise self.fails
        self.keys += [parcel.key.rpartition("/")[2] for parcel in parcels if isinstance(parcel, S3Object)]
        return None


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    bucket = Bucket()
    monkeypatch.setattr("ivsim.emulator.courier", lambda: bucket.carry)
    return bucket


@pytest.fixture
def sim(bucket: Bucket) -> Emulator:
    sim = Emulator(seed=1, deliver=True)
    sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
    return sim


@pytest.fixture
def server(sim: Emulator, bucket: Bucket) -> Iterator[Server]:
    with sim.serve() as server:
        yield server
        bucket.lets.set()


@pytest.fixture
def arn(sim: Emulator) -> str:
    """The ARN of a channel that records."""
    made = call(sim, "CreateRecordingConfiguration", destinationConfiguration={"s3": {"bucketName": "tapes"}}).body
    recording = made["recordingConfiguration"]["arn"]
    return str(call(sim, "CreateChannel", recordingConfigurationArn=recording).body["channel"]["arn"])


Ask = Callable[..., "Future[int]"]


@pytest.fixture
def ask(server: Server) -> Iterator[Ask]:
    """Ask over a connection of its own, in a thread; returns the status, as a future."""
    with ThreadPoolExecutor() as threads:

        def asked(target: str, body: dict[str, str]) -> int:
            with RawClient(server.port) as client:
                return client.call(target, json.dumps(body).encode()).status

        yield lambda target, **body: threads.submit(asked, target, body)


def test_others_are_answered(bucket: Bucket, ask: Ask, arn: str) -> None:
    """As long as a bucket takes its time, others are answered; who caused the delivery is, when it is made."""
    waits = ask("/_ivsim/streams", channel=arn)
    assert bucket.is_asked.wait(DEADLINE)
    assert ask("/GetStream", channelArn=arn).result(DEADLINE) == 200
    assert not waits.done()
    bucket.lets.set()
    assert waits.result(DEADLINE) == 201
    assert bucket.keys == ["recording-started.json"]


def test_a_call_waits(bucket: Bucket, ask: Ask, sim: Emulator, arn: str) -> None:
    """When StopStream is answered, the recording is in the bucket, as it is in process."""
    bucket.lets.set()
    sim.streams.start(arn)
    bucket.keys.clear()
    assert ask("/StopStream", channelArn=arn).result(DEADLINE) == 200
    assert bucket.keys[-1] == "recording-ended.json"


def test_in_their_order(bucket: Bucket, ask: Ask, sim: Emulator, arn: str) -> None:
    """Deliveries of the port and of other threads are made in the order in which they became due."""
    waits = ask("/_ivsim/streams", channel=arn)
    assert bucket.is_asked.wait(DEADLINE)
    with ThreadPoolExecutor() as threads:
        (stream,) = sim.streams.live
        stops = threads.submit(stream.end)
        until(lambda: not stream.is_live)
        bucket.lets.set()
        stops.result(DEADLINE)
    waits.result(DEADLINE)
    assert bucket.keys[0] == "recording-started.json"
    assert bucket.keys[-1] == "recording-ended.json"


def test_reset_before_its_turn(bucket: Bucket, ask: Ask, sim: Emulator, arn: str) -> None:
    """What waits for its turn when everything is replaced is not delivered any more."""
    other = str(call(sim, "CreateChannel", recordingConfigurationArn=recording_of(sim, arn)).body["channel"]["arn"])
    waits = [ask("/_ivsim/streams", channel=arn)]
    assert bucket.is_asked.wait(DEADLINE)
    waits.append(ask("/_ivsim/streams", channel=other))
    until(lambda: len(sim.streams.live) == 2)
    assert ask("/ListChannels").result(DEADLINE) == 200, "its turn is over in the event loop"
    sim.reset()
    bucket.lets.set()
    assert [each.result(DEADLINE) for each in waits] == [201, 201]
    assert bucket.keys == ["recording-started.json"]


def recording_of(sim: Emulator, arn: str) -> str:
    return str(call(sim, "GetChannel", arn=arn).body["channel"]["recordingConfigurationArn"])


def test_close_waits(bucket: Bucket, ask: Ask, server: Server, arn: str) -> None:
    """A server that is closed has made its deliveries."""
    waits = ask("/_ivsim/streams", channel=arn)
    assert bucket.is_asked.wait(DEADLINE)
    with ThreadPoolExecutor() as threads:
        closes = threads.submit(server.close)
        assert waits.exception(DEADLINE), "its connection is cut"
        assert not closes.done()
        bucket.lets.set()
        closes.result(DEADLINE)
    assert bucket.keys == ["recording-started.json"]


def test_own_mistake(bucket: Bucket, ask: Ask, arn: str, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a delivery is told in the log, and the server goes on."""
    bucket.fails = ZeroDivisionError
    bucket.lets.set()
    assert ask("/_ivsim/streams", channel=arn).result(DEADLINE) == 201
    assert "a bug in ivsim in a delivery" in caplog.text
    assert ask("/ListChannels").result(DEADLINE) == 200


def test_after_close(bucket: Bucket, sim: Emulator, arn: str) -> None:
    """Where a server was, the thread makes its own deliveries again."""
    with sim.serve():
        pass
    bucket.lets.set()
    sim.streams.start(arn)
    assert bucket.keys == ["recording-started.json"]
