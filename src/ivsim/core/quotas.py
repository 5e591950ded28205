"""The documented quotas, by name; a test may lower or raise them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from .unknown import unknown


class Quotas(MutableMapping[str, int]):
    """Quotas by the names of AWS's quota pages: `sim.quotas["Channels"] = 2`. They hold per account and region.

    What exists already stays when a quota drops below it, as in AWS; only the next one is refused.
    """

    def __init__(self, documented: Mapping[str, int]) -> None:
        self._documented = documented
        self._values = dict(documented)

    def __getitem__(self, name: str) -> int:
        return self._values[self._known(name)]

    def __setitem__(self, name: str, value: int) -> None:
        """Set a quota. Raises KeyError for a name that no service has, ValueError for what is no number of things."""
        if type(value) is not int or value < 0:
            raise ValueError(f"quotas[{name!r}]: {value!r} is not a whole number that is 0 or more")
        self._values[self._known(name)] = value

    def __delitem__(self, name: str) -> None:
        """Set a quota back to the documented value."""
        self._values[name] = self._documented[self._known(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Quotas({self._values!r})"

    def clear(self) -> None:
        """Set every quota back to the documented value."""
        self._values.update(self._documented)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the quotas as they are now: those that are not as documented."""
        return {name: value for name, value in self._values.items() if value != self._documented[name]}

    def restore(self, state: Any) -> None:
        """Make the quotas as they were when the snapshot was taken."""
        self.clear()
        self._values.update(state)

    def _known(self, name: str) -> str:
        if name not in self._documented:
            raise KeyError(unknown("quota", name, self._documented))
        return name
