"""The playlists of a recording, in the form in which IVS writes them to S3.

Sources: published recordings of a large customer of IVS; *Auto-Record to Amazon S3* in the IVS User Guide; RFC 8216.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import NamedTuple, Protocol

from ...media.fmp4 import MAP_VERSION
from ...wire.serialize import iso8601
from ..ingest.renditions import AUDIO_ONLY, Rendition
from .sessions import SECONDS_PER_FILE

KEYFRAME_INTERVAL = 2
"""Seconds from one keyframe to the next, as encoders are usually set; a byte range has as many."""

INITIALIZATION = "init-0.mp4"


class Piece(NamedTuple):
    """Some seconds of media."""

    at: datetime
    seconds: float

    def cut(self, seconds: int) -> Iterator[Piece]:
        """Return it in pieces of so many seconds; the last one has what is left."""
        for offset in range(0, ceil(self.seconds), seconds):
            yield Piece(self.at + timedelta(seconds=offset), min(seconds, self.seconds - offset))


class Media(Protocol):
    """The media of a recording, in files that are numbered from 0 throughout."""

    @property
    def suffix(self) -> str:
        """The ending of the files' names."""

    @property
    def seconds(self) -> float:
        """The duration in seconds."""

    @property
    def file_count(self) -> int:
        """The number of files of each rendition."""

    def at(self, seconds: int) -> datetime:
        """Return the time at which something was recorded that comes after so many seconds of media."""

    def files(self) -> Iterator[tuple[str, Piece, Sequence[str]]]:
        """Return the files' names, what is in them, and the lines that a playlist has before them."""

    def parts(self, number: int) -> Sequence[Piece]:
        """Return what is in a file in parts that begin with a keyframe each."""


class SimulatedMedia(NamedTuple):
    """The media of a recording as if they were there: what each of its streams left, in files of the same length."""

    stretches: Sequence[Piece]
    suffix: str

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def file_count(self) -> int:
        """The number of files of each rendition."""
        return sum(_file_count(stretch) for stretch in self.stretches)

    def file(self, number: int) -> Piece:
        """Return the piece of media in a file."""
        firsts = accumulate(map(_file_count, self.stretches), initial=0)
        stretch, first = next(
            (stretch, first)
            for stretch, first in zip(self.stretches, firsts, strict=False)
            if number < first + _file_count(stretch)
        )
        offset = (number - first) * SECONDS_PER_FILE
        return Piece(stretch.at + timedelta(seconds=offset), min(SECONDS_PER_FILE, stretch.seconds - offset))

    def at(self, seconds: int) -> datetime:
        """Return the time at which something was recorded that comes after so many seconds of media."""
        firsts = accumulate((stretch.seconds for stretch in self.stretches), initial=0)
        stretch, first = next(
            (stretch, first)
            for stretch, first in zip(self.stretches, firsts, strict=False)
            if seconds < first + stretch.seconds
        )
        return stretch.at + timedelta(seconds=seconds - first)

    def files(self) -> Iterator[tuple[str, Piece, Sequence[str]]]:
        """Return the files' names, what is in them, and the lines that a playlist has before them."""
        number = 0
        for stretch in self.stretches:
            before: Sequence[str] = ("#EXT-X-DISCONTINUITY", "#EXT-X-TWITCH-DISCONTINUITY") if number else ()
            for piece in stretch.cut(SECONDS_PER_FILE):
                yield f"{number}{self.suffix}", piece, before
                number += 1
                before = ()

    def parts(self, number: int) -> Sequence[Piece]:
        """Return what is in a file in parts that begin with a keyframe each."""
        return list(self.file(number).cut(KEYFRAME_INTERVAL))


def multivariant(renditions: Iterable[Rendition], variant_name: str, *, channel_id: str, account: str) -> str:
    """Return the playlist of the renditions; `variant_name` is what the playlist in the folder of each is called."""
    lines = [
        "#EXTM3U",
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.content.id",VALUE="{channel_id}"',
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.customer.id",VALUE="{account}"',
    ]
    for rendition in renditions:
        name, choice = rendition.name, "YES"
        size = f",RESOLUTION={rendition.width}x{rendition.height}"
        if name == AUDIO_ONLY:
            name, choice, size = "Audio Only", "NO", ""
        elif name.endswith("p30"):
            name = name.removesuffix("30")
        lines += [
            f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{rendition.name}",NAME="{name}",AUTOSELECT={choice},DEFAULT={choice}',
            f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={rendition.bandwidth},"
            f'CODECS="{rendition.codecs}"{size},VIDEO="{rendition.name}"',
            f"{rendition.name}/{variant_name}",
        ]
    return _text(lines)


def variant(media: Media, *, written_at: datetime, is_complete: bool) -> str:
    """Return the playlist of a rendition that has each file as one segment."""
    files = list(media.files())
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION if _map(media) else 3}",
        f"#EXT-X-TARGETDURATION:{max([SECONDS_PER_FILE, *(round(piece.seconds) for _, piece, _ in files)])}",
        f"#ID3-EQUIV-TDTG:{iso8601(written_at, 'seconds')[:-1]}",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-TWITCH-ELAPSED-SECS:0.000",
        f"#EXT-X-TWITCH-TOTAL-SECS:{media.seconds:.3f}",
        *_map(media),
    ]
    for name, piece, before in files:
        lines += [*before, _date(piece), _length(piece), name]
    return _text(lines, is_complete=is_complete)


def byte_range_variant(media: Media, lengths: Callable[[int], Sequence[int]], *, is_complete: bool) -> str:
    """Return the playlist of a rendition whose segments are ranges of bytes, a keyframe in each.

    `lengths` returns the bytes of each range of a file, by its number.
    """
    files = [(*file, media.parts(number)) for number, file in enumerate(media.files())]
    longest = max((round(part.seconds) for *_, parts in files for part in parts), default=0)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION if _map(media) else 4}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-TARGETDURATION:{max(KEYFRAME_INTERVAL, longest)}",
        *_map(media),
    ]
    for number, (name, _, before, parts) in enumerate(files):
        sizes = lengths(number)
        offsets = accumulate(sizes, initial=0)
        lines += before
        for part, size, offset in zip(parts, sizes, offsets, strict=False):
            lines += [_date(part), f"#EXT-X-BYTERANGE:{size}@{offset}", _length(part), name]
    return _text(lines, is_complete=is_complete)


def _file_count(stretch: Piece) -> int:
    return ceil(stretch.seconds / SECONDS_PER_FILE)


def _map(media: Media) -> Sequence[str]:
    return (f'#EXT-X-MAP:URI="{INITIALIZATION}"',) if media.suffix == ".mp4" else ()


def _date(piece: Piece) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:{iso8601(piece.at, 'milliseconds')}"


def _length(piece: Piece) -> str:
    return f"#EXTINF:{piece.seconds:.3f},"


def _text(lines: list[str], *, is_complete: bool = False) -> str:
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if is_complete else []), ""])
