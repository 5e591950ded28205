"""Events on buses: of moto, of an emulator at an endpoint, and nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ivsim import Emulator, mock_ivs

from .calling import call

OTHER = "111111111111"


@pytest.fixture(params=["ivsim outside", "moto outside"])
def sim(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator that delivers to moto, the mocks in one nesting and the other."""
    with ExitStack() as mocks:
        if request.param == "moto outside":
            mocks.enter_context(mock_aws())
        emulator = mocks.enter_context(mock_ivs(deliver=True))
        if request.param == "ivsim outside":
            mocks.enter_context(mock_aws())
        yield emulator


def moto(service: str, region: str, account: str | None) -> Any:
    """Return a client of moto in an account."""
    client = boto3.client(service, region_name=region)
    if account is not None:
        client.meta.events.register(
            "before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", account)
        )
    return client


class Consumer:
    """A queue at which a rule aims, and who reads it."""

    def __init__(self, pattern: dict[str, Any], region: str = "us-east-1", account: str | None = None) -> None:
        self._sqs, events = (moto(service, region, account) for service in ("sqs", "events"))
        self._url = self._sqs.create_queue(QueueName="events")["QueueUrl"]
        got = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        events.put_rule(Name="rule", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="rule", Targets=[{"Id": "queue", "Arn": got["Attributes"]["QueueArn"]}])

    def read(self) -> list[dict[str, Any]]:
        """Return the events that came, oldest first, and take them out of the queue."""
        read = []
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                read.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return read


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["detail"]["event_name"] for event in events]


def test_from_the_encoder_to_the_consumer(sim: Emulator) -> None:
    """An encoder goes live, the rule lets its Stream Start through, and whoever reads the queue has the whole event."""
    consumer = Consumer({"source": ["aws.ivs"], "detail": {"event_name": [{"prefix": "Stream"}]}})
    ivs = boto3.client("ivs", region_name="us-east-1")
    made = ivs.create_channel(name="show")
    with sim.streams.start(made["streamKey"]["value"]):
        (came,) = consumer.read()
        (told,) = (event for event in sim.events if event["detail"]["event_name"] == "Stream Start")
        same = ("version", "detail-type", "source", "time", "region", "resources", "detail")
        assert {name: came[name] for name in same} == {name: told[name] for name in same}
        assert ivs.get_stream(channelArn=came["resources"][0])["stream"]["streamId"] == came["detail"]["stream_id"]
    assert names(consumer.read()) == ["Stream End"]


def test_regions_and_accounts(sim: Emulator) -> None:
    """An event is on the bus of its region and account, and on no other."""
    wanted = {"source": ["aws.ivs"], "detail": {"event_name": ["Stream Start"]}}
    consumers = {
        ("us-east-1", None): Consumer(wanted),
        ("us-west-2", None): Consumer(wanted, "us-west-2"),
        ("us-west-2", OTHER): Consumer(wanted, "us-west-2", OTHER),
    }
    for (region, account), consumer in consumers.items():
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "x"} if account else {}
        ivs: Any = boto3.client("ivs", region_name=region, **keys)
        arn = ivs.create_channel()["channel"]["arn"]
        sim.streams.start(arn).end()
        assert [event["resources"] for event in consumer.read()] == [[arn]]
        assert [event for other in consumers.values() for event in other.read()] == []


def test_weather(sim: Emulator) -> None:
    """What is lost on its way does not reach the bus, what comes twice does twice, and what is late does later."""
    consumer = Consumer({"source": ["aws.ivs"]})
    sim.clock.freeze()
    for name, way in {"Stream Start": "lost", "Session Ended": "doubled", "Stream End": "delayed"}.items():
        sim.events.disturb(way, pattern={"detail": {"event_name": [name]}})  # type: ignore[arg-type]
    sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"]).end()
    assert names(consumer.read()) == ["Session Created", "Session Ended", "Session Ended"]
    sim.clock.advance(30)
    assert names(consumer.read()) == ["Stream End"]


def test_a_failed_target(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A target that moto cannot serve breaks nothing, and is logged once."""
    Consumer({"source": ["aws.ivs"]})
    function = f"arn:aws:lambda:us-east-1:{sim.account_id}:function:f"
    boto3.client("events", region_name="us-east-1").put_targets(Rule="rule", Targets=[{"Id": "f", "Arn": function}])
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.streams.start(arn).end()
    sim.streams.start(arn).end()
    assert len(sim.events) == 8
    assert [record.getMessage().split(": ")[0] for record in caplog.records if record.name == "ivsim.bus"] == [
        "events are not taken by the default bus of 123456789012 in us-east-1"
    ]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An endpoint that stands for EventBridge, which answers what is put into `answer`, and keeps what came."""
    kept: dict[str, Any] = {"status": 200, "answer": {"FailedEntryCount": 0, "Entries": []}, "asked": []}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept["asked"].append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(kept["answer"]).encode()
            self.send_response(kept["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", f"http://127.0.0.1:{server.server_port}")
        yield kept
        server.shutdown()


def live() -> Emulator:
    """Return an emulator that delivers, in which a channel was live twice."""
    with mock_ivs(deliver=True) as sim:
        arn = call(sim, "CreateChannel").body["channel"]["arn"]
        sim.streams.start(arn).end()
        sim.streams.start(arn).end()
    assert len(sim.events) == 8
    return sim


def test_another_emulator(endpoint: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Where an endpoint is named, events go there, those of a call in one request."""
    sim = live()
    entries = [request["Entries"] for request in endpoint["asked"]]
    assert [len(each) for each in entries] == [2, 2, 2, 2]
    assert [entry["Source"] for each in entries for entry in each] == ["aws.ivs"] * 8
    assert [json.loads(entry["Detail"]) for each in entries for entry in each] == [
        each["detail"] for each in sim.events
    ]
    assert "ivsim.bus" not in {record.name for record in caplog.records}


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (
            200,
            {"FailedEntryCount": 2, "Entries": [{"ErrorCode": "NotAuthorizedForSourceException"}, {"EventId": "1"}]},
            "NotAuthorizedForSourceException",
        ),
        (400, {"__type": "ResourceNotFoundException"}, "ResourceNotFoundException"),
    ],
)
def test_refused(
    endpoint: dict[str, Any], caplog: pytest.LogCaptureFixture, status: int, answer: dict[str, Any], why: str
) -> None:
    """An endpoint that refuses, as EventBridge itself would, breaks nothing, and is logged once."""
    endpoint.update(status=status, answer=answer)
    live()
    assert [record.getMessage() for record in caplog.records if record.name == "ivsim.bus"] == [
        f"events are not taken by the default bus of 123456789012 in us-east-1: {why}"
    ]


def test_not_there(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An endpoint where nobody is breaks nothing, and is logged once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9")
    live()
    (record,) = (record for record in caplog.records if record.name == "ivsim.bus")
    assert "in us-east-1: EndpointConnectionError: " in record.getMessage()


@pytest.mark.parametrize("has_credentials", [True, False])
def test_nobody(has_credentials: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Without a mock and an endpoint, nothing is sent, not to AWS either, and nothing is logged."""
    sent: list[object] = []
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", lambda *given: sent.append(given))
    if not has_credentials:
        monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    sim = Emulator(deliver=True)
    if has_credentials:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"]).end()
    assert len(sim.events) == 4
    assert sent == []
    assert caplog.records == []
