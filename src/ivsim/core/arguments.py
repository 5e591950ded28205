"""Arguments that are refused: errors that carry the name of the argument they are about."""

from __future__ import annotations


class ArgumentRefused(Exception):
    """An argument of a public method is not what it has to be, and nothing has changed.

    Only the subclasses are raised. Each of them is also the built-in exception that Python users expect.
    `field` is the argument's name, or the key in a mapping that is set; `rule` says what was given and what may be. The
    text is both, with `place` for the `field` where its name alone would say too little.
    """

    def __init__(self, field: str, rule: str, place: str | None = None) -> None:
        super().__init__(field, rule, place)
        self.field = field
        self.rule = rule
        self._place = field if place is None else place

    def __str__(self) -> str:
        return f"{self._place}: {self.rule}"


class ValueRefused(ArgumentRefused, ValueError):
    """An argument is of the right type, but its value is not allowed."""


class TypeRefused(ArgumentRefused, TypeError):
    """An argument is of another type, or names a member or an option that does not exist."""


class KeyRefused(ArgumentRefused, KeyError):
    """A mapping with fixed keys does not have this one."""


class LookupRefused(ArgumentRefused, LookupError):
    """An id, an ARN or a name is asked for that nothing has. The text is the rule alone, which is a sentence."""

    def __str__(self) -> str:
        return self.rule


def check_number(name: str, count: int, *, least: int = 0) -> None:
    """Raise ValueError, naming the argument, for what is no whole number from `least` on."""
    if type(count) is not int or count < least:
        raise ValueRefused(name, f"{count!r} is not a whole number that is {least} or more")


def check_flag(name: str, given: object) -> None:
    """Raise TypeError, naming the argument, for what is neither True nor False."""
    if not isinstance(given, bool):
        raise TypeRefused(name, f"{given!r} is neither True nor False")


def check_text(name: str, given: object) -> str:
    """Return text as it is. Raises TypeError, naming the argument, for what is none."""
    if not isinstance(given, str):
        raise TypeRefused(name, f"{given!r} is not text")
    return given


def check_seed(name: str, seed: object) -> None:
    """Raise TypeError, naming the argument, for what is no seed: a whole number, text, or None for none."""
    if seed is not None and type(seed) not in (int, str):
        raise TypeRefused(name, f"{seed!r} is neither a whole number, text nor None")
