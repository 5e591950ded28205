from __future__ import annotations

import inspect
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from ivsim import Emulator, mock_ivs

from ..calling import respond_in_parts


def client(service: str = "ivs", **options: Any) -> Any:
    return boto3.client(service, region_name="us-east-1", **options)


@pytest.mark.parametrize(
    "config",
    [
        Config(use_fips_endpoint=True),
        Config(use_dualstack_endpoint=True),
        Config(retries={"mode": "standard"}),
        Config(retries={"mode": "adaptive"}),
        Config(signature_version=botocore.UNSIGNED),
        Config(parameter_validation=False, user_agent_extra="x", max_pool_connections=1),
    ],
)
def test_configurations(config: Config) -> None:
    """Clients of any configuration are answered."""
    with mock_ivs() as sim:
        client(config=config).create_channel()
        assert sim.calls[-1].region == "us-east-1"


def test_every_kind_of_client() -> None:
    """So are clients of sessions, of botocore alone, and ones made in another thread."""
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(client()))
    thread.start()
    thread.join()
    with mock_ivs() as sim:
        made.append(boto3.Session(region_name="us-east-1").client("ivs"))
        made.append(botocore.session.get_session().create_client("ivs", region_name="us-east-1"))
        for each in made:
            each.create_channel()
        assert len(sim.calls) == 3


def test_unsigned_region_is_the_hosts() -> None:
    """A request without signature belongs to the region of the host it was sent to."""
    with mock_ivs():
        unsigned = boto3.client("ivs", region_name="eu-west-1", config=Config(signature_version=botocore.UNSIGNED))
        assert ":eu-west-1:" in unsigned.create_channel()["channel"]["arn"]


def test_real_time() -> None:
    """Calls to IVS Real-Time, which signs as IVS does, are answered by it, and do not leave the process."""
    with mock_ivs() as sim:
        stages = client("ivs-realtime")
        arn = stages.create_stage(tags={"a": "b"})["stage"]["arn"]
        assert stages.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
        with pytest.raises(stages.exceptions.ResourceNotFoundException):
            stages.list_tags_for_resource(resourceArn=f"{arn}x")
        assert {call.service for call in sim.calls} == {"ivs-realtime"}


def test_events_of_botocore_still_fire() -> None:
    """A user's own handlers on a client's events are called, with the request and the parsed response."""
    seen: list[str] = []
    with mock_ivs():
        ivs = client()
        for event in ("before-call", "request-created", "before-parse", "response-received", "after-call"):
            ivs.meta.events.register(f"{event}.ivs.CreateChannel", lambda event_name, **_: seen.append(event_name))
        ivs.create_channel()
    expected = ["before-call", "request-created", "before-parse", "response-received", "after-call"]
    if "before-parse" not in inspect.getsource(Endpoint):  # an older botocore
        expected.remove("before-parse")
    assert [name.partition(".")[0] for name in seen] == expected


def test_throttled_calls_are_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore waits and tries again, as in life; each try is a call."""
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with mock_ivs() as sim:
        sim.faults.add("PutMetadata", "ThrottlingException", times=2)
        ivs = client()
        arn = ivs.create_channel()["channel"]["arn"]
        with sim.streams.start(arn) as live:
            answer = ivs.put_metadata(channelArn=arn, metadata="x")
            assert answer["ResponseMetadata"]["RetryAttempts"] == 2
            assert len(live.metadata) == 1
        assert [call.status for call in sim.calls.of("PutMetadata")] == [429, 429, 204]
        assert len(waits) == 2


def test_client_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client without retries sees the throttling."""
    with mock_ivs() as sim:
        sim.faults.add("ListChannels", "ThrottlingException", message="slow down")
        impatient = client(config=Config(retries={"total_max_attempts": 1}))
        with pytest.raises(ClientError, match="slow down"):
            impatient.list_channels()
        assert impatient.list_channels()["channels"] == []


def test_read_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that takes longer than the client's read timeout is a timeout, and nobody sleeps for it."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with mock_ivs() as sim:
        sim.clock.freeze()
        before = sim.clock.now()
        sim.faults.latency("CreateChannel", 5)
        hasty = client(config=Config(read_timeout=5, retries={"total_max_attempts": 2}))
        with pytest.raises(ReadTimeoutError):
            hasty.create_channel()
        assert len(sim.calls) == 2
        assert (sim.clock.now() - before).total_seconds() == 10
        client(config=Config(read_timeout=6)).create_channel()


def test_bug_of_ours_shows_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that is no answer reaches the caller as it is, and the state is as before the call."""

    def broken(self: object, length: int) -> str:
        if length == 69:
            raise ZeroDivisionError("a bug")
        return "a" * length

    with mock_ivs() as sim:
        ivs = client()
        with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError, match="a bug"):
            patched.setattr("ivsim.core.ids.Ids.alphanumeric", broken)
            ivs.create_channel()
        assert ivs.list_channels()["channels"] == []
        assert [call.operation for call in sim.calls] == ["ListChannels"]


def test_signed_by_hand() -> None:
    """A request that was signed by hand and is sent with botocore's own HTTP session is answered."""
    request = AWSRequest("POST", "https://ivs.eu-west-1.amazonaws.com/CreateChannel", data=b'{"name": "x"}')
    SigV4Auth(Credentials("x", "x"), "ivs", "eu-west-1").add_auth(request)
    with mock_ivs():
        response = URLLib3Session().send(request.prepare())
    assert response.status_code == 200
    assert ":eu-west-1:" in response.text


def test_a_signature_by_hand() -> None:
    """What is signed by hand has its real signature, as whoever looks at it expects."""
    who = Credentials("x", "secret"), "ivs", "eu-west-1"
    request = AWSRequest("POST", "https://ivs.eu-west-1.amazonaws.com/ListChannels", data=b"{}")
    with mock_ivs():
        SigV4Auth(*who).add_auth(request)
    authorization = request.headers["Authorization"]
    del request.headers["Authorization"]
    outside = SigV4Auth(*who)
    text = outside.string_to_sign(request, outside.canonical_request(request))
    assert authorization.endswith(f"Signature={outside.signature(text, request)}")


class _Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"channels": [{"name": "elsewhere"}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be silent."""


def test_an_endpoint_elsewhere_is_left_alone() -> None:
    """An explicit endpoint_url is the user's wish: the call goes there, by client or by hand."""
    server = HTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with mock_ivs() as sim:
            assert client(endpoint_url=url).list_channels()["channels"] == [{"name": "elsewhere"}]
            by_hand = AWSRequest("POST", f"{url}/ListChannels", data=b"{}").prepare()
            assert URLLib3Session().send(by_hand).status_code == 200
            assert len(sim.calls) == 0
    finally:
        server.shutdown()
        server.server_close()


def test_other_services_are_left_alone() -> None:
    """Another service's client without credentials still has none."""
    anonymous = boto3.Session().client("sts", region_name="us-east-1")
    with mock_ivs(), pytest.raises(botocore.exceptions.NoCredentialsError):
        anonymous.get_caller_identity()


def test_an_endpoint_class_defined_later() -> None:
    """A subclass of botocore's endpoint that is imported while the mock is active is patched, and restored, too."""
    with mock_ivs():

        class Late(Endpoint):  # type: ignore[misc]
            def _do_get_response(self, request: Any, operation_model: Any, context: Any) -> Any:
                return "original"

        class Plain(Endpoint):  # type: ignore[misc]
            """Has no method of its own to patch."""

        assert Late._do_get_response.__name__ == "do_get_response"
        assert Plain._do_get_response is Endpoint._do_get_response
    late: Any = Late
    assert late._do_get_response(None, None, None, None) == "original"


def test_body_as_text() -> None:
    """A request whose body is text is answered like one of bytes."""
    with mock_ivs():
        ivs = client()
        ivs.meta.events.register(
            "request-created.ivs.CreateChannel", lambda request, **_: setattr(request, "data", '{"name": "text"}')
        )
        assert ivs.create_channel()["channel"]["name"] == "text"


def test_two_emulators() -> None:
    """Emulators that are not active do not get in the way."""
    idle = Emulator()
    with mock_ivs() as sim:
        client().create_channel()
        assert (len(idle.calls), len(sim.calls)) == (0, 1)


def test_credentials_that_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client made before whose credentials are fetched anew asks nobody for them inside the mock."""

    def fetch() -> Any:
        raise AssertionError("asked for credentials")

    session = botocore.session.Session()
    soon = datetime.now(timezone.utc)
    session._credentials = RefreshableCredentials("x", "x", "x", soon, fetch, "test")
    early = session.create_client("ivs", region_name="us-east-1")
    sts = session.create_client("sts", region_name="us-east-1")
    with mock_ivs() as sim:
        early.create_channel()
        assert len(sim.calls) == 1
        with pytest.raises(AssertionError, match="asked"):
            sts.get_caller_identity()
    assert early._request_signer._credentials is session._credentials


def test_bodies_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in parts is refused, of clients and of requests that are sent by hand."""
    monkeypatch.setattr(Emulator, "respond", respond_in_parts)
    with mock_ivs():
        with pytest.raises(ClientError, match=r"NotEmulated.*sim\.serve\(\)"):
            boto3.client("ivs", region_name="us-east-1").list_channels()
        request = AWSRequest("GET", "https://x.hls.live-video.net/v1/segment/x.ts").prepare()
        answer = URLLib3Session().send(request)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (501, "NotEmulated")
