"""Every API call so far, for tests that ask what the code under test did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload


class Call(NamedTuple):
    """One API call, as it was answered.

    `service` and `operation` are empty when the request meant none. `params` are the input's members as boto3
    takes them; `status` is the HTTP status, `error` the error code or None.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    status: int
    error: str | None


class Calls(Sequence[Call]):
    """Every call so far, oldest first; refused ones and retries are there too."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self.record = self._calls.append

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __repr__(self) -> str:
        return f"Calls({self._calls!r})"

    def of(self, operation: str) -> list[Call]:
        """Return the calls of one operation, for example "CreateChannel", oldest first."""
        return [call for call in self._calls if call.operation == operation]

    def clear(self) -> None:
        """Forget the calls."""
        self._calls.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the calls as they are now."""
        return list(self._calls)

    def restore(self, state: Any) -> None:
        """Make the calls as they were when the snapshot was taken."""
        self._calls[:] = state
