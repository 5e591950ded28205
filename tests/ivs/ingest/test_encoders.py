"""What encoders report about themselves."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name

from ivsim import Emulator

from ..broadcasts import channel, session

pytestmark = pytest.mark.usefixtures("noon")


@pytest.mark.parametrize(
    ("encoder", "name", "height"),
    [
        ("OBS", "obs-output module (libobs version 27.0.1)", 1080),
        ("ffmpeg", "Lavf58.45.100", 1080),
        ("WebRTC", "", 720),
    ],
)
def test_encoders(sim: Emulator, encoder: str, name: str, height: int) -> None:
    """Known encoders report what they do in life."""
    arn = channel(sim)
    with sim.streams.start(arn, encoder=encoder):
        video = session(sim, arn)["ingestConfiguration"]["video"]
    assert (video["encoder"], video["videoHeight"]) == (name, height)


def test_unknown_encoder(sim: Emulator) -> None:
    """There are three presets."""
    with pytest.raises(ValueError, match="encoder: there is no preset 'obs'; there are 'OBS'"):
        sim.streams.start(channel(sim), encoder="obs")


def test_unknown_video_members(sim: Emulator, created: Any) -> None:
    """What an encoder cannot report is refused, and the channel stays offline."""
    arn = created["channel"]["arn"]
    with pytest.raises(TypeError, match="video: there is no member 'colour'; "):
        sim.streams.start(arn, video={"colour": "blue"})
    for tracks in ("abc", [5], 5):
        with pytest.raises(TypeError, match=r"audio: .* is neither a dict of members nor a list of them"):
            sim.streams.start(arn, audio=tracks)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="audio: an encoder sends at least one track"):
        sim.streams.start(arn, audio=[])
    with pytest.raises(TypeError, match="video: video_height is given twice"):
        sim.streams.start(arn, video={"videoHeight": 480, "video_height": 720})
    for number in (0, -1, 2**31):
        with pytest.raises(ValueError, match=f"video: target_bitrate: {number} is not a number from 1 to 2147483647"):
            sim.streams.start(arn, video={"targetBitrate": number})
    for credential in (None, created["channel"]):
        with pytest.raises(TypeError, match=r"channel_arn_or_stream_key_value: .* is not text"):
            sim.streams.start(credential)  # type: ignore[arg-type]
    for video in ({"videoHeight": 720.0}, {"target_bitrate": "3500000"}, {"encoder": 5}, {"videoWidth": True}):
        with pytest.raises(TypeError, match=f"{xform_name(next(iter(video)))}: .* is not of type"):
            sim.streams.start(arn, video=video)
    for viewers in (1.5, True, "3"):
        with pytest.raises(ValueError, match="viewers"):
            sim.streams.start(arn, viewers=viewers)  # type: ignore[arg-type]
    assert len(sim.events) == 0
    with sim.streams.start(created["channel"]["arn"]):
        pass
