"""AWS's web SDK in a browser, recorded: what a page sends is in the folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import m3u8
import pytest

from ivsim import Emulator
from ivsim.courier import AwsCourier, FolderCourier

from ...calling import call
from ...decoding import decoded
from ..stages.conftest import Stage, stage
from ..stages.peers import pitch
from ..stages.test_web_sdk import open_page, token
from ..stages.test_web_sdk_media import joins
from ..waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Open = Callable[[str], Page]

__all__ = ["open_page", "stage", "token"]  # fixtures


SOUNDS = """() => {
  const make = AudioContext.prototype.createMediaStreamDestination;
  AudioContext.prototype.createMediaStreamDestination = function () {
    const destination = make.call(this);
    const tone = new OscillatorNode(this, { frequency: 1000 });
    tone.connect(destination);
    tone.start();
    return destination;
  };
}"""
"""Lets the microphone of a page hear a tone."""


@pytest.mark.parametrize("simulcast", [False, True], ids=["one layer", "layers"])
def test_a_page(
    sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open, tmp_path: Path, simulcast: bool
) -> None:
    """What a page publishes is recorded in its size, with its sound, in files that end with key frames on request."""
    sim.deliver_to(FolderCourier(tmp_path, AwsCourier()))
    made = call(sim, "CreateStorageConfiguration", s3={"bucketName": "shows"}).body["storageConfiguration"]
    wanted = {"storageConfigurationArn": made["arn"], "hlsConfiguration": {"targetSegmentDurationSeconds": 3}}
    call(sim, "UpdateStage", arn=stage.arn, autoParticipantRecordingConfiguration=wanted)
    page = open_page(token("x"))
    page.evaluate(SOUNDS)
    joins(page, token("ann"), simulcast=simulcast)
    page.wait_for_function("states.includes('ann: published')")  # its requests go through Playwright, until then
    until(lambda: len(sim.recordings) > 0)
    recording = sim.recordings[0]
    folder = tmp_path / "shows" / recording.key_prefix
    until((folder / "media/hls/high/3.mp4").exists)
    page.evaluate("member.leave()")
    until((folder / "events/recording-ended.json").exists)
    segments = m3u8.load(str(folder / "media/hls/high/playlist.m3u8")).segments
    assert sum(each.duration for each in segments) == pytest.approx(recording.duration.total_seconds(), abs=0.01)
    newest = segments[-2]
    media = b"".join((folder / "media/hls/high" / name).read_bytes() for name in (newest.init_section.uri, newest.uri))
    its = decoded(data=media)
    assert (its.size, its.sound) == ("1280x720" if simulcast else "640x360", "48000 stereo")
    assert its.pictures
    assert pitch(media) == pytest.approx(1000, abs=20)
