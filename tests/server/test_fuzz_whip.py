"""Nonsense at the door for media: offers, candidates, tokens, paths. Who sends it is refused, and the others go on."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.server.run import Server

from .fuzzing import Watch, exchange
from .stages.meeting import OFFER, Meeting
from .waiting import until

pytest.importorskip("aiortc", reason="aiortc is not installed")

from ivsim.server.stages.webrtc import Connection

from .stages.peers import FORM, Client, Pictures

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")
"""Hypothesis takes what aiortc draws in other threads for what a strategy does."""

Answer = tuple[int, dict[str, str]]


class Stage:
    """A stage on a port, on which ada publishes and bob sees that, and eve does nothing."""

    def __init__(self, server: Server) -> None:
        self.server, self.sim = server, server.emulator
        self.meeting = Meeting.on(self.sim, server)
        ada, bob, eve = self.meeting.token(), self.meeting.token(), self.meeting.token()
        self.ada, self.eve = str(ada["participantId"]), str(eve["token"])
        self.idle = self.sim.stages.join(self.eve)
        self.sim.stages.join(bob["token"])
        self.sending = Client(server.url, ada["token"], Pictures(FORM))
        until(lambda: self.meeting.find(ada).is_publishing)
        self.seeing = Client(f"{server.url}/subscribe/{self.ada}", bob["token"], receives=True)
        self.seeing.sees(180)
        self.there = self.ids()

    def ids(self) -> set[str]:
        """Return who is there."""
        return {each.participant_id for each in self.sim.stages.participants}

    def ask(self, method: str, target: str, body: bytes, headers: dict[str, str], end: str = "half") -> Answer:
        """Return status and headers of the answer to a request; where there is none they are 0 and empty."""
        sent = {"Host": "x", "Content-Length": str(len(body) + (end == "cut")), **headers}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        data = "\r\n".join(lines).encode("latin-1", "replace") + body
        head = exchange(self.server.port, data, half=end != "reset").partition(b"\r\n\r\n")[0].decode("latin-1")
        first, *rest = head.split("\r\n")
        status = re.match("HTTP/1.1 ([0-9]{3}) ", first)
        return int(status[1]) if status else 0, {
            name.lower(): value for name, _, value in (x.partition(": ") for x in rest)
        }

    def until_they_are_alone(self) -> None:
        """Wait until all others are gone; ada and bob go on."""
        until(lambda: self.ids() == self.there and not self.idle.is_subscribed_to(self.ada))
        assert (self.sending.state, self.seeing.state) == ("connected", "connected")


def is_nothing_left() -> bool:
    """Return whether no connection is in memory."""
    gc.collect()
    return not any(type(each) is Connection for each in gc.get_objects())


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that all examples come to; those who do not connect are gone soon, and nothing is left of them."""
    with pytest.MonkeyPatch.context() as patch, Emulator(history=100).serve() as server:
        stage = Stage(server)
        patch.setattr("ivsim.server.stages.webrtc.PATIENCE", 0.02)
        yield stage
        so_far = len(stage.seeing.seen)
        until(lambda: len(stage.seeing.seen) > so_far)
        stage.seeing.close()
        stage.sending.close()
        until(lambda: stage.ada not in stage.ids())
        until(is_nothing_left)


LINES = st.sampled_from(
    [
        "",
        "v=0",
        "v=1",
        "m=",
        "m=audio",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 0 RTP/AVP",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=",
        "a=:",
        "a=mid:",
        "a=mid:0",
        "a=mid:" + "x" * 65,
        "a=group:BUNDLE",
        "a=group:LS 0 1",
        "a=setup:active",
        "a=setup:passive",
        "a=setup:x",
        "a=ice-ufrag:",
        "a=ice-ufrag:\xff",
        "a=ice-pwd:x",
        "a=ice-lite",
        "a=fingerprint:",
        "a=fingerprint:sha-256",
        "a=fingerprint:md5 00",
        "a=fingerprint:sha-256 zz:\u0660",
        "a=recvonly",
        "a=inactive",
        "a=rtpmap:108 VP9/90000",
        "a=rtpmap:999 H264/90000",
        "a=rtpmap:\u0661 H264/90000",
        "a=rtpmap:111 opus",
        "a=rtpmap:111 ",
        "a=fmtp:108 profile-level-id=64",
        "a=fmtp:108 profile-level-id=640c1f;packetization-mode=9",
        "a=rtcp-fb:* nack pli",
        "a=extmap:1/x urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:99 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=rid:\u00e9 send",
        "a=simulcast:send a;b",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
        "a=candidate:1 1 tcp 1 x.local 9 typ srflx",
        "a=candidate:",
        "a=end-of-candidates",
        "\x00",
        "x" * 10_000,
    ]
)


@st.composite
def changed(draw: st.DrawFn, text: str) -> bytes:
    """Draw a text whose lines are dropped, doubled, put elsewhere, cut or replaced."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(0, 4))):
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "cut", "replace", "insert"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(other, lines[at])
            case "swap":
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case "replace":
                lines[at] = draw(LINES)
            case _:
                lines.insert(at, draw(LINES))
    end = draw(st.sampled_from(["\r\n", "\r\n", "\n", "\r"]))
    return "".join(line + end for line in lines).encode("utf-8", "replace")


RECEIVES = OFFER.replace("a=sendonly", "a=recvonly")
MANY = OFFER + "".join(re.sub("a=mid:1", f"a=mid:{mid}", OFFER[OFFER.index("m=video") :]) for mid in range(2, 18))
OFFERS = st.one_of(
    changed(OFFER), changed(OFFER), changed(RECEIVES), st.just(MANY.encode()), st.binary(max_size=40), st.just(b"v=0")
)
FRAGMENTS = st.one_of(
    changed("a=ice-ufrag:4ZcD\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlig\nm=audio 9 RTP/AVP 0\na=mid:0\na=end-of-candidates"),
    st.binary(max_size=40),
)
TARGETS = st.sampled_from(
    [
        "/",
        "/",
        "/?x=%ff",
        "/publish/{ada}",
        "/publish/x",
        "/publish/",
        "/publish/%ff",
        "/subscribe/{ada}",
        "/subscribe/{ada}",
        "/subscribe/x",
        "/subscribe/{ada}/x",
        "/global.whip",
        "/whip/" + "0" * 32,
        "/whip/",
        "//",
        "/CreateStage",
    ]
)
TOKENS = st.sampled_from(
    ["Bearer {fresh}"] * 5 + ["Bearer {eve}"] * 4 + ["bearer  {eve} ", "Basic {eve}", "{eve}", "Bearer eyJ.e30.x", ""]
)
TYPES = st.sampled_from(
    ["application/sdp"] * 9 + ["Application/SDP ; a", "application/trickle-ice-sdpfrag", "application/json", ";", ""]
)
VALUE = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20).map(str.strip)
HEADERS = st.dictionaries(
    st.sampled_from(["User-Agent", "X-Stages-SDK", "X-Stages-Options", "If-Match", "Origin", "Expect", "Host"]),
    VALUE,
    max_size=3,
)


@settings(deadline=None)
@given(
    method=st.sampled_from(["POST"] * 16 + ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]),
    target=TARGETS,
    body=OFFERS,
    token=TOKENS,
    content_type=TYPES,
    headers=HEADERS,
    end=st.sampled_from(["half"] * 5 + ["cut", "reset"]),
)
def test_offers(
    stage: Stage,
    method: str,
    target: str,
    body: bytes,
    token: str,
    content_type: str,
    headers: dict[str, str],
    end: str,
) -> None:
    """Whatever is offered, it is answered or refused, nobody stays who does not connect, and the others go on."""
    with Watch() as log:
        bearer = token.format(fresh=stage.meeting.token()["token"], eve=stage.eve)
        headers = {"Authorization": bearer, "Content-Type": content_type, **headers}
        status, _ = stage.ask(method, target.format(ada=stage.ada), body, headers, end)
        assert status < 500 or (status, method) == (501, "BREW")
        stage.until_they_are_alone()
    assert log.texts == []


@settings(deadline=None)
@given(
    method=st.sampled_from(["PATCH", "PATCH", "PATCH", "PATCH", "POST", "PUT", "DELETE", "OPTIONS"]),
    body=FRAGMENTS,
    content_type=st.just("application/trickle-ice-sdpfrag") | TYPES,
    match=st.sampled_from(["{tag}", "{tag}", "*", '"*", {tag}', "W/{tag}", ",", "", "\xff"]) | VALUE,
    token=st.just("Bearer {fresh}") | TOKENS,
)
def test_candidates(stage: Stage, method: str, body: bytes, content_type: str, match: str, token: str) -> None:
    """Whatever comes after an offer, it is taken or refused, and the others go on."""
    with Watch() as log:
        fresh = stage.meeting.token()["token"]
        headers = {"Authorization": f"Bearer {fresh}", "Content-Type": "application/sdp"}
        status, told = stage.ask("POST", "/", OFFER.encode(), headers)
        assert status == 201
        headers = {"Authorization": token.format(fresh=fresh, eve=stage.eve), "Content-Type": content_type}
        headers["If-Match"] = match.replace("{tag}", told["etag"])
        status, _ = stage.ask(method, told["location"].removeprefix("http://x"), body, headers)
        assert 200 <= status < 500
        stage.until_they_are_alone()
    assert log.texts == []
