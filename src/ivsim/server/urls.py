"""URLs that lead to the server itself: in answers, so that an application which passes them on works; for encoders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..ivsrealtime.live_stages import Stages

_PLAYBACK = re.compile(rb'("playbackUrl":")https://[0-9a-z.-]+\.playback\.live-video\.net(?=/)')
_ENDPOINTS = re.compile(
    rb'("endpoints":\{"events":")wss://global\.events\.live-video\.net'
    rb'(","whip":")https://[0-9a-f]+\.global-bm\.whip\.live-video\.net(?=")'
)
_TOKEN = re.compile(rb'(?<="token":")eyJ[A-Za-z0-9_.-]+(?=")')
_HOST = re.compile(r"(?P<name>[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_LOOPBACK = r"(?:127(?:\.[0-9]+){3}|\[::1\])"
_OWN_MACHINE = re.compile(rf"(?:{_LOOPBACK}|(?:[0-9A-Za-z._-]+\.)?localhost)(?::[0-9]+)?")


class Urls(NamedTuple):
    """The URLs that a server tells: `aws` for those in answers as AWS has them, `rtmp` for encoders, None for none."""

    aws: bool = False
    rtmp: str | None = None


def with_own_urls(body: bytes, host: str, stages: Stages, *, scheme: str) -> bytes:
    """Return JSON in which playback URLs, and the addresses of stages, are those of the host that the client came by.

    So is the `scheme`, http or https: pages that came by the latter may ask for nothing less. The addresses are in
    `endpoints`, and in participant tokens, which are signed anew. AWS's stay where the host's name is none, since it
    comes from the client.
    """
    if not _HOST.fullmatch(host):
        return body
    http, events = f"{scheme}://{host}", f"{'wss' if scheme == 'https' else 'ws'}://{host}"
    if b'"playbackUrl"' in body:
        body = _PLAYBACK.sub(rb"\1" + http.encode(), body)
    if b'"endpoints"' in body:
        body = _ENDPOINTS.sub(rb"\1%s\2%s" % (events.encode(), http.encode()), body)
    if b'"token":"eyJ' in body:
        addresses = {"events_url": events, "whip_url": http}
        body = _TOKEN.sub(lambda found: stages.with_addresses(found[0].decode(), **addresses).encode(), body)
    return body


def reachable(url: str, host: str) -> str:
    """Return a URL for encoders as they reach it from where the client is, who came by a host.

    A server that listens at every address tells that of loopback, which on another machine is that machine.
    """
    came_by = _HOST.fullmatch(host)
    if came_by is None or _OWN_MACHINE.fullmatch(host):
        return url
    return re.sub(rf"(?<=//){_LOOPBACK}(?=[:/])", came_by["name"], url)
