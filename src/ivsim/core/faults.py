"""Errors and delays on demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from .arguments import TypeRefused, ValueRefused
from .unknown import unknown

_A_YEAR = 365 * 24 * 60 * 60
"""The longest delay, in seconds: the clock ends with the year 9998."""

Condition: TypeAlias = Mapping[str, Any] | Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error waiting for its operation, as `sim.faults.add()` made it.

    `operations` are those that it strikes, with their service ("ivs:CreateChannel"). `left` is how many calls it still
    spoils, None for all of them. `message` is empty for the model's text.
    """

    operations: tuple[str, ...]
    error_code: str
    left: int | None
    message: str
    when: Condition | None

    def strikes(self, operation: str, params: Mapping[str, Any]) -> bool:
        """Return whether this operation, with these parameters, is to fail."""
        if operation not in self.operations:
            return False
        if callable(self.when):
            return bool(self.when(params))
        return all(params.get(name) == value for name, value in (self.when or {}).items())


class Faults:
    """The errors and delays to come: `sim.faults.add("CreateChannel", "PendingVerification")`.

    Operations are named as in the API reference or as boto3's methods. A fault strikes after the request was found
    valid and before anything happens, so it changes nothing.
    """

    def __init__(self, errors_of: Mapping[str, Collection[str]], parameters_of: Mapping[str, Collection[str]]) -> None:
        self.errors_of = errors_of
        self._parameters_of = parameters_of
        self._faults: list[Fault] = []
        self._latencies: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"Faults({self._faults!r}, latencies={self._latencies!r})"

    @property
    def pending(self) -> list[Fault]:
        """The faults that have not struck for the last time yet, in the order in which they were added.

        A test that wants all of them to have struck asserts that there is none; those that strike always stay.
        """
        return list(self._faults)

    @property
    def latencies(self) -> dict[str, float]:
        """The seconds that calls take, by service and operation ("ivs:CreateChannel"), for those with a latency."""
        return dict(self._latencies)

    def add(
        self,
        operation: str,
        error_code: str | int | type[BaseException],
        *,
        times: int | None = 1,
        message: str | None = None,
        when: Condition | None = None,
    ) -> None:
        """Let the next `times` calls of an operation fail (None: every one until `clear()`).

        `error_code` is any error that the operation's service models, "ThrottlingException" say, or boto3's exception
        of that name, or the number of an ERROR frame; without a `message` it has the model's text. `when` narrows it to
        calls with certain parameters, named as in `sim.calls`: a dict of those that must be equal, or a function of all
        of them. Faults of one operation strike in the order in which they were added.

        Raises ValueError for an operation, a code or a parameter that does not exist, and for `times` below 1;
        TypeError for a `when` that is neither dict nor function.
        """
        names = self._operations(operation)
        code = error_code.__name__ if isinstance(error_code, type) else str(error_code)
        struck = tuple(name for name in names if code in self.errors_of[name])
        if not struck:
            codes = {each for name in names for each in self.errors_of[name]}
            raise ValueRefused("error_code", unknown(f"error of {operation}", code, codes))
        if times is not None and (type(times) is not int or times < 1):
            raise ValueRefused("times", f"{times!r} is neither a whole number from 1 on nor None")
        if when is not None and not callable(when) and not isinstance(when, Mapping):
            raise TypeRefused("when", f"{when!r} is neither a dict of parameters nor a function of them")
        parameters = {parameter for name in struck for parameter in self._parameters_of[name]}
        for parameter in when if isinstance(when, Mapping) else ():
            if parameter not in parameters:
                raise ValueRefused("when", unknown(f"parameter of {operation}", str(parameter), parameters))
        self._faults.append(Fault(struck, code, times, message or "", when))

    def latency(self, operation: str, seconds: float) -> None:
        """Let every call of an operation take so many seconds of the emulator's clock; 0 makes it prompt again.

        In process nobody sleeps: the clock moves, and a client whose read timeout is shorter sees its timeout, as in
        life. Over a port the answer is really that late, for that client alone. Raises ValueError for an operation that
        does not exist, for negative seconds, and for more than a year of them.
        """
        names = self._operations(operation)
        if not 0 <= seconds <= _A_YEAR:
            raise ValueRefused("seconds", f"{seconds!r} is not a number from 0 to a year")
        self._latencies.update(dict.fromkeys(names, float(seconds)))

    def clear(self) -> None:
        """Forget every fault and latency."""
        self._faults.clear()
        self._latencies.clear()

    def take_fault(self, operation: str, params: Mapping[str, Any]) -> Fault | None:
        """Return the fault that strikes this call ("ivs:CreateChannel"), and count it."""
        for index, fault in enumerate(self._faults):
            if fault.strikes(operation, params):
                if fault.left == 1:
                    del self._faults[index]
                elif fault.left is not None:
                    self._faults[index] = replace(fault, left=fault.left - 1)
                return fault
        return None

    def delay(self, operation: str) -> float:
        """Return the seconds that this call takes."""
        return self._latencies.get(operation, 0.0)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the faults as they are now."""
        return list(self._faults), dict(self._latencies)

    def restore(self, state: Any) -> None:
        """Make the faults as they were when the snapshot was taken."""
        self.clear()
        faults, latencies = state
        self._faults.extend(faults)
        self._latencies.update(latencies)

    def _operations(self, name: str) -> list[str]:
        wanted = name.replace("_", "").lower()
        names = [each for each in self.errors_of if wanted in (each.lower(), each.lower().partition(":")[2])]
        if not names:
            known = {each.partition(":")[2] for each in self.errors_of}
            raise ValueRefused("operation", unknown("operation", name, known))
        return names
