"""The objects of a recording: metadata files, playlists, segments and thumbnails, each made when it is read.

Source: *Auto-Record to Amazon S3* in the IVS User Guide; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from math import ceil
from typing import TYPE_CHECKING, Any

from ...core.broadcasting import cells_at
from ...media import simulation
from ...media.picture import YOUNG, Scene
from ...recordings.media import Media, Piece, SimulatedMedia, gap
from ...recordings.objects import Files, RecordedObjects, text_file
from ...recordings.playlists import INITIALIZATION
from ...recordings.pushed import PushedFiles, PushedSegment
from ...recordings.recordings import ENDED, FAILED, NOT_STARTED, STARTED
from ...wire.serialize import iso8601
from .._service import Context
from ..channels import media_suffix
from ..ingest.pictures import form_of, title_of
from ..stream_sessions import inserted_between
from . import playlists
from .playlists import BREAKS
from .sessions import SECONDS_PER_FILE

if TYPE_CHECKING:
    from ...core.broadcasting import Layout
    from ...core.deliveries import S3Object
    from ...media.h264 import Format
    from ..ingest.renditions import Rendition
    from ..stream_sessions import TimedMetadata
    from .sessions import RecordingSession

_EVENT_FILES = {STARTED: "started", ENDED: "ended", FAILED: "failed"}

_HLS = "media/hls"
_MULTIVARIANT, _BYTE_RANGE_MULTIVARIANT = "master.m3u8", "byte-range-multivariant.m3u8"
_VARIANT, _BYTE_RANGE_VARIANT = "playlist.m3u8", "byte-range-variant.m3u8"
_THUMBNAILS, _LATEST = "media/thumbnails", "media/latest_thumbnail/thumb.jpg"


def objects_of(ctx: Context, recording: RecordingSession) -> ChannelObjects:
    """Return the objects of a recording as they are now."""
    stream = ctx.store.stream_sessions.get(recording.streams[0].stream_id)
    title = title_of(stream.channel) if stream else recording.channel_arn.rpartition("/")[2]
    pushed = None
    if recording.is_pushed:
        files = ctx.store.recorded_files[recording.session_id]
        pushed = PushedFiles(files, f".{media_suffix(recording.container_format)}", BREAKS)
    return ChannelObjects(
        recording,
        title,
        ctx.store.metadata.__getitem__,
        ctx.store.layouts.__getitem__,
        ctx.now,
        ctx.records_pictures,
        pushed,
        ctx.fetch,
    )


class ChannelObjects(RecordedObjects):
    """The objects of a recording of a channel at a moment, by their keys in the bucket."""

    def __init__(
        self,
        recording: RecordingSession,
        title: str,
        metadata: Callable[[str], Sequence[TimedMetadata]],
        layouts: Callable[[str], Sequence[Layout]],
        now: datetime,
        has_pictures: bool,
        pushed: PushedFiles | None,
        fetch: Callable[[str, str], bytes],
    ) -> None:
        self._recording = recording
        self._pushed = pushed
        self._fetch = fetch
        self._has_pictures = has_pictures
        self._title = title
        self._metadata = metadata
        self._layouts = layouts
        self._now = recording.ended_at or now
        stretches = [Piece(stream.started_at, stream.recorded_seconds(now)) for stream in recording.streams]
        suffix = f".{media_suffix(recording.container_format)}"
        left = [stretch for stretch in stretches if stretch.seconds]
        simulated = SimulatedMedia(left, suffix, SECONDS_PER_FILE, BREAKS)
        self._media: Media = pushed or simulated
        self._simulated = simulated
        self._lengths_of: dict[tuple[str, int], list[int]] = {}
        super().__init__(recording.key_prefix, self._layout())

    def newest_file(self, segments: Sequence[PushedSegment]) -> Iterator[S3Object]:
        """Return the newest file of a push, which consists of some segments, and the playlists that have it."""
        assert self._pushed is not None, "it was pushed"
        recording = self._recording
        (rendition,) = recording.renditions
        yield from self._pushed.newest(recording.bucket, f"{recording.key_prefix}/{_HLS}/{rendition.name}", segments)
        yield from self.parcels(recording.bucket, self.playlists())

    def _layout(self) -> Iterator[Files]:
        recording, media = self._recording, self._media
        if recording.status == NOT_STARTED:
            return
        yield self._event_file(STARTED)
        if media.seconds:
            if recording.renditions:
                yield from self._hls()
            count = ceil(media.seconds / recording.thumbnail_interval)
            if recording.has_thumbnails("SEQUENTIAL"):
                yield Files(f"{_THUMBNAILS}/thumb*.jpg", self._thumbnail, count)
            if recording.has_thumbnails("LATEST"):
                yield Files(_LATEST, lambda _number: self._thumbnail(count - 1))
        if recording.status != STARTED:
            yield self._event_file(recording.status)

    def _hls(self) -> Iterator[Files]:
        recording, media = self._recording, self._media
        is_complete = recording.status != STARTED
        _, _, account, channel_id, *_ = recording.key_prefix.split("/")
        for name, variant_name in ((_MULTIVARIANT, _VARIANT), (_BYTE_RANGE_MULTIVARIANT, _BYTE_RANGE_VARIANT)):
            multivariant = partial(
                playlists.multivariant, recording.renditions, variant_name, channel_id=channel_id, account=account
            )
            yield text_file(f"{_HLS}/{name}", multivariant)
        variant = partial(playlists.variant, media, written_at=self._now, is_complete=is_complete)
        for rendition in recording.renditions:
            folder = f"{_HLS}/{rendition.name}"
            yield from self._media_files(folder, rendition)
            yield text_file(f"{folder}/{_VARIANT}", variant)
            lengths = self._pushed.lengths if self._pushed else partial(self._lengths, rendition)
            by_range = partial(playlists.byte_range_variant, media, lengths, is_complete=is_complete)
            yield text_file(f"{folder}/{_BYTE_RANGE_VARIANT}", by_range)

    def _media_files(self, folder: str, rendition: Rendition) -> Iterator[Files]:
        """Return the files of a rendition's media: made as a simulation, or what an encoder has sent to the bucket."""
        media, pushed = self._media, self._pushed
        if pushed is None:
            if media.suffix == ".mp4":
                yield Files(f"{folder}/{INITIALIZATION}", partial(self._initialization, rendition))
            yield Files(f"{folder}/*{media.suffix}", partial(self._segment, rendition), media.file_count)
            return
        yield from pushed.listed(folder, self._fetched)

    def _fetched(self, path: str) -> bytes:
        return self._fetch(self._recording.bucket, f"{self._recording.key_prefix}/{path}")

    def _form_of(self, rendition: Rendition) -> Format | None:
        return form_of(rendition) if self._has_pictures else None

    def _initialization(self, rendition: Rendition, _number: int) -> bytes:
        return simulation.initialization(self._form_of(rendition))

    def _segment(self, rendition: Rendition, number: int) -> bytes:
        parts = list(self._ranges(rendition, number))
        self._lengths_of[rendition.name, number] = [len(part) for part in parts]
        return b"".join(parts)

    def _lengths(self, rendition: Rendition, number: int) -> list[int]:
        """Return the lengths of a file's parts; of what was delivered already, they are known."""
        if (rendition.name, number) not in self._lengths_of:
            self._segment(rendition, number)
        return self._lengths_of[rendition.name, number]

    def _ranges(self, rendition: Rendition, number: int) -> Iterator[bytes]:
        """Return a file in parts that begin with a keyframe each."""
        form = self._form_of(rendition)
        make = simulation.fragment if self._media.suffix == ".mp4" else simulation.transport_stream
        for piece, part in self._simulated.simulated(number, self._recording.started_at):
            yield make(form, self._scene(rendition.name, piece, part.elapsed), part)

    def _thumbnail(self, number: int) -> bytes:
        elapsed = number * self._recording.thumbnail_interval
        moment = self._media.at(elapsed)
        framerate = round(self._recording.ingest.video[0].target_framerate)
        size = simulation.form(*self._recording.thumbnail_size, framerate)
        scene = self._scene(f"{min(size.width, size.height)}p", Piece(moment, 0), elapsed)
        return simulation.thumbnail(size, scene, elapsed, gap(moment, self._recording.started_at, elapsed))

    def _scene(self, rendition: str, piece: Piece, elapsed: float) -> Scene:
        """Return what is seen in a piece of media, and heard of PutMetadata."""
        oldest, end = piece.at - timedelta(seconds=YOUNG), piece.at + timedelta(seconds=piece.seconds)
        inserted = inserted_between(self._inserted, oldest, end)
        texts = tuple((elapsed + (each.at - piece.at).total_seconds(), each.text) for each in inserted)
        its_stream = [each.stream_id for each in self._recording.streams if each.started_at <= piece.at][-1]
        cells = cells_at(self._layouts(its_stream), piece.at)
        return Scene(self._title, rendition, "live", self._recording.started_at, texts, cells)

    @cached_property
    def _inserted(self) -> list[TimedMetadata]:
        return [inserted for stream in self._recording.streams for inserted in self._metadata(stream.stream_id)]

    def _event_file(self, status: str) -> Files:
        return text_file(f"events/recording-{_EVENT_FILES[status]}.json", lambda: json.dumps(self._event(status)))

    def _event(self, status: str) -> dict[str, Any]:
        recording = self._recording
        event: dict[str, Any] = {"version": "v1", "channel_arn": recording.channel_arn}
        hls: dict[str, Any] = {}
        if status != STARTED:
            event["recording_ended_at"] = iso8601(self._now, "seconds")
            hls["duration_ms"] = round(self._media.seconds * 1000)
        event["recording_started_at"] = iso8601(recording.started_at, "seconds")
        event["recording_status"] = status
        if status == FAILED:
            event["recording_status_message"] = recording.reason
        hls |= {"path": _HLS, "playlist": _MULTIVARIANT, "byte_range_playlist": _BYTE_RANGE_MULTIVARIANT}
        hls["renditions"] = [_about(rendition) for rendition in recording.renditions]
        event["media"] = {"hls": hls}
        width, height = recording.thumbnail_size
        for name, storage, path in (
            ("thumbnails", "SEQUENTIAL", _THUMBNAILS),
            ("latest_thumbnail", "LATEST", _LATEST),
        ):
            if recording.has_thumbnails(storage):
                event["media"][name] = {"path": path, "resolution_height": height, "resolution_width": width}
        return event


def _about(rendition: Rendition) -> dict[str, Any]:
    about = {"path": rendition.name, "playlist": _VARIANT, "byte_range_playlist": _BYTE_RANGE_VARIANT}
    if rendition.height:
        return {**about, "resolution_height": rendition.height, "resolution_width": rendition.width}
    return about
