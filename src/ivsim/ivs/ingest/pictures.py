"""The form of a broadcast's pictures, as `ivsim.media` draws them, and what is written on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...media.h264 import Format

if TYPE_CHECKING:
    from ..channels import Channel
    from .renditions import Rendition

_LARGEST, _FASTEST = 4096, 120
"""The most pixels in a row or column, and frames a second, that are drawn; an encoder may say that it sends more."""

_DRAWN = re.compile(r"avc1\.(42|4D|64)[0-9A-F]{4}")
"""The codecs in which pictures are drawn, profiles Baseline, Main and High. What is said to be another is Main."""

_MAIN = "avc1.4D401F"


def form_of(rendition: Rendition) -> Format | None:
    """Return the form of a rendition's pictures; None where it has none."""
    if not rendition.height:
        return None
    return form(rendition.width, rendition.height, rendition.framerate, rendition.codecs.partition(",")[0])


def form(width: int, height: int, framerate: int, codec: str = _MAIN) -> Format:
    """Return the form that is nearest to what is asked for, of those that can be drawn."""
    width, height = (min(max(size // 2 * 2, 2), _LARGEST) for size in (width, height))
    return Format(width, height, min(max(framerate, 1), _FASTEST), codec if _DRAWN.fullmatch(codec) else _MAIN)


def title_of(channel: Channel) -> str:
    """Return what pictures of a channel say that it is: its name, or its id where it has none."""
    return channel.name or channel.arn.rpartition("/")[2]
