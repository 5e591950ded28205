"""A Lambda function that EventBridge calls with the events of IVS, and its tests.

Run it: `python -m pytest examples/test_stream_events.py`
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from ivsim import Emulator

# The code under test ----------------------------------------------------------------------------------------------

ivs = boto3.client("ivs", region_name="us-west-2")

on_air: dict[str, str] = {}
"""What the home page shows: the channel's ARN, and "live" or "trouble"."""

pages: list[str] = []
"""Whom the people on call have heard from."""


def handler(event: dict[str, Any], context: object) -> None:
    """Keep the home page, and call somebody when a broadcast breaks off by itself."""
    detail = event["detail"]
    match event["detail-type"], detail.get("event_name"):
        case "IVS Stream State Change", "Stream Start":
            on_air[event["resources"][0]] = "live"
        case "IVS Stream State Change", "Stream End":
            on_air.pop(event["resources"][0], None)
            report(event["resources"][0], detail["stream_id"])
        case "IVS Stream Health Change", change:
            on_air[event["resources"][0]] = "trouble" if change == "Starvation Start" else "live"
        case "IVS Limit Breach", _:
            pages.append(f"{detail['limit_name']} exceeded by {detail['exceeded_by']} {detail['limit_unit']}")


def report(channel: str, stream_id: str) -> None:
    """Look a broadcast over when it is through."""
    session = ivs.get_stream_session(channelArn=channel, streamId=stream_id)["streamSession"]
    if session["truncatedEvents"][2]["name"] == "Starvation Start":  # before Session Ended and Stream End
        pages.append(f"{session['channel']['name']} broke off")


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def channel(ivsim: Emulator) -> str:
    """A channel in an account where EventBridge calls the handler."""
    on_air.clear()
    pages.clear()
    ivsim.clock.freeze()
    ivsim.events.subscribe(lambda event: handler(event, None))
    return str(ivs.create_channel(name="evening-show")["channel"]["arn"])


def test_the_home_page_shows_who_is_live(ivsim: Emulator, channel: str) -> None:
    """From Stream Start to Stream End."""
    assert on_air == {}
    with ivsim.streams.start(channel):
        assert on_air == {channel: "live"}
    assert (on_air, pages) == ({}, [])


def test_trouble_that_passes(ivsim: Emulator, channel: str) -> None:
    """A starving stream is shown as such, and nobody is called when it recovers."""
    live = ivsim.streams.start(channel)
    live.starve()
    assert on_air == {channel: "trouble"}
    ivsim.clock.advance(29)
    live.recover()
    assert on_air == {channel: "live"}
    live.end()
    assert pages == []


def test_a_broadcast_that_breaks_off(ivsim: Emulator, channel: str) -> None:
    """After 30 seconds without data the encoder is gone, and somebody has to know."""
    ivsim.streams.start(channel).starve()
    ivsim.clock.advance(30)
    assert on_air == {}
    assert pages == ["evening-show broke off"]


def test_a_bitrate_that_is_too_high(ivsim: Emulator, channel: str) -> None:
    """The stream never starts; the reason is told in bits per second."""
    ivsim.streams.start(channel, video={"targetBitrate": 9_000_000})
    assert on_air == {}
    assert pages == ["Ingest Bitrate exceeded by 500000 bits per second"]
