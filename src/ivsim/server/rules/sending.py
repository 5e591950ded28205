"""The events of one rule on their way: in a thread of its own, with retries, so that a slow target slows nothing."""

from __future__ import annotations

import logging
import threading
from collections import deque
from heapq import heappop, heappush, nsmallest
from itertools import count
from typing import NamedTuple

from ...core.weather import Event
from ..real_time import now
from .reading import Rule
from .targets import TargetFailed

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""The seconds between the attempts, of which there is one more."""

MOST_WAITING = 1000
"""Events that wait for a target; what comes then does not arrive."""

MOST_SHOWN = 100
"""Events of a rule that are shown: of those that did not arrive the newest, of those sent again the next."""

_log = logging.getLogger("ivsim.server")


class Undelivered(NamedTuple):
    """An event that did not arrive."""

    event: Event
    """The event, as it is in `sim.events`."""
    attempts: int
    """The number of attempts."""
    reason: str
    """Why the last one failed."""


class Retry(NamedTuple):
    """An event that is to be sent again."""

    event: Event
    """The event, as it is in `sim.events`."""
    attempts: int
    """The number of attempts so far."""
    reason: str
    """Why the last one failed."""
    seconds: float
    """The seconds until the next."""


class _Attempt(NamedTuple):
    """An event, when it is to be sent, how often it was, and why it was not taken; the number is that of no other."""

    due: float
    number: int
    event: Event
    attempts: int = 0
    reason: str = ""


class RuleStatus(NamedTuple):
    """A rule, and what has become of its events since the emulator was emptied."""

    rule: Rule
    """The rule: its `name`, `pattern` and `target`."""
    delivered: int
    """The number of events that the target took."""
    waiting: int
    """The number of events that wait to be sent, for the first time or again."""
    last_failure: str | None
    """The reason of the last attempt that failed; None when none has."""
    retrying: list[Retry]
    """The next events that are sent again, each with when and why."""
    undelivered: list[Undelivered]
    """The newest events that did not arrive, at most 100, each with `event`, `attempts` and `reason`."""


class _Progress:
    """What has become of a rule's events since the emulator was emptied."""

    def __init__(self) -> None:
        self.to_send: list[_Attempt] = []
        self.on_its_way: list[_Attempt] = []
        self.delivered = 0
        self.last_failure: str | None = None
        self.undelivered: deque[Undelivered] = deque(maxlen=MOST_SHOWN)

    @property
    def waiting(self) -> int:
        return len(self.to_send) + len(self.on_its_way)

    @property
    def retrying(self) -> list[Retry]:
        again = (each for each in (*self.on_its_way, *self.to_send) if each.attempts)
        return [
            Retry(each.event, each.attempts, each.reason, max(each.due - now(), 0))
            for each in nsmallest(MOST_SHOWN, again)
        ]


class Sender:
    """Sends the events of a rule to its target, each when it is due. Its thread begins with the first."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._progress = _Progress()
        self._send = rule.target.sender()
        self._changed = threading.Condition()
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def status(self) -> RuleStatus:
        """The rule, and what has become of its events."""
        with self._changed:
            own = self._progress
            return RuleStatus(
                self.rule, own.delivered, own.waiting, own.last_failure, own.retrying, list(own.undelivered)
            )

    def put(self, event: Event) -> None:
        """Send an event, soon; who calls does not wait."""
        with self._changed:
            if self._progress.waiting >= MOST_WAITING:
                self._give_up(self._progress, Undelivered(event, 0, f"{MOST_WAITING} others wait for the target"))
                return
            heappush(self._progress.to_send, _Attempt(now(), next(self._numbers), event))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"ivsim rule {self.rule.name}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """Send nothing of what waits, and forget what became of the rest."""
        with self._changed:
            self._progress = _Progress()

    def close(self) -> None:
        """Send nothing any more. An attempt under way is not waited for."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (found := self._next()) is not None:
            progress, attempt = found
            failure: TargetFailed | None = None
            try:
                self._send(attempt.event)
            except TargetFailed as failed:
                failure = failed
            except Exception as error:  # noqa: BLE001 - nobody else would hear of it
                _log.exception("a bug in ivsim in the rule %s; please report it", self.rule.name)
                failure = TargetFailed(repr(error), is_retried=False)
            with self._changed:
                progress.on_its_way.clear()
                self._note(progress, attempt, failure)

    def _next(self) -> tuple[_Progress, _Attempt] | None:
        """Wait for the next attempt that is due. None when there is none any more."""
        with self._changed:
            while not self._is_closed:
                to_send = self._progress.to_send
                seconds = to_send[0].due - now() if to_send else None
                if seconds is not None and seconds <= 0:
                    self._progress.on_its_way.append(heappop(to_send))
                    return self._progress, self._progress.on_its_way[0]
                self._changed.wait(seconds)
        return None

    def _note(self, progress: _Progress, attempt: _Attempt, failure: TargetFailed | None) -> None:
        if failure is None:
            progress.delivered += 1
            return
        progress.last_failure = str(failure)
        attempts = attempt.attempts + 1
        if failure.is_retried and attempts <= len(WAITS):
            due = now() + WAITS[attempts - 1]
            heappush(progress.to_send, attempt._replace(due=due, attempts=attempts, reason=str(failure)))
        else:
            self._give_up(progress, Undelivered(attempt.event, attempts, str(failure)))

    def _give_up(self, progress: _Progress, undelivered: Undelivered) -> None:
        progress.undelivered.append(undelivered)
        identity, attempts, reason = undelivered.event["id"], undelivered.attempts, undelivered.reason
        _log.warning(
            "event %s of the rule %s did not arrive, attempts: %d: %s", identity, self.rule.name, attempts, reason
        )
