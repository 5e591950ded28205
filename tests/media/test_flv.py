"""The tags of FLV, and what they say of the media."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim.media import h264
from ivsim.media.flv import (
    AudioFormat,
    FlvRefused,
    Tag,
    VideoFormat,
    audio,
    audio_format,
    parameter_sets,
    video,
    video_format,
)
from ivsim.media.h264 import Format

FORMS = [
    Format(width, height, framerate, codec)
    for width, height, framerate in [(1920, 1080, 60), (1280, 720, 30), (852, 480, 25), (640, 360, 24), (16, 16, 1)]
    for codec in ("avc1.42C01E", "avc1.4D401F", "avc1.640028")
]

HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128)


def u(length: int, number: int) -> str:
    return f"{number:0{length}b}"


def ue(number: int) -> str:
    """Return a number in Exp-Golomb code (9.1)."""
    bits = f"{number + 1:b}"
    return bits.rjust(2 * len(bits) - 1, "0")


def se(number: int) -> str:
    """Return a number with a sign in Exp-Golomb code (9.1.1)."""
    return ue(2 * number - 1 if number > 0 else -2 * number)


def unit(bits: str) -> bytes:
    """Return a NAL unit of a sequence parameter set (7.3.1), with emulation prevention."""
    bits += "1"
    bits += "0" * (-len(bits) % 8)
    data = b"\x67"
    for byte in (int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)):
        data += b"\3" * (data.endswith(b"\0\0") and byte <= 3) + bytes([byte])
    return data


def record(sequence: bytes, picture: bytes = b"\x68\xee\x3c\x80") -> bytes:
    """Return an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    before = b"\1" + sequence[1:4] + b"\xff\xe1" + len(sequence).to_bytes(2, "big")
    return before + sequence + b"\1" + len(picture).to_bytes(2, "big") + picture


def sequence_set(
    *,
    profile: int = 66,
    colours: str = "",
    order: str = ue(2),
    fields: str = "1",
    crop: str = "0",
    usability: str = "0",
) -> bytes:
    """Return a sequence parameter set (7.3.2.1.1) of 40 x 30 macroblocks, whose parts that vary are given in bits.

    `usability` begins with the flag whether there is more of it.
    """
    begin = u(8, profile) + u(8, 0xC0) + u(8, 31) + ue(3) + colours + ue(4)
    return unit(begin + order + ue(2) + "0" + ue(39) + ue(29) + fields + "1" + crop + usability)


def timing(units: int, scale: int) -> str:
    return "1" + u(32, units) + u(32, scale) + "1"


RATED = "1" + "0000" + timing(1001, 60_000)
"""Usability information that has nothing but 29.97 frames a second."""

PLAIN = VideoFormat("avc1.42C01F", 640, 480, 0.0)


@pytest.mark.parametrize(
    ("payload", "tag"),
    [
        (b"\x17\1\0\0\0picture", Tag(False, True, b"picture")),
        (b"\x27\1\0\0\x21picture", Tag(False, False, b"picture", 33)),
        (b"\x27\1\xff\xff\xdfpicture", Tag(False, False, b"picture", -33)),
        (b"\x17\0\0\0\0header", Tag(True, False, b"header")),
        (b"\x17\2\0\0\0", Tag(False, False, b"")),
    ],
    ids=["key frame", "inter frame", "shown before it is decoded", "header", "end of sequence"],
)
def test_video(payload: bytes, tag: Tag) -> None:
    """A tag of H.264 says whether it is a header or needs no other, and how much later it is shown, in five bytes."""
    assert video(payload) == tag


@pytest.mark.parametrize("name", ["hvc1", "av01", "vp09", "avc1"])
def test_enhanced_video(name: str) -> None:
    """Video by Enhanced RTMP is refused by the name of its codec."""
    with pytest.raises(FlvRefused, match=f"video in '{name}', by Enhanced RTMP"):
        video(b"\x90" + name.encode() + b"header")


@pytest.mark.parametrize("payload", [b"\x90", b"\x90hv", b"\x90\xff\xfe\xfd\xfc"])
def test_enhanced_video_without_a_name(payload: bytes) -> None:
    """Video by Enhanced RTMP whose codec has no name, or an odd one, is refused as well."""
    with pytest.raises(FlvRefused, match="by Enhanced RTMP"):
        video(payload)


@pytest.mark.parametrize("codec", [*range(7), *range(8, 16)])
def test_other_video(codec: int) -> None:
    """Video in another codec than H.264 is refused by the codec's number."""
    with pytest.raises(FlvRefused, match=f"video in FLV's codec {codec} is not taken; send H.264"):
        video(bytes([0x10 | codec, 1, 0, 0, 0, 1]))


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_short_video(length: int) -> None:
    """A tag that ends within its five bytes is refused."""
    with pytest.raises(FlvRefused, match="too short"):
        video(b"\x17\1\0\0\0"[:length])


def test_audio() -> None:
    """A tag of AAC says whether it is a header; its data come after two bytes."""
    assert audio(b"\xaf\0\x12\x10") == Tag(True, False, b"\x12\x10")
    assert audio(b"\xaf\1sound") == Tag(False, False, b"sound")
    assert audio(b"\xae\1") == Tag(False, False, b"")


@pytest.mark.parametrize("codec", [*range(9), *range(11, 16)])
def test_other_audio(codec: int) -> None:
    """Sound in another codec than AAC is refused by the codec's number."""
    with pytest.raises(FlvRefused, match=f"audio in FLV's codec {codec} is not taken; send AAC"):
        audio(bytes([codec << 4 | 15, 1, 0]))


@pytest.mark.parametrize(
    ("read", "payload", "why"),
    [
        (video, b"\x96\x11avc1\0", "several tracks of video, by Enhanced RTMP, are not taken; send one, in H.264"),
        (audio, b"\x95\x11mp4a\0", "several tracks of audio, by Enhanced RTMP, are not taken; send one, in AAC"),
        (audio, b"\x90Opus", "audio in 'Opus', by Enhanced RTMP, is not taken; send AAC"),
    ],
)
def test_more_of_enhanced_rtmp(read: Callable[[bytes], Tag], payload: bytes, why: str) -> None:
    """Several tracks by Enhanced RTMP are refused as such, and sound in another codec by its name."""
    with pytest.raises(FlvRefused, match=why):
        read(payload)


def test_short_audio() -> None:
    """A tag of sound that ends within its two bytes is refused."""
    with pytest.raises(FlvRefused, match="send AAC"):
        audio(b"\xaf")


@pytest.mark.parametrize(
    ("configuration", "form"),
    [
        (b"\x12\x10", AudioFormat(2, 44_100, 2)),
        (b"\x11\x90\x56\xe5\0", AudioFormat(2, 48_000, 2)),
        (b"\x15\x88", AudioFormat(2, 8_000, 1)),
        (b"\x16\x08", AudioFormat(2, 7_350, 1)),
        (b"\x2b\x92\x08", AudioFormat(5, 22_050, 2)),
        (
            int(u(5, 2) + u(4, 15) + u(24, 44_056) + u(4, 2) + "000", 2).to_bytes(5, "big"),
            AudioFormat(2, 44_056, 2),
        ),
    ],
    ids=["44.1 kHz", "48 kHz with more", "8 kHz", "last index", "HE", "explicit rate"],
)
def test_audio_format(configuration: bytes, form: AudioFormat) -> None:
    """An AudioSpecificConfig tells codec, rate and channels, by an index of the rate or by the rate itself."""
    assert audio_format(configuration) == form


@pytest.mark.parametrize(
    ("form", "codec", "rate_index"),
    [
        (AudioFormat(2, 48_000, 2), "mp4a.40.2", 3),
        (AudioFormat(2, 44_100, 1), "mp4a.40.2", 4),
        (AudioFormat(5, 22_050, 2), "mp4a.40.5", 7),
        (AudioFormat(29, 7_350, 2), "mp4a.40.29", 12),
        (AudioFormat(2, 44_056, 2), "mp4a.40.2", 4),
        (AudioFormat(2, 192_000, 2), "mp4a.40.2", 0),
    ],
)
def test_told_audio_format(form: AudioFormat, codec: str, rate_index: int) -> None:
    """The form of sound is told to playlists by its codec, and to transport streams by the rate that is next to its."""
    assert (form.codec, form.rate_index) == (codec, rate_index)


@pytest.mark.parametrize(("kind", "rate"), [(0, 48_000), (2, 0)], ids=["no kind", "no rate"])
def test_audio_format_of_nothing(kind: int, rate: int) -> None:
    """Sound of no kind is refused, and so is sound of no samples a second."""
    bits = u(5, kind) + u(4, 15) + u(24, rate) + u(4, 2) + "000"
    with pytest.raises(FlvRefused, match="configuration of the audio"):
        audio_format(int(bits, 2).to_bytes(5, "big"))


@pytest.mark.parametrize("index", [13, 14])
def test_reserved_rate(index: int) -> None:
    """An index for which there is no rate is refused."""
    with pytest.raises(FlvRefused, match="configuration of the audio"):
        audio_format(int(u(5, 2) + u(4, index) + u(4, 2) + "000", 2).to_bytes(2, "big"))


@pytest.mark.parametrize("configuration", [b"", b"\x12", b"\x17", b"\x17\x80", b"\x17\x80\x56\x0c"])
def test_cut_off_audio_format(configuration: bytes) -> None:
    """An AudioSpecificConfig that is cut off is refused."""
    with pytest.raises(FlvRefused, match="configuration of the audio"):
        audio_format(configuration)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_own_video_format(form: Format) -> None:
    """What the simulator's own encoder says of its pictures is read, with sizes that are cropped too."""
    found = video_format(record(*h264.parameter_sets(form)))
    assert found == (form.codec, form.width, form.height, form.framerate)


@pytest.mark.parametrize("fields", [1, 2])
@pytest.mark.parametrize(
    ("colours", "across", "down"),
    [
        (ue(0), 1, 1),
        (ue(1), 2, 2),
        (ue(2), 2, 1),
        (ue(3) + "0", 1, 1),
        (ue(3) + "1", 1, 1),
    ],
    ids=["grey", "4:2:0", "4:2:2", "4:4:4", "separate planes"],
)
def test_crop(colours: str, across: int, down: int, fields: int) -> None:
    """What is cropped is counted in pixels that have a colour of their own, and in both fields (7.4.2.1.1)."""
    sequence = sequence_set(
        profile=244,
        colours=colours + ue(2) + ue(2) + "0" + "0",
        fields="1" if fields == 1 else "0" + "1",
        crop="1" + ue(1) + ue(2) + ue(3) + ue(4),
        usability=RATED,
    )
    size = 640 - 3 * across, (480 - 7 * down) * fields
    assert video_format(record(sequence)) == ("avc1.F4C01F", *size, 60_000 / 2002)


@pytest.mark.parametrize("profile", HIGH_PROFILES)
def test_high_profiles(profile: int) -> None:
    """All profiles that say how colours are sampled are read so."""
    sequence = sequence_set(profile=profile, colours=ue(1) + ue(0) + ue(0) + "0" + "0")
    assert video_format(record(sequence)) == PLAIN._replace(codec=f"avc1.{profile:02X}C01F")


LIST_4 = "1" + "".join(map(se, (8, -4, 3, -2, *[1] * 12)))
LIST_8 = "1" + "".join(map(se, (-7, *[2] * 63)))
ENDED_AT_ONCE = "1" + se(-8)
ENDED_LATER = "1" + se(8) + se(-4) + se(-12)
ENDED_BY_WRAPPING = "1" + se(127) + se(121)


@pytest.mark.parametrize(
    ("chroma", "lists"),
    [
        (ue(1), ["0"] * 8),
        (ue(1), [LIST_4] * 6 + [LIST_8] * 2),
        (ue(1), [ENDED_AT_ONCE] * 8),
        (ue(1), [ENDED_LATER, ENDED_BY_WRAPPING, "0", LIST_4, "0", ENDED_AT_ONCE, ENDED_BY_WRAPPING, LIST_8]),
        (ue(3) + "0", [LIST_4, "0"] * 3 + [LIST_8, ENDED_LATER] * 3),
    ],
    ids=["none", "whole", "ended at once", "ended later", "twelve"],
)
def test_scaling_lists(chroma: str, lists: list[str]) -> None:
    """Scaling lists are skipped, those too that end before they are whole (7.3.2.1.1.1)."""
    sequence = sequence_set(profile=100, colours=chroma + ue(0) + ue(0) + "0" + "1" + "".join(lists), usability=RATED)
    assert video_format(record(sequence)) == ("avc1.64C01F", 640, 480, 60_000 / 2002)


@pytest.mark.parametrize(
    "order",
    [
        ue(0) + ue(4),
        ue(1) + "0" + se(-3) + se(5) + ue(0),
        ue(1) + "1" + se(0) + se(0) + ue(3) + se(1) + se(-100) + se(7),
        ue(2),
    ],
    ids=["counted", "no cycle", "cycle", "as shown"],
)
def test_order(order: str) -> None:
    """How pictures are ordered is skipped in all of its three kinds."""
    assert video_format(record(sequence_set(order=order))) == PLAIN


@pytest.mark.parametrize("is_adaptive", ["0", "1"])
def test_interlaced(is_adaptive: str) -> None:
    """Pictures of two fields are twice as high as one."""
    assert video_format(record(sequence_set(fields="0" + is_adaptive))) == PLAIN._replace(height=960)


@pytest.mark.parametrize("aspect", ["0", "1" + u(8, 1), "1" + u(8, 255) + u(16, 40) + u(16, 33)])
@pytest.mark.parametrize("overscan", ["0", "10", "11"])
@pytest.mark.parametrize("signal", ["0", "1" + u(3, 5) + "1" + "0", "1" + u(3, 5) + "0" + "1" + u(24, 0x010101)])
@pytest.mark.parametrize("location", ["0", "1" + ue(2) + ue(2)])
def test_usability(aspect: str, overscan: str, signal: str, location: str) -> None:
    """The framerate is found behind all that may come before it, and is 0 where there is none."""
    before = "1" + aspect + overscan + signal + location
    timed, untimed = (sequence_set(usability=before + after) for after in (timing(1001, 120_000), "0" + "0000"))
    assert video_format(record(timed)) == PLAIN._replace(framerate=120_000 / 2002)
    assert video_format(record(untimed)) == PLAIN


def test_no_usability() -> None:
    """A video that says nothing of its usability has no framerate."""
    assert video_format(record(sequence_set())) == PLAIN


@pytest.mark.parametrize("shift", range(8))
def test_emulation_prevention(shift: int) -> None:
    """Bytes that are there to prevent start codes are no part of what is said, wherever they come."""
    order = ue(1) + "0" + se(0) + se(0) + ue(7 + shift) + se(0) * (7 + shift)
    sequence = sequence_set(order=order, usability="1" + "0000" + timing(1, 2))
    assert sequence.count(b"\0\0\3") >= 2
    assert video_format(record(sequence)) == PLAIN._replace(framerate=1.0)


def test_no_units() -> None:
    """A framerate that is divided by nothing is refused."""
    with pytest.raises(FlvRefused, match="decoder configuration"):
        video_format(record(sequence_set(usability="1" + "0000" + timing(0, 50))))


@pytest.mark.parametrize("usability", ["0", RATED], ids=["short", "long"])
def test_cut_off_video_format(usability: str) -> None:
    """A configuration that ends within its sequence parameter set is refused, wherever that is."""
    sequence = sequence_set(usability=usability)
    whole = record(sequence)
    end = whole.index(sequence) + len(sequence)
    for cut in range(end):
        with pytest.raises(FlvRefused, match="decoder configuration"):
            video_format(whole[:cut])
    assert video_format(whole[:end]) == video_format(whole)


@pytest.mark.parametrize(
    ("right", "below"), [(320, 0), (0, 240), (400, 0), (0, 300)], ids=["no width", "no height", "narrow", "low"]
)
def test_nothing_is_left(right: int, below: int) -> None:
    """Pictures of which nothing is left when they are cropped are refused."""
    with pytest.raises(FlvRefused, match="decoder configuration"):
        video_format(record(sequence_set(crop="1" + ue(0) + ue(right) + ue(0) + ue(below))))


@pytest.mark.parametrize(
    ("columns", "rows"), [(4096, 30), (40, 4096), ((1 << 32) - 1, 30)], ids=["wide", "high", "most"]
)
def test_large(columns: int, rows: int) -> None:
    """Pictures of more pixels than MP4 can tell are refused by their size."""
    begin = u(8, 66) + u(8, 0xC0) + u(8, 31) + ue(0) + ue(0) + ue(2) + ue(1) + "0"
    sequence = unit(begin + ue(columns - 1) + ue(rows - 1) + "1" + "1" + "0" + "0")
    with pytest.raises(FlvRefused, match=f"tells of {columns * 16} x {rows * 16} pixels"):
        video_format(record(sequence))


@pytest.mark.parametrize("zeros", [32, 20_000])
def test_endless_number(zeros: int) -> None:
    """A number that is longer than any the standard has is refused, before anybody has to write it out."""
    begin = u(8, 66) + u(8, 0xC0) + u(8, 31) + ue(0) + ue(0) + ue(2) + ue(1) + "0"
    wide = "0" * zeros + "1" + "0" * zeros
    with pytest.raises(FlvRefused, match="decoder configuration"):
        video_format(record(unit(begin + wide + ue(29) + "1" + "1" + "0" + "0")))


def test_parameter_sets() -> None:
    """The parameter sets in a configuration are all of the sequence's, then all of the pictures', and nothing else."""
    sequences, pictures = [b"\x67one", b"\x67two"], [b"\x68a", b"\x68bc", b"\x68" * 300]
    sets = [b"".join(len(each).to_bytes(2, "big") + each for each in some) for some in (sequences, pictures)]
    whole = b"\1one\xff" + b"\xe2" + sets[0] + b"\3" + sets[1]
    assert parameter_sets(whole) == parameter_sets(whole + b"\xfd\xf8\xf8\0") == sequences + pictures
    for cut in range(len(whole)):
        with pytest.raises(FlvRefused, match="decoder configuration"):
            parameter_sets(whole[:cut])


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_own_configuration(form: Format) -> None:
    """What the simulator's own encoder tells a decoder has its parameter sets, and its form."""
    configuration = h264.configuration(form)
    assert parameter_sets(configuration) == [*h264.parameter_sets(form)]
    assert video_format(configuration) == (form.codec, form.width, form.height, form.framerate)


@given(st.binary(max_size=60), st.sampled_from([66, 77, *HIGH_PROFILES]))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes, profile: int) -> None:
    """Any configuration is refused, or tells a codec and a size."""
    for configuration in (data, record(b"\x67" + bytes([profile]) + data)):
        try:
            found = video_format(configuration)
        except FlvRefused:
            continue
        assert re.fullmatch("avc1[.][0-9A-F]{6}", found.codec)
        assert found.width > 0
        assert found.height > 0
        assert found.framerate >= 0
