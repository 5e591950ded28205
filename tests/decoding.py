"""A decoder that is not ours: ffmpeg, which must have nothing to say about what it is given."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import NamedTuple

import pytest

from ivsim.media import strip


@cache
def executable(muxer: str = "mpegts") -> str | None:
    """Return where an ffmpeg is that has a muxer, None where none is."""
    found = [shutil.which("ffmpeg")]
    with suppress(ImportError):
        found.append(str(import_module("imageio_ffmpeg").get_ffmpeg_exe()))
    for program in filter(None, found):
        told = subprocess.run([program, "-v", "error", "-h", f"muxer={muxer}"], capture_output=True, check=False).stdout
        if told.startswith(b"Muxer "):
            return program
    return None


def ffmpeg(*arguments: str, data: bytes = b"") -> bytes:
    """Run ffmpeg, and return what it puts out. Skips where it is missing."""
    program = executable()
    if program is None:
        pytest.skip("ffmpeg is not installed")
    ran = subprocess.run([program, "-v", "warning", *arguments], input=data, capture_output=True, check=False)
    assert ran.stderr == b"", ran.stderr.decode()
    assert ran.returncode == 0
    return ran.stdout


class Decoded(NamedTuple):
    """What was in some media: the pictures' size, and when each of them, and each frame of sound, begins."""

    size: str
    pictures: list[Fraction]
    sound: str
    frames: list[Fraction]
    end: Fraction


def decoded(source: str = "-", data: bytes = b"") -> Decoded:
    """Decode pictures and sound of a file, a playlist, or of data."""
    made = ["-map", "0:v?", "-map", "0:a?", "-copyts", "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    lines = ffmpeg("-i", source, *made, data=data).decode().splitlines()
    matches = (re.fullmatch(r"#(\w+ \d): (.*)", line) for line in lines)
    about: dict[str, str] = {match[1]: match[2] for match in matches if match}
    times: dict[str, list[Fraction]] = {}
    end = Fraction()
    for line in lines:
        if not line.startswith("#"):
            stream, _, pts, duration, *_ = (each.strip() for each in line.split(","))
            base = Fraction(about[f"tb {stream}"])
            times.setdefault(stream, []).append(int(pts) * base)
            end = max(end, (int(pts) + int(duration)) * base)
    video = next((stream for stream in times if f"dimensions {stream}" in about), "")
    audio = next((stream for stream in times if f"sample_rate {stream}" in about), "")
    sound = f"{about[f'sample_rate {audio}']} {about[f'channel_layout_name {audio}']}" if audio else ""
    return Decoded(about.get(f"dimensions {video}", ""), times.get(video, []), sound, times.get(audio, []), end)


def grey(source: str, data: bytes, width: int, height: int) -> list[bytes]:
    """Decode pictures, and return the lightness of their pixels."""
    made = ["-map", "0:v", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    shown = ffmpeg("-i", source, *made, data=data)
    return [shown[place : place + width * height] for place in range(0, len(shown), width * height)]


def reading(picture: bytes, width: int, height: int) -> strip.Reading | None:
    """Return what the strip of a picture says."""
    return strip.read(width, height, lambda x, y: picture[y * width + x])
