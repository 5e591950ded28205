"""What the media of a simulated broadcast show: from a stream and a rendition to a recipe of `ivsim.media`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...core.broadcasting import cells_at
from ...media import simulation
from ...media.picture import YOUNG, Scene
from ...media.simulation import Part
from ...wire.http import Recipe
from ..ingest.pictures import form_of, title_of
from ..stream_sessions import inserted_between
from .timelines import LIVE, SEGMENT_SECONDS, SLATE

if TYPE_CHECKING:
    from ...core.broadcasting import Layout
    from ..ingest.renditions import Rendition
    from ..stream_sessions import StreamSession, TimedMetadata
    from .timelines import Timeline

_YOUNG = math.ceil(YOUNG / SEGMENT_SECONDS) + 1
"""The segments before one from whose time a text may still be shown in it."""


def segment(
    stream: StreamSession,
    rendition: Rendition,
    timeline: Timeline,
    number: int,
    inserted: Sequence[TimedMetadata],
    layouts: Sequence[Layout],
    suffix: str,
) -> Recipe:
    """Return the recipe for a segment: a fragment where the suffix is that of MP4.

    A text of PutMetadata is in the first segment that begins after it, and so is a change of who is seen.
    """
    assert stream.started_at is not None
    begin, elapsed = timeline.begin(number), timeline.elapsed(number)
    young = inserted_between(inserted, timeline.begin(max(number - _YOUNG, 0)), begin)
    texts = tuple((timeline.elapsed(timeline.after(each.at)), each.text) for each in young)
    source = timeline.stretch(number).source
    scene = Scene(
        title=title_of(stream.channel),
        rendition=rendition.name,
        source=source if source in (LIVE, SLATE) else "ad",
        began=stream.started_at,
        texts=texts,
        cells=cells_at(layouts, begin),
    )
    gap = (begin - stream.started_at).total_seconds() - elapsed
    part = Part(number, elapsed, timeline.duration(number), round(gap, 6))
    make = simulation.fragment if suffix == "mp4" else simulation.transport_stream
    return Recipe(make, (form_of(rendition), scene, part))


def initialization(rendition: Rendition) -> Recipe:
    """Return the recipe for what is read before fragments."""
    return Recipe(simulation.initialization, (form_of(rendition),))
