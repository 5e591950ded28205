"""The timeline of a broadcast: when each of its segments begins, and what viewers see in it.

There is a segment each two seconds while there is something to see: the broadcast, the failover slate in its place, or
ads. Where an encoder pushes, it is its key frames that begin segments. What has been listed stays as it was listed.
docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..ingest.pushes import Cuts
    from ..stream_sessions import AdBreak, StreamEvent, StreamSession

SEGMENT_SECONDS = 2.0

WINDOW = 15
"""The number of segments in a playlist."""

_TARGET_SECONDS = 6
"""The duration that segments are said not to exceed, as AWS's playlists say it though theirs have two seconds."""

LIVE = "live"
SLATE = "slate"

_SEGMENT = timedelta(seconds=SEGMENT_SECONDS)
_NOTHING = timedelta()
_TICK = timedelta(microseconds=1)
"""The step after a moment at which its own changes show: a segment that began at the moment has been listed."""
_NEVER = datetime.max.replace(tzinfo=timezone.utc)


class Span(NamedTuple):
    """A time in which there is something to see; in ad breaks, the time of one break."""

    start: datetime
    end: datetime
    ad_break: AdBreak | None = None


class Stretch(NamedTuple):
    """Consecutive segments, from a first one on, of one source: LIVE, SLATE, or the id of the ad in a break."""

    first: int
    source: str
    ad_break: AdBreak | None = None


class Timeline:
    """The segments of a broadcast so far, numbered from 0: `count` of them.

    A segment is listed from its first moment, so a channel has something to play as soon as it is live.
    """

    def __init__(
        self,
        stream: StreamSession,
        now: datetime,
        *,
        health_changes: Sequence[StreamEvent] = (),
        ad_breaks: Sequence[AdBreak] = (),
    ) -> None:
        self._spans, self._slates = _spans(stream, now, health_changes)
        self._now = self._spans[-1].end
        self._elapsed = list(accumulate((span.end - span.start for span in self._spans), initial=_NOTHING))
        self.count = self._elapsed[-1] // _SEGMENT + 1
        self._inserted = ad_breaks

    @property
    def first_listed(self) -> int:
        """The number of the first segment that is in playlists."""
        return max(self.count - WINDOW, 0)

    @property
    def target_seconds(self) -> int:
        """The seconds that no segment exceeds, when they are rounded."""
        return _TARGET_SECONDS

    @property
    def begun(self) -> int:
        """The number of segments that have begun; as a rule they are listed at once."""
        return self.count

    @property
    def breaks(self) -> Sequence[int]:
        """The segments that do not follow on the one before without a seam, though they are of the same source."""
        return ()

    def begin(self, number: int) -> datetime:
        """Return the time at which a segment begins; for one to come, the time if nothing interrupts."""
        offset = number * _SEGMENT
        index = min(max(bisect_left(self._elapsed, offset) - 1, 0), len(self._spans) - 1)
        return self._spans[index].start + offset - self._elapsed[index]

    def duration(self, number: int) -> float:
        """Return the duration of a segment in seconds."""
        return self.elapsed(number + 1) - self.elapsed(number)

    def elapsed(self, number: int) -> float:
        """Return the seconds of all segments before one."""
        return number * SEGMENT_SECONDS

    def stretch(self, number: int) -> Stretch:
        """Return the stretch that a segment belongs to."""
        return self._stretches[self.changes(number)]

    def changes(self, number: int) -> int:
        """Return how often the source has changed up to a segment, with the change right before it."""
        return bisect_right(self._stretches, number, key=attrgetter("first")) - 1

    def after(self, moment: datetime) -> int:
        """Return the number of the first segment that begins after a moment: what is listed already does not change."""
        return self._first_from(moment + _TICK)

    @cached_property
    def _ad_breaks(self) -> list[Span]:
        """The breaks that have begun, each as long as it is to be from its first segment on."""
        begun: list[Span] = []
        for each in sorted(self._inserted, key=attrgetter("start")):
            wanted = max(each.start, each.inserted_at + _TICK, *(before.end for before in begun[-1:]))
            if wanted <= self._now:
                start = self.begin(self._first_from(wanted))
                begun.append(Span(start, start + timedelta(seconds=each.seconds), each))
        return begun

    @cached_property
    def _stretches(self) -> list[Stretch]:
        stretches = [Stretch(0, *self._source(self.begin(0)))]
        moments = (moment for start, end, _ in [*self._slates, *self._ad_breaks] for moment in (start, end))
        changes = [self._first_from(moment) for moment in moments if moment <= self._now]
        for number in sorted([*changes, *self.breaks]):
            source = self._source(self.begin(number))
            is_other = source != stretches[-1][1:] or number in self.breaks
            if stretches[-1].first < number < self.begun and is_other:
                stretches.append(Stretch(number, *source))
        return stretches

    def _first_from(self, moment: datetime) -> int:
        """Return the number of the first segment that does not begin before a moment, which is not to come."""
        index = max(bisect_right(self._spans, moment, key=attrgetter("start")) - 1, 0)
        span = self._spans[index]
        elapsed = self._elapsed[index] + max(min(moment, span.end) - span.start, _NOTHING)
        number = -(-elapsed // _SEGMENT)
        return number if self.begin(number) >= moment else number + 1

    def _source(self, moment: datetime) -> tuple[str, AdBreak | None]:
        """Return the source of a segment that begins at a moment; ads come in place of a slate too."""
        ads = _at(self._ad_breaks, moment)
        if ads is not None and ads.ad_break is not None:
            return _ad_id(ads.ad_break), ads.ad_break
        return SLATE if _at(self._slates, moment) else LIVE, None


class PushedTimeline(Timeline):
    """The segments of a push: those that are whole, with the failover slate or ads in the place of some."""

    def __init__(
        self,
        cuts: Cuts,
        stream: StreamSession,
        now: datetime,
        *,
        health_changes: Sequence[StreamEvent] = (),
        ad_breaks: Sequence[AdBreak] = (),
    ) -> None:
        super().__init__(stream, now, health_changes=health_changes, ad_breaks=ad_breaks)
        self._cuts = cuts
        self.count = cuts.count

    @property
    def first_listed(self) -> int:
        """The number of the first segment that is in playlists, of those that are kept."""
        return max(self._cuts.first_listed, super().first_listed)

    @property
    def target_seconds(self) -> int:
        """The seconds that no segment exceeds, when they are rounded."""
        return round(self._cuts.longest)

    @property
    def begun(self) -> int:
        """The number of segments that have begun; one of them may be no more than that."""
        return self._cuts.begun

    @property
    def breaks(self) -> Sequence[int]:
        """The segments before which an encoder was interrupted, or another one began."""
        return self._cuts.breaks

    def begin(self, number: int) -> datetime:
        """Return the time at which a segment begins; for one to come, when it is expected to."""
        return self._cuts.begin(number) if self._cuts.begun else self._now

    def elapsed(self, number: int) -> float:
        """Return the seconds of all segments before one."""
        return self._cuts.elapsed(number)

    def _first_from(self, moment: datetime) -> int:
        return self._cuts.first_from(moment)


def _spans(
    stream: StreamSession, now: datetime, health_changes: Sequence[StreamEvent]
) -> tuple[list[Span], list[Span]]:
    """Return the spans with something to see, up to now or the end, and those of them that showed a slate."""
    assert stream.started_at is not None
    slate = stream.failover_slate_configuration
    least = timedelta(seconds=slate.min_slate_display_seconds if slate else 0)
    spans: list[Span] = []
    slates: list[Span] = []
    moment = on_air = stream.started_at
    slate_from, is_starving = _NEVER, False
    for event in health_changes:
        moment = max(moment, event.event_time)  # a test may set the clock back
        is_starving = event.name == "Starvation Start"
        if not is_starving:
            if moment < slate_from:  # data came back before there was a slate: a gap
                on_air = moment
            else:  # the slate has been there since; it stays for its least time
                slates.append(Span(slate_from, max(moment + _TICK, slate_from + least)))
        elif slates and moment < slates[-1].end:
            slates.pop()  # data stop again while the slate is still there: it stays, as one slate
        else:  # data stop: what was on air ends, and after its threshold the slate begins, if there is one
            spans.append(Span(on_air, moment))
            on_air = slate_from = moment + timedelta(seconds=slate.activation_threshold_seconds) if slate else _NEVER
    if is_starving:
        slates.append(Span(slate_from, _NEVER))
    end = max(moment, stream.end_time or now)
    if on_air <= end:
        spans.append(Span(on_air, end))
    return spans, slates


def _at(spans: Sequence[Span], moment: datetime) -> Span | None:
    """Return the one of some spans in order that a moment is in."""
    index = bisect_right(spans, moment, key=attrgetter("start")) - 1
    return spans[index] if index >= 0 and moment < spans[index].end else None


def _ad_id(ad_break: AdBreak) -> str:
    """Return the id of the one ad of which a break consists: a UUID, as those of AWS Elemental MediaTailor are."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, ad_break.ad_break_id))
