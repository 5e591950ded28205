"""The service `ivs-realtime`, and the tables it keeps in each account and region."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from ..core.journal import Journal
from ..core.service import Context as AnyContext
from ..core.service import Contexts as AnyContexts
from ..core.service import Service
from ..core.stores import Series, Store, Table
from ..core.tagging import add_tag_operations
from ..wire.validate import smithy_text

if TYPE_CHECKING:
    from ..core.broadcasting import Layout
    from ..recordings.pushed import PushedSegment, RecordedFile, Tape
    from .compositions import Composition
    from .encoder_configurations import EncoderConfiguration
    from .ingest_configurations import IngestConfiguration
    from .news import StageNews
    from .participant_events import ParticipantEvent
    from .participant_replicas import ParticipantReplica
    from .participants import Participant
    from .public_keys import PublicKey
    from .recording.stage_recordings import StageRecording
    from .stage_sessions import StageSession
    from .stages import Stage
    from .storage_configurations import StorageConfiguration
    from .subscriptions import Subscription


class IvsRealTimeStore(Store):
    """The tables of IVS Real-Time. They are named after the resource type in the ARNs that are their keys."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        # stage ARN to Stage
        self.stages: Table[Stage] = Table("stage", journal)
        # public-key ARN to PublicKey
        self.public_keys: Table[PublicKey] = Table("public-key", journal)
        # encoder-configuration ARN to EncoderConfiguration
        self.encoder_configurations: Table[EncoderConfiguration] = Table("encoder-configuration", journal)
        # storage-configuration ARN to StorageConfiguration
        self.storage_configurations: Table[StorageConfiguration] = Table("storage-configuration", journal)
        # ingest-configuration ARN to IngestConfiguration
        self.ingest_configurations: Table[IngestConfiguration] = Table("ingest-configuration", journal)
        # composition ARN to Composition, until some minutes after its end
        self.compositions: Table[Composition] = Table("composition", journal)
        # session id to StageSession; they outlive their stage
        self.stage_sessions: Table[StageSession] = Table("stage-session", journal)
        # stage ARN to the ids of its sessions
        self.sessions_of: Series[str] = Series("sessions-of-stage", journal)
        # session id and participant id to Participant
        self.participants: Table[Participant] = Table("participant", journal)
        # session id to the keys of its participants
        self.participants_of: Series[str] = Series("participants-of-session", journal)
        # id to ParticipantEvent
        self.participant_events: Table[ParticipantEvent] = Table("participant-event", journal)
        # key of a participant to the ids of its events
        self.events_of: Series[str] = Series("events-of-participant", journal)
        # session id to the StageNews in it, oldest first
        self.news: Series[StageNews] = Series("news-of-session", journal)
        # session id and the ids of two participants to Subscription of the one to the other
        self.subscriptions: Table[Subscription] = Table("subscription", journal)
        # key prefix of a composition's recording to who is seen in its pictures
        self.layouts: Series[Layout] = Series("layouts-of-recording", journal)
        # id to ParticipantReplica
        self.participant_replicas: Table[ParticipantReplica] = Table("participant-replica", journal)
        # id to StageRecording
        self.recordings: Table[StageRecording] = Table("recording", journal)
        # stage ARN and participant id, or composition ARN and destination id, to the id of the newest recording
        self.recorded: Table[str] = Table("recorded", journal)
        # recording id to the files of what was sent that are in the bucket
        self.recorded_files: Series[RecordedFile] = Series("recorded-files", journal)
        # stage ARN and participant id to when a participant was disconnected, who cannot join again
        self.disconnected: Table[datetime] = Table("disconnected", journal)
        # id of a connection token to when it was revoked
        self.revoked_connection_tokens: Table[datetime] = Table("revoked-connection-token", journal)

    # Two more are no tables, as they hold no records: nothing brings back what a server held.

    @cached_property
    def tapes(self) -> dict[str, Tape]:
        """What servers record, by recording id."""
        return {}

    @cached_property
    def unwritten(self) -> dict[str, list[PushedSegment]]:
        """The segments that make no whole file of a recording yet, by recording id."""
        return {}


Context: TypeAlias = AnyContext[IvsRealTimeStore]
Contexts: TypeAlias = AnyContexts[IvsRealTimeStore]

service: Service[IvsRealTimeStore] = Service(
    "ivs-realtime", IvsRealTimeStore, namespace="ivs", time_format="seconds", problem_text=smithy_text
)

add_tag_operations(service)

MOST_ATTRIBUTE_BYTES = 1024
"""The most bytes of keys and values in attributes: of a token, of an ingest configuration, of a replica."""


def byte_size(attributes: Mapping[str, str]) -> int:
    """Return the bytes of all keys and values; that they count in UTF-8 is not documented."""
    return sum(len(text.encode()) for pair in attributes.items() for text in pair)


def check_attributes(ctx: Context, attributes: dict[str, str] | None, member: str) -> None:
    """Refuse attributes that are larger than 1 KB."""
    small = byte_size(attributes or {}) <= MOST_ATTRIBUTE_BYTES
    ctx.check(small, member, f"Member must have at most {MOST_ATTRIBUTE_BYTES} bytes")
