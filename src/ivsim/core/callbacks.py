"""A check of the functions that users hand in. It is made at once, because a later failure is easily overlooked."""

from __future__ import annotations

import inspect
from contextlib import suppress

from .arguments import TypeRefused


def check_callback(field: str, callback: object, what: str, *, place: str | None = None) -> None:
    """Refuse a callback that cannot be called with one argument (`what` names it), or would only return a coroutine.

    Raises TypeRefused that is about the field, and names the place where that is another.
    """
    if not callable(callback):
        raise TypeRefused(field, f"{callback!r} is not a function", place)
    if inspect.iscoroutinefunction(callback):
        rule = f"{callback!r} is a coroutine function, which nobody would await; give a plain one"
        raise TypeRefused(field, rule, place)
    with suppress(ValueError):  # of something that is not written in Python it may not be known what it takes
        try:
            inspect.signature(callback).bind(object())
        except TypeError as error:
            raise TypeRefused(
                field,
                f"{callback!r} cannot be called with the {what} alone: {error}; "
                "wrap a Lambda handler, which takes two: lambda event: handler(event, None)",
                place,
            ) from None
