"""Shapes that no operation has yet, but that a model may bring."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import ShapeResolver

from ivsim.wire.validate import Problem, check


def problems_of(shape: dict[str, Any], value: Any) -> list[Problem]:
    """Return what is wrong with a value, seen from a shape."""
    problems: list[Problem] = []
    check(ShapeResolver({"S": shape}).get_shape_by_name("S"), strict=True)(value, None, problems)
    return problems


@pytest.mark.parametrize(
    ("bounds", "good", "bad", "rule"),
    [
        ({"max": 3}, -5, 4, "Member must be less than or equal to 3"),
        ({"min": 3}, 300, 2, "Member must be greater than or equal to 3"),
        ({"min": 3, "max": 4}, 3, 5, "Member must be between 3 and 4, inclusive"),
        ({}, 2**31 - 1, 2**31, "Member must be a whole number of 32 bits"),
    ],
)
def test_bounds(bounds: dict[str, int], good: int, bad: int, rule: str) -> None:
    """Bounds may be on either side, or both, or neither."""
    shape = {"type": "integer", **bounds}
    assert problems_of(shape, good) == []
    assert problems_of(shape, bad) == [Problem((), rule)]


@pytest.mark.parametrize("wrong", ["1", True, None, [], float("inf"), float("nan")])
def test_numbers(wrong: Any) -> None:
    """A number may be whole or not, within its bounds; nothing else is one, what is infinite neither."""
    shape = {"type": "float", "min": 1, "max": 60}
    assert problems_of(shape, 29.97) == problems_of(shape, 30) == []
    assert problems_of(shape, 60.5) == [Problem((), "Member must be between 1 and 60, inclusive")]
    assert problems_of(shape, wrong) == [Problem((), "Member must be a number")]


def test_length_counts_characters() -> None:
    """Length is counted in characters, not in bytes or UTF-16 units."""
    shape = {"type": "string", "max": 2}
    assert problems_of(shape, "🎸🎸") == []
    assert problems_of(shape, "🎸🎸🎸") == [Problem((), "Member must have length less than or equal to 2")]


def test_no_input() -> None:
    """An operation that takes nothing accepts anything."""
    problems: list[Problem] = []
    check(None, strict=True)({"a": 1}, None, problems)
    assert problems == []
