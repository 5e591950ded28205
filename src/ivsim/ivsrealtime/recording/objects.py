"""The objects of a recording of a stage: metadata files, playlists, fragments, thumbnails, each made when it is read.

Sources: *Individual Participant Recording* and *Composite Recording* in the IVS Real-Time User Guide; docs/fidelity.md
lists what is assumed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from math import ceil
from typing import Any

from ...core.broadcasting import Layout, cells_at
from ...core.deliveries import S3Object
from ...media import simulation
from ...media.h264 import Format
from ...media.picture import Scene
from ...recordings.media import Media, Piece, SimulatedMedia, gap
from ...recordings.objects import Files, RecordedObjects, text_file
from ...recordings.playlists import INITIALIZATION
from ...recordings.pushed import PushedFiles, PushedSegment
from ...recordings.recordings import ENDED, FAILED, NOT_STARTED, STARTED
from ...wire.serialize import iso8601
from .._service import Context
from . import playlists
from .playlists import VARIANT
from .stage_recordings import Rendition, StageRecording, Thumbnails

_EVENT_FILES = {STARTED: "started", ENDED: "ended", FAILED: "failed"}

_HLS, _MULTIVARIANT = "media/hls", "multivariant.m3u8"
_FOLDERS = {"SEQUENTIAL": "thumbnails", "LATEST": "latest_thumbnail"}
"""The folders of thumbnails below `media`, by how they are stored."""

_FIRST = 1
"""The number of the first file and of the first thumbnail."""


def objects_of(ctx: Context, recording: StageRecording) -> StageObjects:
    """Return the objects of a recording as they are now."""
    layouts = ctx.store.layouts[recording.key_prefix]
    pushed = None
    if recording.is_pushed:
        pushed = PushedFiles(ctx.store.recorded_files[recording.recording_id], ".mp4", first=_FIRST)
    return StageObjects(recording, layouts, ctx.now, pushed, ctx.fetch, has_pictures=ctx.records_pictures)


class StageObjects(RecordedObjects):
    """The objects of a recording of a stage at a moment, by their keys in the bucket."""

    def __init__(
        self,
        recording: StageRecording,
        layouts: Sequence[Layout],
        now: datetime,
        pushed: PushedFiles | None,
        fetch: Callable[[str, str], bytes],
        *,
        has_pictures: bool,
    ) -> None:
        self._recording = recording
        self._pushed = pushed
        self._fetch = fetch
        self._layouts = layouts
        self._has_pictures = has_pictures
        self._now = recording.ended_at or now
        stretches = [Piece(each.started_at, recording.seconds_of(each, now)) for each in recording.stretches]
        left = [stretch for stretch in stretches if stretch.seconds]
        self._simulated = SimulatedMedia(left, ".mp4", recording.seconds_per_file, first=_FIRST)
        self._media: Media = pushed or self._simulated
        super().__init__(recording.key_prefix, self._layout())

    def newest_file(self, segments: Sequence[PushedSegment]) -> Iterator[S3Object]:
        """Return the newest file of what was sent, which consists of some segments, and the playlists that have it."""
        recording = self._recording
        assert self._pushed is not None, "it was sent"
        assert recording.rendition is not None, "it was sent"
        folder = f"{recording.key_prefix}/{_HLS}/{recording.rendition.folder}"
        yield from self._pushed.newest(recording.bucket, folder, segments)
        yield from self.parcels(recording.bucket, self.playlists())

    def _layout(self) -> Iterator[Files]:
        recording = self._recording
        if recording.status == NOT_STARTED:
            return
        yield self._event_file(STARTED)
        if self._media.seconds:
            if recording.rendition:
                yield from self._hls(recording.rendition)
            if recording.thumbnails:
                yield from self._thumbnails(recording.thumbnails)
        if recording.status != STARTED:
            yield self._event_file(recording.status)

    def _hls(self, rendition: Rendition) -> Iterator[Files]:
        is_complete = self._recording.status != STARTED
        folder = f"{_HLS}/{rendition.folder}"
        yield text_file(f"{_HLS}/{_MULTIVARIANT}", partial(playlists.multivariant, rendition))
        if self._pushed is None:
            yield Files(f"{folder}/{INITIALIZATION}", lambda _index: simulation.initialization(self._form(rendition)))
            yield Files(f"{folder}/*.mp4", partial(self._file, rendition), self._media.file_count, _FIRST)
        else:
            yield from self._pushed.listed(folder, self._fetched)
        per_file = self._recording.seconds_per_file
        variant = partial(playlists.variant, self._media, per_file, is_complete=is_complete)
        yield text_file(f"{folder}/{VARIANT}", variant)

    def _fetched(self, path: str) -> bytes:
        return self._fetch(self._recording.bucket, f"{self._recording.key_prefix}/{path}")

    def _file(self, rendition: Rendition, index: int) -> bytes:
        form = self._form(rendition)
        parts = self._simulated.simulated(index, self._recording.started_at)
        return b"".join(simulation.fragment(form, self._scene(rendition, piece.at), part) for piece, part in parts)

    def _form(self, rendition: Rendition) -> Format | None:
        if not rendition.height or not self._has_pictures:
            return None
        codec = rendition.codecs.partition(",")[0]
        return simulation.form(rendition.width, rendition.height, rendition.framerate, codec)

    def _thumbnails(self, thumbnails: Thumbnails) -> Iterator[Files]:
        count = ceil(self._media.seconds / thumbnails.seconds_between)
        make = partial(self._thumbnail, thumbnails)
        if "SEQUENTIAL" in thumbnails.storage:
            yield Files(f"media/{_FOLDERS['SEQUENTIAL']}/{thumbnails.folder}/*.jpg", make, count, _FIRST)
        if "LATEST" in thumbnails.storage:
            path = f"media/{_FOLDERS['LATEST']}/{thumbnails.folder}/thumb.jpg"
            yield Files(path, lambda _index: make(count - 1))

    def _thumbnail(self, thumbnails: Thumbnails, index: int) -> bytes:
        elapsed = index * thumbnails.seconds_between
        moment = self._media.at(elapsed)
        later = gap(moment, self._recording.started_at, elapsed)
        form = simulation.form(thumbnails.width, thumbnails.height, _FRAMERATE)
        return simulation.thumbnail(form, self._scene(thumbnails, moment), elapsed, later)

    def _scene(self, size: Rendition | Thumbnails, moment: datetime) -> Scene:
        name = f"{min(size.width, size.height)}p"
        cells = cells_at(self._layouts, moment)
        return Scene(self._recording.title, name, "live", self._recording.started_at, cells=cells)

    def _event_file(self, status: str) -> Files:
        return text_file(f"events/recording-{_EVENT_FILES[status]}.json", lambda: json.dumps(self._event(status)))

    def _event(self, status: str) -> dict[str, Any]:
        recording = self._recording
        event: dict[str, Any] = {"version": "v1", "stage_arn": recording.stage_arn}
        if recording.participant_id:
            event["session_id"] = recording.stretches[0].session_id
            event["participant_id"] = recording.participant_id
        event["recording_started_at"] = iso8601(recording.started_at, "seconds")
        hls: dict[str, Any] = {}
        if status != STARTED:
            event["recording_ended_at"] = iso8601(self._now, "seconds")
            hls["duration_ms"] = round(self._media.seconds * 1000)
        event["recording_status"] = status
        if status == FAILED:
            event["recording_status_message"] = recording.reason
        hls |= {"path": _HLS, "playlist": _MULTIVARIANT}
        rendition, thumbnails = recording.rendition, recording.thumbnails
        renditions = [rendition] if rendition else []
        hls["renditions"] = [{"path": each.folder, "playlist": VARIANT, **self._size(each)} for each in renditions]
        event["media"] = {"hls": hls}
        for storage, folder in _FOLDERS.items():
            if thumbnails and storage in thumbnails.storage:
                variants = [{"path": thumbnails.folder, **self._size(thumbnails)}]
                name = "resolutions" if recording.composition_arn else "renditions"
                event["media"][folder] = {"path": f"media/{folder}", name: variants}
        return event

    def _size(self, of: Rendition | Thumbnails) -> dict[str, int]:
        """Return the members that tell a size, which those of participants lack."""
        if not self._recording.composition_arn:
            return {}
        return {"resolution_width": of.width, "resolution_height": of.height}


_FRAMERATE = 30
"""The frame rate by which a thumbnail is drawn, which has none."""
