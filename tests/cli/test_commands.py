from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.cli.main import main
from ivsim.ivsrealtime.participants import Client

from ..calling import call

Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def run(sim: Emulator, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A function that runs a command against a server of `sim`; it returns status, lines and what went wrong."""
    with sim.serve() as server:

        def run(*arguments: str) -> tuple[int, list[str], str]:
            status = main([arguments[0], "--url", server.url, *arguments[1:]])
            printed = capsys.readouterr()
            return status, printed.out.splitlines(), printed.err

        yield run


def create_channel(sim: Emulator) -> dict[str, Any]:
    """Make a channel, "evening-show", and return it with its `key`."""
    made = call(sim, "CreateChannel", name="evening-show").body
    return {**made["channel"], "key": made["streamKey"]["value"]}


def test_stream(sim: Emulator, run: Run) -> None:
    """A stream lives from go-live to end-stream, by ARN, name or stream key."""
    channel = create_channel(sim)
    status, (line,), _ = run("go-live", channel["arn"], "--viewers", "3")
    (stream,) = sim.streams.live
    assert status == 0
    assert line == f"{stream.stream_id} on {channel['arn']}: live, healthy, 3 viewers"
    assert run("starve", "evening-show")[1] == [line.replace("healthy", "starving")]
    assert run("recover", channel["key"])[1] == [line]
    assert run("end-stream", "evening-show")[1] == [f"{stream.stream_id} on {channel['arn']}: not live"]
    status, lines, error = run("end-stream", "evening-show")
    assert (status, lines, error) == (1, [], "ivsim: evening-show is not live\n")


def test_go_live_with_a_key(sim: Emulator, run: Run) -> None:
    """An encoder may be given all that a real one is configured with."""
    channel = create_channel(sim)
    assert run("go-live", "--stream-key", f"{channel['key']}?priority=2")[0] == 0
    assert sim.streams.live


def test_stage(sim: Emulator, run: Run) -> None:
    """Somebody joins a stage by its name or ARN, as told, publishes at once, and leaves by id or user name."""
    arn = call(sim, "CreateStage", name="panel").body["stage"]["arn"]
    status, (joined, publishing), _ = run("join", "panel", "--user-id", "ann", "--attribute", "a=1=2", "--publish")
    (ann,) = sim.stages.participants
    assert status == 0
    assert joined == f"{ann.participant_id} (ann) on {arn}: connected"
    assert publishing == f"{ann.participant_id} (ann) on {arn}: publishing"
    assert ann.participant
    assert ann.participant.attributes == {"a": "1=2"}
    assert run("join", arn, "--capability", "SUBSCRIBE")[0] == 0
    bob = sim.stages.participants[1]
    assert bob.participant
    assert (bob.participant.capabilities, bob.is_publishing) == (("SUBSCRIBE",), False)
    assert run("leave", bob.participant_id)[1] == [f"{bob.participant_id} on {arn}: left"]
    assert run("leave", "ann")[1] == [f"{ann.participant_id} (ann) on {arn}: left"]
    assert run("leave", "ann") == (1, [], "ivsim: ann is on no stage\n")
    assert run("events")[1][0].split("  ")[1:] == [
        "IVS Stage Update",
        "Participant Published",
        arn,
        ann.participant_id,
    ]


def test_what_is_done_to_a_client(sim: Emulator, run: Run) -> None:
    """The connection of somebody's client is impaired, made whole and cut, by id or user name; no other has one."""
    arn = call(sim, "CreateStage", name="panel").body["stage"]["arn"]
    ann = sim.stages.let_in(sim.stages._issue(arn, {"user_id": "ann"}), Client())
    line = f"{ann.participant_id} (ann) on {arn}: connected"

    def losses() -> tuple[float, float, int]:
        record = ann.participant
        assert record is not None
        return record.sent_loss, record.received_loss, record.cuts

    assert run("impair", "ann", "--sent-loss", "1", "--received-loss", "0.3") == (0, [line], "")
    assert losses() == (1, 0.3, 0)
    assert run("impair", ann.participant_id) == (0, [line], "")
    assert run("cut", "ann") == (0, [line], "")
    assert losses() == (0, 0, 1)
    assert run("impair", "ann", "--sent-loss", "2")[2] == "ivsim: sentLoss: 2.0 is not from 0 to 1\n"
    sim.stages.join(arn, user_id="bob")
    assert run("cut", "bob")[2].startswith("ivsim: NOT_REMOTE: ")


def test_stage_refused(sim: Emulator, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Who cannot join, or not publish, is one line, with the code that AWS's clients have."""
    call(sim, "CreateStage", name="panel")
    assert run("join", "nobody") == (1, [], "ivsim: no stage has the ARN or the name 'nobody'\n")
    assert run("join", "panel", "--capability", "SPEAK")[2].startswith("ivsim: capabilities: there is no capability")
    status, (line,), error = run("join", "panel", "--capability", "SUBSCRIBE", "--publish")
    assert (status, line.endswith(": connected")) == (1, True)
    assert error == "ivsim: INSUFFICIENT_CAPABILITIES: the token lacks the capability PUBLISH\n"
    with pytest.raises(SystemExit):
        run("join", "panel", "--attribute", "role")
    assert "argument --attribute: 'role' is not KEY=VALUE" in capsys.readouterr().err


def test_join_with_a_token(sim: Emulator, run: Run) -> None:
    """Somebody joins with a token, once they may."""
    stage = call(sim, "CreateStage").body["stage"]["arn"]
    made = call(sim, "CreateParticipantToken", stageArn=stage, userId="ann").body["participantToken"]
    assert run("join", "--token", made["token"])[1] == [f"{made['participantId']} (ann) on {stage}: connected"]
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=made["participantId"])
    status, _, error = run("join", "--token", made["token"])
    assert status == 1
    assert error.startswith("ivsim: PARTICIPANT_DISCONNECTED: ")


@pytest.mark.needs("CreateIngestConfiguration")
def test_join_with_a_stream_key(sim: Emulator, run: Run) -> None:
    """An encoder joins with a stream key, and publishes at once; another client comes by WHIP."""
    stage = call(sim, "CreateStage", name="panel").body["stage"]["arn"]
    made = call(sim, "CreateIngestConfiguration", stageArn=stage, ingestProtocol="RTMPS", userId="camera").body
    _, lines, _ = run("join", "--stream-key", made["ingestConfiguration"]["streamKey"])
    (camera,) = sim.stages.participants
    assert lines == [f"{camera.participant_id} (camera) on {stage}: publishing"]
    run("join", "panel", "--protocol", "WHIP")
    client = sim.stages.participants[1].participant
    assert client
    assert client.protocol == "WHIP"
    assert run("join", "panel", "--protocol", "RTMP")[2].startswith("ivsim: protocol: ")


@pytest.mark.needs("StartParticipantReplication")
def test_leave_with_replicas(sim: Emulator, run: Run) -> None:
    """Who is replicated to another stage leaves both, and is told of once."""
    stage, other = (call(sim, "CreateStage").body["stage"]["arn"] for _ in range(2))
    ann = sim.stages.join(stage, user_id="ann")
    ann.publish()
    sim.stages.join(other)
    place = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": ann.participant_id}
    call(sim, "StartParticipantReplication", **place)
    assert run("leave", "ann")[1] == [f"{ann.participant_id} (ann) on {stage}: left"]


def test_refused(run: Run) -> None:
    """What the server refuses is one line, with the field if there is one, and status 1."""
    status, lines, error = run("go-live", "nobody")
    assert (status, lines) == (1, [])
    assert error == "ivsim: no channel has the ARN, the name or the stream key 'nobody'\n"
    assert run("events", "--type", "x")[2].startswith("ivsim: detailType: there is no detail type 'x'")


def test_events(sim: Emulator, run: Run) -> None:
    """Events are printed one a line, for people or as JSON, all or those of a type."""
    sim.clock.freeze()
    sim.quotas["Concurrent streams"] = 1
    channel = create_channel(sim)
    call(sim, "CreateChannel", name="other")
    stream = sim.streams.start(channel["arn"])
    assert run("go-live", "other")[0] == 1
    stream.starve()
    _, lines, _ = run("events")
    assert lines[1].split("  ")[1:] == ["IVS Stream State Change", "Stream Start", channel["arn"], stream.stream_id]
    assert lines[2].split("  ")[1:] == ["IVS Limit Breach", "Concurrent Broadcasts"]
    _, lines, _ = run("events", "--type", "IVS Stream Health Change", "--json")
    assert [json.loads(line) for line in lines] == sim.events.of("IVS Stream Health Change")


def test_disturb(sim: Emulator, run: Run) -> None:
    """Events are disturbed by name, type, resource or pattern, and so often; it is printed what is wanted."""
    sim.clock.freeze(datetime(2030, 1, 1, tzinfo=timezone.utc))
    arn = create_channel(sim)["arn"]
    assert run("disturb") == (0, [], "")
    lost = f'to come: lost, 1  {{"resources": ["{arn}"], "detail": {{"event_name": ["Session Ended"]}}}}'
    assert run("disturb", "lost", "--event", "Session Ended", "--resource", arn) == (0, [lost], "")
    late = 'to come: delayed by 90 s, all  {"detail-type": ["IVS Recording State Change"]}'
    options = ["--type", "IVS Recording State Change", "--times", "all", "--seconds", "90"]
    assert run("disturb", "delayed", *options)[1] == [lost, late]
    by_pattern = 'to come: swapped, 2  {"source": [{"prefix": "é"}]}'
    options = ["--pattern", '{"source": [{"prefix": "é"}]}', "--times", "2"]
    assert run("disturb", "swapped", *options)[1] == [lost, late, by_pattern]
    sim.streams.start(arn).end()
    stream = sim.events[2]["detail"]["stream_id"]
    became = f"lost: 2030-01-01T00:00:00Z  IVS Stream State Change  Session Ended  {arn}  {stream}"
    assert run("disturb")[1] == [late, by_pattern, became]
    assert run("disturb", "doubled", "--clear")[1] == ["to come: doubled, 1  any event", became]
    sim.events.weather = 7
    assert run("disturb", "--clear")[1] == ["weather: 7", became]
    assert len(run("events")[1]) == 4
    assert len(run("events", "--arrived")[1]) == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["losst"], "way: "),
        (["lost", "--times", "0"], "times: "),
        (["delayed", "--seconds", "0"], "seconds: 0"),
        (["delayed", "--seconds", "nan"], "nan is not a number of seconds"),
        (["lost", "--pattern", "{}"], "pattern: it is empty"),
        (["lost", "--pattern", "[]"], "pattern: "),
        (["lost", "--pattern", "{}", "--event", "Stream Start"], "--pattern is given beside --type"),
        (["--event", "Stream Start"], "WAY is missing, which is lost, doubled, delayed or swapped"),
        (["--clear", "--times", "2"], "WAY is missing"),
    ],
)
def test_disturb_refused(sim: Emulator, run: Run, options: list[str], text: str) -> None:
    """What cannot be wanted of events is one line, and status 1."""
    status, lines, error = run("disturb", *options)
    assert (status, lines) == (1, [])
    assert error.startswith(f"ivsim: {text}")
    assert not sim.events.disturbances


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [("--times", "some", "'some' is neither a number nor 'all'"), ("--pattern", "{", "it is not JSON: ")],
)
def test_disturb_usage(run: Run, option: str, value: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not even of the right kind is told with the usage."""
    with pytest.raises(SystemExit):
        run("disturb", "lost", option, value)
    assert f"argument {option}: {text}" in capsys.readouterr().err


def test_calls(sim: Emulator, run: Run) -> None:
    """Calls are printed one a line, with what was wrong."""
    sim.clock.freeze(datetime(2030, 1, 1, tzinfo=timezone.utc))
    create_channel(sim)
    call(sim, "CreateRoom", name=3)
    call(sim, "Nothing")
    at, place = "2030-01-01T00:00:00Z", "123456789012 us-east-1"
    assert run("calls")[1] == [
        f'{at}  200  ivs:CreateChannel  {place}  {{"name":"evening-show"}}',
        f'{at}  400  ivschat:CreateRoom  ValidationException  {place}  {{"name":3}}',
        f"{at}  404  ?  UnknownOperationException  {place}  {{}}",
    ]
    assert len(run("calls", "--operation", "CreateRoom")[1]) == 1
    assert run("calls", "--limit", "1")[1] == run("calls")[1][-1:]
    assert run("calls", "--limit", "0") == (1, [], "ivsim: limit: Expected `int` >= 1\n")


def test_state(sim: Emulator, run: Run, tmp_path: Path) -> None:
    """A state is saved, emptied, and loaded; a file that cannot be is one line."""
    channel = create_channel(sim)
    file = str(tmp_path / "state.json")
    assert run("save", file) == (0, [], "")
    assert run("reset") == (0, [], "")
    assert not sim.overview()["channels"]
    assert run("load", file) == (0, [], "")
    assert sim.overview()["channels"][0]["arn"] == channel["arn"]
    missing = str(tmp_path / "missing" / "state.json")
    for command in ("save", "load"):
        assert run(command, missing) == (1, [], f"ivsim: {missing}: No such file or directory\n")


def test_save_fails(sim: Emulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that fails half-way leaves the file that was there, nothing beside it, and one line."""
    file = tmp_path / "state.json"
    create_channel(sim)
    assert run("save", str(file)) == (0, [], "")
    before = file.read_bytes()
    create_channel(sim)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert run("save", str(file)) == (1, [], f"ivsim: {file}: No space left on device\n")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_save_through_a_link(sim: Emulator, run: Run, tmp_path: Path) -> None:
    """A link to a file stays one, and the file has the state."""
    file, link = tmp_path / "state.json", tmp_path / "link"
    link.symlink_to(file)
    create_channel(sim)
    assert run("save", str(link)) == (0, [], "")
    assert link.is_symlink()
    assert run("load", str(file)) == (0, [], "")


def test_save_into_a_pipe(sim: Emulator, run: Run, tmp_path: Path) -> None:
    """What is no file is written to, and not replaced."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    create_channel(sim)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(pipe.read_bytes)
        assert run("save", str(pipe)) == (0, [], "")
        state = reading.result(20)
    assert pipe.is_fifo()
    Emulator().loads(state)


def test_advance(sim: Emulator, run: Run) -> None:
    """The clock moves, and the command says to when."""
    before = sim.clock.now()
    sim.clock.freeze(before.replace(microsecond=0))
    _, (line,), _ = run("advance", "90")
    assert line == f"{sim.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert 89 <= (sim.clock.now() - before).total_seconds() <= 90
    for seconds in ("nan", "inf"):
        assert run("advance", seconds) == (1, [], f"ivsim: {seconds} is not a number of seconds\n")


class Command:
    """A command in a process of its own."""

    def __init__(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "ivsim", *arguments]
        environment = {**os.environ, "IVSIM_URL": url, "http_proxy": "http://127.0.0.1:1"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def line(self) -> str:
        """Return the next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self) -> tuple[int, str, str]:
        """Wait for the end; return status, and what is left on both outputs."""
        out, error = self.process.communicate(timeout=20)
        return self.process.returncode, out, error


def test_follow(sim: Emulator) -> None:
    """`--follow` goes on with what happens, says when there was a reset, and ends quietly on Ctrl-C."""
    channel = create_channel(sim)
    with sim.serve() as server:
        events = Command(server.url, "events", "--follow")
        calls = Command(server.url, "calls", "--follow", "--json")
        assert json.loads(calls.line())["operation"] == "CreateChannel"
        sim.streams.start(channel["arn"])
        assert "Session Created" in events.line()
        assert "Stream Start" in events.line()
        newest = Command(server.url, "events", "--follow", "--limit", "1")
        assert "Stream Start" in newest.line()
        newest.process.send_signal(signal.SIGINT)
        assert newest.end() == (130, "", "")
        sim.reset()
        assert events.line() == "-- reset\n"
        call(sim, "ListRooms")
        assert json.loads(calls.line())["operation"] == "ListRooms"
        for each in (events, calls):
            each.process.send_signal(signal.SIGINT)
            assert each.end() == (130, "", "")


def test_follow_to_the_end(sim: Emulator) -> None:
    """When the server stops, whoever follows is told, and has status 1."""
    create_channel(sim)
    with sim.serve() as server:
        following = Command(server.url, "calls", "--follow")
        assert "CreateChannel" in following.line()
    assert following.end() == (1, "", f"ivsim: the server at {server.url} has stopped\n")


def test_reader_that_has_enough(sim: Emulator) -> None:
    """A pipe that is closed, as by `head`, is no failure."""
    create_channel(sim)
    with sim.serve() as server:
        following = Command(server.url, "calls", "--follow")
        assert following.line()
        assert following.process.stdout is not None
        following.process.stdout.close()
        call(sim, "ListRooms")
        following.process.stdout = None
        status, _, error = following.end()
    assert (status, error) == (0, "")


def test_commands_without_the_server() -> None:
    """The commands need nothing of what only the server is made with."""
    program = """
import sys
for name in ("uvicorn", "starlette", "httptools", "websockets", "ivsim.server"):
    sys.modules[name] = None
from ivsim.cli.main import main
raise SystemExit(main(["reset", "--url", sys.argv[1]]))
"""
    sim = Emulator()
    create_channel(sim)
    with sim.serve() as server:
        subprocess.run([sys.executable, "-c", program, server.url], check=True)
    assert not sim.overview()["channels"]
