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
