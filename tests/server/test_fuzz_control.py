"""Nonsense for the control endpoints: answered with a problem, and nothing is left of who listened and left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ivsim.server.control.app  # noqa: F401 - it fills ENDPOINTS
from ivsim import Emulator
from ivsim.server.control.endpoints import ENDPOINTS
from ivsim.server.run import Server

from .control_client import call
from .fuzzing import ANY_TEXT, JSON, ODD_JSON, Watch, is_served, members, until_nobody_is_left
from .waiting import DEADLINE, until

KNOWN = st.sampled_from(
    [
        *("show", "panel", "st-1", "star", "ListChannels", "CreateChannel", "ThrottlingException", "Channels"),
        *("Ingest Bitrate", "PUBLISH", "B_FRAME_PRESENT", "http://x/"),
    ]
)
WORDS = st.one_of(KNOWN, ANY_TEXT, JSON, st.sampled_from(["2030-01-01T12:00:00Z", "9998-12-31T23:59:59+14:00"]))
SECONDS = st.sampled_from([0, 1e-9, 30, 1e308, 2**63, 10**300])
HEADER = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Last-Event-ID": st.sampled_from(["0", "0-0", "1-1", "9" * 5000, "9" * 5000 + "-1", "\xb2", "-"]) | HEADER,
        "Accept": st.just("text/event-stream") | HEADER,
        "Origin": st.sampled_from(["null", "http://localhost", "http://[", "http://example.com"]) | HEADER,
        "Host": st.sampled_from(["", "[", "[::1]", "localhost:", "example.com", "127.1", "[::1%x]:1"]) | HEADER,
        "Content-Type": HEADER,
    },
)


@pytest.fixture(scope="module")
def door() -> Iterator[Server]:
    """A server that all examples knock at; of those that listened to it and left nothing stays."""
    sim = Emulator(history=100)
    with sim.serve() as server:
        watchers = len(sim._state._watchers)
        yield server
        until(lambda: not sim.calls._subscribers and not sim.events._subscribers)
        until(lambda: len(sim._state._watchers) == watchers)
        until_nobody_is_left()


@st.composite
def knocks(draw: st.DrawFn) -> tuple[str, str, bytes, dict[str, str]]:
    """Draw a request to an endpoint: method, target, body and headers."""
    endpoint = draw(st.sampled_from([each for each in ENDPOINTS if each.path != "/clock/advance"] + ENDPOINTS))
    path = endpoint.path
    for name in ("streamId", "roomArn", "participantId"):
        path = path.replace(f"{{{name}}}", quote(draw(KNOWN | ANY_TEXT), safe="/:", errors="replace"))
    names = [name for name in endpoint.parameters if name not in path] or ["x"]
    query = draw(st.dictionaries(st.sampled_from(names) | ANY_TEXT, KNOWN | ANY_TEXT, max_size=2))
    told = "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in query.items()
    )
    kind = endpoint.hints.get("body")
    known = getattr(kind, "__struct_encode_fields__", ()) or ("Channels",)
    body = draw(members(known, WORDS | SECONDS) | ODD_JSON | st.just(json.dumps(endpoint.example or {}).encode()))
    method = draw(
        st.just(endpoint.method) | st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    )
    tail = draw(st.just("") | st.sampled_from(["/", "//", "%2F", "%ff", "?", "?=", "?&&", "?%ff=%ff", "%00", ";"]))
    return method, f"/_ivsim{path}{tail}" + (f"?{told}" if told else ""), body, draw(HEADERS)


@settings(deadline=None)
@given(knock=knocks())
def test_nonsense(door: Server, knock: tuple[str, str, bytes, dict[str, str]]) -> None:
    """Whatever an endpoint is sent, it does it or answers a problem, which is no 500; a stream is left again."""
    method, target, body, headers = knock
    with Watch() as log:
        status, kind, text = said(door, method, target, body, headers)
        assert status < 500, text
        if status >= 400 and method not in ("HEAD", "OPTIONS"):
            assert kind == "application/problem+json", (status, kind, text)
            problem = json.loads(text)
            assert problem["status"] == status
            assert problem["detail"]
        assert is_served(door)
    assert log.texts == []


OF_SOMEBODY = [each for each in ENDPOINTS if "{participantId}" in each.path]


@settings(deadline=None)
@given(data=st.data())
def test_nonsense_about_somebody(door: Server, data: st.DataObject) -> None:
    """Whatever somebody on a stage is told to do, they do it or it is answered with a problem, which is no 500."""
    sim = door.emulator
    stage = call(sim, "CreateStage")["stage"]["arn"]
    ann, bob = sim.stages.join(stage), sim.stages.join(stage)
    bob.publish()
    if data.draw(st.booleans()):
        ann.publish()
    with Watch() as log:
        for each in data.draw(st.lists(st.sampled_from(OF_SOMEBODY), min_size=1, max_size=4)):
            known = getattr(each.hints.get("body"), "__struct_encode_fields__", ("x",))
            ids = st.sampled_from([ann.participant_id, bob.participant_id])
            body = data.draw(st.just(b"{}") | members(known, WORDS | SECONDS | ids))
            target = f"/_ivsim{each.path}".replace("{participantId}", ann.participant_id)
            status, _, text = said(door, each.method, target, body, {})
            assert status in (200, 204, 400, 409), text
    assert log.texts == []
    call(sim, "DeleteStage", arn=stage)


def said(door: Server, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
    """Send a request; return status, media type and body of the answer, but of one without end nothing but its head."""
    connection = HTTPConnection(door.host, door.port, timeout=DEADLINE)
    connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders(body)
    response = connection.getresponse()
    kind: Any = response.headers.get_content_type()
    if kind == "text/event-stream":
        assert connection.sock is None or response.status == 200
        text = b""
    else:
        text = response.read()
    response.close()
    connection.close()
    return response.status, kind, text
