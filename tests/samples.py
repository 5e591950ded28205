"""Valid and invalid values for any shape of a model, made from its constraints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import regex
from botocore.model import ListShape, MapShape, Shape, StructureShape

KINDS = (
    "channel",
    "stream-key",
    "recording-configuration",
    "playback-key",
    "playback-restriction-policy",
    "ad-configuration",
    "failover-slate-configuration",
    "room",
    "logging-configuration",
    "stage",
    "public-key",
    "encoder-configuration",
    "storage-configuration",
    "ingest-configuration",
    "composition",
)

# Something for every pattern of the models; the first that fits is taken.
_TEXTS = (
    "abcdefghijkl",
    "st-1aaaaaaaaaaaaaaaaaaaaaa",
    "st-1aaaaaaaaaaaa",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "DE",
    "arn:aws:lambda:us-east-1:123456789012:function:review",
    "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads",
    *(
        f"arn:aws:{service}:us-east-1:123456789012:{kind}/AbCdEf123456"
        for service in ("ivs", "ivschat")
        for kind in KINDS
    ),
)


NO_STRINGS: tuple[Any, ...] = (1, False, [], {})
NO_INTEGERS: tuple[Any, ...] = ("1", 1.5, True, [], 2**63)
NO_FLOATS: tuple[Any, ...] = ("1", True, [], {})
NEITHER_BOOLEAN_NOR_TIME: tuple[Any, ...] = (
    "yes",
    1,
    {},
    "2026-11-21T12:00:00",
    "2026-13-40T12:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2026-W01-1T00:00Z",
)


class Violation(NamedTuple):
    """A value that breaks one rule, and where it breaks it."""

    path: tuple[str | int, ...]
    value: Any


def fits(shape: Shape, text: str) -> bool:
    """Return whether a string keeps every rule of a shape."""
    rules = shape.metadata
    pattern = rules.get("pattern")
    return (
        rules.get("min", 0) <= len(text) <= rules.get("max", len(text))
        and (not pattern or regex.fullmatch(pattern, text) is not None)
        and (not rules.get("enum") or text in rules["enum"])
    )


def sample(shape: Shape) -> Any:
    """Return a valid value: required members alone, the first of a union, one item of a list."""
    if isinstance(shape, StructureShape):
        members = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
        return {name: sample(shape.members[name]) for name in members}
    if isinstance(shape, ListShape):
        return [sample(shape.member)] * max(shape.metadata.get("min", 0), 1)
    if isinstance(shape, MapShape):
        return {sample(shape.key): sample(shape.value)}
    if shape.type_name == "string":
        return next(text for text in (*shape.metadata.get("enum", ()), *_TEXTS) if fits(shape, text) and text)
    return {
        "integer": shape.metadata.get("min", 1),
        "long": shape.metadata.get("min", 1),
        "float": shape.metadata.get("min", 1),
        "boolean": True,
        "timestamp": "2026-11-21T12:00:00Z",
    }[shape.type_name]


def violations(shape: Shape) -> Iterator[Violation]:
    """Yield values that break each rule of a shape, and of everything in it, once."""
    if isinstance(shape, StructureShape):
        yield from _of_structure(shape)
    elif isinstance(shape, ListShape):
        yield from _of_list(shape)
    elif isinstance(shape, MapShape):
        yield from _of_map(shape)
    elif shape.type_name == "string":
        yield from _of_string(shape)
    elif shape.type_name in ("integer", "long"):
        yield from (Violation((), wrong) for wrong in NO_INTEGERS)
        yield from _of_bounds(shape, lambda size: size)
    elif shape.type_name == "float":
        yield from (Violation((), wrong) for wrong in NO_FLOATS)
        yield from _of_bounds(shape, float)
    else:
        yield from (Violation((), wrong) for wrong in NEITHER_BOOLEAN_NOR_TIME)


def _of_structure(shape: StructureShape) -> Iterator[Violation]:
    valid = sample(shape)
    yield Violation((), [])
    for name in shape.required_members:
        yield Violation((name,), {key: value for key, value in valid.items() if key != name})
        yield Violation((name,), {**valid, name: None})
    if shape.is_tagged_union:
        yield Violation((), {})
        yield Violation((), {name: sample(member) for name, member in shape.members.items()})
    for name, member in shape.members.items():
        base = {} if shape.is_tagged_union else valid
        for path, value in violations(member):
            yield Violation((name, *path), {**base, name: value})


def _of_list(shape: ListShape) -> Iterator[Violation]:
    yield Violation((), {})
    yield from _of_bounds(shape, lambda size: [sample(shape.member)] * size)
    for path, value in violations(shape.member):
        yield Violation((0, *path), [value])
    yield Violation((0,), [None])


def _of_map(shape: MapShape) -> Iterator[Violation]:
    yield Violation((), [])
    yield from _of_bounds(shape, lambda size: {f"k{number}": sample(shape.value) for number in range(size)})
    for _, key in violations(shape.key):
        if isinstance(key, str):
            yield Violation((key,), {key: sample(shape.value)})
    key = sample(shape.key)
    for path, value in violations(shape.value):
        yield Violation((key, *path), {key: value})


def _of_string(shape: Shape) -> Iterator[Violation]:
    yield from (Violation((), wrong) for wrong in NO_STRINGS)
    yield from _of_bounds(shape, lambda size: "a" * size)
    if shape.metadata.get("pattern"):
        # Right in length, wrong in its characters; and what would pass if the pattern had to match a part only.
        yield Violation((), next(text for text in ("&" * size for size in range(1, 99)) if not fits(shape, text)))
        yield Violation((), sample(shape) + "\n")
    if shape.metadata.get("enum"):
        yield Violation((), "NOPE")
        yield Violation((), shape.metadata["enum"][-1].lower())


def _of_bounds(shape: Shape, of_size: Any) -> Iterator[Violation]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and (low > 0 or shape.type_name in ("integer", "long", "float")):
        yield Violation((), of_size(low - 1))
    if high is not None:
        yield Violation((), of_size(high + 1))


def unmodelled(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of members that a shape does not have."""
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            if name in shape.members:
                yield from unmodelled(shape.members[name], member, f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from unmodelled(shape.member, item, f"{path}.{index}")
