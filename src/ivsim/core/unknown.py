"""The one way to say that a name is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return a sentence that names what was asked for and what there is, the likeliest first if any is near."""
    names = sorted(known)
    near = get_close_matches(name, names, n=3)
    if near:
        return f"there is no {what} {name!r}; did you mean {' or '.join(map(repr, near))}?"
    return f"there is no {what} {name!r}; there are {', '.join(map(repr, names))}"
