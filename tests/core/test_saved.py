"""States that were saved, by this release and by those before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator

OF_0_3_0 = Path(__file__).parent / "saved" / "0.3.0.json"
"""One of everything, as `populate()` of test_archive.py made it and ivsim 0.3.0 saved it, with steps still to come.

Nobody edits it: what 0.3.0 wrote is what has to be readable.
"""

ALL_NOUNS = pytest.mark.needs("CreateAdConfiguration", "CreateFailoverSlateConfiguration")


def has_all(newer: Any, older: Any) -> bool:
    """Return whether everything is there that was; records may have members that are new."""
    if isinstance(older, dict):
        return all(name in newer and has_all(newer[name], value) for name, value in older.items())
    if isinstance(older, list):
        return len(newer) == len(older) and all(map(has_all, newer, older))
    return bool(newer == older)


@ALL_NOUNS
def test_a_file_of_0_3_0_is_whole() -> None:
    """A file that 0.3.0 saved loads with all that was in it, every table and every series."""
    sim = Emulator(transitions="realistic")
    sim.load(OF_0_3_0)
    assert {kind: len(items) for kind, items in sim.overview().items() if items} == {
        "adConfigurations": 1,
        "channels": 4,
        "failoverSlateConfigurations": 1,
        "loggingConfigurations": 1,
        "playbackKeyPairs": 1,
        "playbackRestrictionPolicies": 1,
        "recordingConfigurations": 2,
        "rooms": 3,
        "streamKeys": 4,
    }
    assert (len(sim.events), len(sim.calls), sim.quotas["Channels"]) == (13, 26, 5)
    saved = json.loads(OF_0_3_0.read_bytes())
    again = json.loads(sim.dumps())
    assert has_all(again["stores"], saved["stores"])
    assert again["clock"] == saved["clock"]
    assert again["events"] == saved["events"]
    tables = {(store["service"], name) for store in saved["stores"] for name in (*store["tables"], *store["series"])}
    assert {service for service, _ in tables} == {"ivs", "ivschat"}


@ALL_NOUNS
def test_a_file_of_0_3_0_goes_on() -> None:
    """What was to come when 0.3.0 saved happens: a stream starts and is recorded, a configuration becomes ACTIVE."""
    sim = Emulator(transitions="realistic")
    sim.load(OF_0_3_0)
    before = len(sim.events)
    assert len(sim.streams.live) == 1
    sim.clock.advance(6)
    details = [event["detail"] for event in list(sim.events)[before:]]
    assert [each.get("event_name") or each["recording_status"] for each in details] == [
        "Stream Start",
        "Recording Start",
    ]
    assert len(sim.streams.live) == 2
    assert {each["state"] for each in sim.overview()["recordingConfigurations"]} == {"ACTIVE"}
    for stream in sim.streams.live:
        stream.end()
    sim.clock.advance(60)
    assert {recording.status for recording in sim.recordings} == {"RECORDING_ENDED"}


@ALL_NOUNS
def test_a_room_of_0_3_0_goes_on() -> None:
    """A connection that was open when 0.3.0 saved has its frames, and gets what is said next."""
    sim = Emulator(transitions="realistic")
    sim.load(OF_0_3_0)
    (ada,) = sim.chat.connections
    said = len(ada.frames)
    ada.send_message("still here")
    assert [json.loads(text)["Content"] for text in ada.frames[said:]] == ["still here"]
