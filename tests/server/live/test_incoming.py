"""Encoders on their way in, whatever they push by."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.media import h264
from ivsim.media.flv import Tag
from ivsim.server.live.incoming import Incoming, IncomingRefused, admit
from ivsim.server.live.rtmp import Media

from .publisher import LITTLE

HEADER = Tag(True, False, h264.configuration(LITTLE))
KEY = Tag(False, True, b"\0\0\0\2\x65\0")


def test_may_not_begin(sim: Emulator, created: Any) -> None:
    """A key that was right when it was asked for may be taken when media come: then they are refused."""
    key = created["streamKey"]["value"]

    async def push() -> None:
        incoming = Incoming(sim, admit(sim, key), "RTMP", {}, lambda: None)
        incoming.take(Media("video", 0, HEADER.data), HEADER)
        with sim.streams.start(created["channel"]["arn"]), pytest.raises(IncomingRefused, match="is live"):
            incoming.take(Media("video", 0, KEY.data), KEY)
        incoming.end()
        incoming.forget()

    asyncio.run(push())


@pytest.mark.parametrize("key", ["rtmps://host/app/sk", "sk?priority=high", "sk_none"])
def test_keys_that_are_none(sim: Emulator, key: str) -> None:
    """A key that is none, and a priority that is no number, are refused."""
    with pytest.raises(ValueError, match="key"):
        admit(sim, key)
