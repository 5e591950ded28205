"""Last: of several who can do something, as with two servers of one emulator, the last that is left does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Last(Generic[T]):
    """Those who can do something; `first` stands for as long as there is no other."""

    def __init__(self, first: T | None = None) -> None:
        self._first = first
        self._all: dict[object, T] = {}

    @property
    def one(self) -> T | None:
        """The last that is left; None where nobody is."""
        return next(reversed(self._all.values()), self._first)

    def add(self, one: T) -> Callable[[], None]:
        """Add one, which does it from now on; return the function that takes it away again."""
        key = object()
        self._all[key] = one

        def end() -> None:
            self._all.pop(key, None)

        return end
