"""Arguments that are refused: the error is the built-in one, and names the field and the rule."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import ivsim
from ivsim import Emulator, mock_ivs, playback_token
from ivsim.core.arguments import ArgumentRefused

from ..calling import call

Do = Callable[[Any], object]


def on_stage(sim: Emulator) -> Any:
    """Return somebody who publishes on a stage."""
    host = sim.stages.join(call(sim, "CreateStage").body["stage"]["arn"])
    host.publish()
    return host


REFUSALS: list[tuple[Do, type[Exception], str]] = [
    (lambda _: Emulator(account_id="12"), ValueError, "account_id"),
    (lambda _: Emulator(transitions="slow"), ValueError, "transitions"),  # type: ignore[arg-type]
    (lambda _: Emulator(history=0), ValueError, "history"),
    (lambda _: Emulator(quotas={"Roms": 1}), KeyError, "Roms"),
    (lambda _: mock_ivs(sede="x"), TypeError, "sede"),  # type: ignore[call-overload]
    (lambda sim: sim.serve(70_000), ValueError, "port"),
    (lambda sim: sim.clock.freeze("now"), TypeError, "at"),
    (lambda sim: sim.stages.join("x", protocol="RTMP"), ValueError, "protocol"),
    (lambda sim: sim.stages.encode(5), TypeError, "ingest_stream_key"),
    (lambda sim: sim.stages.join("x", connection_token=5), TypeError, "connection_token"),
    (lambda sim: on_stage(sim).mute(audio="yes"), TypeError, "audio"),
    (lambda sim: on_stage(sim).mute(video=1), TypeError, "video"),
    (lambda sim: on_stage(sim).exchange_token(None), TypeError, "token"),
    (lambda sim: sim.clock.freeze(datetime(2030, 1, 1)), ValueError, "at"),
    (lambda sim: sim.clock.advance("a day"), TypeError, "duration"),
    (lambda sim: sim.clock.advance(-1), ValueError, "duration"),
    (lambda sim: sim.faults.add("CreateChanel", "PendingVerification"), ValueError, "operation"),
    (lambda sim: sim.faults.add("CreateChannel", "Boom"), ValueError, "error_code"),
    (lambda sim: sim.faults.add("CreateChannel", "PendingVerification", times=0), ValueError, "times"),
    (lambda sim: sim.faults.add("CreateChannel", "PendingVerification", when={"nane": 1}), ValueError, "when"),
    (lambda sim: sim.faults.add("CreateChannel", "PendingVerification", when=3), TypeError, "when"),
    (lambda sim: sim.faults.latency("CreateChannel", -1), ValueError, "seconds"),
    (lambda sim: sim.quotas.__setitem__("Roms", 1), KeyError, "Roms"),
    (lambda sim: sim.quotas.__setitem__("Rooms", -1), ValueError, "Rooms"),
    (lambda sim: sim.quotas.__setitem__(3, 1), KeyError, "3"),
    (lambda sim: sim.quotas.update({"Channels": 1}, Rooms="many"), ValueError, "Rooms"),
    (lambda sim: sim.calls.of("CreateChanel"), ValueError, "operation"),
    (lambda sim: sim.calls.subscribe(3), TypeError, "callback"),
    (lambda sim: sim.events.of("IVS"), ValueError, "detail_type"),
    (lambda sim: sim.events.page(limit=0), ValueError, "limit"),
    (lambda sim: sim.events.page(after=0, before=1), ValueError, "before"),
    (lambda sim: sim.calls.page(after=7), LookupError, "after"),
    (lambda sim: sim.streams.start(3), TypeError, "channel_arn_or_stream_key_value"),
    (lambda sim: sim.streams.start("sk", viewers=-1), ValueError, "viewers"),
    (lambda sim: sim.streams.start("sk", priority=True), ValueError, "priority"),
    (lambda sim: sim.streams.start("sk", encoder="VHS"), ValueError, "encoder"),
    (lambda sim: sim.streams.start("sk", video={"colour": "red"}), TypeError, "video"),
    (lambda sim: sim.streams.start("sk", audio=[{"channels": 0}]), ValueError, "audio"),
    (lambda sim: sim.streams.admit(3), TypeError, "stream_key_value"),
    (lambda sim: sim.streams.find("st-1"), LookupError, "stream_id"),
    (lambda sim: sim.streams.channel("nobody"), LookupError, "arn_name_or_key"),
    (lambda sim: live(sim).breach("Bitrate"), ValueError, "limit_name"),
    (lambda sim: live(sim).breach("Ingest Bitrate", exceeded_by=0), ValueError, "exceeded_by"),
    (lambda sim: live(sim).fail(3), TypeError, "reason"),
    (lambda sim: live(sim).set_viewers(-1), ValueError, "count"),
    (lambda sim: sim.recordings.of("show"), ValueError, "channel_arn"),
    (lambda sim: sim.playback.request(3), TypeError, "channel_arn_or_url"),
    (lambda sim: sim.playback.request("show"), ValueError, "channel_arn_or_url"),
    (lambda sim: sim.playback.request(channel(sim), token=3), TypeError, "token"),
    (lambda sim: sim.playback.request(channel(sim), origin="x"), ValueError, "origin"),
    (lambda sim: sim.playback.request(channel(sim), country="x"), ValueError, "country"),
    (lambda sim: sim.chat.connect(3), TypeError, "token"),
    (lambda sim: sim.chat.transcript("x"), LookupError, "room_arn"),
    (lambda sim: sim.chat.logs(3), TypeError, "room_arn"),
    (lambda sim: sim.chat.logs("x"), ValueError, "room_arn"),
    (lambda sim: sim.chat.review_handlers.__setitem__("arn:x", 3), TypeError, "arn:x"),
    (lambda sim: sim.chat.review_handlers.__setitem__("x", print), ValueError, "x"),
    (lambda sim: ann(sim).send_message(3), TypeError, "content"),
    (lambda sim: ann(sim).send_message("", {"a": 1}), TypeError, "attributes"),
    (lambda sim: ann(sim).delete_message(3), TypeError, "id"),
    (lambda sim: ann(sim).disconnect_user("bob", 3), TypeError, "reason"),
    (lambda sim: ann(sim).send(b"{}"), TypeError, "text"),
    (lambda sim: playback_token("no PEM", channel(sim)), ValueError, "private_key"),
]


def channel(sim: Emulator) -> str:
    """Make a channel; return its ARN."""
    arn: str = call(sim, "CreateChannel", name="show").body["channel"]["arn"]
    return arn


def live(sim: Emulator) -> Any:
    """Make a channel that is live; return the stream."""
    return sim.streams.start(channel(sim))


def ann(sim: Emulator) -> Any:
    """Make a room; return a connection to it."""
    room = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])
    return sim.chat.connect(token.body["token"])


@pytest.mark.parametrize(("do", "error", "field"), REFUSALS)
def test_field(sim: Emulator, do: Do, error: type[Exception], field: str) -> None:
    """What a public method refuses is an error of the built-in type that tells the field and the rule."""
    with pytest.raises(error) as raised:
        do(sim)
    refused: Any = raised.value
    assert isinstance(refused, ArgumentRefused)
    assert refused.field == field
    assert str(refused).endswith(refused.rule)
    assert "\n" not in str(refused)


def test_text() -> None:
    """The text is the field and the rule, a key with its mapping; of what is looked up in vain, a sentence."""
    sim = Emulator()
    for do, text in (
        (lambda: sim.clock.advance(-1), "duration: -1 is not a number of seconds from 0 to the year 9999"),
        (lambda: sim.quotas.update(Rooms=-1), "quotas['Rooms']: -1 is not a whole number that is 0 or more"),
        (lambda: sim.quotas["Roms"], "quotas: there is no quota 'Roms'; did you mean 'Rooms'?"),
        (lambda: sim.streams.find("st-1"), "there is no stream 'st-1'"),
    ):
        with pytest.raises(ArgumentRefused) as raised:
            do()
        assert str(raised.value) == text


def test_between_processes() -> None:
    """A refusal that a worker process raises arrives whole where it is waited for."""
    sim = Emulator()
    with pytest.raises(ArgumentRefused) as raised:
        sim.quotas["Rooms"] = -1
    there = pickle.loads(pickle.dumps(raised.value))
    assert (type(there), str(there), there.field) == (type(raised.value), str(raised.value), "Rooms")


def test_quotas_all_or_none(sim: Emulator) -> None:
    """When one of several quotas is refused, none of them is set."""
    before = dict(sim.quotas)
    with pytest.raises(KeyError):
        sim.quotas.update({"Rooms": 1, "Roms": 1})
    assert dict(sim.quotas) == before


def test_no_refusal_without_a_field() -> None:
    """No error of a built-in type has a text that begins with an argument's name: such an error carries the field."""
    nameless = re.compile(r'raise (?:Value|Type|Key|Lookup)Error\(\s*f?"(?:\w+|\{\w+\}): ')
    source = Path(ivsim.__file__).parent
    reads_files = source / "core" / "saved.py"  # the place in a file is no argument
    found = [path for path in source.rglob("*.py") if path != reads_files and nameless.search(path.read_text())]
    assert found == []
