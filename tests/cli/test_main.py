from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import boto3
import m3u8
import pytest
import requests
from moto.server import ThreadedMotoServer

from ivsim import __version__
from ivsim.cli.main import main
from ivsim.services import SERVICES

from ..decoding import decoded
from ..server.live.certificates import self_signed
from ..server.live.publisher import Encoder
from ..server.raw import RawClient, request
from ..server.rules.programs import Program, running
from ..server.waiting import DEADLINE, until

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """`ivsim coverage` lists every operation of the installed botocore, service by service."""
    assert main(["coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for service in SERVICES.values():
        number = len(service.model.operations)
        assert f"{service.name}: {number} of {number} operations" in lines
    assert "  yes  CreateChannel" in lines


def test_coverage_of_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not emulated is said, operation and member."""
    handlers = SERVICES["ivs"].handlers
    monkeypatch.delitem(handlers, "get_channel")
    parameters = handlers["list_channels"].parameters - {"filter_by_name", "max_results"}
    monkeypatch.setitem(handlers, "list_channels", handlers["list_channels"]._replace(parameters=parameters))
    main(["coverage"])
    text = capsys.readouterr().out
    number = len(SERVICES["ivs"].model.operations)
    assert f"ivs: {number - 1} of {number} operations" in text
    assert "  no   GetChannel\n" in text
    assert "  yes  ListChannels, without filterByName, maxResults\n" in text
    main(["coverage", "--markdown"])
    text = capsys.readouterr().out
    assert "| `GetChannel` | no |" in text
    assert "| `ListChannels` | yes, without filterByName, maxResults |" in text


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_coverage_page(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/coverage.md is what the registry says; `make coverage-page` writes it."""
    main(["coverage", "--markdown"])
    assert capsys.readouterr().out == PAGE.read_text()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`ivsim --version` prints the version."""
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"ivsim {__version__}\n"


def test_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command there is a usage line, and status 2."""
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`ivsim --help` lists the commands, and the help of each says what it does and what all of its options mean."""
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = dict(re.findall(r"^    ([a-z-]+)\s+(.+)$", capsys.readouterr().out, re.MULTILINE))
    assert {"serve", "go-live", "save", "coverage"} <= commands.keys()
    for command, what in commands.items():
        with pytest.raises(SystemExit):
            main([command, "--help"])
        text = capsys.readouterr().out
        assert what[1:] in " ".join(text.split())
        assert re.findall(r"^  \S+(?: [A-Z_]+)?\n(?!   )", text, re.MULTILINE) == []  # none without a word


def test_how_a_real_encoder_goes_live(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of `ivsim go-live` says what to type into a real encoder instead."""
    with pytest.raises(SystemExit):
        main(["go-live", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "it pushes to the server rtmp://127.0.0.1:1935/app/" in text
    assert "with the value of the channel's stream key" in text


def test_as_a_module() -> None:
    """`python -m ivsim` is the same command, and passes on its status."""
    shown = subprocess.run([sys.executable, "-m", "ivsim", "coverage"], check=True, capture_output=True, text=True)
    assert "ivschat: 17 of 17 operations" in shown.stdout
    assert subprocess.run([sys.executable, "-m", "ivsim"], check=False, capture_output=True).returncode == 2


# ivsim serve


class Served:
    """`ivsim serve` as it runs for a user."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "ivsim", "serve", "--port", "0", "--rtmp-port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.welcome = ""
        while "console" not in self.welcome:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            self.welcome += line
        self.port = int(re.findall(r":([0-9]+)", self.welcome)[0])

    def stop(self, number: signal.Signals) -> tuple[int, str, str]:
        """Send a signal; return the exit status, and what it printed after the addresses, and as errors."""
        self.process.send_signal(number)
        assert self.process.stdout is not None
        rest = self.process.stdout.read()  # which communicate() would take for read
        _, errors = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, rest, errors


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts `ivsim serve` with options."""
    started: list[Served] = []

    def start(*options: str) -> Served:
        started.append(Served(*options))
        return started[-1]

    yield start
    for each in started:
        if each.process.returncode is None:
            each.process.kill()
            each.process.communicate()


def test_serve(serve: Serve) -> None:
    """It prints what to export and where to look, then a line for each call, and leaves with 0 at Ctrl-C."""
    served = serve()
    url = f"http://127.0.0.1:{served.port}"
    assert served.welcome.splitlines() == [
        f"ivsim {__version__} serves Amazon IVS, IVS Chat and IVS Real-Time",
        "",
        f"  export AWS_ENDPOINT_URL_IVS={url} AWS_ENDPOINT_URL_IVSCHAT={url} AWS_ENDPOINT_URL_IVS_REALTIME={url}",
        f"  chat     ws://127.0.0.1:{served.port}",
        f"  console  {url}/",
    ]
    with RawClient(served.port) as client:
        assert b":us-east-1:123456789012:" in client.call("/CreateChannel").body
        client.call("/GetChannel")
        client.call("/nowhere")
        status, rest, errors = served.stop(signal.SIGINT)
        assert client.is_over()
    assert (status, rest) == (0, "\n")
    lines = [re.sub(r"^[0-9:]{8} |[0-9.]+ ms$", "", line).strip() for line in errors.splitlines()]
    assert lines == [
        "200 ivs:CreateChannel",
        "400 ivs:GetChannel ValidationException",
        "404 POST http://localhost/nowhere UnknownOperationException",
    ]


def test_serve_options(serve: Serve) -> None:
    """Seed, account and rate limits are the emulator's; --quiet leaves out the lines for calls."""
    options = ("--seed", "7", "--account-id", "210987654321", "--rate-limits", "--quiet")
    arns = []
    for served in (serve(*options), serve(*options)):
        with RawClient(served.port) as client:
            replies = [client.call("/CreateChannel") for _ in range(20)]
        assert {reply.status for reply in replies} == {200, 429}
        arns.append(replies[0].body.split(b'"')[5])
        assert served.stop(signal.SIGTERM) == (0, "\n", "")
    assert arns[0] == arns[1]
    assert b":210987654321:" in arns[0]


def test_serve_allowed_hosts(serve: Serve) -> None:
    """--allow-host lets the control endpoints answer by that name, as often as it is given."""
    served = serve("--allow-host", "ivsim.example.com", "--allow-host", "ivsim.example.org")
    for host, status in (("ivsim.example.com", 200), ("ivsim.example.org:4870", 200), ("example.com", 403)):
        with closing(HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
            connection.request("GET", "/_ivsim/health", headers={"Host": host})
            assert connection.getresponse().status == status


def test_serve_verbose(serve: Serve) -> None:
    """--verbose has a line for each request to the control endpoints too, which is none otherwise."""
    for options, lines in (
        ((), ["200 ivs:ListChannels"]),
        (("--verbose",), ["200 GET /_ivsim/clock", "200 ivs:ListChannels"]),
    ):
        served = serve(*options)
        with RawClient(served.port) as client:
            client.call("/_ivsim/clock", b"", method="GET")
            client.call("/ListChannels")
        _, _, log = served.stop(signal.SIGTERM)
        assert [re.sub(r"^\S+ | [\d.]+ ms$", "", line) for line in log.splitlines()] == lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_at_once(serve: Serve, number: signal.Signals) -> None:
    """Nobody is waited for, idle or in the middle of a request, and no traceback is left."""
    served = serve("--quiet")
    with RawClient(served.port) as idle, RawClient(served.port) as half:
        idle.call("/ListChannels")
        half.send(request("/CreateChannel")[:-1])
        assert served.stop(number) == (0, "\n", "")
        assert idle.is_over()
        assert half.is_over()


def test_serve_others(serve: Serve) -> None:
    """Who listens at an address that others can reach is warned."""
    served = serve("--host", "0.0.0.0")
    assert f"http://127.0.0.1:{served.port}" in served.welcome
    _, rest, _ = served.stop(signal.SIGINT)
    assert rest == "\nWhoever reaches this address can do everything: the emulator has no authentication.\n\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--port", "65536"], "port: 65536 is not from 0 to 65535"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1, port 4870: .+"),
        (["--account-id", "12"], ".*12.*"),
        (["--allow-host", "ivsim.example.com:80"], "allow_hosts: 'ivsim.example.com:80' is no host name.+"),
    ],
)
def test_serve_what_cannot_be(options: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be is one clear line, and status 1."""
    assert main(["serve", *options]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(f"ivsim: {text}\n", shown.err)


def test_serve_rules(serve: Serve, tmp_path: Path) -> None:
    """With --rules events go to the targets of the rules in a file."""
    hook, rules = Program(), tmp_path / "rules.json"
    target = {"type": "http", "url": hook.url}
    rules.write_text(json.dumps([{"name": "all", "pattern": {"source": ["aws.ivs"]}, "target": target}]))
    with running(hook):
        served = serve("--rules", str(rules))
        with RawClient(served.port) as client:
            client.call("/CreateChannel", b'{"name": "show"}')
            client.call("/_ivsim/streams", b'{"channel": "show"}')
        until(lambda: len(hook.bodies) == 2)
        assert served.stop(signal.SIGTERM)[0] == 0
    assert [each["detail"]["event_name"] for each in hook.bodies] == ["Session Created", "Stream Start"]


def test_serve_event_weather(serve: Serve) -> None:
    """With --event-weather the events of the server have that weather."""
    served = serve("--event-weather", "storm")
    with RawClient(served.port) as client:
        assert b'"weather":"storm"' in client.call("/_ivsim/disturbances", b"", method="GET").body
    assert served.stop(signal.SIGTERM)[0] == 0


def test_serve_wrong_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong file is one line, which says what is wrong where, and nothing starts."""
    rules = tmp_path / "rules.json"
    rules.write_text('[{"name": "live", "pattern": {}, "target": {"type": "htpp"}}]')
    assert main(["serve", "--port", "0", "--rtmp-port", "0", "--rules", str(rules)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(rf"ivsim: {re.escape(str(rules))}: rule 1, 'live': pattern: .+\n", shown.err)
    assert main(["serve", "--port", "0", "--rtmp-port", "0", "--rules", ""]) == 1
    assert capsys.readouterr().err.startswith("ivsim: the rules in ")


def test_serve_busy(capsys: pytest.CaptureFixture[str]) -> None:
    """So is a port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 1
    assert capsys.readouterr().err == (
        f"ivsim: cannot listen at 127.0.0.1, port {port}: something else listens there\n"
    )


def test_serve_encoders(serve: Serve) -> None:
    """Encoders are told where to push; a port of theirs that is taken is one clear line, and HTTP goes on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        served = serve("--rtmp-port", str(port))
        assert "encoder" not in served.welcome
        with RawClient(served.port) as client:
            assert client.call("/ListChannels").status == 200
        _, _, errors = served.stop(signal.SIGTERM)
        why = f"cannot listen at 127.0.0.1, port {port}: something else listens there"
        assert errors.startswith(f"ivsim: no encoder can push by RTMP: {why}; choose another with --rtmp-port\n")
    served = serve("--rtmp-port", str(port))
    assert f"  encoder  rtmp://127.0.0.1:{port}/app/ and a stream key\n" in served.welcome
    served.stop(signal.SIGTERM)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    both = folder / "both.pem"
    both.write_bytes(b"".join(each.read_bytes() for each in self_signed(folder)))
    return both


def test_serve_encoders_by_rtmps(serve: Serve, certificate: Path) -> None:
    """With a certificate encoders may push by RTMPS too; of two ports that are taken each is a line of its own."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = {"RTMP": one.getsockname()[1], "RTMPS": two.getsockname()[1]}
        options = [f"--rtmp-port={ports['RTMP']}", f"--rtmps-port={ports['RTMPS']}", f"--tls-cert={certificate}"]
        served = serve(*options)
        assert "encoder" not in served.welcome
        with RawClient(served.port) as client:
            assert client.call("/ListChannels").status == 200
        _, _, errors = served.stop(signal.SIGTERM)
    assert errors.splitlines()[:2] == [
        f"ivsim: no encoder can push by {name}: cannot listen at 127.0.0.1, port {port}: something else listens there; "
        f"choose another with --{name.lower()}-port"
        for name, port in ports.items()
    ]
    served = serve(*options)
    for name, port in ports.items():
        assert f"  encoder  {name.lower()}://127.0.0.1:{port}/app/ and a stream key\n" in served.welcome
    served.stop(signal.SIGTERM)


def test_serve_browsers(serve: Serve, certificate: Path) -> None:
    """With a certificate the server is there inside TLS too, to which browsers broadcast."""
    port = free_port()
    served = serve("--https-port", str(port), "--tls-cert", str(certificate))
    assert f"  browser  https://127.0.0.1:{port}\n" in served.welcome
    served.stop(signal.SIGTERM)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "rtmps_port: RTMPS needs a certificate, tls_cert, and its key, tls_key"),
        (
            ["--tls-cert", "/missing.pem"],
            "tls_cert: /missing.pem and its key cannot be used: No such file or directory",
        ),
    ],
)
def test_serve_without_a_certificate(options: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """RTMPS without a certificate that can be used is one clear line, and status 1."""
    assert main(["serve", "--port", "0", "--rtmp-port", "0", "--rtmps-port", "45678", *options]) == 1
    assert capsys.readouterr().err == f"ivsim: {text}\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_serve_with_an_s3(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings go to the S3 that the environment names."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=url)
        s3.create_bucket(Bucket="tapes")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        served = serve()
        ivs = boto3.client("ivs", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{served.port}")
        made = ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "tapes"}})
        arn = made["recordingConfiguration"]["arn"]
        assert ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"] == "ACTIVE"
        channel = ivs.create_channel(recordingConfigurationArn=arn)["channel"]["arn"]
        requests.post(f"http://127.0.0.1:{served.port}/_ivsim/streams", json={"channel": channel}, timeout=DEADLINE)
        (started,) = s3.list_objects_v2(Bucket="tapes")["Contents"]
        assert started["Key"].endswith("/events/recording-started.json")
        served.stop(signal.SIGTERM)
        ivs.close()
        s3.close()
    finally:
        server.stop()


def test_serve_strictly(serve: Serve) -> None:
    """With --no-insecure-ingest RTMP is for channels that allow it."""
    served = serve("--rtmp-port", str(free_port()), "--no-insecure-ingest")
    with RawClient(served.port) as client:
        strict = json.loads(client.call("/CreateChannel").body)
    with Encoder(f"{rtmp_url(served)}{strict['streamKey']['value']}") as encoder:
        assert b"does not allow insecure ingest" in encoder.rest()
    _, _, log = served.stop(signal.SIGTERM)
    assert "an encoder is refused" in log


def rtmp_url(served: Served) -> str:
    """Return where encoders push."""
    return str(re.findall(r"rtmp://\S+", served.welcome)[0])


def test_serve_killed(serve: Serve, tmp_path: Path) -> None:
    """A server that is killed while it records a push leaves whole files; the next one ends the recording."""
    folder, state = tmp_path / "recordings", tmp_path / "state.json"
    options = ("--rtmp-port", str(free_port()), "--recordings", str(folder), "--state", str(state))
    served = serve(*options)
    destination = {"destinationConfiguration": {"s3": {"bucketName": "shows"}}}
    with RawClient(served.port) as client:
        answer = client.call("/CreateRecordingConfiguration", json.dumps(destination).encode()).body
        recorded = {"recordingConfigurationArn": json.loads(answer)["recordingConfiguration"]["arn"]}
        key = json.loads(client.call("/CreateChannel", json.dumps(recorded).encode()).body)["streamKey"]["value"]
    with Encoder(f"{rtmp_url(served)}{key}") as encoder:
        encoder.send(13)
        until(lambda: [*folder.rglob("180p30/playlist.m3u8")])
        until(lambda: b'"recorded-files":{"' in re.sub(rb"\s", b"", state.read_bytes()))
        served.process.kill()
        served.process.communicate()
    (playlist,) = folder.rglob("180p30/playlist.m3u8")
    assert not m3u8.loads(playlist.read_text()).is_endlist
    so_far = tmp_path / "so-far"
    shutil.copytree(playlist.parent, so_far)
    with (so_far / "playlist.m3u8").open("a") as file:  # or ffmpeg would wait for more
        file.write("#EXT-X-ENDLIST\n")
    assert len(decoded(str(so_far / "playlist.m3u8")).pictures) == 100
    served = serve(*options)
    until(lambda: [*folder.rglob("events/recording-ended.json")])
    assert m3u8.loads(playlist.read_text()).is_endlist
    assert len(decoded(str(playlist)).pictures) == 100
    with Encoder(f"{rtmp_url(served)}{key}") as encoder:
        encoder.send(3)
        with RawClient(served.port) as client:
            assert len(json.loads(client.call("/ListStreams").body)["streams"]) == 1
    served.stop(signal.SIGTERM)


def test_serve_without_the_extra(tmp_path: Path) -> None:
    """Without uvicorn it says what to install, and so does `sim.serve()`."""
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('No module named uvicorn', name='uvicorn')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    text = 'uvicorn is not installed; pip install "ivsim[server]"'
    for arguments in (["-m", "ivsim", "serve"], ["-c", "import ivsim; ivsim.Emulator().serve()"]):
        command = [sys.executable, *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 1
        assert ran.stderr.splitlines()[-1] in (f"ivsim: {text}", f"ModuleNotFoundError: {text}")
