"""Fragmented MP4: pictures, sound and timed metadata in boxes.

Sources: ISO/IEC 14496-12, and -15 for H.264, -14 for AAC; *Carriage of ID3 Timed Metadata in the Common Media
Application Format* (AOMedia).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

MAP_VERSION = 6
"""The version of HLS from which on a playlist may have an EXT-X-MAP, which names what is read before fragments."""

TIMESCALE = 90_000
"""Units of time in a second, for pictures and metadata; for sound a sample is one."""

_VIDEO, _AUDIO = 1, 2
"""The numbers of the tracks."""

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY, _OTHER = 0x02000000, 0x01010000
"""The flags of samples that depend on no other, and of those that do."""


class Sample(NamedTuple):
    """Something that is shown or heard for some units of time, so much later than it is decoded.

    Where it is a picture, `is_key` says that it needs no other.
    """

    duration: int
    data: bytes
    offset: int = 0
    is_key: bool = True


class Track(NamedTuple):
    """The samples of a track in a fragment, and when the first is decoded, in units since the stream began."""

    begin: int
    samples: Sequence[Sample]


class Pictures(NamedTuple):
    """What a player has to know of pictures: pixels, and an AVCDecoderConfigurationRecord."""

    width: int
    height: int
    configuration: bytes


class Sound(NamedTuple):
    """What a player has to know of sound: samples a second, channels, and an AudioSpecificConfig."""

    rate: int
    channels: int
    configuration: bytes


class Event(NamedTuple):
    """An ID3 tag at a time, in units since the stream began."""

    at: int
    tag: bytes


def initialization(pictures: Pictures | None, sound: Sound | None) -> bytes:
    """Return the initialization that a player has to read before the first fragment."""
    tracks = []
    if pictures is not None:
        tracks.append((_VIDEO, _pictures(pictures)))
    if sound is not None:
        tracks.append((_AUDIO, _sound(sound)))
    header = struct.pack(">5IIH10x", 0, 0, 0, TIMESCALE, 0, 0x10000, 0x100) + _MATRIX + bytes(24)
    extends = b"".join(_box(b"trex", struct.pack(">6I", 0, number, 1, 0, 0, 0)) for number, _ in tracks)
    header += struct.pack(">I", _AUDIO + 1)
    return _box(b"ftyp", b"iso6\0\0\0\1iso6mp41") + _box(
        b"moov", _box(b"mvhd", header), *(track for _, track in tracks), _box(b"mvex", extends)
    )


def fragment(number: int, *, video: Track | None, audio: Track | None, events: Sequence[Event]) -> bytes:
    """Return a fragment, by its number, which begins with 1."""
    boxes = b"".join(_event(event) for event in events)
    tracks = [(identity, track) for identity, track in ((_VIDEO, video), (_AUDIO, audio)) if track is not None]
    length = len(_moof(number, tracks, 0))  # which does not depend on where data begin
    data = b"".join(sample.data for _, track in tracks for sample in track.samples)
    return _box(b"styp", b"msdh\0\0\0\0msdh") + boxes + _moof(number, tracks, length + 8) + _box(b"mdat", data)


def _moof(number: int, tracks: Sequence[tuple[int, Track]], offset: int) -> bytes:
    boxes = [_box(b"mfhd", struct.pack(">II", 0, number))]
    for identity, track in tracks:
        is_reordered = any(sample.offset for sample in track.samples)
        samples = b"".join(
            struct.pack(">III", sample.duration, len(sample.data), _KEY if sample.is_key else _OTHER)
            + (struct.pack(">i", sample.offset) if is_reordered else b"")
            for sample in track.samples
        )
        flags = 0x01000F01 if is_reordered else 0x000701  # of version 1, whose offsets may be negative
        boxes.append(
            _box(
                b"traf",
                _box(b"tfhd", struct.pack(">II", 0x020000, identity)),  # data are counted from this box on
                _box(b"tfdt", struct.pack(">IQ", 1 << 24, track.begin)),
                _box(b"trun", struct.pack(">III", flags, len(track.samples), offset) + samples),
            )
        )
        offset += sum(len(sample.data) for sample in track.samples)
    return _box(b"moof", *boxes)


def _event(event: Event) -> bytes:
    content = struct.pack(">IIQII", 1 << 24, TIMESCALE, event.at, 0, 0)
    return _box(b"emsg", content + b"https://aomedia.org/emsg/ID3\0\0" + event.tag)


def _pictures(about: Pictures) -> bytes:
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, about.width, about.height, 0x480000, 0x480000, 0, 1, 24, -1)
    description = _box(b"avc1", entry + _box(b"avcC", about.configuration))
    size = struct.pack(">II", about.width << 16, about.height << 16)
    return _track(_VIDEO, TIMESCALE, b"vide", _box(b"vmhd", struct.pack(">I8x", 1)), description, size)


def _sound(about: Sound) -> bytes:
    decoder = _descriptor(4, b"\x40\x15" + bytes(11) + _descriptor(5, about.configuration))
    elementary = _descriptor(3, struct.pack(">HB", _AUDIO, 0) + decoder + _descriptor(6, b"\2"))
    rate = about.rate << 16 if about.rate < 1 << 16 else 0  # what does not fit is in the configuration
    entry = struct.pack(">6xH8xHHxxxxI", 1, about.channels, 16, rate)
    description = _box(b"mp4a", entry + _box(b"esds", bytes(4) + elementary))
    return _track(_AUDIO, about.rate, b"soun", _box(b"smhd", bytes(8)), description, bytes(8))


def _track(number: int, timescale: int, kind: bytes, header: bytes, description: bytes, size: bytes) -> bytes:
    """Return a track without samples, all of which are in fragments."""
    volume = 0x100 if kind == b"soun" else 0
    about = struct.pack(">6I8xHHHH", 7, 0, 0, number, 0, 0, 0, 0, volume, 0) + _MATRIX + size
    reference = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1) + _box(b"url ", struct.pack(">I", 1))))
    empty = b"".join(_box(name, bytes(12 if name == b"stsz" else 8)) for name in (b"stts", b"stsc", b"stsz", b"stco"))
    table = _box(b"stbl", _box(b"stsd", struct.pack(">II", 0, 1) + description), empty)
    media = _box(b"mdhd", struct.pack(">5IHH", 0, 0, 0, timescale, 0, 0x55C4, 0))  # of no language
    media += _box(b"hdlr", struct.pack(">II4s12x", 0, 0, kind) + b"\0") + _box(b"minf", header, reference, table)
    return _box(b"trak", _box(b"tkhd", about), _box(b"mdia", media))


def _descriptor(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes([tag, *(length >> shift & 0x7F | 0x80 for shift in (21, 14, 7)), length & 0x7F]) + content


def _box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", len(content) + 8) + kind + content
