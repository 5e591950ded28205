"""The qualities that viewers get, by the type of the channel and what the encoder sends."""

from __future__ import annotations

import pytest

from ivsim.ivs.channels import Channel, MultitrackInputConfiguration
from ivsim.ivs.ingest.renditions import ladder
from ivsim.ivs.ingest_configurations import VideoConfiguration

ARN = "arn:aws:ivs:us-east-1:123456789012:channel/abcdefghijkl"
_LOW = ["480p30", "360p30", "160p30"]
_HD = "HIGHER_BANDWIDTH_DELIVERY"


def names(kind: str, height: int, framerate: int = 30, preset: str = "", width: int | None = None) -> list[str]:
    channel = Channel(ARN, "", type=kind, preset=preset)
    video = VideoConfiguration(
        video_height=height, video_width=width or height * 16 // 9, target_framerate=framerate, target_bitrate=1_000_000
    )
    return [rendition.name for rendition in ladder(channel, [video])]


@pytest.mark.parametrize(
    ("kind", "height", "framerate", "expected"),
    [
        ("STANDARD", 1080, 60, ["1080p60", "720p60", *_LOW]),
        ("STANDARD", 1080, 30, ["1080p30", "720p30", *_LOW]),
        ("STANDARD", 720, 60, ["720p60", *_LOW]),
        ("STANDARD", 719, 30, _LOW),
        ("STANDARD", 480, 30, _LOW),
        ("STANDARD", 100, 30, ["100p30"]),
        ("BASIC", 1080, 30, ["1080p30"]),
        ("ADVANCED_HD", 1080, 60, ["720p60", *_LOW, "audio_only"]),
        ("ADVANCED_HD", 720, 30, ["720p30", *_LOW, "audio_only"]),
        ("ADVANCED_HD", 540, 30, ["540p30", *_LOW, "audio_only"]),
        ("ADVANCED_HD", 480, 30, [*_LOW, "audio_only"]),
        ("ADVANCED_SD", 1080, 60, [*_LOW, "audio_only"]),
    ],
)
def test_ladder(kind: str, height: int, framerate: int, expected: list[str]) -> None:
    """The ladder is that of the channel's type, from the input's height down."""
    assert names(kind, height, framerate, _HD) == expected


def test_preset() -> None:
    """The preset of an advanced channel decides the bitrates; a standard one has its own."""

    def bandwidths(kind: str, preset: str) -> list[int]:
        channel = Channel(ARN, "", type=kind, preset=preset)
        return [rendition.bandwidth // 1000 for rendition in ladder(channel, [VideoConfiguration(target_framerate=60)])]

    assert bandwidths("ADVANCED_HD", _HD) == [3000, 1300, 700, 270, 64]
    assert bandwidths("ADVANCED_HD", "CONSTRAINED_BANDWIDTH_DELIVERY") == [2200, 800, 400, 220, 64]
    assert bandwidths("STANDARD", "") == [3500, 3400, 1400, 630, 230]


def test_size() -> None:
    """Widths follow the shape of the picture and are even; a picture that stands stays standing."""
    channel = Channel(ARN, "")
    lying = ladder(channel, [VideoConfiguration()])
    assert [(each.width, each.height) for each in lying[1:]] == [(1280, 720), (852, 480), (640, 360), (284, 160)]
    standing = ladder(channel, [VideoConfiguration(video_width=1080, video_height=1920)])
    assert [each.name for each in standing] == ["1080p30", "720p30", *_LOW]
    assert [(each.width, each.height) for each in standing[1:3]] == [(720, 1280), (480, 852)]
    assert standing[0].is_source
    assert not standing[1].is_source


def test_multitrack() -> None:
    """Several tracks are passed on as they are, the best first, up to the maximum resolution."""
    tracks = [
        VideoConfiguration(video_height=360, video_width=640, target_bitrate=600_000),
        VideoConfiguration(),
        VideoConfiguration(video_height=720, video_width=1280, target_bitrate=2_000_000),
    ]
    for most, expected in (("FULL_HD", ["1080p30", "720p30", "360p30"]), ("HD", ["720p30", "360p30"])):
        multitrack = MultitrackInputConfiguration(True, "ALLOW", most)
        channel = Channel(ARN, "", container_format="FRAGMENTED_MP4", multitrack_input_configuration=multitrack)
        assert [rendition.name for rendition in ladder(channel, tracks)] == expected
