"""Contenders in processes of their own, and the taking of turns between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from multiprocessing import get_context
from statistics import median
from typing import Any

Turns = Mapping[str, list[float]]
"""What each contender took, round by round."""

_contender: Any = None


class Process:
    """A fresh process with one contender in it; calling it calls a method there and waits for the answer."""

    def __init__(self, contender: str) -> None:
        self._pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_load, initargs=(f"{__package__}.contenders.{contender}",)
        )

    def __call__(self, method: str, *arguments: object) -> Any:
        """Call a method of the contender."""
        return self._pool.submit(_call, method, arguments).result()

    def end(self) -> None:
        """End the process."""
        self._pool.shutdown()


@contextmanager
def processes(*contenders: str) -> Iterator[dict[str, Process]]:
    """Start a process for each contender, for as long as the block lasts."""
    with ExitStack() as running:
        started = {name: Process(name) for name in contenders}
        for process in started.values():
            running.callback(process.end)
        yield started


def in_turns(rounds: int, contenders: Mapping[str, Callable[[], float]]) -> Turns:
    """Let each contender measure once a round. The first round warms up and does not count."""
    measured = [{name: measure() for name, measure in contenders.items()} for _ in range(rounds + 1)]
    return {name: [each[name] for each in measured[1:]] for name in contenders}


def ratio(turns: Turns, of: str, to: str) -> float | None:
    """Return how many times `to` the contender `of` takes: the median of the rounds' ratios. None if one was not in."""
    if of not in turns or to not in turns:
        return None
    return median(a / b for a, b in zip(turns[of], turns[to], strict=True))


def middle(values: Iterable[float] | None) -> float | None:
    """Return the median; None of nothing."""
    return None if values is None else median(values)


def _load(module: str) -> None:
    global _contender  # noqa: PLW0603 - the process is for nothing else
    _contender = import_module(module).Contender()


def _call(method: str, arguments: tuple[object, ...]) -> Any:
    return getattr(_contender, method)(*arguments)
