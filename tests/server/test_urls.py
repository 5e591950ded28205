"""URLs in answers that lead to the server."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from ivsim import Emulator
from ivsim.server.urls import reachable, with_own_urls

from .control_client import Control, call
from .raw import RawClient

AWS = "https://89e4e5f1cd12.us-east-1.playback.live-video.net"


def asked(port: int, target: str, host: str, **members: Any) -> str:
    """Return the body of an answer to a request by a name of the host."""
    body = json.dumps(members)
    with RawClient(port) as client:
        head = f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        return client.send(f"{head}{body}".encode()).read().body.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:4870", "localhost:80", "[::1]:4870", "ivs.example.test"])
def test_by_the_host(sim: Emulator, host: str) -> None:
    """A playback URL is the server's own, by the host that the client came by, in every answer that has one."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    with sim.serve() as server, sim.streams.start(arn):
        for operation in ("GetChannel", "GetStream"):
            member = {"GetChannel": "arn", "GetStream": "channelArn"}[operation]
            (shown,) = json.loads(asked(server.port, f"/{operation}", host, **{member: arn})).values()
            assert shown["playbackUrl"].startswith(f"http://{host}/api/video/v1/")
    assert call(sim, "GetChannel", arn=arn)["channel"]["playbackUrl"].startswith(f"{AWS}/api/video/v1/")


def test_it_plays(sim: Emulator, control: Control) -> None:
    """Who follows the URL of an overview finds the playlist."""
    sim.streams.start(call(sim, "CreateChannel")["channel"]["arn"])
    (channel,) = control("GET", "/overview").body["channels"]
    url = channel["playbackUrl"]
    assert url.startswith(f"{control.server.url}/")
    with RawClient(control.server.port) as client:
        assert client.call(url.removeprefix(control.server.url), b"", method="GET").status == 200


@pytest.mark.needs("CreateIngestConfiguration")
@pytest.mark.parametrize("host", ["127.0.0.1:4870", "[::1]:4870", "ivs.example.test"])
def test_stages(sim: Emulator, host: str) -> None:
    """A stage's endpoints, and those in tokens, are the server's own; such a token is good in process as well."""
    own = {"events": f"ws://{host}", "whip": f"http://{host}"}
    with sim.serve() as server:
        tokens = [{"userId": "ann", "attributes": {"token": "eyJ.x.y"}}, {}]
        made = json.loads(asked(server.port, "/CreateStage", host, participantTokenConfigurations=tokens))
        arn = made["stage"]["arn"]
        shown = json.loads(asked(server.port, "/GetStage", host, arn=arn))["stage"]
        more = json.loads(asked(server.port, "/CreateParticipantToken", host, stageArn=arn))["participantToken"]
    aws = call(sim, "GetStage", arn=arn)["stage"]["endpoints"]
    assert (aws["events"], aws["whip"][:8]) == ("wss://global.events.live-video.net", "https://")
    assert made["stage"]["endpoints"] == shown["endpoints"] == {**aws, **own}
    assert made["participantTokens"][0]["attributes"] == {"token": "eyJ.x.y"}
    for each in (*made["participantTokens"], more):
        claims = jwt.decode(each["token"], options={"verify_signature": False})
        assert (claims["events_url"], claims["whip_url"]) == (own["events"], own["whip"])
        assert list(claims)[:7] == ["exp", "iat", "jti", "resource", "topic", "events_url", "whip_url"]
        assert sim.stages.join(each["token"]).participant_id == each["participantId"]


@pytest.mark.needs("CreateIngestConfiguration")
def test_aws_urls(sim: Emulator) -> None:
    """Who asks for AWS's URLs gets them."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    with sim.serve(aws_urls=True) as server:
        assert f'"playbackUrl":"{AWS}/' in asked(server.port, "/GetChannel", "localhost", arn=arn)
        (channel,) = Control(server)("GET", "/overview").body["channels"]
        assert channel["playbackUrl"].startswith(f"{AWS}/")
        made = json.loads(asked(server.port, "/CreateStage", "localhost"))["stage"]
        assert made["endpoints"] == call(sim, "GetStage", arn=made["arn"])["stage"]["endpoints"]
        token = json.loads(asked(server.port, "/CreateParticipantToken", "localhost", stageArn=made["arn"]))
        claims = jwt.decode(token["participantToken"]["token"], options={"verify_signature": False})
        assert claims["whip_url"] == made["endpoints"]["whip"]


@pytest.mark.parametrize(
    ("body", "host"),
    [
        (f'{{"playbackUrl":"{AWS}/x"}}', 'evil","x":"'),
        (f'{{"playbackUrl":"{AWS}/x"}}', ""),
        (f'{{"name":"{AWS}/x"}}', "localhost"),
        ('{"playbackUrl":"https://example.com/x"}', "localhost"),
        ('{"tags":{"endpoints":"wss://global.events.live-video.net","token":"eyJ.x.y"}}', "localhost"),
    ],
    ids=["no host's name", "no host", "another member", "another URL", "members of a user's"],
)
def test_what_stays(sim: Emulator, body: str, host: str) -> None:
    """Nothing else is changed, and a host that is no name of one changes nothing."""
    assert with_own_urls(body.encode(), host, sim.stages, scheme="http") == body.encode()


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("studio.internal:4870", "rtmp://studio.internal:1935/app/"),
        ("192.0.2.7", "rtmp://192.0.2.7:1935/app/"),
        ("[2001:db8::7]:4870", "rtmp://[2001:db8::7]:1935/app/"),
        ("localhost:4870", "rtmp://127.0.0.1:1935/app/"),
        ("ivsim.localhost", "rtmp://127.0.0.1:1935/app/"),
        ("[::1]:4870", "rtmp://127.0.0.1:1935/app/"),
        ("", "rtmp://127.0.0.1:1935/app/"),
        ("no host", "rtmp://127.0.0.1:1935/app/"),
    ],
)
def test_for_encoders(host: str, seen: str) -> None:
    """Encoders are told loopback on this machine, and elsewhere the host that the client came by."""
    assert reachable("rtmp://127.0.0.1:1935/app/", host) == seen
    assert reachable("rtmp://[::1]:1935/app/", host) == seen.replace("127.0.0.1", "[::1]")


def test_an_address_of_ones_own() -> None:
    """A server that listens at one address alone tells that one."""
    assert reachable("rtmp://192.0.2.7:1935/app/", "studio.internal:4870") == "rtmp://192.0.2.7:1935/app/"
