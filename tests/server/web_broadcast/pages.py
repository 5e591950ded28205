"""Pages that broadcast, for the tests: what AWS's web SDK sends, by aiortc."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import requests

from ..stages.peers import FORM, Client, Pictures, aiortc
from ..waiting import DEADLINE

SAID = {"maxResolution": {"width": 852, "height": 480}, "maxFramerate": 30, "maxBitrate": 1500}
"""What the SDK says of its media, by the configuration BASIC_LANDSCAPE."""


class Page(Client):
    """A page that broadcasts: sound and pictures, unless it is told which `tracks`."""

    def __init__(self, url: str, stream_key: str, *tracks: Any, codec: str = "", **members: Any) -> None:
        self._members = {"streamKey": stream_key, **SAID, **members}
        tracks = tracks or (Pictures(FORM), aiortc.mediastreams.AudioStreamTrack())
        super().__init__(f"{url}/v1/offer", "", *tracks, codec=codec)

    def _post(self, url: str, offer: str) -> requests.Response:
        wanted = {"offer": coded({"type": "offer", "sdp": offer}), **self._members}
        return requests.post(url, json=wanted, headers={"Origin": "https://example.com"}, timeout=DEADLINE)

    def _answered(self) -> str:
        answer = json.loads(b64decode(self.answer.json()["answer"]))
        assert answer["type"] == "answer"
        return str(answer["sdp"])


def coded(value: Any) -> str:
    """Return JSON in base64."""
    return b64encode(json.dumps(value).encode()).decode()
