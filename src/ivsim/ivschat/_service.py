"""The service `ivschat`, and the tables it keeps in each account and region."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..core.journal import Journal
from ..core.service import Context as AnyContext
from ..core.service import Service
from ..core.stores import Store as AnyStore
from ..core.stores import Table
from ..core.tagging import add_tag_operations
from ..wire.validate import request_member_text

if TYPE_CHECKING:
    from .logging_configurations import LoggingConfiguration
    from .rooms import Room
    from .tokens import ChatToken


class Store(AnyStore):
    """What IVS Chat keeps. Tables are named after the resource type in the ARNs that are their keys."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        # room ARN to Room, the last updated last
        self.rooms: Table[Room] = Table("room", journal)
        # logging-configuration ARN to LoggingConfiguration, the last updated last
        self.logging_configurations: Table[LoggingConfiguration] = Table("logging-configuration", journal)
        # token to ChatToken
        self.tokens: Table[ChatToken] = Table("token", journal)


Context: TypeAlias = AnyContext[Store]

service: Service[Store] = Service("ivschat", Store, time_format="milliseconds", problem_text=request_member_text)

add_tag_operations(service)


def byte_size(attributes: dict[str, str]) -> int:
    """Return the size that attributes are limited by: keys and values in UTF-8. The documentation names no unit."""
    return sum(len(text.encode()) for pair in attributes.items() for text in pair)
