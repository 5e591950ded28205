"""What the playback edge answers: who gets what, for how long, and what others hear."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from typing import Any

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator, Request
from ivsim.ivs.playback import pictures
from ivsim.media import simulation
from ivsim.wire.http import Recipe

from ...calling import call, send, signed
from ...media.containers import inserted
from ..conftest import NOON, Channel, import_key, segment_urls, variant_urls
from .refusals import NOT_AUTHORIZED, NOT_FOUND, RESTRICTED, code


def restrict(channel: Channel, **policy: Any) -> str:
    """Put a playback restriction policy on a channel, take it live, and return the policy's ARN."""
    lists = {"allowedCountries": [], "allowedOrigins": [], **policy}
    created = call(channel.sim, "CreatePlaybackRestrictionPolicy", **lists).body
    arn = str(created["playbackRestrictionPolicy"]["arn"])
    call(channel.sim, "UpdateChannel", arn=channel.arn, playbackRestrictionPolicyArn=arn)
    channel.sim.streams.start(channel.arn)
    return arn


def revoke(channel: Channel, viewer_id: str, version: int = 0) -> None:
    """Revoke a viewer's sessions."""
    members = {"viewerId": viewer_id, "viewerSessionVersionsLessThanOrEqualTo": version}
    assert call(channel.sim, "StartViewerSessionRevocation", channelArn=channel.arn, **members).status == 200


def test_offline_and_unknown(public: Channel) -> None:
    """A channel that is not live, and one that does not exist, are not found."""
    path = public.url.partition(".net")[2]
    for _ in range(2):
        answer = public.watch()
        assert answer.headers["Content-Type"] == "application/json"
        assert json.loads(answer.body) == [
            {
                "url": path,
                "error": "Can not find channel",
                "error_code": "transcode_does_not_exist",
                "type": "error",
            }
        ]
        assert code(answer) == NOT_FOUND
        with public.sim.streams.start(public.arn):
            assert public.watch().status == 200
    for url in (public.arn + "x", public.arn.replace("us-east-1", "eu-west-1"), public.url.replace(".m3u8", "")):
        assert code(public.sim.playback.request(url)) == NOT_FOUND


def test_not_live_yet(private: Channel) -> None:
    """With realistic transitions a channel can be watched from Stream Start on."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.streams.start(arn)
    assert code(sim.playback.request(arn)) == NOT_FOUND
    sim.clock.advance(4)
    assert sim.playback.request(arn).status == 200


def test_private_channels_do_not_tell(private: Channel) -> None:
    """Whoever has no token does not learn whether a private channel is live."""
    live = private.watch()
    call(private.sim, "StopStream", channelArn=private.arn)
    assert private.watch() == live
    answer = private.watch(token=private.token())
    assert code(answer) == NOT_FOUND
    assert "pbac=true" in answer.body
    assert "token=" not in answer.body


def test_a_session(private: Channel) -> None:
    """Each multivariant request opens a session, with what the token says; what follows belongs to it."""
    stream_id = call(private.sim, "GetStream", channelArn=private.arn).body["stream"]["streamId"]
    token = private.token(
        viewer_id="ann", viewer_session_version=3, access_control_allow_origin="https://a.com,https://*.b.com"
    )
    answer = private.watch(token=token)
    session = answer.viewer_session
    assert session is not None
    assert (session.channel_arn, session.stream_id, session.opened_at) == (private.arn, stream_id, NOON)
    assert (session.viewer_id, session.viewer_session_version) == ("ann", 3)
    assert session.origins == ("https://a.com", "https://*.b.com")
    assert not session.strict_origin_enforcement
    variant = private.sim.playback.request(variant_urls(answer)[0])
    segment = private.sim.playback.request(segment_urls(variant)[0])
    assert variant.viewer_session == segment.viewer_session == session
    assert private.watch(token=token).viewer_session != session
    with pytest.raises(FrozenInstanceError):
        answer.status = 500  # type: ignore[misc]


def test_bad_input(public: Channel) -> None:
    """What is no channel and no playback URL, and what is no country, is the caller's mistake."""
    for url in ("", "x", public.arn.replace("channel/", "stream-key/"), "https://example.com/x.m3u8", "/x"):
        with pytest.raises(ValueError, match=r"channel_arn_or_url: .* is neither the ARN of a channel"):
            public.sim.playback.request(url)
    for country in ("", "Germany", "D1"):
        with pytest.raises(ValueError, match=f"country: '{country}' is not"):
            public.watch(country=country)
    for origin in ("", "example.com", "https://", "https://a.com/", "https://a.com?x", "//a.com", "*"):
        with pytest.raises(ValueError, match=r"origin: .* is not an origin, which has a scheme and a host and no path"):
            public.watch(origin=origin)
    for origin in ("null", "capacitor://localhost", "http://localhost:3000", "https://[::1]:8080"):
        assert public.watch(origin=origin).status == 404
    channel = call(public.sim, "GetChannel", arn=public.arn).body["channel"]
    wrong: tuple[Any, ...] = (None, channel, public.arn.encode(), 5)
    for url in wrong:
        with pytest.raises(TypeError, match=r"channel_arn_or_url: .* is not a string"):
            public.sim.playback.request(url)
    for name in ("token", "origin", "country"):
        for text in wrong[1:]:
            with pytest.raises(TypeError, match=f"{name}: .* is not a string"):
                public.watch(**{name: text})


def test_countries(public: Channel) -> None:
    """A policy's countries may watch, and who is from nowhere known; others not. What comes later, the next hear."""
    policy = restrict(public, allowedCountries=["DE", "at"])
    for country in ("DE", "de", "AT", None):
        assert public.watch(country=country).status == 200
    answer = public.watch(country="FR")
    assert code(answer) == RESTRICTED
    assert "pbac" not in answer.body
    variant = variant_urls(public.watch(country="DE"))[0]
    call(public.sim, "UpdatePlaybackRestrictionPolicy", arn=policy, allowedCountries=["FR"])
    assert code(public.watch(country="DE")) == RESTRICTED
    assert public.watch(country="FR").status == 200
    assert public.sim.playback.request(variant, country="DE").status == 200


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (None, True),
        ("https://a.com", True),
        ("HTTPS://A.com", True),
        ("https://a.com:8080", False),
        ("http://a.com", False),
        ("https://b.com", False),
        ("https://x.b.com", True),
        ("https://x.y.b.com", True),
        ("http://x.b.com", False),
        ("https://xb.com", False),
        ("https://c.com", False),
        ("null", False),
    ],
)
def test_origins(public: Channel, origin: str | None, is_allowed: bool) -> None:
    """A policy's sites may play, `https://*.` stands for every host below; players on no site too."""
    restrict(public, allowedOrigins=["https://a.com", "https://*.b.com", "https://c.*"])
    answer = public.watch(origin=origin)
    if not is_allowed:
        assert code(answer) == RESTRICTED
        return
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == (origin or "*")
    assert ("Vary" in answer.headers) == (origin is not None)
    variant = public.sim.playback.request(variant_urls(answer)[0], origin="https://elsewhere.com")
    assert public.sim.playback.request(segment_urls(variant)[0]).status == 200


def test_any_origin(public: Channel) -> None:
    """`*` is every site."""
    restrict(public, allowedOrigins=["*"])
    assert public.watch(origin="https://x.com").status == 200


@pytest.mark.parametrize("kind", ["public", "private"])
def test_strict_origins(kind: str, request: pytest.FixtureRequest) -> None:
    """When origins are enforced strictly, each request wants one that is allowed; so policies and tokens do."""
    channel: Channel = request.getfixturevalue(kind)
    token = None
    if kind == "private":
        token = channel.token(access_control_allow_origin="https://a.com", strict_origin_enforcement=True)
        refused = NOT_AUTHORIZED
    else:
        restrict(channel, allowedOrigins=["https://a.com"], enableStrictOriginEnforcement=True)
        refused = RESTRICTED
    assert code(channel.watch(token=token)) == refused
    variant = variant_urls(channel.watch(token=token, origin="https://a.com"))[0]
    segment = segment_urls(channel.sim.playback.request(variant, origin="https://a.com"))[0]
    for url in (variant, segment):
        assert channel.sim.playback.request(url, origin="https://a.com").status == 200
        assert code(channel.sim.playback.request(url)) == refused
        assert code(channel.sim.playback.request(url, origin="https://b.com")) == refused


def test_policies_of_private_channels(public: Channel) -> None:
    """On a private channel the policy is not looked at."""
    restrict(public, allowedCountries=["DE"], allowedOrigins=["https://a.com"], enableStrictOriginEnforcement=True)
    call(public.sim, "StopStream", channelArn=public.arn)
    call(public.sim, "UpdateChannel", arn=public.arn, authorized=True)
    assert code(public.watch(country="DE", origin="https://a.com")) == NOT_AUTHORIZED


def test_revocation(private: Channel) -> None:
    """Revocation ends a viewer's sessions up to a version and keeps out their tokens; later versions play on."""
    tokens = [private.token(viewer_id="ann", viewer_session_version=version) for version in range(3)]
    others = [private.token(viewer_id="bob"), private.token()]
    variants = [variant_urls(private.watch(token=token))[0] for token in tokens + others]
    segments = [segment_urls(private.sim.playback.request(variant))[0] for variant in variants]
    revoke(private, "ann", 1)
    revoke(private, "ann")
    for index in range(5):
        revoked = index < 2
        for answer in (
            private.sim.playback.request(variants[index]),
            private.sim.playback.request(segments[index]),
            private.watch(token=(tokens + others)[index]),
        ):
            assert (code(answer) == NOT_AUTHORIZED) if revoked else (answer.status == 200)
    error = json.loads(private.sim.playback.request(variants[0]).body)[0]["error"]
    assert error == "session is revoked"
    assert "token is revoked" in private.watch(token=tokens[0]).body


def test_batch_revocation(private: Channel) -> None:
    """A batch revokes each of its viewers, but for those of channels that do not exist; others watch on."""
    variants = {name: variant_urls(private.watch(token=private.token(viewer_id=name)))[0] for name in ("a", "b", "c")}
    there, nowhere = private.arn, private.arn + "x"
    sessions = [{"channelArn": arn, "viewerId": name} for arn, name in ((there, "a"), (nowhere, "b"), (there, "c"))]
    errors = call(private.sim, "BatchStartViewerSessionRevocation", viewerSessions=sessions).body["errors"]
    assert [error["viewerId"] for error in errors] == ["b"]
    assert {name: private.sim.playback.request(url).status for name, url in variants.items()} == {
        "a": 403,
        "b": 200,
        "c": 403,
    }


def test_realistic_revocation(private: Channel) -> None:
    """With realistic transitions a revocation takes some seconds."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    channel = call(sim, "CreateChannel", authorized=True).body["channel"]
    there = Channel(sim, channel["arn"], "", private.private_key)
    import_key(sim, private.private_key)
    sim.streams.start(there.arn)
    sim.clock.advance(4)
    variant = variant_urls(there.watch(token=there.token(viewer_id="ann")))[0]
    revoke(there, "ann")
    assert sim.playback.request(variant).status == 200
    sim.clock.advance(5)
    assert sim.playback.request(variant).status == 403


def test_after_the_end(public: Channel) -> None:
    """What has ended can be played to its end for a minute; a new broadcast wants a new multivariant request."""
    live = public.sim.streams.start(public.arn)
    variant = variant_urls(public.watch())[0]
    public.sim.clock.advance(10)
    live.end()
    call(public.sim, "DeleteChannel", arn=public.arn)
    public.sim.clock.advance(59)
    playlist = public.sim.playback.request(variant)
    assert m3u8.loads(playlist.body).is_endlist
    assert len(segment_urls(playlist)) == 6
    assert public.sim.playback.request(segment_urls(playlist)[-1]).status == 200
    public.sim.clock.advance(1)
    assert code(public.sim.playback.request(variant)) == NOT_FOUND
    assert code(public.sim.playback.request(segment_urls(playlist)[-1])) == NOT_FOUND


def test_a_new_broadcast(public: Channel) -> None:
    """The URLs of one broadcast do not lead to the next."""
    with public.sim.streams.start(public.arn):
        old = variant_urls(public.watch())[0]
    public.sim.streams.start(public.arn)
    assert m3u8.loads(public.sim.playback.request(old).body).is_endlist
    assert not m3u8.loads(public.sim.playback.request(variant_urls(public.watch())[0]).body).is_endlist


def test_metadata(public: Channel) -> None:
    """What PutMetadata inserts is in the first segment that begins after it, and in no other."""
    public.sim.streams.start(public.arn)
    variant = variant_urls(public.watch())[0]
    for text in ("one", "two", "three"):
        call(public.sim, "PutMetadata", channelArn=public.arn, metadata=f"<{text}>")
        public.sim.clock.advance(1)
    urls = segment_urls(public.sim.playback.request(variant))
    segments: list[Any] = [public.sim.playback.request(url).body for url in urls]
    assert [[text.strip("<>") for text in inserted(body)] for body in segments] == [
        [],
        ["one", "two"],
    ]


def test_http(public: Channel) -> None:
    """Over HTTP the answer is the same; origin and country are told by headers, of which an odd one is no country."""
    restrict(public, allowedCountries=["DE"], allowedOrigins=["https://a.com"])
    calls = len(public.sim.calls)
    for country, status in (("DE", 200), ("de", 200), ("FR", 403), ("XXX", 200), (None, 200)):
        headers = {"cloudfront-viewer-country": country} if country else {}
        answer = public.sim.handle(Request("GET", public.url, _Headers(headers)))
        assert answer.status == status
        assert "x-amzn-RequestId" not in answer.headers
    for origin, status in (("https://a.com", 200), ("https://b.com", 403)):
        answer = public.sim.handle(Request("GET", public.url, _Headers({"origin": origin})))
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == ("*" if status == 403 else origin)
    assert len(public.sim.calls) == calls


class _Headers(dict[str, str]):
    """Headers whose names have no case."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def test_http_methods(public: Channel) -> None:
    """HEAD is GET without the body, OPTIONS a browser's question, and the rest is not allowed."""
    public.sim.streams.start(public.arn)
    got, head = (public.sim.handle(Request(method, public.url)) for method in ("GET", "HEAD"))
    assert (head.status, head.headers, head.body) == (200, got.headers, b"")
    variant = m3u8.loads(got.body.decode()).playlists[0].uri
    segment = m3u8.loads(public.sim.handle(Request("GET", variant)).body.decode()).segments[0].uri
    assert public.sim.handle(Request("GET", segment)).body[0] == 0x47
    options = public.sim.handle(Request("OPTIONS", public.url))
    assert options.status == 204
    assert options.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "DELETE"):
        answer = public.sim.handle(Request(method, public.url))
        assert (answer.status, answer.headers) == (405, {"Allow": "GET, HEAD, OPTIONS"})


@settings(max_examples=200, deadline=None)
@given(
    path=st.text(max_size=20)
    | st.binary(max_size=20).map(lambda data: f"playlist/{base64.urlsafe_b64encode(data).decode().rstrip('=')}.m3u8")
    | st.text("a/-0²", max_size=9).map(lambda text: f"segment/{base64.urlsafe_b64encode(text.encode()).decode()}.ts"),
    query=st.text(max_size=20),
    texts=st.lists(st.text(max_size=20) | st.none(), min_size=2, max_size=2),
)
def test_garbage(path: str, query: str, texts: list[str | None]) -> None:
    """Whatever is asked for, and whoever asks, gets an answer."""
    sim = Emulator(seed=1)
    channel = call(sim, "CreateChannel", authorized=True).body["channel"]
    token, origin = texts
    headers = _Headers({} if origin is None else {"origin": origin})
    for url, refusal in (
        (f"https://x.hls.live-video.net/v1/{path}?{query}", NOT_FOUND),
        (f"{channel['playbackUrl']}?{query}", NOT_AUTHORIZED),
    ):
        assert code(sim.playback.request(url, token=token)) == refusal
        answer = sim.handle(Request("GET", url, headers))
        assert (answer.status, json.loads(answer.body)[0]["error_code"]) == refusal


def test_other_places(sim: Emulator) -> None:
    """Channels of any account and region are watched at URLs of their own."""
    for headers in (signed("eu-west-1"), signed(key="999988887777")):
        channel = send(sim, "POST", "/CreateChannel", b"{}", headers).body["channel"]
        with sim.streams.start(channel["arn"]):
            answer = sim.playback.request(channel["playbackUrl"])
            assert answer.viewer_session is not None
            assert answer.viewer_session.channel_arn == channel["arn"]
            assert sim.playback.request(variant_urls(answer)[0]).status == 200


def test_concurrent_views(private: Channel) -> None:
    """Where a region has as many viewers as its quota allows, one more is refused, and EventBridge is told."""
    sim = private.sim
    sim.quotas["Concurrent views"] = 10
    other = call(sim, "CreateChannel").body["channel"]["arn"]
    elsewhere = send(sim, "POST", "/CreateChannel", b"{}", signed("eu-west-1")).body["channel"]["arn"]
    sim.streams.start(elsewhere, viewers=10)
    live = sim.streams.start(other, viewers=9)
    variant = variant_urls(sim.playback.request(other))[0]
    live.set_viewers(10)
    once = private.token(single_use_uuid="0b2b4a34-6a2b-4d8c-8a55-3d6f1f2f4c11")
    for answer in (sim.playback.request(other), private.watch(token=once)):
        assert code(answer) == (403, "concurrent_views_exceeded")
        assert json.loads(answer.body)[0]["error"] == "too many concurrent views"
    assert [event["detail"] for event in sim.events.of("IVS Limit Breach")] == 2 * [
        {"limit_name": "Concurrent Viewers", "limit_value": 10, "exceeded_by": 1, "limit_unit": "viewers"}
    ]
    assert {tuple(event["resources"]) for event in sim.events.of("IVS Limit Breach")} == {()}
    (summary,) = call(sim, "ListStreamSessions", channelArn=other).body["streamSessions"]
    assert summary["hasErrorEvent"]
    assert sim.playback.request(variant).status == 200
    live.set_viewers(9)
    assert private.watch(token=once).status == 200


def test_reset(public: Channel) -> None:
    """After a reset nobody watches any more."""
    public.sim.streams.start(public.arn)
    variant = variant_urls(public.watch())[0]
    public.sim.reset()
    assert code(public.sim.playback.request(variant)) == NOT_FOUND


def test_same_seed_same_bytes(private_key: Any) -> None:
    """With one seed and a frozen clock, playlists and segments are the same bytes."""

    def play() -> list[object]:
        sim = Emulator(seed=7)
        sim.clock.freeze(NOON)
        arn = call(sim, "CreateChannel").body["channel"]["arn"]
        sim.streams.start(arn)
        sim.clock.advance(33)
        multivariant = sim.playback.request(arn, country="DE")
        variant = sim.playback.request(variant_urls(multivariant)[0])
        return [multivariant, variant, sim.playback.request(segment_urls(variant)[0])]

    assert play() == play()


def segment_of(channel: Channel) -> str:
    """Take a channel live, and return the URL of its first segment."""
    channel.sim.streams.start(channel.arn)
    channel.sim.clock.advance(10)
    return segment_urls(channel.sim.playback.request(variant_urls(channel.watch())[0]))[0]


def test_nobody_waits_for_media(public: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a segment is made, others call: the emulator is not locked. So for both ways in."""
    url = segment_of(public)

    def segment(*_: object) -> bytes:
        with ThreadPoolExecutor(1) as other:
            answer = other.submit(call, public.sim, "GetChannel", arn=public.arn).result(timeout=20)
        return answer.body["channel"]["arn"].encode()  # type: ignore[no-any-return]

    monkeypatch.setattr(simulation, "transport_stream", segment)
    assert public.sim.playback.request(url).body == public.arn.encode()
    assert public.sim.handle(Request("GET", url)).body == public.arn.encode()


def test_media_are_made_last(public: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Media are made for who gets them: neither for HEAD nor in `respond()`; a bug in that surfaces as itself."""
    url = segment_of(public)
    monkeypatch.setattr(simulation, "transport_stream", bytes.fromhex)
    head = public.sim.handle(Request("HEAD", url))
    assert (head.status, head.body) == (200, b"")
    assert public.sim.respond(Request("GET", url)).status == 200
    with pytest.raises(TypeError):
        public.sim.handle(Request("GET", url))
    with pytest.raises(TypeError):
        public.sim.playback.request(url)


def test_recipes(public: Channel) -> None:
    """What two viewers of the same segment get has one recipe, which stays good; another segment has another."""
    sim = public.sim
    first, second = segment_urls(sim.playback.request(variant_urls((segment_of(public), public.watch())[1])[0]))[:2]
    same = segment_urls(sim.playback.request(variant_urls(public.watch())[0]))[0]
    assert same != first
    recipe, equal, other = (sim.respond(Request("GET", url)).body for url in (first, same, second))
    assert isinstance(recipe, Recipe)
    assert {recipe: 1} == {equal: 1} != {other: 1}
    body = sim.playback.request(first).body
    sim.reset()
    assert recipe.make() == body


def test_bodies_in_parts(public: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in parts, as they become ready, is refused; so nobody waits while the clock stands still."""
    url = segment_of(public)

    async def parts(*_: object) -> AsyncIterator[bytes]:
        yield b""

    monkeypatch.setattr(pictures, "Recipe", parts)
    answer = public.sim.playback.request(url)
    assert (answer.status, answer.viewer_session) == (501, None)
    assert answer.headers["x-amzn-ErrorType"] == "NotEmulated"
    assert "sim.serve()" in json.loads(answer.body)["message"]
    assert public.sim.handle(Request("GET", url)).status == 501
