"""The playback edge, which answers viewers' requests. Tokens, policies and revocations are enforced here.

Sources: *Setting Up Private Channels*, *Undesired Content and Viewers* and *Server-Side Ad Insertion* in the IVS User
Guide; a published refusal (aws-samples/amazon-ivs-player-web-sample, issue 65); captures of playlists and their URLs.
docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

from ...core import arns
from ...core.arguments import TypeRefused, ValueRefused
from ...core.keys import public_key
from ...core.state import State
from ...wire.http import Paced, Request, Response
from ...wire.serialize import GO_ESCAPES
from .. import views
from .._service import Context, Contexts
from ..channels import Channel, hosts_of
from ..ingest.limits import CONCURRENT_VIEWS, Breach
from ..stream_sessions import StreamSession, live_session
from ..viewer_sessions import ViewerSession, is_revoked
from . import playlists, tokens
from .urls import (
    CHANNEL_PATH,
    COUNTRY,
    PLAYLIST_PATH,
    SEGMENT_PATH,
    Viewer,
    cluster_of,
    is_playback,
    opaque,
    parts_of,
    viewer_of,
    without_token,
)
from .view import Body, View, as_measured, renditions_for

AFTER_THE_END = timedelta(seconds=60)
"""The time for which playlists and segments of a broadcast are still served after its end."""

COUNTRY_HEADER = "CloudFront-Viewer-Country"
"""The header with the country of a request, as Amazon CloudFront would add it."""

UNCOUNTED = "ivsim-uncounted"
"""The parameter with which ivsim's own console asks, so that to look at a channel changes nothing that is looked at."""

_METHODS = "GET, HEAD, OPTIONS"
_PLAYLIST, _REFUSAL = "application/vnd.apple.mpegurl", "application/json"
_SEGMENTS = {"ts": "video/mp2t", "mp4": "video/mp4"}

_ORIGIN = re.compile(r"null|[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#\s]+")


@dataclass(frozen=True, slots=True)
class PlaybackResponse:
    """An answer of the edge to a viewer.

    `body` is text for a playlist and for a refusal, whose text is JSON, and bytes for a segment. `viewer_session` is
    the session in which it was granted, None for a refusal.
    """

    status: int
    headers: Mapping[str, str]
    body: str | Any  # rather than bytes, of which a type checker would ask at every playlist
    viewer_session: ViewerSession | None = None


T = TypeVar("T")

_Granted: TypeAlias = tuple[Response, ViewerSession]


class _ViewerRefused(Exception):
    """A refusal: the viewer gets nothing but an explanation."""

    def __init__(
        self,
        status: int,
        error_code: str,
        error: str,
        channel: Channel | None = None,
        *,
        announce_breach: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error_code = error_code
        self.error = error
        self.channel = channel
        self.announce_breach = announce_breach


class Playback:
    """Viewers: a test asks in their place, and players ask over HTTP."""

    def __init__(self, state: State, contexts: Contexts) -> None:
        self._state = state
        self._contexts = contexts

    def request(
        self,
        channel_arn_or_url: str,
        *,
        token: str | None = None,
        origin: str | None = None,
        country: str | None = None,
    ) -> PlaybackResponse:
        """Ask the edge for a channel, by its ARN or playback URL, or for a playlist or segment that it has named.

        `token` takes the place of one in the URL. `origin` is the `Origin` of the site that the player is on, such as
        "https://example.com", None for a player that is on none; `country` the two letters of where the viewer is, None
        for unknown.

        Every answer is returned, refusals too. Raises ValueError for what is neither an ARN of a channel nor a URL of
        the playback edge, an origin that no browser sends and a country that is not two letters; TypeError for what is
        no text at all.
        """
        url = _checked_text("channel_arn_or_url", channel_arn_or_url)
        for name, text in (("token", token), ("origin", origin), ("country", country)):
            if text is not None:
                _checked_text(name, text)
        arn = arns.parse(url)
        if arn is not None and arn.resource_type == "channel":
            url = f"/api/video/v1/{arn.region}.{arn.account}.channel.{arn.resource_id}.m3u8"
        elif not is_playback(url):
            raise ValueRefused("channel_arn_or_url", f"{url!r} is neither the ARN of a channel nor a playback URL")
        if country is not None and not COUNTRY.fullmatch(country):
            raise ValueRefused("country", f"{country!r} is not a country code of two letters")
        if origin is not None and not _ORIGIN.fullmatch(origin):
            raise ValueRefused("origin", f"{origin!r} is not an origin, which has a scheme and a host and no path")
        viewer = viewer_of(url, origin, country)
        if token is not None:
            viewer = viewer._replace(query=[*without_token(viewer.query), ("token", token)])
        answer, session = self._answer_viewer(viewer)
        whole = answer.whole()
        body = whole.body.decode() if whole.headers["Content-Type"] in (_PLAYLIST, _REFUSAL) else whole.body
        return PlaybackResponse(whole.status, whole.headers, body, session if whole.status == HTTPStatus.OK else None)

    def handle(self, request: Request) -> Response:
        """Answer an HTTP request that `is_playback()`. Media are still to be made, by the recipe in the response."""
        if request.method == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": _METHODS, "Access-Control-Allow-Headers": "*"}
            return Response(204, {"Access-Control-Allow-Origin": "*", **allowed})
        if request.method not in ("GET", "HEAD"):
            return Response(405, {"Allow": _METHODS})
        origin, country = request.header("origin"), request.header(COUNTRY_HEADER)
        answer, _ = self._answer_viewer(viewer_of(request.url, origin or None, country or None))
        return answer._replace(body=b"") if request.method == "HEAD" else answer

    def _answer_viewer(self, viewer: Viewer) -> tuple[Response, ViewerSession | None]:
        """Decide, in a transaction, and return the answer with the session it was granted in.

        Nothing is made in the transaction that takes long: others would wait for it.
        """
        try:
            with self._state.transaction():
                return self._grant(viewer)
        except _ViewerRefused as refused:
            if refused.announce_breach is not None:
                with self._state.transaction():  # another one, as the first has come to nothing
                    refused.announce_breach()
            headers = {"Content-Type": _REFUSAL, "Access-Control-Allow-Origin": "*"}
            return Response(refused.status, headers, _explanation(viewer, refused).encode()), None

    def _grant(self, viewer: Viewer) -> _Granted:
        if match := CHANNEL_PATH.fullmatch(viewer.path):
            return self._multivariant(viewer, *match.groups())
        if match := PLAYLIST_PATH.fullmatch(viewer.path):
            match parts_of(match[1]):
                case [session_id, index]:
                    return self._variant(viewer, session_id, index)
        if match := SEGMENT_PATH.fullmatch(viewer.path):
            match parts_of(match[1]):
                case [stream_id, index, *number]:
                    return self._segment(viewer, stream_id, index, number, match[2])
        raise _not_found()

    def _multivariant(self, viewer: Viewer, region: str, account: str, channel_id: str) -> _Granted:
        ctx = self._contexts(account, region)
        channel = ctx.store.channels.get(ctx.arn(ctx.store.channels.resource_type, channel_id))
        if channel is None:
            raise _not_found()
        terms = _terms_of_token(ctx, channel, viewer) if channel.authorized else _terms_of_policy(ctx, channel, viewer)
        stream = live_session(ctx, channel.arn)
        if stream is None:
            raise _not_found(channel)
        _check_views(ctx, stream)
        session = ViewerSession(
            ctx.ids.alphanumeric(22),
            channel.arn,
            stream.stream_id,
            ctx.now,
            is_counted=not viewer.parameter(UNCOUNTED),
            **terms,
        )
        ctx.store.viewer_sessions[session.id] = session
        cluster = cluster_of(region)
        folder = f"https://{cluster}.playlist.live-video.net/v1/playlist"
        if viewer.is_elsewhere:
            folder = "../../../v1/playlist"
        push = ctx.store.pushes.get(stream.stream_id)
        renditions = [
            (rendition if push is None else as_measured(rendition, push), f"{folder}/{opaque(session.id, index)}.m3u8")
            for index, rendition in renditions_for(session, stream).items()
        ]
        text = playlists.multivariant(
            session, stream, ctx.now, country=viewer.country, cluster=cluster, renditions=renditions
        )
        return _granted(viewer, session, _PLAYLIST, text.encode())

    def _variant(self, viewer: Viewer, session_id: str, index: int) -> _Granted:
        view = self._watched(viewer, session_id, index)
        if view.stream.state is not None and view.session.is_counted:
            views.see(view.ctx, view.stream.stream_id, session_id)
        folder = f"https://{hosts_of(view.session.channel_arn).host_id}.j.cloudfront.hls.live-video.net/v1/segment"
        if viewer.is_elsewhere:
            folder = "../segment"
        playlist = partial(view.playlist, folder)
        if view.push is None or view.timeline.count or view.stream.end_time:
            return _granted(viewer, view.session, _PLAYLIST, playlist().encode())
        # Players give up on a playlist without segments, so the first of a push is waited for.
        first = view.push.once_playable(lambda: self._in_transaction(playlist).encode())
        return _granted(viewer, view.session, _PLAYLIST, first)

    def _segment(self, viewer: Viewer, stream_id: str, index: int, numbers: list[int], suffix: str) -> _Granted:
        """Answer with a segment, by its number, or with the initialization of fragments."""
        view = self._watched(viewer, viewer.parameter("dna"), index)
        body = view.media(numbers) if (view.stream.stream_id, view.suffix) == (stream_id, suffix) else None
        if body is None:
            raise _not_found()
        if isinstance(body, Paced):
            body = body._replace(recipe=partial(self._in_transaction, body.recipe))
        return _granted(viewer, view.session, _SEGMENTS[suffix], body)

    def _in_transaction(self, look: Callable[[], T]) -> T:
        with self._state.transaction():
            return look()

    def _watched(self, viewer: Viewer, session_id: str, index: int) -> View:
        """Return the view of a viewer who was admitted before. Refuses one who no longer is."""
        ctx = next((ctx for ctx in self._contexts if session_id in ctx.store.viewer_sessions), None)
        if ctx is None:
            raise _not_found()
        session = ctx.store.viewer_sessions[session_id]
        stream = ctx.store.stream_sessions[session.stream_id]
        if is_revoked(ctx, session.channel_arn, session.viewer_id, session.viewer_session_version):
            raise _forbidden(stream.channel, "session is revoked")
        if session.strict_origin_enforcement:
            _check_origin(viewer, stream.channel, session.origins, strict=True)
        is_over = stream.end_time is not None and ctx.now - stream.end_time >= AFTER_THE_END
        renditions = renditions_for(session, stream)
        is_lost = stream.is_pushed and stream.stream_id not in ctx.store.pushes
        if is_over or is_lost or index not in renditions:
            raise _not_found()
        return View(ctx, session, stream, index, renditions[index])


def _terms_of_token(ctx: Context, channel: Channel, viewer: Viewer) -> dict[str, Any]:
    """Return the terms on which the token of a request admits to a private channel. Refuses a bad token."""
    pairs = ctx.store.playback_key_pairs.values()
    try:
        claims = tokens.verify(
            viewer.parameter("token"),
            keys=[key for key in (public_key(pair.public_key_material) for pair in pairs) if key],
            channel_arn=channel.arn,
            now=ctx.clock.time(),
            most_bytes=ctx.quota(tokens.TOKEN_SIZE),
        )
    except tokens.TokenRefused as refused:
        raise _forbidden(channel, str(refused)) from None
    viewer_id, version = claims.get(tokens.VIEWER_ID), claims.get(tokens.VIEWER_SESSION_VERSION, 0)
    if is_revoked(ctx, channel.arn, viewer_id, version):
        raise _forbidden(channel, "token is revoked")
    strict, origins = claims.get(tokens.STRICT_ORIGINS, False), tokens.origins(claims)
    _check_origin(viewer, channel, origins, strict=strict)
    if tokens.SINGLE_USE in claims:
        use = f"{channel.arn} {claims[tokens.SINGLE_USE].lower()}"
        if use in ctx.store.used_tokens:
            raise _forbidden(channel, "token has been used")
        ctx.store.used_tokens[use] = ctx.now
    for cause, text in tokens.mistakes(claims, channel.arn, viewer.origin, ctx.clock.time()):
        ctx.hints.tell_of_mistake("playback", cause, text)
    return {
        "viewer_id": viewer_id,
        "viewer_session_version": version,
        "origins": origins,
        "strict_origin_enforcement": strict,
        "maximum_resolution": claims.get(tokens.MAXIMUM_RESOLUTION),
        "ads_opt_out": claims.get(tokens.ADS_OPT_OUT, False),
    }


def _terms_of_policy(ctx: Context, channel: Channel, viewer: Viewer) -> dict[str, Any]:
    """Return the terms on which the policy of a public channel, if it has one, admits to it. Refuses others."""
    policy = ctx.store.playback_restriction_policies.get(channel.playback_restriction_policy_arn)
    if policy is None:
        return {}
    countries = [country.upper() for country in policy.allowed_countries]
    if countries and viewer.country is not None and viewer.country not in countries:
        raise _forbidden(channel, "playback is restricted in this country")
    strict = policy.enable_strict_origin_enforcement
    _check_origin(viewer, channel, policy.allowed_origins, strict=strict)
    return {"origins": tuple(policy.allowed_origins), "strict_origin_enforcement": strict}


def _check_views(ctx: Context, stream: StreamSession) -> None:
    """Refuse one more viewer where the region has as many as its quota allows."""
    most = ctx.quota(CONCURRENT_VIEWS)
    watching = views.total(ctx)
    if watching >= most:
        breach = Breach("Concurrent Viewers", most, watching + 1 - most, "viewers")
        announce_breach = partial(views.exceed, ctx, stream.stream_id, breach)
        code, text = "concurrent_views_exceeded", "too many concurrent views"
        raise _ViewerRefused(403, code, text, stream.channel, announce_breach=announce_breach)


def _check_origin(viewer: Viewer, channel: Channel, allowed: Collection[str], *, strict: bool) -> None:
    """Refuse a site that is not allowed, and when it is strict a viewer who comes from none."""
    if viewer.origin is None:
        if strict:
            raise _forbidden(channel, "origin is missing")
    elif allowed and not any(_matches(viewer.origin.lower(), pattern.lower()) for pattern in allowed):
        raise _forbidden(channel, "origin is not allowed")


def _matches(origin: str, pattern: str) -> bool:
    """Return whether a pattern covers an origin: itself, `*` any, `https://*.example.com` every host that ends so."""
    before, star, after = pattern.partition("*")
    if star and (before.endswith("://") or pattern == "*"):
        return origin.startswith(before) and origin.endswith(after)
    return origin == pattern


def _granted(viewer: Viewer, session: ViewerSession, content_type: str, body: Body) -> _Granted:
    headers = {"Content-Type": content_type, "Access-Control-Allow-Origin": "*"}
    if session.origins and viewer.origin:
        headers |= {"Access-Control-Allow-Origin": viewer.origin, "Vary": "Origin"}
    return Response(200, headers, body), session


def _forbidden(channel: Channel, error: str) -> _ViewerRefused:
    code = "invalid_playback_auth_token" if channel.authorized else "playback_restricted"
    return _ViewerRefused(403, code, error, channel)


def _not_found(channel: Channel | None = None) -> _ViewerRefused:
    return _ViewerRefused(404, "transcode_does_not_exist", "Can not find channel", channel)


def _explanation(viewer: Viewer, refused: _ViewerRefused) -> str:
    """Return the body of a refusal; for a private channel its URL has what the edge adds to it, and never the token."""
    query = without_token(viewer.query)
    if refused.channel and refused.channel.authorized:
        query += [("pbac", "true"), ("pbar", "true"), ("pblm", refused.channel.latency_mode)]
    url = f"{viewer.path}?{urlencode(sorted(query), errors='replace')}" if query else viewer.path
    about = {"url": url, "error": refused.error, "error_code": refused.error_code, "type": "error"}
    return json.dumps([about], separators=(",", ":")).translate(GO_ESCAPES)


def _checked_text(name: str, given: object) -> str:
    if not isinstance(given, str):
        raise TypeRefused(name, f"{given!r} is not a string")
    return given
