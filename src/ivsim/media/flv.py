"""The tags of FLV, in which RTMP has sound and pictures; and what they say of the media.

Sources: Adobe, *Video File Format Specification*, 10.1, annex E; *Enhanced RTMP*, version 2, for what is refused. For
what a decoder has to know: ISO/IEC 14496-15 and -3 (1.6.2.1), and ITU-T H.264 (7.3.2.1.1 and annex E).
"""

from __future__ import annotations

from typing import NamedTuple

_KEY_FRAME, _AVC, _AAC = 1, 7, 10
_ENHANCED_AUDIO, _SEVERAL_VIDEO, _SEVERAL_AUDIO = 9, 6, 5
"""By Enhanced RTMP: the format of sound that has a name for its codec, and the kinds of packets with several tracks."""

_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128}
"""The profiles that say more of how colours are sampled."""

_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


class FlvRefused(ValueError):
    """A tag that cannot be read, or media in another codec than H.264 and AAC."""


class Tag(NamedTuple):
    """What is in a tag: media, or what a decoder has to know before.

    A picture is shown `offset` milliseconds after it is decoded; one that `is_key` needs no other. A tag that only says
    that the media end has no data.
    """

    is_header: bool
    is_key: bool
    data: bytes
    offset: int = 0


class VideoFormat(NamedTuple):
    """The form of pictures: their codec as playlists name it, pixels, and frames a second, 0 when they do not say."""

    codec: str
    width: int
    height: int
    framerate: float


class AudioFormat(NamedTuple):
    """The form of sound: its audio object type, samples a second, and channels."""

    kind: int
    sample_rate: int
    channels: int

    @property
    def codec(self) -> str:
        """The codec, as playlists name it."""
        return f"mp4a.40.{self.kind}"

    @property
    def rate_index(self) -> int:
        """The place of the rate, or of the one next to it, in the list that transport streams take it from."""
        return min(range(len(_AAC_RATES)), key=lambda index: abs(_AAC_RATES[index] - self.sample_rate))


def video(payload: bytes) -> Tag:
    """Return what is in a tag of pictures. Raises FlvRefused for other codecs than H.264, in words."""
    if payload[0] & 0x80:
        raise _enhanced("video", payload, _SEVERAL_VIDEO, "H.264")
    if payload[0] & 15 != _AVC:
        raise FlvRefused(f"video in FLV's codec {payload[0] & 15} is not taken; send H.264")
    if len(payload) < 5:
        raise FlvRefused("a tag of video is too short")
    kind = payload[1]
    offset = int.from_bytes(payload[2:5], "big", signed=True)
    return Tag(kind == 0, payload[0] >> 4 == _KEY_FRAME and kind == 1, payload[5:] if kind < 2 else b"", offset)


def audio(payload: bytes) -> Tag:
    """Return what is in a tag of sound. Raises FlvRefused for other codecs than AAC, in words."""
    if payload[0] >> 4 == _ENHANCED_AUDIO:
        raise _enhanced("audio", payload, _SEVERAL_AUDIO, "AAC")
    if payload[0] >> 4 != _AAC or len(payload) < 2:
        raise FlvRefused(f"audio in FLV's codec {payload[0] >> 4} is not taken; send AAC")
    return Tag(payload[1] == 0, False, payload[2:])


def _enhanced(what: str, payload: bytes, several: int, wanted: str) -> FlvRefused:
    """Return the refusal of what comes by Enhanced RTMP."""
    if payload[0] & 15 == several:
        return FlvRefused(f"several tracks of {what}, by Enhanced RTMP, are not taken; send one, in {wanted}")
    name = payload[1:5].decode("latin-1")
    return FlvRefused(f"{what} in {name!r}, by Enhanced RTMP, is not taken; send {wanted}")


def video_format(configuration: bytes) -> VideoFormat:
    """Return the form of pictures by their AVCDecoderConfigurationRecord. Raises FlvRefused."""
    try:
        length = int.from_bytes(configuration[6:8], "big")
        return _sequence(configuration[8 : 8 + length])
    except (IndexError, ZeroDivisionError):
        raise FlvRefused("the decoder configuration of the video cannot be read") from None


def parameter_sets(configuration: bytes) -> list[bytes]:
    """Return the parameter sets in an AVCDecoderConfigurationRecord, as NAL units. Raises FlvRefused."""
    sets: list[bytes] = []
    at = 5
    try:
        for mask in (31, 255):  # of the sequence, and of pictures
            count = configuration[at] & mask
            at += 1
            for _ in range(count):
                end = at + 2 + int.from_bytes(configuration[at : at + 2], "big")
                sets.append(configuration[at + 2 : end])
                at = end
        is_whole = at <= len(configuration)
    except IndexError:
        is_whole = False
    if not is_whole:
        raise FlvRefused("the decoder configuration of the video cannot be read")
    return sets


def audio_format(configuration: bytes) -> AudioFormat:
    """Return the form of sound by its AudioSpecificConfig. Raises FlvRefused."""
    try:
        bits = _Bits(configuration)
        kind = bits.take(5)
        index = bits.take(4)
        rate = bits.take(24) if index == 15 else _AAC_RATES[index]
        form = AudioFormat(kind, rate, bits.take(4))
    except IndexError:
        raise FlvRefused("the configuration of the audio cannot be read") from None
    if not (kind and rate):
        raise FlvRefused("the configuration of the audio tells of no sound")
    return form


class _Bits:
    """Bits, from the first to the last. Raises IndexError after it."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data)
        self._at = 0

    def take(self, count: int) -> int:
        taken = self._bits[self._at : self._at + count]
        if len(taken) < count:
            raise IndexError
        self._at += count
        return int(taken or "0", 2)

    def golomb(self) -> int:
        """Return a number in Exp-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        if zeros > 31:  # no number is as long (9.1)
            raise IndexError
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number % 2 else -number // 2


def _sequence(unit: bytes) -> VideoFormat:
    """Read a sequence parameter set."""
    bits = _Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb(), bits.golomb(), bits.take(1)
        if bits.take(1):
            for number in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _skip_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1), bits.signed(), bits.signed()
        for _ in range(bits.golomb()):
            bits.signed()
    bits.golomb(), bits.take(1)
    columns, rows = bits.golomb() + 1, bits.golomb() + 1
    fields = 2 - bits.take(1)
    if fields == 2:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = (bits.golomb() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * fields
    codec = f"avc1.{profile:02X}{constraints:02X}{level:02X}"
    width, height = columns * 16 - (left + right) * across, rows * 16 * fields - (top + bottom) * down
    if width < 1 or height < 1:
        raise FlvRefused("the decoder configuration of the video leaves nothing of the pictures")
    if max(width, height) > 0xFFFF:
        raise FlvRefused(f"the decoder configuration of the video tells of {width} x {height} pixels")
    return VideoFormat(codec, width, height, _framerate(bits) if bits.take(1) else 0.0)


def _skip_list(bits: _Bits, count: int) -> None:
    """Skip a scaling list (7.3.2.1.1.1)."""
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _framerate(bits: _Bits) -> float:
    """Return the frames a second that the video's usability information tells (E.1.1)."""
    if bits.take(1) and bits.take(8) == 255:  # the aspect of a pixel
        bits.take(32)
    if bits.take(1):  # overscan
        bits.take(1)
    if bits.take(1):  # the kind of signal
        bits.take(4)
        if bits.take(1):
            bits.take(24)
    if bits.take(1):  # where colours are sampled
        bits.golomb(), bits.golomb()
    if not bits.take(1):
        return 0.0
    units, scale = bits.take(32), bits.take(32)
    return scale / (2 * units)
