"""The form of a broadcast's pictures, as `ivsim.media` draws them, and what is written on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...media.h264 import Format
from ...media.simulation import form

if TYPE_CHECKING:
    from ..channels import Channel
    from .renditions import Rendition


def form_of(rendition: Rendition) -> Format | None:
    """Return the form of a rendition's pictures; None where it has none."""
    if not rendition.height:
        return None
    return form(rendition.width, rendition.height, rendition.framerate, rendition.codecs.partition(",")[0])


def title_of(channel: Channel) -> str:
    """Return what pictures of a channel say that it is: its name, or its id where it has none."""
    return channel.name or channel.arn.rpartition("/")[2]
