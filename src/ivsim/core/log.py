"""A list that grows and that users read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, overload

T = TypeVar("T")


class Log(Sequence[T]):
    """What happened so far, oldest first: to count, to index, to slice and to walk through."""

    def __init__(self) -> None:
        self._entries: list[T] = []
        self.first = 0
        """How many there were before the first that is here: cleared away, or more than `history` keeps."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._entries))  # what comes in the meantime is not walked through

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._entries!r})"

    def clear(self) -> None:
        """Forget everything."""
        self.first += len(self._entries)
        self._entries.clear()

    def drop_oldest(self, most: int) -> None:
        """Forget all but the newest so many."""
        self.first += max(len(self._entries) - most, 0)
        del self._entries[:-most]

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the log as it is now."""
        return list(self._entries), self.first

    def restore(self, state: Any) -> None:
        """Make the log as it was when the snapshot was taken."""
        self._entries[:], self.first = state
