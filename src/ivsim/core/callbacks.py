"""A check of the functions that users hand in. It is made at once, because a later failure is easily overlooked."""

from __future__ import annotations

import inspect
from contextlib import suppress


def check_callback(place: str, callback: object, what: str) -> None:
    """Refuse a callback that cannot be called with one argument (`what` names it), or would only return a coroutine.

    Raises TypeError that names the place.
    """
    if not callable(callback):
        raise TypeError(f"{place}: {callback!r} is not a function")
    if inspect.iscoroutinefunction(callback):
        raise TypeError(f"{place}: {callback!r} is a coroutine function, which nobody would await; give a plain one")
    with suppress(ValueError):  # of something that is not written in Python it may not be known what it takes
        try:
            inspect.signature(callback).bind(object())
        except TypeError as error:
            raise TypeError(
                f"{place}: {callback!r} cannot be called with the {what} alone: {error}; "
                "wrap a Lambda handler, which takes two: lambda event: handler(event, None)"
            ) from None
