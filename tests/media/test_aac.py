"""Silence, and the frames of transport streams."""

from __future__ import annotations

import pytest

from ivsim.media import aac

from .containers import adts


def test_adts() -> None:
    """A header says what the configuration says, and how long the frame is with it."""
    kind, rate_index, channels, data = adts(aac.adts(aac.SILENCE))
    assert data == aac.SILENCE
    assert (kind << 11 | rate_index << 7 | channels << 3).to_bytes(2, "big") == aac.CONFIG


@pytest.mark.parametrize(("kind", "told"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 2), (29, 2)])
@pytest.mark.parametrize(("rate_index", "channels"), [(0, 1), (4, 2), (12, 6), (3, 7)])
def test_other_forms(kind: int, told: int, rate_index: int, channels: int) -> None:
    """A header says any form that it has room for; what adds to AAC-LC is told as AAC-LC."""
    frame = aac.adts(b"frame", kind=kind, rate_index=rate_index, channels=channels)
    assert adts(frame) == (told, rate_index, channels, b"frame")


@pytest.mark.parametrize("size", [0, 1, 248, 249, 2041, aac.MOST_BYTES])
def test_sizes(size: int) -> None:
    """A header says how long a frame is, up to the longest."""
    assert adts(aac.adts(bytes(size))).data == bytes(size)
