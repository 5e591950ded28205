"""Event patterns, by the examples of the EventBridge User Guide and of aws/event-ruler, told anew."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim.core.patterns import check, matches

EVENT = {
    "version": "0",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": "2017-10-02T16:24:49Z",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000", "arn:aws:other"],
    "detail": {
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "source-ipv6": "2001:db8::17",
        "state": "running",
        "FileName": "dir/a/Photo.PNG",
        "FilePath": "/usr/lib/tool",
        "service": "EventBridge",
        "starred": r"a*b\c",
        "LastName": "",
        "UserID": None,
        "live": True,
        "tags": ["a", "b"],
        "none": [],
        "below": {"c1": 100},
    },
}


def is_met(pattern: dict[str, Any], event: dict[str, Any] = EVENT) -> bool:
    return matches(check("pattern", pattern), event)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ({"source": ["aws.ec2"]}, True),
        ({"source": ["aws.ec2", "aws.s3"], "detail-type": ["EC2 Instance State-change Notification"]}, True),
        ({"source": ["aws.ec2"], "detail-type": ["other"]}, False),
        ({"source": ["AWS.EC2"]}, False),
        ({"nothing": ["aws.ec2"]}, False),
        ({"resources": ["arn:aws:other", "arn:aws:third"]}, True),
        ({"resources": ["arn:aws:third"]}, False),
        ({"detail": {"state": ["initializing", "running"]}}, True),
        ({"detail": ["running"]}, False),
        ({"source": {"state": ["running"]}}, False),
    ],
)
def test_values(pattern: dict[str, Any], wanted: bool) -> None:
    """Every field has to be met, each by one of its values, to the letter; of an array one element is enough."""
    assert is_met(pattern) is wanted


@pytest.mark.parametrize(
    ("field", "values", "wanted"),
    [
        # empty text, null, truth values and numbers; a number is compared as it is written
        ("LastName", [""], True),
        ("UserID", [None], True),
        ("LastName", [None], False),
        ("live", [True], True),
        ("live", [1], False),
        ("c-count", [5], True),
        ("c-count", [5.0], False),
        ("c-count", ["5"], False),
        # prefix and suffix
        ("state", [{"prefix": "run"}], True),
        ("state", [{"prefix": "Run"}], False),
        ("c-count", [{"prefix": "5"}], False),
        ("service", [{"prefix": {"equals-ignore-case": "eventb"}}], True),
        ("service", [{"prefix": {"equals-ignore-case": "bridge"}}], False),
        ("c-count", [{"prefix": {"equals-ignore-case": "5"}}], False),
        ("FileName", [{"suffix": ".PNG"}], True),
        ("FileName", [{"suffix": ".png"}], False),
        ("c-count", [{"suffix": "5"}], False),
        ("FileName", [{"suffix": {"equals-ignore-case": ".png"}}], True),
        ("service", [{"suffix": {"equals-ignore-case": "tBridge"}}], True),
        ("service", [{"suffix": {"equals-ignore-case": "event"}}], False),
        ("c-count", [{"suffix": {"equals-ignore-case": "5"}}], False),
        # equals-ignore-case
        ("service", [{"equals-ignore-case": "eventbridge"}], True),
        ("service", [{"equals-ignore-case": "eventb"}], False),
        ("c-count", [{"equals-ignore-case": "5"}], False),
        # wildcard
        ("FileName", [{"wildcard": "dir/*.PNG"}], True),
        ("FileName", [{"wildcard": "dir/*.png"}], False),
        ("FileName", [{"wildcard": "*/a/*"}], True),
        ("FileName", [{"wildcard": "dir/a/Photo.PNG"}], True),
        ("FileName", [{"wildcard": "dir?a*"}], False),
        ("starred", [{"wildcard": r"a\*b\\c"}], True),
        ("state", [{"wildcard": r"\*"}], False),
        ("LastName", [{"wildcard": "*"}], True),
        ("c-count", [{"wildcard": "*"}], False),
        # anything-but, and all that it goes with
        ("state", [{"anything-but": "initializing"}], True),
        ("state", [{"anything-but": "running"}], False),
        ("state", [{"anything-but": ["stopped", "overloaded"]}], True),
        ("state", [{"anything-but": ["stopped", "running"]}], False),
        ("x-limit", [{"anything-but": 123}], True),
        ("x-limit", [{"anything-but": [100, 200, 301.8]}], False),
        ("UserID", [{"anything-but": "somebody"}], True),
        ("nothing", [{"anything-but": "somebody"}], False),
        ("state", [{"anything-but": {"prefix": "init"}}], True),
        ("state", [{"anything-but": {"prefix": ["init", "run"]}}], False),
        ("FileName", [{"anything-but": {"suffix": ".png"}}], True),
        ("FileName", [{"anything-but": {"suffix": [".txt", ".PNG"]}}], False),
        ("state", [{"anything-but": {"equals-ignore-case": "initializing"}}], True),
        ("state", [{"anything-but": {"equals-ignore-case": ["INITIALIZING", "RUNNING"]}}], False),
        ("FilePath", [{"anything-but": {"wildcard": "*/bin/*"}}], True),
        ("FilePath", [{"anything-but": {"wildcard": "*/lib/*"}}], False),
        ("FilePath", [{"anything-but": {"wildcard": ["*/bin/*", "*/lib/*"]}}], False),
        ("c-count", [{"anything-but": {"prefix": "5"}}], True),
        ("tags", [{"anything-but": "a"}], True),
        ("tags", [{"anything-but": ["a", "b"]}], False),
        # numeric
        ("c-count", [{"numeric": [">", 0, "<=", 5]}], True),
        ("c-count", [{"numeric": [">", 5, "<=", 6]}], False),
        ("c-count", [{"numeric": [">=", 5, "<", 6]}], True),
        ("d-count", [{"numeric": ["<", 10]}], True),
        ("d-count", [{"numeric": ["<", 3]}], False),
        ("x-limit", [{"numeric": ["=", 3.018e2]}], True),
        ("state", [{"numeric": ["<", 10]}], False),
        ("live", [{"numeric": ["=", 1]}], False),
        # cidr
        ("source-ip", [{"cidr": "10.0.0.0/24"}], True),
        ("source-ip", [{"cidr": "10.0.1.0/24"}], False),
        ("source-ip", [{"cidr": "2001:db8::/32"}], False),
        ("source-ipv6", [{"cidr": "2001:db8::/32"}], True),
        ("state", [{"cidr": "10.0.0.0/24"}], False),
        ("c-count", [{"cidr": "0.0.0.0/0"}], False),
        # exists, which is about leaves alone
        ("c-count", [{"exists": True}], True),
        ("c-count", [{"exists": False}], False),
        ("UserID", [{"exists": True}], True),
        ("nothing", [{"exists": True}], False),
        ("nothing", [{"exists": False}], True),
        ("below", [{"exists": True}], False),
        ("below", [{"exists": False}], True),
        ("none", [{"exists": True}], False),
        # one of several
        ("state", ["stopped", {"prefix": "run"}], True),
        ("state", [{"exists": False}, "running"], True),
        ("state", [{"exists": False}, "stopped"], False),
    ],
)
def test_operators(field: str, values: list[Any], wanted: bool) -> None:
    """Each operator wants what the documentation says, and values of another type never."""
    assert is_met({"detail": {field: values}}) is wanted


def test_numbers_too_large_to_compare() -> None:
    """Numbers beyond five thousand million are not compared."""
    assert is_met({"size": [{"numeric": [">", 1]}]}, {"size": 5e9})
    assert not is_met({"size": [{"numeric": [">", 1]}]}, {"size": 5e9 + 1})


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        ({"source": "aws.cloudwatch", "metricName": "ReadLatency"}, True),
        ({"source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/ES", "spaceId": 1000}, True),
        ({"source": "aws.cloudwatch", "metricType": "MetricType", "namespace": "AWS/ES"}, False),
        ({"source": "aws.cloudwatch", "namespace": "AWS/ES", "spaceId": 1000}, False),
        ({"source": "aws.cloudwatch", "scope": "Service"}, True),
        ({"source": "aws.ec2", "scope": "Service"}, False),
    ],
)
def test_or(event: dict[str, Any], wanted: bool) -> None:
    """One of the patterns under `$or` is enough, each of them may say more than one thing, and have another `$or`."""
    pattern = {
        "source": ["aws.cloudwatch"],
        "$or": [
            {"metricName": ["CPUUtilization", "ReadLatency"]},
            {
                "metricType": ["MetricType"],
                "namespace": ["AWS/EC2", "AWS/ES"],
                "$or": [{"metricId": [1234]}, {"spaceId": [1000]}],
            },
            {"scope": ["Service"]},
        ],
    }
    assert is_met(pattern, event) is wanted


def test_or_inside_an_object() -> None:
    """`$or` works at every level."""
    pattern = {"detail": {"$or": [{"c-count": [{"numeric": [">", 5]}]}, {"d-count": [{"numeric": ["<", 10]}]}]}}
    assert is_met(pattern)
    assert not is_met(pattern, {"detail": {"c-count": 5, "d-count": 10}})


def test_all_together() -> None:
    """A pattern with many operators wants all of them met."""
    detail: dict[str, Any] = {
        "state": [{"anything-but": "initializing"}],
        "c-count": [{"numeric": [">", 0, "<=", 5]}],
        "d-count": [{"numeric": ["<", 10]}],
        "x-limit": [{"anything-but": [100, 200, 300]}],
        "source-ip": [{"cidr": "10.0.0.0/8"}],
    }
    assert is_met({"time": [{"prefix": "2017-10-02"}], "detail": detail})
    assert not is_met({"time": [{"prefix": "2017-10-03"}], "detail": detail})


@pytest.mark.parametrize("nested", [False, True])
def test_arrays_of_objects(nested: bool) -> None:
    """Of an array of objects one object has to meet all that is said of it; what must not exist exists in none."""
    people: list[Any] = [
        {"firstName": "John", "lastName": "Doe"},
        {"firstName": "Anna", "lastName": "Smith", "age": 30},
        "nobody",
    ]
    event = {"employees": [people[:1], people[1:]] if nested else people}
    assert is_met({"employees": {"firstName": ["Anna"]}}, event)
    assert is_met({"employees": {"firstName": ["Anna"], "lastName": ["Smith"]}}, event)
    assert not is_met({"employees": {"firstName": ["Anna"], "lastName": ["Doe"]}}, event)
    assert not is_met({"employees": {"age": [{"exists": False}]}}, event)
    assert is_met({"employees": {"wage": [{"exists": False}]}}, event)
    assert is_met({"nobody": {"wage": [{"exists": False}]}}, event)


WRONG = {
    "it is empty, and has to name a field": {},
    "detail: it is empty": {"detail": {}},
    "1 is no field, whose name is text": {1: ["x"]},
    "source: 'aws.ec2' is neither a list": {"source": "aws.ec2"},
    r"source: \[\] is neither a list": {"source": []},
    r"source: \['a'\] is not text, a number": {"source": [["a"]]},
    r"\$or: \[{'source': \['a'\]}\] is not a list of two": {"$or": [{"source": ["a"]}]},
    r"\$or: {'source': \['a'\]} is not a list of two": {"$or": {"source": ["a"]}},
    r"\$or: \['a', 'b'\] is not a list of two": {"$or": ["a", "b"]},
    r"\$or\[1\].source: 'b' is neither": {"$or": [{"source": ["a"]}, {"source": "b"}]},
    r"detail.a: {'prefix': 'x', 'suffix': 'y'} has to": {"detail": {"a": [{"prefix": "x", "suffix": "y"}]}},
    r"a: {} has to have one operator": {"a": [{}]},
    r"a: there is no operator 'prefx'; did you mean 'prefix'\?": {"a": [{"prefx": "x"}]},
    r"a.prefix: 1 is not text": {"a": [{"prefix": 1}]},
    r"a.suffix: {'prefix': 'x'} is neither text nor an object with 'equ": {"a": [{"suffix": {"prefix": "x"}}]},
    r"a.prefix.equals-ignore-case: None is not text": {"a": [{"prefix": {"equals-ignore-case": None}}]},
    r"a.equals-ignore-case: \['x'\] is not text": {"a": [{"equals-ignore-case": ["x"]}]},
    r"a.wildcard: 1 is not text": {"a": [{"wildcard": 1}]},
    r"a.wildcard: 'a\*\*b' has two wildcards side by side": {"a": [{"wildcard": "a**b"}]},
    r"a.wildcard: 'a\\\\b' has a backslash before": {"a": [{"wildcard": r"a\b"}]},
    r"a.wildcard: 'a\\\\' has a backslash before": {"a": [{"wildcard": "a\\"}]},
    r"a.anything-but: None is neither text": {"a": [{"anything-but": None}]},
    r"a.anything-but: \[\] is neither text": {"a": [{"anything-but": []}]},
    r"a.anything-but: \['x', 1\] is neither text": {"a": [{"anything-but": ["x", 1]}]},
    r"a.anything-but: {'cidr': '10.0.0.0/8'} has to have one of 'equ": {
        "a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]
    },
    r"a.anything-but: {} has to have one of": {"a": [{"anything-but": {}}]},
    r"a.anything-but.prefix: 1 is not text": {"a": [{"anything-but": {"prefix": ["x", 1]}}]},
    r"a.anything-but.prefix: \[\] is not text": {"a": [{"anything-but": {"prefix": []}}]},
    r"a.anything-but.wildcard: '\*\*' has two": {"a": [{"anything-but": {"wildcard": "**"}}]},
    r"a.numeric: 5 is not a list of a comparison": {"a": [{"numeric": 5}]},
    r"a.numeric: \['>'\] is not a list of a comparison": {"a": [{"numeric": [">"]}]},
    r"a.numeric: \['>', '5'\] is not a list of a comparison": {"a": [{"numeric": [">", "5"]}]},
    r"a.numeric: there is no comparison '!='": {"a": [{"numeric": ["!=", 5]}]},
    r"a.numeric: \['<', 5000000000.5\] has a number that is not": {"a": [{"numeric": ["<", 5e9 + 0.5]}]},
    r"a.numeric: \['<', 5, '>', 1\] is no range": {"a": [{"numeric": ["<", 5, ">", 1]}]},
    r"a.numeric: \['>', 5, '>', 6\] is no range": {"a": [{"numeric": [">", 5, ">", 6]}]},
    r"a.numeric: \['>', 5, '<', 5\] is no range": {"a": [{"numeric": [">", 5, "<", 5]}]},
    r"a.cidr: 1 is not text": {"a": [{"cidr": 1}]},
    r"a.cidr: '10.0.0/24' is not a range of addresses": {"a": [{"cidr": "10.0.0/24"}]},
    r"a.cidr: '10.0.0.1' does not say how long": {"a": [{"cidr": "10.0.0.1"}]},
    r"a.exists: 'yes' is neither True nor False": {"a": [{"exists": "yes"}]},
}


@pytest.mark.parametrize(("rule", "pattern"), WRONG.items())
def test_a_wrong_pattern(rule: str, pattern: dict[Any, Any]) -> None:
    """A pattern that EventBridge would not take is one error with the argument, the field and the rule."""
    with pytest.raises(ValueError, match=f"^wanted: {rule}"):
        check("wanted", pattern)


def test_no_pattern() -> None:
    """What is no mapping is no pattern."""
    with pytest.raises(TypeError, match="wanted: 'source' is not an event pattern, which is a dict"):
        check("wanted", "source")


def test_a_pattern_that_is_changed_later() -> None:
    """A pattern stays as it was when it was checked."""
    pattern = {"source": ["aws.ivs"]}
    checked = check("pattern", pattern)
    pattern["source"].append("aws.ec2")
    assert not matches(checked, EVENT)
