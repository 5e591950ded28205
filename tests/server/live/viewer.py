"""A viewer at the port, who asks for what playlists name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import m3u8
import requests

from ivsim.server.run import Server

from ..waiting import DEADLINE


class Viewer:
    """A viewer of a broadcast, in one viewer session; a push has one rendition."""

    def __init__(self, server: Server, playback_url: str, **query: str) -> None:
        self.http = requests.Session()
        url = server.url + urlsplit(playback_url).path
        answer = self.get(url, params=query)
        answer.raise_for_status()
        self.master = answer.text
        (self.rendition,) = m3u8.loads(answer.text).playlists
        self.playlist_url = urljoin(url, self.rendition.uri)

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, url: str, **options: Any) -> requests.Response:
        """Ask for a URL."""
        return self.http.get(url, timeout=DEADLINE, **options)

    def text(self) -> str:
        """Return the playlist as it is now."""
        answer = self.get(self.playlist_url)
        answer.raise_for_status()
        return str(answer.text)

    def playlist(self) -> Any:
        """Return the playlist as it is now, parsed."""
        return m3u8.loads(self.text())

    def url_of(self, uri: str) -> str:
        """Return the URL that a playlist means."""
        return str(urljoin(self.playlist_url, uri))

    def urls(self) -> list[str]:
        """Return the URLs of the segments that are listed."""
        return [self.url_of(segment.uri) for segment in self.playlist().segments]

    def prefetched(self) -> list[str]:
        """Return the URLs of the segments to come that are named."""
        lines = self.text().splitlines()
        return [self.url_of(line.partition(":")[2]) for line in lines if line.startswith("#EXT-X-PREFETCH:")]

    def body(self, url: str) -> bytes:
        """Return a segment."""
        answer = self.get(url)
        answer.raise_for_status()
        return answer.content

    @contextmanager
    def growing(self, url: str) -> Iterator[Iterator[bytes]]:
        """Ask for a segment that grows; its parts are to be had as they come."""
        with self.get(url, stream=True) as answer:
            answer.raise_for_status()
            yield answer.iter_content(None)
