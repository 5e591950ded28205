"""The rules of a server: each event of its emulator goes to the targets of those whose pattern it matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .reading import Rule
from .sending import RuleStatus, Sender

if TYPE_CHECKING:
    from ...emulator import Emulator


class Rules:
    """Sends the events of an emulator to the targets of rules, until it is closed. Who causes an event does not wait.

    When everything in the emulator is replaced, what waits is not sent any more.
    """

    def __init__(self, emulator: Emulator, rules: Iterable[Rule]) -> None:
        self._senders = [Sender(rule) for rule in rules]
        self._ends = [emulator.events.subscribe(each.put, pattern=each.rule.pattern) for each in self._senders]
        self._ends.append(emulator.on_replaced(self._forget))

    @property
    def statuses(self) -> list[RuleStatus]:
        """Every rule, and what has become of its events."""
        return [sender.status for sender in self._senders]

    def close(self) -> None:
        """Send nothing any more; attempts under way are not waited for. A second call does nothing."""
        for end in self._ends:
            end()
        for sender in self._senders:
            sender.close()

    def _forget(self) -> None:
        for sender in self._senders:
            sender.forget()
