"""Connections of encoders: the address and the credentials they use.

Source: IVS User Guide, *Amazon IVS Streaming Configuration*.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from ..channels import Channel

_PRIORITY = re.compile(r"\?priority=(-?[0-9]+)")
_SRT_PRIORITY = re.compile(r"#!::u=(?P<key>[^,]*)(?:,priority=(?P<priority>-?[0-9]+))?")


_PORTS = {"rtmps": 443, "rtmp": 1935, "srt": 9000}


class IngestConnection(NamedTuple):
    """An encoder's setting: a stream key, with the scheme, host, passphrase and priority given around it."""

    key: str
    priority: int | None = None
    scheme: str = ""
    host: str = ""
    passphrase: str = ""

    def problem(self, channel: Channel) -> str | None:
        """Return why a channel does not take this connection; None when it does, or when the key came without a URL."""
        if not self.scheme:
            return None
        endpoint = channel.srt["endpoint"] if self.scheme == "srt" else channel.ingest_endpoint
        if self.host != endpoint:
            return f"{self.host or 'nothing'} is not where {channel.arn} is ingested; that is {endpoint}"
        if self.scheme == "rtmp" and not channel.insecure_ingest:
            return insecure(channel.arn)
        if self.scheme == "srt" and not channel.insecure_ingest and self.passphrase != channel.srt_passphrase:
            return f"the SRT passphrase is not that of {channel.arn}"
        return None


def insecure(channel_arn: str) -> str:
    """Return why a channel does not take RTMP without TLS."""
    return f"{channel_arn} does not allow insecure ingest; use rtmps"


class IngestURLRefused(ValueError):
    """A URL or stream key with which no encoder can connect."""


def connection(text: str) -> IngestConnection:
    """Return the connection for a stream key: bare, with a priority as encoders take it, or in a whole ingest URL.

    The forms are `{key}`, `{key}?priority=1`, `rtmps://{endpoint}:443/app/{key}?priority=1`, the same with `rtmp` and
    port 1935, and `srt://{endpoint}:9000?streamid={key}&passphrase={passphrase}` where the key may be
    `#!::u={key},priority=1`. Raises IngestURLRefused for another URL.
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator:
        return _key(text)
    if scheme not in _PORTS:
        raise IngestURLRefused(f"{scheme} is not a protocol of ingest; there are {', '.join(_PORTS)}")
    try:
        # a stream id of SRT may begin with a number sign, which is not that of a fragment
        parts = urlsplit(f"{scheme}://{rest.replace('#', '%23')}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise IngestURLRefused(f"{text!r} is not a URL") from None
    if port not in (None, _PORTS[scheme]):
        raise IngestURLRefused(f"port {port} does not take {scheme}; port {_PORTS[scheme]} does")
    if scheme == "srt":
        members = parse_qs(parts.query)
        found = _key(members.get("streamid", [""])[0])
        return found._replace(scheme=scheme, host=host, passphrase=members.get("passphrase", [""])[0])
    _, app, key = rest.partition("/app/")
    if not app or parts.path.count("/") != 2:
        raise IngestURLRefused(f"{text!r} does not end in /app/ and a stream key")
    return _key(key)._replace(scheme=scheme, host=host)


def _key(text: str) -> IngestConnection:
    srt = _SRT_PRIORITY.fullmatch(text)
    if srt:
        return IngestConnection(srt["key"], int(srt["priority"]) if srt["priority"] else None)
    key, _, _ = text.partition("?")
    rtmp = _PRIORITY.fullmatch(text[len(key) :])
    return IngestConnection(key if rtmp or key == text else text, int(rtmp[1]) if rtmp else None)
