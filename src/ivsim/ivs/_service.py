"""The service `ivs`, and the tables it keeps in each account and region."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from ..core import arns
from ..core.journal import Journal
from ..core.service import Context as AnyContext
from ..core.service import Contexts as AnyContexts
from ..core.service import Service
from ..core.stores import Series, Store, Table
from ..core.tagging import add_tag_operations
from ..wire.errors import ResourceNotFoundException, ServiceError
from ..wire.validate import smithy_text

if TYPE_CHECKING:
    from ..core.broadcasting import Layout
    from ..recordings.pushed import PushedSegment, RecordedFile
    from .ad_configurations import AdConfiguration
    from .channels import Channel
    from .failover_slate_configurations import FailoverSlateConfiguration
    from .ingest.pushes import PushedMedia
    from .playback_key_pairs import PlaybackKeyPair
    from .playback_restriction_policies import PlaybackRestrictionPolicy
    from .recording.sessions import RecordingSession
    from .recording_configurations import RecordingConfiguration
    from .stream_keys import StreamKey
    from .stream_sessions import AdBreak, StreamEvent, StreamSession, TimedMetadata
    from .viewer_sessions import Revocation, ViewerSession


class IvsStore(Store):
    """The tables of IVS. They are named after the resource type in the ARNs that are their keys."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        # channel ARN to Channel
        self.channels: Table[Channel] = Table("channel", journal)
        # stream-key ARN to StreamKey
        self.stream_keys: Table[StreamKey] = Table("stream-key", journal)
        # recording-configuration ARN to RecordingConfiguration
        self.recording_configurations: Table[RecordingConfiguration] = Table("recording-configuration", journal)
        # playback-key ARN to PlaybackKeyPair
        self.playback_key_pairs: Table[PlaybackKeyPair] = Table("playback-key", journal)
        # playback-restriction-policy ARN to PlaybackRestrictionPolicy
        self.playback_restriction_policies: Table[PlaybackRestrictionPolicy] = Table(
            "playback-restriction-policy", journal
        )
        # ad-configuration ARN to AdConfiguration
        self.ad_configurations: Table[AdConfiguration] = Table("ad-configuration", journal)
        # failover-slate-configuration ARN to FailoverSlateConfiguration
        self.failover_slate_configurations: Table[FailoverSlateConfiguration] = Table(
            "failover-slate-configuration", journal
        )
        # stream id to StreamSession, live and ended; they outlive their channel
        self.stream_sessions: Table[StreamSession] = Table("stream-session", journal)
        # channel ARN to the stream ids of its sessions
        self.sessions_of: Series[str] = Series("sessions-of-channel", journal)
        # stream id to what PutMetadata inserted
        self.metadata: Series[TimedMetadata] = Series("metadata", journal)
        # stream id to the changes of its health, all of them
        self.health_changes: Series[StreamEvent] = Series("health-changes", journal)
        # stream id to what InsertAdBreak inserted
        self.ad_breaks: Series[AdBreak] = Series("ad-breaks", journal)
        # stream id to who is seen in its pictures, where another service sends them
        self.layouts: Series[Layout] = Series("layouts", journal)
        # channel ARN to the stream id that occupies it
        self.connected: Table[str] = Table("connected", journal)
        # recording-session id to RecordingSession
        self.recordings: Table[RecordingSession] = Table("recording", journal)
        # channel ARN to the id of its newest recording session
        self.recorded: Table[str] = Table("recorded", journal)
        # recording-session id to the files of a push that are in the bucket
        self.recorded_files: Series[RecordedFile] = Series("recorded-files", journal)
        # channel ARN and viewer id to Revocation
        self.revocations: Table[Revocation] = Table("revocation", journal)
        # id to ViewerSession
        self.viewer_sessions: Table[ViewerSession] = Table("viewer-session", journal)
        # channel ARN and UUID of a single-use playback token to when it was used
        self.used_tokens: Table[datetime] = Table("used-token", journal)

    # Some more are no tables, as they hold no records: nothing brings back what a connection held.

    @cached_property
    def pushes(self) -> dict[str, PushedMedia]:
        """The media that connected encoders push, by stream id."""
        return {}

    @cached_property
    def unwritten(self) -> dict[str, list[PushedSegment]]:
        """The segments of pushes that make no whole file of a recording yet, by recording-session id."""
        return {}

    @cached_property
    def watching(self) -> dict[str, dict[str, datetime]]:
        """When players last asked for a playlist, by stream id and viewer-session id."""
        return {}


Context: TypeAlias = AnyContext[IvsStore]
Contexts: TypeAlias = AnyContexts[IvsStore]

service: Service[IvsStore] = Service("ivs", IvsStore, time_format="seconds", problem_text=smithy_text)

add_tag_operations(service)


def batch_get(ctx: Context, table: Table[Any], wanted: list[str]) -> tuple[list[Any], list[dict[str, str]] | None]:
    """Return the records of some ARNs, in their order, and an error for each ARN that has none (None for no errors)."""
    found, errors = [], []
    for arn in wanted:
        try:
            found.append(table[arn])
        except ResourceNotFoundException as error:
            errors.append({"arn": arn, **batch_error(ctx, error)})
    return found, errors or None


def batch_error(ctx: Context, error: ServiceError) -> dict[str, str]:
    """Return the members of an error in a batch answer: the code is the HTTP status as text, as in AWS's one sample."""
    ctx.hints.tell_of_region(arns.parse(error.resource), service.namespace, ctx.region)
    return {"code": str(service.model.errors[error.code].status), "message": error.message}
