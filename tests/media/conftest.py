"""A decoder that is not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..decoding import executable, ffmpeg

Decode = Callable[..., bytes]


@pytest.fixture(scope="session")
def decode() -> Decode:
    """A function that has ffmpeg decode H.264, or another `kind`, and returns its frames in a pixel format.

    ffmpeg must have nothing to say. Skips where it is missing.
    """
    if executable() is None:
        pytest.skip("ffmpeg is not installed")

    def run(data: bytes, pixels: str, kind: str = "h264") -> bytes:
        made = ["-f", "rawvideo", "-pix_fmt", pixels, "-fps_mode", "passthrough", "-"]
        return ffmpeg("-f", kind, "-i", "-", *made, data=data)

    return run
