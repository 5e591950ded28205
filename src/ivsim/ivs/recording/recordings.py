"""Recordings: a test's handles on them, `sim.recordings`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, overload

from ...core import arns
from ...core.arguments import ValueRefused
from .._service import Context, Contexts
from .objects import RecordedObjects, objects_of
from .pushed import recorded_seconds
from .sessions import RecordingSession, Status

if TYPE_CHECKING:
    from ...core.state import State


class Recording:
    """A recording: one broadcast, or several that were merged. What it shows is always how it is now."""

    def __init__(self, ctx: Context, session: RecordingSession) -> None:
        self._ctx = ctx
        self._last = session
        self.session_id = session.session_id
        self.channel_arn = session.channel_arn
        self.bucket = session.bucket

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and other.session_id == self.session_id

    def __hash__(self) -> int:
        return hash(self.session_id)

    def __repr__(self) -> str:
        return f"<Recording {self.key_prefix or self.session_id}, {self.status}>"

    @property
    def key_prefix(self) -> str:
        """The prefix of its objects' keys; empty when the recording failed to start."""
        return self._session.key_prefix

    @property
    def recording_id(self) -> str:
        """The last part of the key prefix."""
        return self.key_prefix.rpartition("/")[2]

    @property
    def stream_ids(self) -> list[str]:
        """The streams in it, in order."""
        return [stream.stream_id for stream in self._session.streams]

    @property
    def status(self) -> Status:
        """RECORDING_STARTED, then RECORDING_ENDED or RECORDING_ENDED_WITH_FAILURE; or RECORDING_START_FAILED."""
        return self._session.status

    @property
    def reason(self) -> str:
        """Why it failed, "ValidationException" say; empty when it did not."""
        return self._session.reason

    @property
    def started_at(self) -> datetime:
        """The time it began."""
        return self._session.started_at

    @property
    def ended_at(self) -> datetime | None:
        """The time it ended; None while it goes on or waits for the channel's next stream."""
        return self._session.ended_at

    @property
    def duration(self) -> timedelta:
        """The duration of its media: whole seconds, full files of 10 while it is live, nothing of a shorter stream."""
        return timedelta(seconds=recorded_seconds(self._ctx, self._session))

    @property
    def objects(self) -> RecordedObjects:
        """Its objects as they are now, by their keys in the bucket; each is made when it is read."""
        return objects_of(self._ctx, self._session)

    @property
    def _session(self) -> RecordingSession:
        self._ctx.clock.run_due()
        self._last = self._ctx.store.recordings.get(self.session_id, self._last)
        return self._last


class Recordings(Sequence[Recording]):
    """Every recording so far, of all accounts and regions, oldest first."""

    def __init__(self, state: State, contexts: Contexts) -> None:
        self._state = state
        self._contexts = contexts

    def of(self, channel_arn: str) -> list[Recording]:
        """Return the recordings of a channel, oldest first. Raises ValueError for anything but a channel's ARN."""
        arn = arns.parse(str(channel_arn))
        if arn is None or arn.resource_type != "channel":
            raise ValueRefused("channel_arn", f"{channel_arn!r} is not the ARN of a channel")
        return [recording for recording in self._all() if recording.channel_arn == channel_arn]

    @overload
    def __getitem__(self, index: int) -> Recording: ...
    @overload
    def __getitem__(self, index: slice) -> list[Recording]: ...
    def __getitem__(self, index: int | slice) -> Recording | list[Recording]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._all())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._all()!r})"

    def _all(self) -> list[Recording]:
        self._state.clock.run_due()
        found = [
            (session, Recording(ctx, session)) for ctx in self._contexts for session in ctx.store.recordings.values()
        ]
        return [recording for _, recording in sorted(found, key=lambda pair: pair[0].started_at)]
