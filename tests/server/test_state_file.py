from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ivsim import Emulator
from ivsim.core import archive
from ivsim.server import state_file
from ivsim.server.run import Server
from ivsim.server.state_file import StateFile

from ..calling import call
from .waiting import DEADLINE, until

SERVE = [sys.executable, "-m", "ivsim", "serve", "--port", "0", "--rtmp-port", "0", "--quiet", "--state"]


@contextmanager
def serving(file: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `ivsim serve --state` and yield the process and its URL; it is killed at the end if it still runs."""
    with subprocess.Popen([*SERVE, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if "export" in line)
            yield process, line.split("AWS_ENDPOINT_URL_IVS=")[1].split()[0]
        finally:
            process.kill()


def client(url: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client("ivs", endpoint_url=url, region_name="us-east-1", config=config, **keys)


def channels(ivs: Any) -> set[str]:
    """Return the ARNs of all channels."""
    pages = ivs.get_paginator("list_channels").paginate()
    return {channel["arn"] for page in pages for channel in page["channels"]}


def restarted(file: Path) -> Emulator:
    """Return an emulator that has what is in a file."""
    sim = Emulator()
    sim.load(file)
    return sim


def test_killed_under_load(tmp_path: Path) -> None:
    """Whatever was answered more than a second before a SIGKILL is there after a restart, time and again.

    On a machine with too much to do, the server may be later than that by what its clients wait for their answers.
    """
    file, chance = tmp_path / "state.json", random.Random(4)
    kept: set[str] = set()
    for _ in range(3):
        answered: list[tuple[float, float, str]] = []
        with serving(file) as (process, url):
            ivs = client(url)
            assert channels(ivs) >= kept
            ivs.close()

            def create(url: str = url, answered: list[tuple[float, float, str]] = answered) -> None:
                ivs = client(url)
                with suppress(BotoCoreError, ClientError):
                    while True:
                        began = time.monotonic()
                        arn = ivs.create_channel()["channel"]["arn"]
                        answered.append((began, time.monotonic(), arn))
                ivs.close()

            threads = [threading.Thread(target=create) for _ in range(3)]
            for thread in threads:
                thread.start()

            def promised(answered: list[tuple[float, float, str]] = answered) -> set[str]:
                slowest = max((at - began for began, at, _ in answered), default=0)
                return {arn for _, at, arn in answered if at < time.monotonic() - 1 - slowest}

            until(promised)
            time.sleep(chance.uniform(0.0, 0.6))  # the moment of the kill is what varies
            kept |= promised()
            process.kill()
            process.wait()
            for thread in threads:
                thread.join()
        assert kept <= {each[1] for each in json.loads(file.read_text())["stores"][0]["tables"]["channel"]["rows"]}
        restarted(file)
        assert {each.name for each in tmp_path.iterdir()} <= {"state.json", ".state.json.lock", ".state.json.new"}
    with serving(file) as (_, url):
        ivs = client(url)
        assert channels(ivs) >= kept != set()
        ivs.close()


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_stopped(tmp_path: Path, asked: signal.Signals) -> None:
    """A server that is asked to stop has saved everything it answered."""
    file = tmp_path / "state.json"
    with serving(file) as (process, url):
        ivs = client(url)
        arns = {ivs.create_channel()["channel"]["arn"] for _ in range(5)}
        process.send_signal(asked)
        assert process.wait(10) == 0
        ivs.close()
    sim = restarted(file)
    assert {channel["arn"] for channel in call(sim, "ListChannels").body["channels"]} == arns
    assert [each.operation for each in sim.calls][:5] == ["CreateChannel"] * 5


def test_cannot_begin(tmp_path: Path) -> None:
    """A file that is damaged, in use or not to be written stops the start with one line, and stays as it is."""
    damaged, used = tmp_path / "damaged.json", tmp_path / "used.json"
    damaged.write_bytes(b'{"format": "ivsim", "version": 1, "rele')
    (tmp_path / "leaf").touch()
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    places = {
        damaged: f"{damaged}: this is not JSON: ",
        used: f"cannot keep the state in {used}: another server keeps its state there",
        tmp_path / "no" / "x.json": f"cannot keep the state in {tmp_path / 'no' / 'x.json'}: there is no directory",
        tmp_path / "leaf" / "x.json": f"cannot keep the state in {tmp_path / 'leaf' / 'x.json'}: there is no directory",
        tmp_path: f"cannot keep the state in {tmp_path}: it is not a regular file",
        pipe: f"cannot keep the state in {pipe}: it is not a regular file",
        loop: f"cannot keep the state in {loop}: it is not a regular file",
    }
    with serving(used):
        runs = {
            place: subprocess.Popen([*SERVE, str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for place in places
        }
        for place, process in runs.items():
            out, error = process.communicate(timeout=DEADLINE)
            assert (process.returncode, out) == (1, "")
            assert error.startswith(f"ivsim: {places[place]}")
            assert error.count("\n") == 1
    assert damaged.read_bytes() == b'{"format": "ivsim", "version": 1, "rele'


@pytest.mark.skipif(sys.platform != "linux", reason="needs a directory in which nobody can write, whoever it is")
def test_directory_that_cannot_be_written() -> None:
    """A file that could not be written later is refused at the start, and the port is free again."""
    with pytest.raises(
        OSError, match=r"cannot keep the state in /sys/x.json: (Permission|Operation|Read-only|No such)"
    ):
        Server(Emulator(), port=0, state="/sys/x.json")


def test_missing_and_there(tmp_path: Path) -> None:
    """A file that is missing is made at the start; one that is there takes the place of what the emulator has."""
    file = tmp_path / "state.json"
    sim = Emulator()
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    server = Server(sim, port=0, state=file)
    assert call(restarted(file), "GetChannel", arn=arn).status == 200
    with pytest.raises(OSError, match="another server keeps its state there"):
        Server(Emulator(), port=0, state=file)
    server.close()
    other = Emulator()
    call(other, "CreateChannel")
    with Server(other, port=0, state=str(file)) as server:
        assert [each["arn"] for each in call(other, "ListChannels").body["channels"]] == [arn]
        server.start()
    assert len(restarted(file).calls) == len(other.calls)


def test_link(tmp_path: Path) -> None:
    """What a link leads to is the file, there already or not; the link stays one."""
    file, link = tmp_path / "state.json", tmp_path / "link.json"
    link.symlink_to(file)
    for number in range(2):
        sim = Emulator()
        with Server(sim, port=0, state=link):
            assert len(sim.calls) == number
            call(sim, "CreateChannel")
        assert link.is_symlink()
        assert len(restarted(file).calls) == number + 1


def test_what_lives_on(tmp_path: Path) -> None:
    """After a restart broadcasts go on, and those who were in a chat room are not there any more."""
    sim = Emulator(transitions="realistic")
    live = sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"], viewers=3)
    room = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE"]).body["token"]
    connection = sim.chat.connect(token)
    sim.save(tmp_path / "state.json")
    after = Emulator(transitions="realistic")
    with Server(after, port=0, state=tmp_path / "state.json"):
        after.clock.advance(5)
        assert [each.stream_id for each in after.streams.live] == [live.stream_id]
        assert after.chat.connections == []
        assert call(after, "DisconnectUser", roomIdentifier=room, userId="ada").status == 200
    assert not connection.closed
    assert restarted(tmp_path / "state.json").chat.connections == []


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """While a file cannot be written the old one stays whole, the log says so once, and it is tried again."""
    file, attempts, fsync = tmp_path / "state.json", iter(range(1_000_000)), os.fsync
    problem: list[Exception] = [OSError(errno.ENOSPC, "No space left on device")]
    tried = 0

    def full(descriptor: int) -> None:
        nonlocal tried
        tried = next(attempts) + 1
        for each in problem:
            raise each
        fsync(descriptor)

    monkeypatch.setattr(state_file, "_SECOND", 0.02)
    sim = Emulator()
    with Server(sim, port=0, state=file) as server, caplog.at_level(logging.WARNING, "ivsim.server"):
        before = file.read_bytes()
        monkeypatch.setattr(os, "fsync", full)
        server.start()
        call(sim, "CreateChannel")
        until(lambda: tried > 3)
        assert file.read_bytes() == before
        messages = [record.getMessage() for record in caplog.records]
        assert sum("the state could not be saved" in message for message in messages) == 1
        assert f"the state could not be saved: {file}: [Errno 28] No space left on device; trying again" in messages
        problem.clear()
        until(lambda: file.read_bytes() != before)
        until(lambda: f"the state is saved again: {file}" in caplog.messages)
        assert [each.operation for each in restarted(file).calls] == ["CreateChannel"]
        problem.append(TypeError("ours"))
        call(sim, "CreateChannel")
        until(lambda: any(record.exc_info for record in caplog.records))
        problem.clear()
    assert len(restarted(file).calls) == 2
    assert {each.name for each in tmp_path.iterdir()} == {"state.json", ".state.json.lock"}


def test_not_saved_at_the_end(tmp_path: Path) -> None:
    """What cannot be saved when a server stops is an error, and the file may be used by another."""
    sim = Emulator()
    server = Server(sim, port=0, state=tmp_path / "state.json")
    sim.faults.add("GetChannel", "ResourceNotFoundException", when=lambda _: True)
    with pytest.raises(ValueError, match="the fault of ivs:GetChannel cannot be saved"):
        server.close()
    Server(Emulator(), port=0, state=tmp_path / "state.json").close()


def test_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where saving takes too long for what is promised, the log says so, once."""
    monkeypatch.setattr(state_file, "_SECOND", 0.0)
    sim = Emulator()
    with Server(sim, port=0, state=tmp_path / "state.json") as server, caplog.at_level(logging.WARNING, "ivsim.server"):
        server.start()
        for number in range(1, 4):
            call(sim, "CreateChannel")
            until(lambda: len(restarted(tmp_path / "state.json").calls) == number)  # noqa: B023
    assert [message for message in caplog.messages if "saving the state takes" in message] == caplog.messages
    assert len(caplog.messages) == 1


def test_late(tmp_path: Path) -> None:
    """A thread that comes to write when the server has let go of the file leaves it to whoever has it now."""
    file = tmp_path / "state.json"
    sim = Emulator()
    kept = StateFile(sim, file)
    call(sim, "CreateChannel")
    kept.close()
    text = file.read_bytes()
    call(sim, "CreateChannel")

    async def keep() -> None:
        await asyncio.wait_for(kept.write_changes(), 0.1)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(keep())
    kept.close()
    assert file.read_bytes() == text == archive.dumps(restarted(file)._state)


def test_only_what_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written when nothing has changed."""
    sim, file = Emulator(), tmp_path / "state.json"
    monkeypatch.setattr(state_file, "_SECOND", 0.01)
    written = 0
    write = archive.write

    def count(*arguments: Any) -> None:
        nonlocal written
        written += 1
        write(*arguments)

    monkeypatch.setattr(archive, "write", count)
    looked = threading.Semaphore(0)
    version = Emulator.version.fget  # type: ignore[attr-defined]

    def look(self: Emulator) -> object:
        looked.release()
        return version(self)

    monkeypatch.setattr(Emulator, "version", property(look))
    with Server(sim, port=0, state=file) as server:
        server.start()
        for _ in range(20):
            assert looked.acquire(timeout=10)
        assert written == 1
        call(sim, "CreateChannel")
        until(lambda: written == 2)
    assert written == 2


def test_status_of_a_server_that_could_not_save(tmp_path: Path) -> None:
    """When the last of it cannot be saved, the command says so and fails."""
    script = """
import os, sys
from ivsim.cli.main import main
from ivsim.server.run import Server

def run(self, ready):
    self.emulator.quotas["Channels"] = 7
    def full(_): raise OSError(28, "No space left on device")
    os.fsync = full
    self.close()

Server.run = run
sys.exit(main(sys.argv[1:]))
"""
    command = [
        sys.executable,
        "-c",
        script,
        "serve",
        "--port",
        "0",
        "--rtmp-port",
        "0",
        "--state",
        str(tmp_path / "state.json"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (ran.returncode, ran.stderr) == (
        1,
        "ivsim: the state could not be saved: [Errno 28] No space left on device\n",
    )
    assert restarted(tmp_path / "state.json").quotas["Channels"] != 7
