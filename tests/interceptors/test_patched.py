"""Attributes that are set for a while."""

from __future__ import annotations

import pytest

from ivsim.interceptors import patched


class Parent:
    """Has an attribute."""

    there = "as it was"


class Child(Parent):
    """Inherits it."""


def test_patched() -> None:
    """An attribute is as it was afterwards, whatever happens inside; absent if it was absent."""
    with pytest.raises(LookupError), patched(Parent, "there", "patched"), patched(Child, "there", "too"):
        assert (Parent.there, Child.there) == ("patched", "too")
        raise LookupError
    assert (Parent.there, Child.there) == ("as it was", "as it was")
    assert "there" not in vars(Child)
