"""Recordings: a test's handles on them, `sim.recordings`, whichever service has recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypeAlias, overload

from ..core import arns
from ..core.arguments import ValueRefused
from ..core.service import Context, Contexts
from ..core.state import State

Status: TypeAlias = Literal[
    "RECORDING_STARTED", "RECORDING_ENDED", "RECORDING_ENDED_WITH_FAILURE", "RECORDING_START_FAILED"
]
STARTED: Final = "RECORDING_STARTED"
ENDED: Final = "RECORDING_ENDED"
FAILED: Final = "RECORDING_ENDED_WITH_FAILURE"
NOT_STARTED: Final = "RECORDING_START_FAILED"


class About(NamedTuple):
    """What is recorded: broadcasts on a channel, a participant of a stage, or a composition."""

    session_id: str
    channel_arn: str = ""
    stream_ids: Sequence[str] = ()
    stage_arn: str = ""
    participant_id: str = ""
    composition_arn: str = ""


class Source(NamedTuple):
    """A service that records: its contexts, whose stores have `recordings`, and how the records there are read.

    `seconds` returns how much media there is, `objects` what is in the bucket.
    """

    contexts: Contexts[Any]
    about: Callable[[Any], About]
    seconds: Callable[[Context[Any], Any], float]
    objects: Callable[[Context[Any], Any], Mapping[str, bytes]]


class Recording:
    """A recording: of a broadcast, or several that were merged, of a participant of a stage, or of a composition.

    What it shows is always how it is now. Of `channel_arn`, `stage_arn`, `participant_id` and `composition_arn` those
    are empty that it has nothing to do with. `bucket` is the name of the bucket. `session_id` is the recording session
    of a channel, or the session of the stage.
    """

    def __init__(self, source: Source, ctx: Context[Any], key: str, record: Any) -> None:
        self._source = source
        self._ctx = ctx
        self._key = key
        self._last = record
        about = source.about(record)
        self.session_id: str = about.session_id
        self.channel_arn: str = about.channel_arn
        self.stage_arn: str = about.stage_arn
        self.participant_id: str = about.participant_id
        self.composition_arn: str = about.composition_arn
        self.bucket: str = record.bucket

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and other._key == self._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"<Recording {self.key_prefix or self.session_id}, {self.status}>"

    @property
    def key_prefix(self) -> str:
        """The prefix of its objects' keys; empty when the recording of a channel failed to start."""
        prefix: str = self._record.key_prefix
        return prefix

    @property
    def recording_id(self) -> str:
        """The last part of the key prefix."""
        return self.key_prefix.rpartition("/")[2]

    @property
    def stream_ids(self) -> list[str]:
        """The streams in it, in order; none where it is of a stage."""
        return list(self._source.about(self._record).stream_ids)

    @property
    def status(self) -> Status:
        """RECORDING_STARTED, then RECORDING_ENDED or RECORDING_ENDED_WITH_FAILURE; or RECORDING_START_FAILED."""
        status: Status = self._record.status
        return status

    @property
    def reason(self) -> str:
        """Why it failed, "ValidationException" say; empty when it did not."""
        reason: str = self._record.reason
        return reason

    @property
    def started_at(self) -> datetime:
        """The time it began."""
        moment: datetime = self._record.started_at
        return moment

    @property
    def ended_at(self) -> datetime | None:
        """The time it ended; None while it goes on or waits for what may follow."""
        moment: datetime | None = self._record.ended_at
        return moment

    @property
    def duration(self) -> timedelta:
        """The duration of its media, in whole seconds where they are drawn.

        While it goes on, that of the files that are full, of 10 seconds for a channel. Of a stream of less than 10
        seconds, and of a participant who published for less than 5, there are none. Of what was sent to a server it is
        that of the files that are written.
        """
        return timedelta(seconds=self._source.seconds(self._ctx, self._record))

    @property
    def objects(self) -> Mapping[str, bytes]:
        """Its objects as they are now, by their keys in the bucket; each is made when it is read."""
        return self._source.objects(self._ctx, self._record)

    @property
    def _record(self) -> Any:
        self._ctx.clock.run_due()
        self._last = self._ctx.store.recordings.get(self._key, self._last)
        return self._last


class Recordings(Sequence[Recording]):
    """Every recording so far, of all services, accounts and regions, oldest first."""

    def __init__(self, state: State, *sources: Source) -> None:
        self._state = state
        self._sources = sources

    def of(self, channel_arn: str) -> list[Recording]:
        """Return the recordings of a channel, oldest first. Raises ValueError for anything but a channel's ARN."""
        _check("channel_arn", channel_arn, "channel")
        return [recording for recording in self._all() if recording.channel_arn == channel_arn]

    def of_stage(self, stage_arn: str) -> list[Recording]:
        """Return the recordings of a stage, of its participants and compositions, oldest first.

        Raises ValueError for anything but a stage's ARN.
        """
        _check("stage_arn", stage_arn, "stage")
        return [recording for recording in self._all() if recording.stage_arn == stage_arn]

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
            (row.record.started_at, Recording(source, ctx, row.key, row.record))
            for source in self._sources
            for ctx in source.contexts
            for row in ctx.store.recordings.rows_after(None)
        ]
        return [recording for _, recording in sorted(found, key=lambda pair: pair[0])]


def _check(name: str, given: object, resource_type: str) -> None:
    arn = arns.parse(str(given))
    if arn is None or arn.resource_type != resource_type:
        raise ValueRefused(name, f"{given!r} is not the ARN of a {resource_type}")
