"""The service `ivschat`, and the tables it keeps in each account and region."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..core.journal import Journal
from ..core.service import Context as AnyContext
from ..core.service import Contexts as AnyContexts
from ..core.service import Service
from ..core.stores import Series, Store, Table
from ..core.tagging import add_tag_operations
from ..wire.validate import request_member_text

if TYPE_CHECKING:
    from .conversation import Connection
    from .logging_configurations import LoggingConfiguration
    from .messaging.frames import Frame
    from .messaging.logs import Batch, Delivery, LogRecord
    from .rooms import Room
    from .tokens import ChatToken


class IvsChatStore(Store):
    """The tables of IVS Chat. They are named after the resource type in the ARNs that are their keys."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        # room ARN to Room, the last updated last
        self.rooms: Table[Room] = Table("room", journal)
        # logging-configuration ARN to LoggingConfiguration, the last updated last
        self.logging_configurations: Table[LoggingConfiguration] = Table("logging-configuration", journal)
        # token to ChatToken
        self.tokens: Table[ChatToken] = Table("token", journal)
        # connection id to Connection, open ones and closed ones
        self.connections: Table[Connection] = Table("connection", journal)
        self.closed_connections: Table[Connection] = Table("closed-connection", journal)
        # room ARN and user id to the ids of the user's open connections
        self.connected_as: Table[tuple[str, ...]] = Table("connected-as", journal)
        # room ARN to what was sent there, in the one order that everybody sees
        self.frames: Series[Frame] = Series("frames", journal)
        # connection id to the index of the frame it receives next
        self.received: Table[int] = Table("received", journal)
        # room ARN to what its logging configurations are to get
        self.log_records: Series[LogRecord] = Series("log-records", journal)
        # room ARN and logging-configuration ARN to what is being collected
        self.log_batches: Table[Batch] = Table("log-batch", journal)
        # room ARN to what arrived
        self.log_deliveries: Series[Delivery] = Series("log-deliveries", journal)


Context: TypeAlias = AnyContext[IvsChatStore]
Contexts: TypeAlias = AnyContexts[IvsChatStore]

service: Service[IvsChatStore] = Service(
    "ivschat", IvsChatStore, time_format="milliseconds", problem_text=request_member_text
)

add_tag_operations(service)


def byte_size(attributes: dict[str, str]) -> int:
    """Return the size that attributes are limited by: keys and values in UTF-8. The documentation names no unit."""
    return sum(len(text.encode()) for pair in attributes.items() for text in pair)
