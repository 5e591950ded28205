"""The URLs of the playback edge: recognising, reading and making them."""

from __future__ import annotations

import base64
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

_HOST = re.compile(r"https?://[^/]*", re.IGNORECASE)


_AT_THE_EDGE = re.compile(r"https?://[^/?#]*\.live-video\.net\.?(?:[:/?#]|$)", re.IGNORECASE)


_IS_PLAYBACK = re.compile(
    rf"(?:https?://[^/?#]*)?/(?:api/video/v1|v1/playlist|v1/segment)/|{_AT_THE_EDGE.pattern}", re.IGNORECASE
)


CHANNEL_PATH = re.compile(r"/api/video/v1/([a-z0-9-]+)\.([0-9]{12})\.channel\.([a-zA-Z0-9-]+)\.m3u8")


PLAYLIST_PATH = re.compile(r"/v1/playlist/([a-zA-Z0-9_-]+)\.m3u8")


SEGMENT_PATH = re.compile(r"/v1/segment/([a-zA-Z0-9_-]+)\.(ts|mp4)")


COUNTRY = re.compile(r"[a-zA-Z]{2}")


class Viewer(NamedTuple):
    """A viewer's request: the thing asked for, and where the viewer is."""

    path: str
    query: list[tuple[str, str]]
    origin: str | None
    country: str | None
    is_elsewhere: bool = False
    """True for a request to a host that is not the edge's: URLs are then relative, so that players come back to it."""

    def parameter(self, name: str) -> str:
        """Return the value of a parameter, empty when there is none."""
        return next((value for key, value in self.query if key == name), "")


def is_playback(url: str) -> bool:
    """Return whether a URL, or the target of a request, is the playback edge's to answer."""
    return _IS_PLAYBACK.match(url) is not None


def viewer_of(url: str, origin: str | None, country: str | None) -> Viewer:
    """Return the request in a URL, or in the target of a request. A country that is not two letters is unknown."""
    target, _, query = url.partition("#")[0].partition("?")
    known = country.upper() if country and COUNTRY.fullmatch(country) else None
    host = _HOST.match(target)
    path = target[host.end() :] if host else target
    elsewhere = host is not None and not _AT_THE_EDGE.match(url)
    return Viewer(path, parse_qsl(query, keep_blank_values=True), origin, known, elsewhere)


def without_token(query: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the parameters of a query but for the token."""
    return [(name, value) for name, value in query if name != "token"]


def cluster_of(region: str) -> str:
    """Return the hosts that serve playlists in a region, as `usw24` in us-west-2."""
    area, *rest = region.split("-")
    return "".join([area, *(part[:1] for part in rest), "4"])


def opaque(*parts: object) -> str:
    """Return the opaque part of a URL, which tells a reader nothing."""
    return base64.urlsafe_b64encode("/".join(map(str, parts)).encode()).decode().rstrip("=")


def parts_of(text: str) -> list[Any]:
    """Return the parts from which `opaque()` made a text: an id and numbers; nothing for a text it did not make."""
    try:
        identifier, *numbers = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("/")
        parts = [identifier, *map(int, numbers)]
    except ValueError:
        return []
    return parts if opaque(*parts) == text else []
