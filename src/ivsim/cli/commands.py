"""The commands that talk to a running server."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..web import HOST, PORT, RTMP_PORT
from .control import Client, RequestFailed, ServerSentEvent

URL = f"http://{HOST}:{PORT}"

Lines = Callable[[argparse.Namespace, Client], Iterator[str]]

_REAL_ENCODER = f"""
A real encoder, such as OBS, needs no command: it pushes to the server rtmp://{HOST}:{RTMP_PORT}/app/, or the one that
`ivsim serve` prints, with the value of the channel's stream key.
"""

_CHANNEL = "its ARN, its name, or the value of its stream key"

_PARTICIPANT: dict[str, Any] = {"metavar": "PARTICIPANT", "help": "the participant's id, or the user's"}

_LOSS = """
With `--sent-loss 1` others see its picture stand still. Without either, all goes through again.
"""

_DISTURB = """
It concerns whoever events arrive at: the targets of rules and subscribers. They happen all the same, and `ivsim events
--arrived` prints those that arrived. Without WAY it prints what is wanted and what became of the newest events.
"""

_SIMULATED = """
Whoever joins is a participant like any other, but sends no media.
"""


def add_to(subcommands: Any) -> None:
    """Add the commands to those of `ivsim`."""
    url = os.environ.get("IVSIM_URL") or URL

    def add(name: str, lines: Lines, help: str, more: str = "") -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = subcommands.add_parser(name, help=help, description=sentence(help) + more)
        parser.add_argument("--url", default=url, help="the address of the server (%(default)s; IVSIM_URL)")
        parser.set_defaults(lines=lambda options: lines(options, Client(options.url)))
        return parser

    go_live = add("go-live", _go_live, "let an encoder go live on a channel", _REAL_ENCODER)
    go_live.add_argument("channel", metavar="CHANNEL", help=_CHANNEL)
    go_live.add_argument("--viewers", type=int, default=0, metavar="N", help="the number of viewers (%(default)s)")
    go_live.add_argument("--stream-key", action="store_true", help="CHANNEL is a stream key, or a whole ingest URL")
    for name, done, what in (
        ("end-stream", "end", "disconnect the encoder of a channel"),
        ("starve", "starve", "make the encoder of a channel stop sending data"),
        ("recover", "recover", "make the encoder of a channel send data again"),
    ):
        add(name, _stream_command(done), what).add_argument("channel", metavar="CHANNEL", help=_CHANNEL)
    join = add("join", _join, "let somebody join a stage", _SIMULATED)
    join.add_argument("stage", metavar="STAGE", help="its ARN or its name")
    which = join.add_mutually_exclusive_group()
    which.add_argument("--token", action="store_true", help="STAGE is a participant token, which says who joins")
    which.add_argument(
        "--stream-key", action="store_true", help="STAGE is an ingest configuration's stream key, or a whole ingest URL"
    )
    join.add_argument("--protocol", metavar="NAME", help="WHIP for a client such as OBS, which subscribes to nobody")
    join.add_argument("--user-id", metavar="ID", help="the user's id; others may have the same")
    join.add_argument(
        "--attribute", action="append", type=_pair, metavar="KEY=VALUE", help="an attribute; may be given several times"
    )
    join.add_argument(
        "--capability",
        action="append",
        metavar="NAME",
        help="PUBLISH or SUBSCRIBE; may be given several times (both)",
    )
    join.add_argument("--publish", action="store_true", help="send sound and picture at once")
    for name, what in (
        ("leave", "let somebody leave the stage"),
        ("cut", "break the connection of a participant's page, which comes back by itself"),
    ):
        add(name, _participant_command(name), what).add_argument("participant", **_PARTICIPANT)
    impair = add("impair", _impair, "lose sound and picture of a participant's page on the way", _LOSS)
    impair.add_argument("participant", **_PARTICIPANT)
    for way in ("sent", "received"):
        share = f"the share of what is {way} that is lost, from 0 to 1 (%(default)s)"
        impair.add_argument(f"--{way}-loss", type=float, default=0.0, metavar="SHARE", help=share)
    events = add("events", _events, "print the EventBridge events so far")
    events.add_argument(
        "--type", metavar="DETAIL_TYPE", help='only those of this type, such as "IVS Stream State Change"'
    )
    calls = add("calls", _calls, "print the API calls so far")
    calls.add_argument("--operation", metavar="NAME", help="only those of this operation")
    events.add_argument("--arrived", action="store_true", help="those that arrived, in that order, where it is another")
    for each in (events, calls):
        each.add_argument("--limit", type=int, metavar="N", help="print only the newest N")
        each.add_argument("--follow", action="store_true", help="go on with each new one, until Ctrl-C")
        each.add_argument("--json", action="store_true", help="print each as a line of JSON")
    disturb = add("disturb", _disturb, "have the next events arrive otherwise than they happened", _DISTURB)
    disturb.add_argument("way", nargs="?", metavar="WAY", help="lost, doubled, delayed or swapped with the next")
    disturb.add_argument("--type", metavar="DETAIL_TYPE", help='of this type, such as "IVS Stream State Change"')
    disturb.add_argument("--event", metavar="NAME", help='of this event_name, such as "Stream Start"')
    disturb.add_argument("--resource", metavar="ARN", help="about this channel, stage or composition")
    disturb.add_argument("--pattern", type=_json, metavar="JSON", help="that match this event pattern of EventBridge")
    disturb.add_argument("--times", type=_times, default=1, metavar="N", help="how many, or all (%(default)s)")
    disturb.add_argument(
        "--seconds", type=float, default=30, metavar="N", help="the delay, on the emulator's clock (%(default)s)"
    )
    disturb.add_argument("--clear", action="store_true", help="want nothing of events to come any more")
    add("advance", _advance, "move the server's clock forward, and print its new time").add_argument(
        "seconds", type=float, metavar="SECONDS", help="how far; everything that falls due happens"
    )
    add("reset", _reset, "empty the server: resources, streams, events, calls, faults")
    add("save", _save, "write the server's state to a file").add_argument(
        "file", type=Path, metavar="FILE", help="the file to write; one that is there is replaced"
    )
    add("load", _load, "replace the server's state by the one in a file").add_argument(
        "file", type=Path, metavar="FILE", help="a file that `ivsim save`, --state or sim.save() wrote"
    )


def sentence(help: str) -> str:
    """Return the short help of a command as a whole sentence, for the command's own page."""
    return f"{help[0].upper()}{help[1:]}."


def _go_live(options: argparse.Namespace, server: Client) -> Iterator[str]:
    member = "streamKey" if options.stream_key else "channel"
    yield _stream(server.post("/streams", {member: options.channel, "viewers": options.viewers}))


def _stream_command(done: str) -> Lines:
    def lines(options: argparse.Namespace, server: Client) -> Iterator[str]:
        streams = server.get("/streams", channel=options.channel)["streams"]
        if not streams:
            raise RequestFailed(f"{options.channel} is not live")
        for each in streams:
            yield _stream(server.post(f"/streams/{each['streamId']}/{done}"))

    return lines


def _join(options: argparse.Namespace, server: Client) -> Iterator[str]:
    given = {
        "userId": options.user_id,
        "attributes": dict(options.attribute) if options.attribute else None,
        "capabilities": options.capability,
        "protocol": options.protocol,
    }
    body = {name: value for name, value in given.items() if value is not None}
    member = "token" if options.token else "streamKey" if options.stream_key else "stage"
    joined = server.post("/participants", {member: options.stage, **body})
    yield _participant(joined)
    if options.publish:
        yield _participant(server.post(f"/participants/{joined['participantId']}/publish"))


def _participant_command(done: str) -> Lines:
    return lambda options, server: _to_participants(options, server, done)


def _impair(options: argparse.Namespace, server: Client) -> Iterator[str]:
    yield from _to_participants(
        options, server, "impair", {"sentLoss": options.sent_loss, "receivedLoss": options.received_loss}
    )


def _to_participants(
    options: argparse.Namespace, server: Client, done: str, body: dict[str, float] | None = None
) -> Iterator[str]:
    found = [
        each["participantId"]
        for each in server.get("/participants")["participants"]
        if options.participant in (each["participantId"], each["userId"]) and each["replicationType"] != "REPLICA"
    ]
    if not found:
        raise RequestFailed(f"{options.participant} is on no stage")
    for participant_id in found:
        yield _participant(server.post(f"/participants/{quote(participant_id, safe='')}/{done}", body))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return name, value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"it is not JSON: {error}") from None


def _times(text: str) -> int | None:
    try:
        return None if text == "all" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'all'") from None


def _disturb(options: argparse.Namespace, server: Client) -> Iterator[str]:
    if not isfinite(options.seconds):  # which JSON cannot say
        raise RequestFailed(f"{options.seconds} is not a number of seconds")
    chosen = {"detail-type": options.type, "resources": options.resource}
    pattern: dict[str, Any] = {name: [value] for name, value in chosen.items() if value is not None}
    if options.event is not None:
        pattern["detail"] = {"event_name": [options.event]}
    if pattern and options.pattern is not None:
        raise RequestFailed("--pattern is given beside --type, --event or --resource, which can be in it")
    wanted = {
        "pattern": pattern or options.pattern,
        "times": options.times,
        "seconds": options.seconds,
    }
    if options.way is None and wanted != {"pattern": None, "times": 1, "seconds": 30}:
        raise RequestFailed("WAY is missing, which is lost, doubled, delayed or swapped")
    if options.clear:
        server.send("DELETE", "/disturbances")
    if options.way is not None:
        server.post("/disturbances", {"way": options.way, **wanted})
    there = server.get("/disturbances")
    if there["weather"] is not None:
        yield f"weather: {there['weather']}"
    for each in there["disturbances"]:
        left = "all" if each["left"] is None else each["left"]
        which = json.dumps(each["pattern"], ensure_ascii=False) if each["pattern"] else "any event"
        yield f"to come: {_way(each)}, {left}  {which}"
    for each in there["disturbed"]:
        yield f"{_way(each)}: {_event(each['event'])}"


def _way(disturbance: dict[str, Any]) -> str:
    late = f" by {disturbance['seconds']:g} s" if disturbance["way"] == "delayed" else ""
    return f"{disturbance['way']}{late}"


def _events(options: argparse.Namespace, server: Client) -> Iterator[str]:
    arrived = "true" if options.arrived else None
    yield from _log(options, server, "events", _event, detailType=options.type, arrived=arrived)


def _calls(options: argparse.Namespace, server: Client) -> Iterator[str]:
    yield from _log(options, server, "calls", _call, operation=options.operation)


def _log(
    options: argparse.Namespace, server: Client, name: str, show: Callable[[Any], str], **query: str | None
) -> Iterator[str]:
    query["limit"] = None if options.limit is None else str(options.limit)
    if options.follow:
        entries = server.follow(f"/{name}", **query)
    else:
        entries = (ServerSentEvent(name, each) for each in server.get(f"/{name}", **query)[name])
    for kind, data in entries:
        if options.json:
            if kind != "reset":
                yield json.dumps(data, ensure_ascii=False)
        else:
            yield "-- reset" if kind == "reset" else show(data)


def _advance(options: argparse.Namespace, server: Client) -> Iterator[str]:
    if not isfinite(options.seconds):  # which JSON cannot say
        raise RequestFailed(f"{options.seconds} is not a number of seconds")
    yield str(server.post("/clock/advance", {"seconds": options.seconds})["now"])


def _reset(_: argparse.Namespace, server: Client) -> Iterator[str]:
    server.post("/reset")
    return iter(())


def _save(options: argparse.Namespace, server: Client) -> Iterator[str]:
    from ..core import archive  # noqa: PLC0415 - nobody who saves nothing waits for msgspec

    state = server.send("GET", "/state")
    try:
        archive.replace_file(options.file, state)
    except OSError as error:
        raise RequestFailed(f"{options.file}: {error.strerror}") from None
    return iter(())


def _load(options: argparse.Namespace, server: Client) -> Iterator[str]:
    try:
        state = options.file.read_bytes()
    except OSError as error:
        raise RequestFailed(f"{options.file}: {error.strerror}") from None
    server.send("PUT", "/state", state)
    return iter(())


def _stream(stream: dict[str, Any]) -> str:
    health = f"{stream['health'].lower()}, {stream['viewerCount']} viewers"
    return f"{stream['streamId']} on {stream['channelArn']}: {f'live, {health}' if stream['isLive'] else 'not live'}"


def _participant(participant: dict[str, Any]) -> str:
    user = f" ({participant['userId']})" if participant["userId"] else ""
    state = "publishing" if participant["isPublishing"] else "connected" if participant["isConnected"] else "left"
    return f"{participant['participantId']}{user} on {participant['stageArn']}: {state}"


def _event(event: dict[str, Any]) -> str:
    detail = event["detail"]
    names = ("event_name", "limit_name", "recording_status")
    what = next((detail[name] for name in names if name in detail), "")
    about = [*event["resources"], *filter(None, map(detail.get, ("stream_id", "participant_id")))]
    return "  ".join([event["time"], event["detail-type"], what, *about])


def _call(call: dict[str, Any]) -> str:
    place = f"{call['accountId']} {call['region']}"
    params = json.dumps(call["params"], ensure_ascii=False, separators=(",", ":"))
    name = ":".join(filter(None, (call["service"], call["operation"]))) or "?"
    return "  ".join(filter(None, (call["at"], str(call["status"]), name, call["error"], place, params)))
