"""URLs that lead to the server itself: in answers, so that an application which passes them on works; for encoders."""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAYBACK = re.compile(rb'("playbackUrl":")https://[0-9a-z.-]+\.playback\.live-video\.net(?=/)')
_HOST = re.compile(r"(?P<name>[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
_LOOPBACK = r"(?:127(?:\.[0-9]+){3}|\[::1\])"
_OWN_MACHINE = re.compile(rf"(?:{_LOOPBACK}|(?:[0-9A-Za-z._-]+\.)?localhost)(?::[0-9]+)?")


class Urls(NamedTuple):
    """The URLs that a server tells: `aws` for playback URLs as AWS has them, `rtmp` for encoders, None for none."""

    aws: bool = False
    rtmp: str | None = None


def with_own_urls(body: bytes, host: str) -> bytes:
    """Return JSON in which playback URLs are those of the host that the client came by.

    AWS's stay where the host's name is none, since it comes from the client.
    """
    if b'"playbackUrl"' not in body or not _HOST.fullmatch(host):
        return body
    return _PLAYBACK.sub(rb"\1http://" + host.encode(), body)


def reachable(url: str, host: str) -> str:
    """Return a URL for encoders as they reach it from where the client is, who came by a host.

    A server that listens at every address tells that of loopback, which on another machine is that machine.
    """
    came_by = _HOST.fullmatch(host)
    if came_by is None or _OWN_MACHINE.fullmatch(host):
        return url
    return re.sub(rf"(?<=//){_LOOPBACK}(?=[:/])", came_by["name"], url)
