from __future__ import annotations

import importlib
import io
import subprocess
import sys
from typing import Any

import m3u8
import pytest
import requests
import responses
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ivsim import Emulator, mock_ivs
from ivsim.interceptors import when_imported

from ..calling import respond_in_parts

URL = "https://ivs.us-east-1.amazonaws.com"


def signed(path: str, body: str, region: str = "eu-west-1", service: str = "ivs") -> dict[str, str]:
    """Return the headers of a request that was signed by hand."""
    request = AWSRequest("POST", f"https://{service}.{region}.amazonaws.com{path}", data=body)
    SigV4Auth(Credentials("AKID", "secret"), service, region).add_auth(request)
    return dict(request.headers)


def test_signed_by_hand() -> None:
    """A call signed by hand is answered for the region it was signed for."""
    body = '{"name": "x"}'
    with mock_ivs():
        answer = requests.post(f"{URL}/CreateChannel", data=body, headers=signed("/CreateChannel", body))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert ":eu-west-1:" in answer.json()["channel"]["arn"]


def test_errors() -> None:
    """A refusal is an answer like any other."""
    with mock_ivs():
        answer = requests.post(f"{URL}/GetChannel", json={"arn": "x"})
    assert answer.status_code == 400
    assert answer.headers["X-Amzn-ErrorType"] == "ValidationException"
    with pytest.raises(requests.HTTPError):
        answer.raise_for_status()


@pytest.mark.parametrize(
    "body",
    [b'{"name": "x"}', '{"name": "x"}', io.BytesIO(b'{"name": "x"}'), iter([b'{"name"', ': "x"}'])],
    ids=["bytes", "text", "file", "iterable"],
)
def test_bodies(body: Any) -> None:
    """A body may be anything that requests sends."""
    with mock_ivs():
        assert requests.post(f"{URL}/CreateChannel", data=body).json()["channel"]["name"] == "x"


def test_no_body() -> None:
    """An operation without input wants no body."""
    with mock_ivs():
        assert requests.post(f"{URL}/ListChannels").json() == {"channels": []}


def test_unencoded_arns_in_paths() -> None:
    """An ARN in a path may be encoded, half-encoded or raw, and the session may be older than the mock."""
    session = requests.Session()
    with mock_ivs(), session:
        arn = session.post(f"{URL}/CreateChannel", json={"tags": {"a": "b"}}).json()["channel"]["arn"]
        for path in (arn, arn.replace("/", "%2F"), arn.replace("/", "%2F").replace(":", "%3A")):
            assert session.get(f"{URL}/tags/{path}").json() == {"tags": {"a": "b"}}
        assert session.delete(f"{URL}/tags/{arn}", params={"tagKeys": ["a", "b"]}).status_code == 200
        assert session.get(f"{URL}/tags/{arn}").json() == {"tags": {}}


def test_playback() -> None:
    """A player reaches the playlist of a live channel, those of its renditions, and their segments."""
    with mock_ivs() as sim:
        channel = requests.post(f"{URL}/CreateChannel", json={}).json()["channel"]
        assert requests.get(channel["playbackUrl"]).status_code == 404
        with sim.streams.start(channel["arn"]):
            multivariant = requests.get(channel["playbackUrl"])
            variant = requests.get(m3u8.loads(multivariant.text).playlists[0].uri)
            segment = requests.get(m3u8.loads(variant.text).segments[-1].uri)
        types = [answer.headers["Content-Type"] for answer in (multivariant, variant, segment)]
        assert types == ["application/vnd.apple.mpegurl", "application/vnd.apple.mpegurl", "video/mp2t"]
        assert segment.content[0] == 0x47
        assert [call.operation for call in sim.calls] == ["CreateChannel"]


def test_chat_does_not_leave_the_process() -> None:
    """The edge of IVS Chat is refused, not reached."""
    with mock_ivs():
        answer = requests.get("https://edge.ivschat.us-east-1.amazonaws.com")
    assert answer.status_code == 501
    assert "not emulated" in answer.json()["message"]


def test_slow_answers() -> None:
    """An answer slower than the timeout is a timeout."""
    with mock_ivs() as sim:
        sim.faults.latency("ListChannels", 3)
        for timeout in (3, (1, 2)):
            with pytest.raises(requests.ReadTimeout):
                requests.post(f"{URL}/ListChannels", timeout=timeout)
        assert requests.post(f"{URL}/ListChannels", timeout=(1, None)).ok
        assert requests.post(f"{URL}/ListChannels", timeout=4).ok


def test_own_responses_inside() -> None:
    """A user's own responses mock inside ours has all other hosts, and IVS is still answered here."""
    with mock_ivs(), responses.RequestsMock() as own:
        own.get("https://example.com/x", body="mine")
        assert requests.get("https://example.com/x").text == "mine"
        assert requests.post(f"{URL}/ListChannels").ok
        with pytest.raises(requests.ConnectionError):
            requests.get("https://example.com/y")


def test_own_responses_outside() -> None:
    """So has one that was there before."""
    with responses.RequestsMock() as own:
        own.get("https://example.com/x", body="mine")
        with mock_ivs():
            assert requests.get("https://example.com/x").text == "mine"
            assert requests.post(f"{URL}/ListChannels").ok
        own.post(f"{URL}/ListChannels", body="mine too")
        assert requests.post(f"{URL}/ListChannels").text == "mine too"


def run(script: str) -> str:
    """Return what a script prints in a process of its own, into which nothing has imported requests yet."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imported_later() -> None:
    """What imports requests when the mock is active already is answered too, until the mock ends."""
    script = """
import sys
from ivsim import mock_ivs
with mock_ivs():
    assert "requests" not in sys.modules
    import requests
    patched = requests.Session.get_adapter
    assert requests.post("https://ivs.us-east-1.amazonaws.com/ListChannels", data="{}").json() == {"channels": []}
    assert not any(type(each).__module__.startswith("ivsim") for each in sys.meta_path)
assert requests.Session.get_adapter is not patched
with mock_ivs():
    assert requests.post("https://ivs.us-east-1.amazonaws.com/ListChannels", data="{}").json() == {"channels": []}
print("answered")
"""
    assert run(script) == "answered\n"


def test_never_imported() -> None:
    """A mock imports no requests for those who do not use it, and leaves nothing behind that waits for it."""
    script = """
import sys
from ivsim import mock_ivs
def waiting():
    return [each for each in sys.meta_path if type(each).__module__.startswith("ivsim")]
with mock_ivs():
    assert len(waiting()) == 1
assert waiting() == []
print("requests" in sys.modules)
"""
    assert run(script) == "False\n"


def test_imported_while_the_mock_ends() -> None:
    """An import that the mock outlives only half patches nothing."""
    script = """
import sys
from ivsim import mock_ivs
mock = mock_ivs()
mock.start()
finder = sys.meta_path[0]
spec = finder.find_spec("requests.sessions", None)
mock.stop()
import requests
original = requests.Session.get_adapter
spec.loader.exec_module(requests.sessions)
assert requests.sessions.Session.get_adapter.__module__ == "requests.sessions"
assert finder.find_spec("requests.sessions", None) is None
print("left alone")
"""
    assert run(script) == "left alone\n"


def test_without_requests() -> None:
    """Where requests is not installed there is nothing to intercept, and its absence is told as ever."""
    script = """
import importlib.machinery, sys
from ivsim import mock_ivs
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = lambda name, *more: None if name == "requests" else find(name, *more)
with mock_ivs():
    try:
        import requests
    except ModuleNotFoundError as error:
        print(error)
"""
    assert run(script) == "No module named 'requests'\n"


def test_a_part_that_is_missing() -> None:
    """A module that nobody finds is not found because we waited for it."""
    with when_imported("ivsim.no_such_module", print), pytest.raises(ModuleNotFoundError):
        importlib.import_module("ivsim.no_such_module")


def test_bodies_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in parts, as they become ready, is refused: nothing in process becomes ready while one waits."""
    monkeypatch.setattr(Emulator, "respond", respond_in_parts)
    with mock_ivs():
        answer = requests.get("https://x.hls.live-video.net/v1/segment/x.ts")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (501, "NotEmulated")
    assert "sim.serve()" in answer.json()["message"]
