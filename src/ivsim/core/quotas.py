"""The documented quotas, by name; a test may lower or raise them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from .arguments import KeyRefused, ValueRefused
from .unknown import unknown


class Quotas(MutableMapping[str, int]):
    """Quotas by the names of AWS's quota pages: `sim.quotas["Channels"] = 2`. They hold per account and region.

    What exists already stays when a quota drops below it, as in AWS; only the next one is refused.

    A name that no service has raises KeyError; a value that is not a whole number from 0 on raises ValueError.
    `del sim.quotas["Channels"]` brings the documented value back, and `dict(sim.quotas)` shows all.
    """

    def __init__(self, documented: Mapping[str, int]) -> None:
        self._documented = documented
        self._values = dict(documented)

    def __getitem__(self, name: str) -> int:
        return self._values[self._known(name)]

    def __setitem__(self, name: str, value: int) -> None:
        """Set a quota. Raises KeyError for a name that no service has, ValueError for what is no number of things."""
        self.update({name: value})

    def update(self, given: Any = (), /, **more: int) -> None:
        """Set several quotas, all of them or none. Raises what setting one does."""
        values = dict(given, **more)
        for name, value in values.items():
            self._known(name)
            if type(value) is not int or value < 0:
                rule = f"{value!r} is not a whole number that is 0 or more"
                raise ValueRefused(name, rule, f"quotas[{name!r}]")
        self._values.update(values)

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
            raise KeyRefused(str(name), unknown("quota", str(name), self._documented), "quotas")
        return name
