"""What participants send, and what of it a stage takes."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from .people import events_of, refused


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"video": {"codec": "VP8"}}, "INVALID_VIDEO_CODEC"),
        ({"video": {"profile": "High"}}, "INVALID_VIDEO_CODEC"),
        ({"video": {"b_frames": True}}, "B_FRAME_PRESENT"),
        ({"video": {"width": 1920, "height": 1080}}, "RESOLUTION_EXCEEDED"),
        ({"video": {"width": 1282}}, "RESOLUTION_EXCEEDED"),
        ({"video": {"width": 320, "height": 158}}, "INVALID_INPUT"),
        ({"video": {"framerate": 9.5}}, "INVALID_INPUT"),
        ({"video": {"framerate": 61}}, "INVALID_INPUT"),
        ({"video": {"idr_interval": 4}}, "INVALID_INPUT"),
        ({"video": {"bitrate": 8_500_001}}, "BITRATE_EXCEEDED"),
        ({"video": [{"bitrate": 8_000_000}, {"bitrate": 500_001}]}, "BITRATE_EXCEEDED"),
        ({"video": [{}, {"codec": "VP8"}]}, "INVALID_VIDEO_CODEC"),
        ({"audio": {"codec": "AAC"}}, "INVALID_AUDIO_CODEC"),
        ({"audio": {"bitrate": 160_001}}, "BITRATE_EXCEEDED"),
        ({"audio": {"sample_rate": 22_050}}, "INVALID_INPUT"),
        ({"audio": {"channels": 6}}, "INVALID_INPUT"),
    ],
)
def test_what_is_not_taken(sent: dict[str, Any], code: str, sim: Emulator, stage: str) -> None:
    """What a stage does not take is refused with its code, by a layer of several too, and an event tells."""
    host = sim.stages.join(stage)
    refused(code, host.publish, **sent)
    assert events_of(sim, host) == ["JOINED", f"PUBLISH_ERROR {code}"]
    assert not host.is_publishing


@pytest.mark.parametrize(
    "sent",
    [
        {"video": {"width": 720, "height": 1280, "bitrate": 8_500_000, "codec": "h264"}},
        {"video": {"width": 160, "height": 160, "framerate": 10, "idr_interval": 1}},
        {"video": [{"framerate": 60.0, "profile": "Constrained Baseline"}, {"width": 320, "height": 180}]},
        {"video": [], "audio": {"bitrate": 160_000, "sample_rate": 44_100, "channels": 1}},
        {"audio": []},
    ],
)
def test_what_is_taken(sent: dict[str, Any], sim: Emulator, stage: str) -> None:
    """Up to the limits all is taken: upright pictures, layers, sound alone and pictures alone."""
    host = sim.stages.join(stage)
    host.publish(**sent)
    assert host.is_publishing


@pytest.mark.parametrize(("sent", "state"), [({"video": []}, (False, True)), ({"audio": []}, (True, False))])
def test_what_is_not_sent(sent: dict[str, Any], state: tuple[bool, bool], sim: Emulator, stage: str) -> None:
    """To the others a picture that is not sent is a stopped one, a sound a muted one, and cannot be taken back."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    host.publish(**sent)
    host.mute(audio=False, video=False)
    seen = [(each.audio_muted, each.video_stopped) for each in guest.seen if each.name != "stageParticipantJoined"]
    assert seen == [state]
    host.unpublish()
    host.publish()
    assert (guest.seen[-1].audio_muted, guest.seen[-1].video_stopped) == (False, False)


@pytest.mark.parametrize(
    ("sent", "error", "text"),
    [
        ({"video": [], "audio": []}, ValueError, "video: a participant sends at least one track"),
        ({"audio": [{}, {}]}, ValueError, "audio: a participant sends one sound at most"),
        ({"video": {"width": 0}}, ValueError, "video: width: 0 is not a number from 1"),
        ({"video": {"colour": "blue"}}, TypeError, "video: there is no member 'colour'"),
        ({"video": {"b_frames": 1}}, TypeError, "video: b_frames: 1 is not of type bool"),
        ({"audio": "OPUS"}, TypeError, "audio: 'OPUS' is neither a dict of members nor a list of them"),
    ],
)
def test_arguments(sent: dict[str, Any], error: type[Exception], text: str, sim: Emulator, stage: str) -> None:
    """What nobody can send is an error that names the argument, and changes nothing."""
    host = sim.stages.join(stage)
    with pytest.raises(error, match=text):
        host.publish(**sent)
    assert events_of(sim, host) == ["JOINED"]
