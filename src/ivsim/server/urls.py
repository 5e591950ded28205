"""URLs in answers that lead to the server itself, so that an application which passes them on works."""

from __future__ import annotations

import re

_PLAYBACK = re.compile(rb'("playbackUrl":")https://[0-9a-z.-]+\.playback\.live-video\.net(?=/)')
_HOST = re.compile(r"[0-9A-Za-z._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


def with_own_urls(body: bytes, host: str) -> bytes:
    """Return JSON in which playback URLs are those of the host that the client came by.

    AWS's stay where the host's name is none, since it comes from the client.
    """
    if b'"playbackUrl"' not in body or not _HOST.fullmatch(host):
        return body
    return _PLAYBACK.sub(rb"\1http://" + host.encode(), body)
