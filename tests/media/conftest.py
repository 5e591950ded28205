"""A decoder that is not ours."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest

Decode = Callable[..., bytes]


@pytest.fixture(scope="session")
def decode() -> Decode:
    """A function that has ffmpeg decode H.264 and returns its frames in a pixel format, one after the other.

    ffmpeg must have nothing to say. Skips where it is missing.
    """
    executable = shutil.which("ffmpeg")
    if executable is None:
        imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="ffmpeg is not installed")
        executable = imageio_ffmpeg.get_ffmpeg_exe()

    def run(data: bytes, pixels: str) -> bytes:
        made = ["-f", "rawvideo", "-pix_fmt", pixels, "-fps_mode", "passthrough", "-"]
        command = [executable, "-v", "warning", "-f", "h264", "-i", "-", *made]
        ran = subprocess.run(command, input=data, capture_output=True, check=True)
        assert ran.stderr == b""
        return ran.stdout

    return run
