"""What rules look like, and what is said of those that look otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.core.arguments import ValueRefused
from ivsim.server.rules.reading import Rule, read
from ivsim.server.rules.targets import EventBridgeTarget, HttpTarget, LambdaTarget, SqsTarget


@pytest.fixture(autouse=True)
def _no_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """No endpoint comes from the environment of whoever runs the tests."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_EVENTBRIDGE"):
        monkeypatch.delenv(name, raising=False)


HTTP = {"type": "http", "url": "http://localhost:8000/hook"}
GOOD: dict[str, Any] = {"name": "all", "pattern": {"source": ["aws.ivs"]}, "target": HTTP}


def with_target(**members: Any) -> dict[str, Any]:
    return {**GOOD, "target": members}


def test_file(tmp_path: Path) -> None:
    """A file has a list of rules; they are as they would be had they been given as a list."""
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([GOOD]))
    assert read(file) == read(str(file)) == read([GOOD]) == [Rule("all", GOOD["pattern"], HttpTarget(HTTP["url"]))]
    assert read(()) == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"type": "http", "url": "https://example.com"}, HttpTarget("https://example.com")),
        ({"type": "lambda", "url": "http://localhost:3001/x"}, LambdaTarget("http://localhost:3001/x")),
        ({"type": "sqs", "queueUrl": "http://localhost:5000/1/q"}, SqsTarget("http://localhost:5000/1/q")),
        (
            {"type": "sqs", "queueUrl": "http://localhost:5000/1/q", "endpoint": "http://moto:5000"},
            SqsTarget("http://localhost:5000/1/q", "http://moto:5000"),
        ),
        (
            {"type": "sqs", "queueUrl": "http://localhost:5000/1/q.fifo", "messageGroupId": "ivs"},
            SqsTarget("http://localhost:5000/1/q.fifo", message_group_id="ivs"),
        ),
        (
            {"type": "sqs", "queueUrl": "http://localhost:5000/1/fair", "messageGroupId": "x" * 100},
            SqsTarget("http://localhost:5000/1/fair", message_group_id="x" * 100),
        ),
        ({"type": "eventbridge", "endpoint": "http://moto:5000"}, EventBridgeTarget("http://moto:5000", "default")),
        (
            {"type": "eventbridge", "endpoint": "http://moto:5000", "eventBus": "mine"},
            EventBridgeTarget("http://moto:5000", "mine"),
        ),
    ],
)
def test_targets(target: dict[str, Any], expected: object) -> None:
    """There are four kinds of targets."""
    assert read([{**GOOD, "target": target}])[0].target == expected


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"name": "all"}, "there is no list of rules"),
        ("[]", "there is no list of rules"),
        ([7], "rule 1: the rule: 7 is not an object"),
        ([{}], "rule 1: name: this member is missing"),
        ([{**GOOD, "name": 7}], "rule 1, 7: name: 7 is not text of 1 to 64 letters, digits and . - _"),
        ([{**GOOD, "name": "a b"}], "rule 1, 'a b': name: 'a b' is not text of 1 to 64 letters, digits and . - _"),
        ([GOOD, {"name": "b"}], "rule 2, 'b': pattern: this member is missing"),
        ([GOOD, GOOD], "rule 2, 'all': name: another rule has it"),
        ([{**GOOD, "patern": {}}], "rule 1, 'all': patern: there is no member 'patern'; did you mean 'pattern'?"),
        ([{**GOOD, "target": "http://x"}], "rule 1, 'all': target: 'http://x' is not an object"),
        (
            [with_target(url="http://x")],
            "rule 1, 'all': target.type: it has to be one of 'eventbridge', 'http', 'lambda', 'sqs'",
        ),
        (
            [with_target(type="lamda")],
            "rule 1, 'all': target.type: there is no type of target 'lamda'; did you mean 'lambda'?",
        ),
        ([with_target(type="http")], "rule 1, 'all': target.url: this member is missing"),
        (
            [with_target(type="http", url="http://x", path="/")],
            "rule 1, 'all': target.path: there is no member 'path'; there are 'url'",
        ),
        ([with_target(type="http", url=7)], "rule 1, 'all': target.url: 7 is not text"),
        (
            [with_target(type="lambda", url="arn:aws:lambda:us-east-1:1:function:f")],
            "rule 1, 'all': target.url: 'arn:aws:lambda:us-east-1:1:function:f' is not an http or https URL, "
            "without a user name in it",
        ),
        (
            [with_target(type="sqs", queueUrl="http://x/q", endpoint="moto:5000")],
            "rule 1, 'all': target.endpoint: 'moto:5000' is not an http or https URL, without a user name in it",
        ),
        (
            [with_target(type="sqs", queueUrl="http://x/1/q.fifo")],
            "rule 1, 'all': target.messageGroupId: it is missing, and a queue whose name ends in .fifo needs it",
        ),
        ([with_target(type="sqs", queueUrl="http://x/1/q.fifo/", endpoint="http://y")], None),
        (
            [with_target(type="sqs", queueUrl="http://x/1/q", messageGroupId="")],
            "rule 1, 'all': target.messageGroupId: '' is not text of 1 to 100 characters",
        ),
        ([with_target(type="sqs", queueUrl="http://x/1/q.fifo", messageGroupId="x" * 101)], None),
        ([with_target(type="sqs", queueUrl="http://x/1/q.fifo", messageGroupId=1)], None),
        (
            [with_target(type="eventbridge")],
            "rule 1, 'all': target.endpoint: this member is missing, and neither AWS_ENDPOINT_URL_EVENTBRIDGE nor "
            "AWS_ENDPOINT_URL is set",
        ),
        ([with_target(type="sqs")], "rule 1, 'all': target.queueUrl: this member is missing"),
        ([with_target(type="eventbridge", endpoint="x")], None),
        ([with_target(type="sqs", queueUrl="tickets")], None),
    ],
)
def test_what_is_wrong(rules: Any, text: str | None, tmp_path: Path) -> None:
    """It is said of which rule which member is wrong, and why; of a file, which file."""
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules))
    with pytest.raises(ValueRefused) as refused:
        read(file)
    assert refused.value.field == "rules"
    assert str(refused.value).startswith(f"{file}: ")
    if text is not None:
        assert str(refused.value) == f"{file}: {text}"
    if not isinstance(rules, str):  # which in process is the name of a file
        with pytest.raises(ValueRefused, match=r"^rules: "):
            read(rules)


def test_endpoint_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the variables the one for the service comes first, and a rule's own endpoint before both; empty is not set."""
    queue = with_target(type="sqs", queueUrl="http://x/1/q")

    def endpoint(rule: dict[str, Any]) -> Any:
        target = read([rule])[0].target
        assert isinstance(target, (SqsTarget, EventBridgeTarget))
        return target.endpoint

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "")
    assert endpoint(queue) == endpoint(with_target(type="eventbridge")) == "http://all"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://sqs")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://events")
    assert (endpoint(queue), endpoint(with_target(type="eventbridge"))) == ("http://sqs", "http://events")
    assert endpoint(with_target(type="sqs", queueUrl="http://x/1/q", endpoint="http://own")) == "http://own"
    assert read([GOOD])[0].target == HttpTarget(HTTP["url"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "moto:5000")
    with pytest.raises(ValueRefused, match="rule 1, 'all': AWS_ENDPOINT_URL_SQS: 'moto:5000' is not an http or https"):
        read([queue])


@pytest.mark.parametrize("pattern", [{"source": "aws.ivs"}, [], {"source": [{"begins-with": "aws"}]}])
def test_pattern_that_is_wrong(pattern: object) -> None:
    """So it is of a pattern that EventBridge would not take."""
    with pytest.raises(ValueRefused, match=r"^rules: rule 1, 'all': pattern: "):
        read([{**GOOD, "pattern": pattern}])


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_no_json(content: bytes, tmp_path: Path) -> None:
    """So it is of a file that is no JSON."""
    file = tmp_path / "rules.json"
    file.write_bytes(content)
    with pytest.raises(ValueRefused, match=r"rules\.json: it is not JSON: "):
        read(file)


def test_no_file(tmp_path: Path) -> None:
    """A file that cannot be read is an OSError that names it."""
    with pytest.raises(OSError, match=r"^the rules in .*none\.json cannot be read: No such file"):
        read(tmp_path / "none.json")


def test_nothing_starts(sim: Emulator) -> None:
    """With a wrong rule there is no server: not even its port is taken."""
    with pytest.raises(ValueRefused, match="rule 1: name: this member is missing"):
        sim.serve(rules=[{}])
    assert not sim.events._subscribers
