"""The view that an admitted viewer has of a broadcast: one rendition, as a playlist and as media."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from functools import partial
from math import inf
from typing import TypeAlias

from ...wire.http import Paced, Recipe
from .._service import Context
from ..channels import media_suffix
from ..ingest.pushes import PushedMedia
from ..ingest.renditions import HEIGHTS, Rendition, renditions_of
from ..stream_sessions import StreamSession
from ..viewer_sessions import ViewerSession
from . import pictures, playlists
from .timelines import LIVE, PushedTimeline, Timeline
from .urls import opaque

_UNKNOWN_BANDWIDTH = 3_000_000
"""The bandwidth of a push of which nothing is said, and nothing was measured yet."""

Body: TypeAlias = bytes | Recipe | Paced | AsyncIterable[bytes]


class View:
    """What a viewer, in a session, sees of one rendition of a broadcast, by its place on the ladder."""

    def __init__(
        self, ctx: Context, session: ViewerSession, stream: StreamSession, index: int, rendition: Rendition
    ) -> None:
        self.session = session
        self.stream = stream
        self.suffix = media_suffix(stream.channel.container_format)
        self.push: PushedMedia | None = ctx.store.pushes.get(stream.stream_id)
        """The media that an encoder pushes; None where the broadcast is simulated."""
        self.ctx = ctx
        self._index = index
        self._rendition = rendition

    @property
    def timeline(self) -> Timeline:
        """The timeline that the viewer sees now, with or without ads."""
        store, stream = self.ctx.store, self.stream
        changes = store.health_changes[stream.stream_id]
        ads = () if self.session.ads_opt_out else store.ad_breaks[stream.stream_id]
        if self.push is not None:
            return PushedTimeline(self.push.cuts, stream, self.ctx.now, health_changes=changes, ad_breaks=ads)
        return Timeline(stream, self.ctx.now, health_changes=changes, ad_breaks=ads)

    def playlist(self, folder: str) -> str:
        """Return the playlist as it is now, with the URLs of media in a folder."""
        stream = self.stream_now
        timeline = self.timeline

        def url_of(*numbers: int) -> str:
            return f"{folder}/{opaque(stream.stream_id, self._index, *numbers)}.{self.suffix}?dna={self.session.id}"

        def initialization_of(number: int) -> str:
            stretch = timeline.stretch(number)
            return url_of(stretch.first, 0) if self.push and stretch.source == LIVE else url_of()

        return playlists.variant(
            stream,
            timeline,
            self.ctx.now,
            url_of,
            initialization_of=initialization_of if self.suffix == "mp4" else None,
        )

    def media(self, numbers: Sequence[int]) -> Body | None:
        """Return what the numbers in a URL stand for, None for nothing.

        That is a segment by its number; before a zero, the initialization that a pushed one needs; no number is the
        initialization of what is simulated.
        """
        match numbers:
            case [] if self.suffix == "mp4":
                return pictures.initialization(self._rendition)
            case [number, 0] if self.push and self.suffix == "mp4":
                return self.push.initialization(number)
            case [number]:
                return self._segment(number)
        return None

    def _segment(self, number: int) -> Body | None:
        timeline = self.timeline
        ahead = playlists.PREFETCHED if playlists.is_low_latency(self.stream) else 0
        if not 0 <= number < timeline.count + ahead:
            return None
        if self.push and timeline.stretch(number).source == LIVE:
            return self.push.segment(number)
        if number < timeline.count:
            return self._recipe(timeline, number)
        if self.push:
            return None  # nobody knows yet how long it will be
        return Paced(partial(self._recipe_once_begun, number), timeline.begin(number), timeline.duration(number))

    def _recipe(self, timeline: Timeline, number: int) -> Recipe:
        store, stream_id = self.ctx.store, self.stream.stream_id
        texts, layouts = store.metadata[stream_id], store.layouts[stream_id]
        return pictures.segment(self.stream, self._rendition, timeline, number, texts, layouts, self.suffix)

    def _recipe_once_begun(self, number: int) -> Recipe | None:
        """Return the recipe for a segment that was to come, None where the broadcast has ended without it."""
        now = View(self.ctx, self.session, self.stream_now, self._index, self._rendition)
        timeline = now.timeline
        return None if now.stream.end_time and number >= timeline.count else now._recipe(timeline, number)

    @property
    def stream_now(self) -> StreamSession:
        """The broadcast as it is now: `stream` is how it was when the viewer asked."""
        return self.ctx.store.stream_sessions.get(self.stream.stream_id, self.stream)


def as_measured(rendition: Rendition, push: PushedMedia) -> Rendition:
    """Return the rendition of a push with the bandwidth that it takes, or else is said to take."""
    measured = push.measured
    taken = measured.video_bitrate + measured.audio_bitrate if measured else 0
    return rendition._replace(bandwidth=max(taken, rendition.bandwidth) or _UNKNOWN_BANDWIDTH)


def renditions_for(session: ViewerSession, stream: StreamSession) -> dict[int, Rendition]:
    """Return the renditions that a viewer may have, by their place on the ladder."""
    most = HEIGHTS[session.maximum_resolution] if session.maximum_resolution else inf
    rungs = enumerate(renditions_of(stream))
    return {index: rendition for index, rendition in rungs if rendition.short_side <= most}
