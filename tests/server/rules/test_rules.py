"""Events go where rules send them."""

from __future__ import annotations

import json
import threading
from typing import Any

import boto3
import pytest
from freezegun import freeze_time

from ivsim import Emulator
from ivsim.server.rules import sending, targets
from ivsim.server.rules.targets import HttpTarget, Send
from ivsim.server.run import Server

from ..control_client import Control, call
from ..waiting import DEADLINE, until
from .conftest import rule
from .programs import LocalLambda, Program, RuntimeEmulator, running


def go_live(sim: Emulator) -> str:
    """Take a new channel live; return its ARN. That makes two events: Session Created and Stream Start."""
    arn = str(call(sim, "CreateChannel", name="show")["channel"]["arn"])
    sim.streams.start(arn)
    return arn


def client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


# Where they go


def test_web_hook(sim: Emulator, hook: Program) -> None:
    """A web hook gets the events of a rule's pattern, each whole, and no other."""
    wanted = rule({"type": "http", "url": f"{hook.url}/ivs?secret=1"}, detail={"event_name": ["Stream Start"]})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered)
        assert hook.bodies == [sim.events[-1]]
        assert hook.paths == ["/ivs?secret=1"]
        assert (server.rules[0].waiting, server.rules[0].undelivered) == (0, [])


def test_function(sim: Emulator, functions: LocalLambda) -> None:
    """A Lambda function gets the event as its payload, by the URL of its Invoke."""
    heard: list[Any] = []
    functions.functions["OnLive"] = lambda event, _: heard.append(event["detail"]["event_name"])
    with sim.serve(rules=[rule({"type": "lambda", "url": functions.invoke_url("OnLive")})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
    assert heard == ["Session Created", "Stream Start"]


def test_queue(sim: Emulator, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue of moto's server gets each event as the body of a message."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    sqs = client("sqs", moto)
    queue = sqs.create_queue(QueueName="lives")["QueueUrl"]
    with sim.serve(rules=[rule({"type": "sqs", "queueUrl": queue})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
        assert [json.loads(each["Body"]) for each in messages] == list(sim.events)
    sqs.close()


def test_bus(sim: Emulator, moto: str) -> None:
    """A bus of moto's server gets the event with its source, and sends it on by rules of its own."""
    sqs, events = client("sqs", moto), client("events", moto)
    queue = sqs.create_queue(QueueName="starts")["QueueUrl"]
    pattern = {"source": ["aws.ivs"], "detail": {"event_name": ["Stream Start"]}}
    events.put_rule(Name="starts", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="starts", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:starts"}])
    with sim.serve(rules=[rule({"type": "eventbridge", "endpoint": moto})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
        (message,) = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    sent, got = sim.events[-1], json.loads(message["Body"])
    for member in ("source", "detail-type", "detail", "region", "time", "resources"):
        assert got[member] == sent[member], member
    sqs.close()
    events.close()


def test_queue_in_another_region(moto: str) -> None:
    """A queue is asked in the region of the event, as a rule of EventBridge and its targets are in one region."""
    sqs = boto3.client(
        "sqs", endpoint_url=moto, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    queue = sqs.create_queue(QueueName="lives")["QueueUrl"]
    near, far = Emulator(region="eu-west-1"), Emulator(region="us-east-1")
    for sim, delivered, undelivered in ((near, 2, 0), (far, 0, 2)):
        with sim.serve(rules=[rule({"type": "sqs", "queueUrl": queue})]) as server:
            go_live(sim)
            until(lambda: not server.rules[0].waiting)
            assert (server.rules[0].delivered, len(server.rules[0].undelivered)) == (delivered, undelivered)
    assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 2
    sqs.close()


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"])
def test_queue_at_the_endpoint_of_the_environment(
    sim: Emulator, moto: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """A queue whose rule names no endpoint is at that of the environment, whatever its URL says, as for every SDK."""
    sqs = client("sqs", moto)
    queue = sqs.create_queue(QueueName="lives")["QueueUrl"]
    monkeypatch.setenv(variable, moto)
    aws = "https://sqs.us-east-1.amazonaws.com/123456789012/lives"
    with sim.serve(rules=[rule({"type": "sqs", "queueUrl": aws})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
    assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 2
    sqs.close()


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL"])
def test_bus_at_the_endpoint_of_the_environment(
    sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """So is a bus; the rule shows where that is."""
    monkeypatch.setattr(hook, "answer", lambda *_: (200, {}, b'{"FailedEntryCount": 0, "Entries": []}'))
    monkeypatch.setenv(variable, hook.url)
    with sim.serve(rules=[rule({"type": "eventbridge"})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
        assert Control(server)("GET", "/rules").body[0]["target"] == {
            "type": "eventbridge",
            "endpoint": hook.url,
            "eventBus": "default",
        }


def test_fifo_queue(sim: Emulator, moto: str) -> None:
    """A FIFO queue takes the events as messages of the group that the rule names, in their order."""
    sqs = client("sqs", moto)
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    queue = sqs.create_queue(QueueName="lives.fifo", Attributes=attributes)["QueueUrl"]
    wanted = rule({"type": "sqs", "queueUrl": queue, "messageGroupId": "ivs"})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [json.loads(each["Body"]) for each in messages] == list(sim.events)
    assert {each["Attributes"]["MessageGroupId"] for each in messages} == {"ivs"}
    sqs.close()


def test_weather(sim: Emulator, hook: Program) -> None:
    """A target does not get what is lost on its way, gets twice what comes twice, and later what is late."""
    sim.clock.freeze()
    for name, way in {"Stream Start": "lost", "Session Ended": "doubled", "Stream End": "delayed"}.items():
        sim.events.disturb(way, pattern={"detail": {"event_name": [name]}})  # type: ignore[arg-type]
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server:
        go_live(sim)
        sim.streams.live[0].end()
        until(lambda: server.rules[0].delivered == 3)
        sim.clock.advance(30)
        until(lambda: server.rules[0].delivered == 4)
    names = ["Session Created", "Session Ended", "Session Ended", "Stream End"]
    assert [each["detail"]["event_name"] for each in hook.bodies] == names
    assert hook.bodies == list(sim.events.arrived)


def test_without_credentials(sim: Emulator, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no credentials needs none for a queue at an endpoint of their own."""
    sqs = client("sqs", moto)
    queue = sqs.create_queue(QueueName="lives")["QueueUrl"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    with sim.serve(rules=[rule({"type": "sqs", "queueUrl": queue, "endpoint": moto})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
    sqs.close()


# What does not arrive


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_again(sim: Emulator, hook: Program, status: int) -> None:
    """An event that is refused for now is sent again, until it is taken; until then it can be seen why not."""
    hook.statuses = [status, status]
    wanted = rule({"type": "http", "url": hook.url}, detail={"event_name": ["Stream Start"]})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered)
        assert server.rules[0].last_failure == f"{hook.url} answered {status}"
        assert server.rules[0].undelivered == []
    assert hook.bodies == [sim.events[-1]] * 3


def test_what_is_sent_again(sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until an event is sent again it can be seen which, why and in how many seconds; of many the next are shown."""
    monkeypatch.setattr(sending, "MOST_SHOWN", 1)
    monkeypatch.setattr(sending, "WAITS", (0.001, 600))
    hook.statuses = [503] * 4
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server:
        go_live(sim)
        until(lambda: len(hook.bodies) == 4 and not hook.statuses and server.rules[0].retrying[0].attempts == 2)
        ((event, attempts, reason, seconds),) = server.rules[0].retrying
        assert (event, attempts, reason) == (sim.events[0], 2, f"{hook.url} answered 503")
        assert 0 < seconds <= 600
        assert (server.rules[0].waiting, server.rules[0].undelivered) == (2, [])
        (shown,) = Control(server)("GET", "/rules").body[0]["retrying"]
        assert 0 < shown.pop("seconds") <= 600
        assert shown == {"event": event, "attempts": attempts, "reason": reason}


def test_what_is_being_sent_again(sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seen also while it is on its way, in no seconds."""
    monkeypatch.setattr(sending, "WAITS", (0.001,))
    hook.statuses = [503]
    wanted = rule({"type": "http", "url": hook.url}, detail={"event_name": ["Stream Start"]})
    with sim.serve(rules=[wanted]) as server:
        answer = hook.answer

        def once_and_then_slowly(path: str, body: bytes) -> Any:
            told = answer(path, body)
            hook.answers.clear()
            return told

        monkeypatch.setattr(hook, "answer", once_and_then_slowly)
        go_live(sim)
        until(lambda: len(hook.bodies) == 2)
        assert server.rules[0].retrying == [(sim.events[-1], 1, f"{hook.url} answered 503", 0)]
        hook.answers.set()
        until(lambda: server.rules[0].delivered)
        assert server.rules[0].retrying == []


@pytest.mark.parametrize("status", [302, 400, 404])
def test_for_good(sim: Emulator, hook: Program, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """One that is refused for good is not sent again; it is shown as one that did not arrive, and in the log."""
    hook.statuses = [status]
    wanted = rule({"type": "http", "url": hook.url}, detail={"event_name": ["Stream Start"]})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].undelivered)
        assert server.rules[0].undelivered == [(sim.events[-1], 1, f"{hook.url} answered {status}")]
        assert (server.rules[0].delivered, server.rules[0].waiting) == (0, 0)
    said = f"event {sim.events[-1]['id']} of the rule all did not arrive, attempts: 1: {hook.url} answered {status}"
    assert said in caplog.text


@pytest.mark.usefixtures("impatient")
def test_nobody_there(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, that is told of each event after its last attempt; of many the newest are kept."""
    monkeypatch.setattr(sending, "MOST_SHOWN", 1)
    wanted = rule({"type": "http", "url": "http://127.0.0.1:1"})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].undelivered and not server.rules[0].waiting)
        ((event, attempts, reason),) = server.rules[0].undelivered
    assert (event, attempts) == (sim.events[-1], 6)
    assert reason.startswith("ConnectionRefusedError: ")


def test_no_answer(sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A web hook that does not answer in its time has not taken the event."""
    monkeypatch.setattr(targets, "HTTP_SECONDS", 0.01)
    monkeypatch.setattr(sending, "WAITS", ())
    hook.answers.clear()
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server:
        go_live(sim)
        until(lambda: len(server.rules[0].undelivered) == 2)
        assert {(attempts, reason) for _, attempts, reason in server.rules[0].undelivered} == {
            (1, "TimeoutError: timed out")
        }


@pytest.mark.usefixtures("impatient")
def test_function_that_fails(sim: Emulator, functions: LocalLambda) -> None:
    """A function that raises has not taken the event; what it raised is told. One that is not there is asked once."""

    def fails(event: dict[str, Any], context: None) -> None:
        raise ValueError("not today")

    functions.functions["OnLive"] = fails
    start = {"detail": {"event_name": ["Stream Start"]}}
    there = rule({"type": "lambda", "url": functions.invoke_url("OnLive")}, name="there", **start)
    gone = rule({"type": "lambda", "url": functions.invoke_url("Gone")}, name="gone", **start)
    with sim.serve(rules=[there, gone]) as server:
        go_live(sim)
        until(lambda: all(each.undelivered for each in server.rules))
        (_, attempts, reason), (_, attempts_gone, reason_gone) = (each.undelivered[0] for each in server.rules)
    assert (attempts, attempts_gone) == (6, 1)
    assert reason.startswith("the function failed: Unhandled: ")
    assert "not today" in reason
    assert reason_gone == f"{functions.invoke_url('Gone')} answered 404"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("not today"), '{"errorMessage": "not today", "errorType": "ValueError"}'),
        (TimeoutError(), "Task timed out after 3.00 seconds"),
    ],
)
def test_runtime_interface_emulator(sim: Emulator, error: Exception, reason: str) -> None:
    """So is one behind the runtime interface emulator, which answers 200 and names no error in a header."""
    errors = [error, error]

    def fails_twice(event: dict[str, Any], context: None) -> Any:
        if errors:
            raise errors.pop()
        return {"errorType": "none", "errorMessage": "", "event": event}  # which is what it is for

    emulator = RuntimeEmulator(fails_twice)
    wanted = rule({"type": "lambda", "url": emulator.invoke_url("function")}, detail={"event_name": ["Stream Start"]})
    with running(emulator), sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered)
        assert server.rules[0].last_failure == f"the function failed: Unhandled: {reason}"
    assert emulator.bodies == [sim.events[-1]] * 3


def test_busy_function(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has one call at a time; an event that comes while it works is sent again, not given up."""
    monkeypatch.setattr(sending, "WAITS", (0.01,) * 6000)
    heard: list[Any] = []
    emulator = RuntimeEmulator(lambda event, _: heard.append(event))
    url = emulator.invoke_url("function")
    rules = [rule({"type": "lambda", "url": url}, name=name) for name in ("one", "other")]
    with running(emulator), sim.serve(rules=rules) as server:
        emulator.answers.clear()
        go_live(sim)
        until(lambda: any(each.retrying for each in server.rules))
        assert {each.last_failure for each in server.rules} == {None, f"{url} answered 400"}
        emulator.answers.set()
        until(lambda: all(each.delivered == 2 for each in server.rules))
    assert len(heard) == 4


@pytest.mark.usefixtures("impatient")
def test_queue_that_is_not_there(sim: Emulator, moto: str) -> None:
    """A queue that does not exist is asked once; an endpoint that does not, again and again."""
    gone = rule({"type": "sqs", "queueUrl": f"{moto}/123456789012/none"}, name="gone")
    dead = rule({"type": "sqs", "queueUrl": "http://127.0.0.1:1/123456789012/none"}, name="dead")
    with sim.serve(rules=[gone, dead]) as server:
        go_live(sim)
        until(lambda: all(len(each.undelivered) == 2 for each in server.rules))
        (_, attempts, reason), (_, attempts_dead, reason_dead) = (each.undelivered[0] for each in server.rules)
    assert (attempts, attempts_dead) == (1, 6)
    assert "NonExistentQueue" in reason
    assert "Could not connect to the endpoint" in reason_dead


@pytest.mark.usefixtures("impatient")
def test_bus_that_refuses(sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that answers that it has not taken an event is asked again."""
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "later"}]}
    monkeypatch.setattr(hook, "answer", lambda *_: (200, {}, json.dumps(refusal).encode()))
    wanted = rule({"type": "eventbridge", "endpoint": hook.url}, detail={"event_name": ["Stream Start"]})
    with sim.serve(rules=[wanted]) as server:
        go_live(sim)
        until(lambda: server.rules[0].undelivered)
        assert server.rules[0].undelivered == [(sim.events[-1], 6, "InternalFailure: later")]


def test_a_slow_target_slows_nothing(sim: Emulator, hook: Program) -> None:
    """As long as a target takes its time, calls are answered, other targets have theirs, and what waits is bounded."""
    slow = Program()
    with running(slow), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "MOST_WAITING", 3)
        slow.answers.clear()
        rules = [
            rule({"type": "http", "url": url}, name=name) for name, url in (("slow", slow.url), ("hook", hook.url))
        ]
        with sim.serve(rules=rules) as server:
            go_live(sim)
            until(lambda: slow.bodies and server.rules[1].delivered == 2)
            go_live(sim)
            until(lambda: server.rules[1].delivered == 4)
            assert Control(server)("GET", "/health").status == 200
            assert server.rules[0].waiting == 3
            assert server.rules[0].undelivered == [(sim.events[-1], 0, "3 others wait for the target")]
            slow.answers.set()
            until(lambda: server.rules[0].delivered == 3)


def test_close_does_not_wait(sim: Emulator, hook: Program) -> None:
    """A server that is closed sends nothing any more, and waits for no target."""
    hook.answers.clear()
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]):
        go_live(sim)
        until(lambda: hook.bodies)
    go_live(sim)
    hook.answers.set()
    with sim.serve(rules=[rule({"type": "http", "url": f"{hook.url}/next"})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
    assert hook.paths == ["/", "/next", "/next"]


@pytest.mark.usefixtures("impatient")
def test_reset(sim: Emulator, hook: Program) -> None:
    """After a reset nothing of what was before is sent or shown; the rules stay."""
    hook.statuses = [500]
    hook.answers.clear()
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server:
        go_live(sim)
        until(lambda: hook.bodies)
        sim.reset()
        assert server.rules[0][1:] == (0, 0, None, [], [])
        hook.answers.set()
        go_live(sim)
        until(lambda: server.rules[0].delivered == 2)
        assert server.rules[0][1:] == (2, 0, None, [], [])
        assert hook.bodies[1:] == list(sim.events)


def test_time_is_real(sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands, the emulator's or that of freezegun, holds up no attempt."""
    monkeypatch.setattr(sending, "WAITS", (0.01,))
    hook.statuses = [500]
    sim.clock.freeze()
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server, freeze_time("2027-01-01"):
        go_live(sim)
        until_really(server)


def until_really(server: Server) -> None:
    """Wait in real time, while that of `time` stands."""
    moment = threading.Event()
    for _ in range(DEADLINE * 100):
        if server.rules[0].delivered == 2:
            return
        moment.wait(0.01)
    pytest.fail("it never came")


def test_own_mistake(
    sim: Emulator, hook: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in sending is told in the log, and the next event is sent."""
    made, mistakes = HttpTarget.sender, [ZeroDivisionError()]

    def sender(target: HttpTarget) -> Send:
        send = made(target)

        def fail_first(event: dict[str, Any]) -> None:
            if mistakes:
                raise mistakes.pop()
            send(event)

        return fail_first

    monkeypatch.setattr(HttpTarget, "sender", sender)
    with sim.serve(rules=[rule({"type": "http", "url": hook.url})]) as server:
        go_live(sim)
        until(lambda: server.rules[0].delivered)
        assert server.rules[0].undelivered == [(sim.events[0], 1, "ZeroDivisionError()")]
    assert "a bug in ivsim in the rule all" in caplog.text


# The control endpoint


def test_control(sim: Emulator, hook: Program) -> None:
    """`GET /_ivsim/rules` shows each rule as it was given, and what has become of its events."""
    hook.statuses = [400]
    given = rule({"type": "http", "url": hook.url}, detail={"event_name": ["Stream Start"]})
    queue = rule({"type": "sqs", "queueUrl": "http://127.0.0.1:1/1/q"}, name="queue", source=["nobody"])
    with sim.serve(rules=[given, queue]) as server:
        go_live(sim)
        until(lambda: server.rules[0].undelivered)
        reason = f"{hook.url} answered 400"
        assert Control(server)("GET", "/rules").body == [
            {
                **given,
                "delivered": 0,
                "waiting": 0,
                "lastFailure": reason,
                "retrying": [],
                "undelivered": [{"event": sim.events[-1], "attempts": 1, "reason": reason}],
            },
            {
                **queue,
                "target": {**queue["target"], "endpoint": None, "messageGroupId": None},
                "delivered": 0,
                "waiting": 0,
                "lastFailure": None,
                "retrying": [],
                "undelivered": [],
            },
        ]


def test_control_without_rules(server: Server, control: Control) -> None:
    """Without rules the list is empty."""
    assert control("GET", "/rules").body == []
    assert server.rules == []
