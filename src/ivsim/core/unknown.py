"""The one message for a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return a sentence that says which name is not known, and suggests the likeliest or lists those that exist."""
    names = sorted(known)
    near = get_close_matches(name, names, n=3)
    if near:
        return f"there is no {what} {name!r}; did you mean {' or '.join(map(repr, near))}?"
    return f"there is no {what} {name!r}; there are {', '.join(map(repr, names))}"
