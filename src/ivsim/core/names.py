"""Names that a test may use, so that a name which does not exist is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """Names of all services together, with what belongs to each.

    An action is an operation ("ivs:CreateChannel") or something that a service does on its own ("ivs:Ingest").
    """

    quotas: Mapping[str, int]
    """The documented value of each quota."""
    errors_of: Mapping[str, Collection[str]]
    """The errors that each action may end with."""
    parameters_of: Mapping[str, Collection[str]]
    """The names of each action's parameters, as the wire has them."""
    operations: Mapping[str, str]
    """The operations' names by themselves in lower case."""
    detail_types: Collection[str]


def wire_name(name: str) -> str:
    """Return the name on the wire of a member with this Python name."""
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
