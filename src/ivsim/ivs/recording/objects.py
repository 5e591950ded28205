"""The objects of a recording: metadata files, playlists, segments and thumbnails, each made when it is read.

Source: *Auto-Record to Amazon S3* in the IVS User Guide; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ...media.fmp4 import fragment, initialization
from ...media.mpegts import segment
from ...wire.serialize import iso8601
from .._service import Context
from ..channels import media_suffix
from ..stream_sessions import texts_between
from . import playlists
from .playlists import INITIALIZATION, KEYFRAME_INTERVAL, Media, Piece
from .sessions import ENDED, FAILED, NOT_STARTED, SECONDS_PER_FILE, STARTED

if TYPE_CHECKING:
    from ..ingest.renditions import Rendition
    from ..stream_sessions import TimedMetadata
    from .sessions import RecordingSession

CONTENT_TYPES = {
    "json": "application/json",
    "m3u8": "application/x-mpegURL",
    "ts": "video/MP2T",
    "mp4": "video/mp4",
    "jpg": "image/jpeg",
}


_EVENT_FILES = {STARTED: "started", ENDED: "ended", FAILED: "failed"}

_HLS = "media/hls"
_MULTIVARIANT, _BYTE_RANGE_MULTIVARIANT = "master.m3u8", "byte-range-multivariant.m3u8"
_VARIANT, _BYTE_RANGE_VARIANT = "playlist.m3u8", "byte-range-variant.m3u8"
_THUMBNAILS, _LATEST = "media/thumbnails", "media/latest_thumbnail/thumb.jpg"

# 16 by 9 pixels of grey: Pillow 12, Image.new("L", (16, 9), 128).save(file, "JPEG", quality=20, optimize=True)
_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKrarYqMyP/L2u71////m8H////6"
    "/+b9//j/wAALCAAJABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AAP/Z"
)


class _Files(NamedTuple):
    """A file, or as many alike as are counted from 0 where the path has its star."""

    path: str
    make: Callable[[int], bytes]
    total: int = 1

    def paths(self) -> Iterator[str]:
        """Return the path of each."""
        return (self.path.replace("*", str(number)) for number in range(self.total))

    def number_of(self, path: str) -> int | None:
        """Return which of them has a path, None when none of them has."""
        match = re.fullmatch(re.escape(self.path).replace(r"\*", "(0|[1-9][0-9]{0,9})"), path)
        number = int(match[1]) if match and match.lastindex else 0
        return number if match and number < self.total else None


def objects_of(ctx: Context, recording: RecordingSession) -> RecordedObjects:
    """Return the objects of a recording as they are now."""
    return RecordedObjects(recording, ctx.store.metadata.__getitem__, ctx.now)


class RecordedObjects(Mapping[str, bytes]):
    """The objects of a recording at a moment, by their keys in the bucket.

    To count them, list them or look for one costs next to nothing, however long the recording is.
    """

    def __init__(
        self, recording: RecordingSession, metadata: Callable[[str], Sequence[TimedMetadata]], now: datetime
    ) -> None:
        self._recording = recording
        self._metadata = metadata
        self._now = recording.ended_at or now
        stretches = [Piece(stream.started_at, stream.recorded_seconds(now)) for stream in recording.streams]
        suffix = f".{media_suffix(recording.container_format)}"
        self._media = Media([stretch for stretch in stretches if stretch.seconds], suffix)
        self._files = list(self._layout())

    def __getitem__(self, key: str) -> bytes:
        files, number = self._find(key)
        return files.make(number)

    def __contains__(self, key: object) -> bool:
        try:
            return bool(self._find(key))
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        prefix = self._recording.key_prefix
        return (f"{prefix}/{path}" for files in self._files for path in files.paths())

    def __len__(self) -> int:
        return sum(files.total for files in self._files)

    def __repr__(self) -> str:
        return f"<{len(self)} objects under {self._recording.key_prefix}>"

    def _find(self, key: object) -> tuple[_Files, int]:
        prefix, path = self._recording.key_prefix, str(key)
        if path.startswith(f"{prefix}/"):
            for files in self._files:
                number = files.number_of(path[len(prefix) + 1 :])
                if number is not None:
                    return files, number
        raise KeyError(key)

    def _layout(self) -> Iterator[_Files]:
        recording, media = self._recording, self._media
        if recording.status == NOT_STARTED:
            return
        yield self._event_file(STARTED)
        if media.seconds:
            if recording.renditions:
                yield from self._hls()
            if recording.has_thumbnails("SEQUENTIAL"):
                count = -(-media.seconds // recording.thumbnail_interval)
                yield _Files(f"{_THUMBNAILS}/thumb*.jpg", _thumbnail, count)
            if recording.has_thumbnails("LATEST"):
                yield _Files(_LATEST, _thumbnail)
        if recording.status != STARTED:
            yield self._event_file(recording.status)

    def _hls(self) -> Iterator[_Files]:
        recording, media = self._recording, self._media
        is_complete = recording.status != STARTED
        _, _, account, channel_id, *_ = recording.key_prefix.split("/")
        for name, variant_name in ((_MULTIVARIANT, _VARIANT), (_BYTE_RANGE_MULTIVARIANT, _BYTE_RANGE_VARIANT)):
            multivariant = partial(
                playlists.multivariant, recording.renditions, variant_name, channel_id=channel_id, account=account
            )
            yield _text(f"{_HLS}/{name}", multivariant)
        variant = partial(playlists.variant, media, written_at=self._now, is_complete=is_complete)
        by_range = partial(playlists.byte_range_variant, media, self._lengths, is_complete=is_complete)
        for rendition in recording.renditions:
            folder = f"{_HLS}/{rendition.name}"
            yield _text(f"{folder}/{_VARIANT}", variant)
            yield _text(f"{folder}/{_BYTE_RANGE_VARIANT}", by_range)
            if media.suffix == ".mp4":
                yield _Files(f"{folder}/{INITIALIZATION}", lambda _number: initialization())
            yield _Files(f"{folder}/*{media.suffix}", self._segment, media.file_count)

    def _segment(self, number: int) -> bytes:
        return b"".join(self._ranges(self._media.file(number), number))

    def _lengths(self, piece: Piece, number: int) -> list[int]:
        return [len(part) for part in self._ranges(piece, number)]

    def _ranges(self, piece: Piece, number: int) -> Iterator[bytes]:
        """Return a file in parts that begin with a keyframe each."""
        first = number * (SECONDS_PER_FILE // KEYFRAME_INTERVAL) + 1
        for serial, part in enumerate(piece.cut(KEYFRAME_INTERVAL), first):
            texts = self._texts(part)
            if self._media.suffix == ".mp4":
                yield fragment(part.at, serial, texts)
            else:
                yield segment(part.at, part.seconds, texts)

    def _texts(self, piece: Piece) -> list[str]:
        return texts_between(self._inserted, piece.at, piece.at + timedelta(seconds=piece.seconds))

    @cached_property
    def _inserted(self) -> list[TimedMetadata]:
        return [inserted for stream in self._recording.streams for inserted in self._metadata(stream.stream_id)]

    def _event_file(self, status: str) -> _Files:
        return _text(f"events/recording-{_EVENT_FILES[status]}.json", lambda: json.dumps(self._event(status)))

    def _event(self, status: str) -> dict[str, Any]:
        recording = self._recording
        event: dict[str, Any] = {"version": "v1", "channel_arn": recording.channel_arn}
        hls: dict[str, Any] = {}
        if status != STARTED:
            event["recording_ended_at"] = iso8601(self._now, "seconds")
            hls["duration_ms"] = self._media.seconds * 1000
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


def _text(path: str, make: Callable[[], str]) -> _Files:
    return _Files(path, lambda _number: make().encode())


def _thumbnail(_number: int) -> bytes:
    return _JPEG
