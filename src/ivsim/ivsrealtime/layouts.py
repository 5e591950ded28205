"""Layouts: where in a composition's picture participants are.

Source: *Overview of IVS Server-Side Composition*, IVS Real-Time User Guide, which says what is where, and that sizes
and places may change; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from ..core.broadcasting import Cell
from .participants import Participant


class GridConfiguration(Struct, frozen=True):
    """Participants side by side."""

    featured_participant_attribute: str = ""
    omit_stopped_video: bool = False
    video_aspect_ratio: str = "VIDEO"
    video_fill_mode: str = ""
    grid_gap: int = 2
    participant_order_attribute: str = ""


class PipConfiguration(Struct, frozen=True):
    """One participant in a window over the others. Without a size of its own the window has one that fits."""

    featured_participant_attribute: str = ""
    omit_stopped_video: bool = False
    video_fill_mode: str = "COVER"
    grid_gap: int = 0
    pip_participant_attribute: str = ""
    pip_behavior: str = "STATIC"
    pip_offset: int = 0
    pip_position: str = "BOTTOM_RIGHT"
    pip_width: int | None = None
    pip_height: int | None = None
    participant_order_attribute: str = ""


class LayoutConfiguration(Struct, frozen=True):
    """One of the two layouts."""

    grid: GridConfiguration | None = None
    pip: PipConfiguration | None = None


class Place(NamedTuple):
    """A rectangle in the picture, in pixels."""

    left: float
    top: float
    width: float
    height: float


class Seen(NamedTuple):
    """Somebody who is seen: where, and how the picture is fitted into the cell: FILL, COVER or CONTAIN."""

    participant_id: str
    cell: Cell
    fill: str


_ASPECTS = {"AUTO": 16 / 9, "VIDEO": 16 / 9, "SQUARE": 1.0, "PORTRAIT": 3 / 4}
"""The width of a tile by its height; AUTO goes by what is sent, which is 16:9."""

_FEATURED = 0.75
"""The part of the height that the featured slot takes where others are below it."""

_WINDOW = 0.25
"""The part of width and height that the window takes where it has no size of its own."""


def seen(layout: LayoutConfiguration, publishers: Sequence[Participant], width: int, height: int) -> list[Seen]:
    """Return who is seen of those who publish, who are given in the order in which they came."""
    shape = layout.pip or layout.grid or GridConfiguration()
    shown = [each for each in publishers if not (shape.omit_stopped_video and each.video_stopped)]
    shown.sort(key=lambda each: _rank(each, shape.participant_order_attribute))
    window = _first_with(shown, layout.pip.pip_participant_attribute) if layout.pip else None
    others = [each for each in shown if each is not window]
    featured = _first_with(others, shape.featured_participant_attribute)
    below = [each for each in others if each is not featured]
    whole = Place(0, 0, width, height)
    aspect = _ASPECTS[layout.grid.video_aspect_ratio if layout.grid else "VIDEO"]
    places: list[tuple[Participant, Place]] = []
    if featured is None:
        places += zip(below, _grid(len(below), whole, shape.grid_gap, aspect), strict=True)
    elif below:
        slot = whole._replace(height=height * _FEATURED)
        row = whole._replace(top=slot.height, height=height - slot.height)
        places.append((featured, slot))
        places += zip(below, _grid(len(below), row, shape.grid_gap, aspect, rows=1), strict=True)
    else:
        places.append((featured, whole))
    if layout.pip and window:
        is_alone = not others and layout.pip.pip_behavior == "DYNAMIC"
        places.append((window, whole if is_alone else _corner(layout.pip, whole)))
    return [
        Seen(
            each.participant_id,
            Cell(
                each.user_id or each.participant_id,
                place.left / width,
                place.top / height,
                place.width / width,
                place.height / height,
                each.video_stopped,
            ),
            shape.video_fill_mode or ("CONTAIN" if each is featured else "COVER"),
        )
        for each, place in places
    ]


def _rank(participant: Participant, attribute: str) -> tuple[bool, float]:
    """Return by what a participant is ordered: a number in an attribute; those without one come last, as they came."""
    try:
        return False, float((participant.attributes or {})[attribute])
    except (KeyError, ValueError):
        return True, 0


def _first_with(participants: Sequence[Participant], attribute: str) -> Participant | None:
    """Return the first one who has an attribute that is "true"."""
    return next((each for each in participants if (each.attributes or {}).get(attribute) == "true"), None)


def _grid(count: int, place: Place, gap: int, aspect: float, *, rows: int | None = None) -> list[Place]:
    """Return the places of so many tiles, as large as they can be, or in so many rows."""
    if not count:
        return []

    def tile(columns: int) -> Place:
        lines = -(-count // columns)
        width = (place.width - gap * (columns - 1)) / columns
        height = (place.height - gap * (lines - 1)) / lines
        width = max(min(width, height * aspect), 1)
        return Place(0, 0, width, width / aspect)

    columns = -(-count // rows) if rows else max(range(count, 0, -1), key=lambda each: tile(each).width)
    size = tile(columns)
    lines = -(-count // columns)
    top = place.top + (place.height - lines * size.height - (lines - 1) * gap) / 2
    tiles = []
    for number in range(count):
        line, column = divmod(number, columns)
        across = min(columns, count - line * columns)
        left = place.left + (place.width - across * size.width - (across - 1) * gap) / 2
        at = Place(left + column * (size.width + gap), top + line * (size.height + gap), size.width, size.height)
        tiles.append(at)
    return tiles


def _corner(pip: PipConfiguration, whole: Place) -> Place:
    """Return the place of the window."""
    width = min(pip.pip_width or whole.width * _WINDOW, whole.width)
    height = min(pip.pip_height or whole.height * _WINDOW, whole.height)
    right, below = max(whole.width - width - pip.pip_offset, 0), max(whole.height - height - pip.pip_offset, 0)
    left = min(pip.pip_offset, whole.width - width) if pip.pip_position.endswith("LEFT") else right
    top = min(pip.pip_offset, whole.height - height) if pip.pip_position.startswith("TOP") else below
    return Place(left, top, width, height)
