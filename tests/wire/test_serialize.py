from __future__ import annotations

import gc
import json
import weakref
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from ivsim import Emulator
from ivsim.services import SERVICES
from ivsim.wire.serialize import iso8601

from ..calling import call


def test_time() -> None:
    """Times are in UTC and cut, not rounded, to what the service shows."""
    moment = datetime(2026, 11, 21, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert iso8601(moment, "seconds") == "2026-11-21T10:00:00Z"
    assert iso8601(moment, "milliseconds") == "2026-11-21T10:00:00.999Z"


def test_kept_texts_are_of_their_own_record(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records come and go, each answer shows what is there now."""
    monkeypatch.setattr("ivsim.wire.serialize.MOST_KEPT", 3)
    arns = [call(sim, "CreateChannel", name=f"c{number}").body["channel"]["arn"] for number in range(8)]
    for turn in range(3):
        for number, arn in enumerate(arns):
            name = f"c{number}-{turn}"
            assert call(sim, "UpdateChannel", arn=arn, name=name).body["channel"]["name"] == name
            assert call(sim, "GetChannel", arn=arn).body["channel"]["name"] == name
        listed = call(sim, "ListChannels").body["channels"]
        assert [channel["name"] for channel in listed] == [f"c{number}-{turn}" for number in range(8)]


def test_few_records_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that nobody has any more do not pile up for the sake of their texts."""
    monkeypatch.setattr("ivsim.wire.serialize.MOST_KEPT", 3)

    @dataclass(frozen=True)
    class Channel:
        name: str = ""

    channels = [Channel(f"c{number}") for number in range(8)]
    known = [weakref.ref(channel) for channel in channels]
    serialize = SERVICES["ivs"].model.operations["GetChannel"].serialize
    while channels:
        assert json.loads(serialize({"channel": channels[0]}))["channel"] == {"name": channels[0].name}
        del channels[0]
    gc.collect()
    assert 0 < sum(each() is not None for each in known) <= 3


def test_text(sim: Emulator) -> None:
    """Text of any script, quotes and control characters come back as they went in."""
    text = 'ä日🎸"\\ \n\u2028'
    created = call(sim, "CreateRoom", tags={text: text})
    assert created.body["tags"] == {text: text}
    room = created.body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId=text, attributes={text: text})
    assert token.status == 200
    assert json.loads(json.dumps(sim.calls[-1].params))["userId"] == text


def test_what_is_absent(sim: Emulator) -> None:
    """A member that has no value is not in the answer, not even as null."""
    for _ in range(2):
        room = call(sim, "CreateRoom").body
        assert None not in room.values()
        assert "loggingConfigurationIdentifiers" not in room
