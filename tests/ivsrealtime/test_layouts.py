"""Who is seen where in a composition's picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim.core.broadcasting import Cell
from ivsim.ivsrealtime.layouts import GridConfiguration, LayoutConfiguration, PipConfiguration, seen
from ivsim.ivsrealtime.participants import Participant

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def somebody(name: str, *, video_stopped: bool = False, **attributes: str) -> Participant:
    return Participant(name, "st-1", NOON, user_id=name, attributes=attributes, video_stopped=video_stopped)


def places(shown: list[Cell], width: int = 1280, height: int = 720) -> dict[str, tuple[int, int, int, int]]:
    """Return left, top, width and height of each, in pixels."""
    return {
        each.name: (
            round(each.left * width),
            round(each.top * height),
            round(each.width * width),
            round(each.height * height),
        )
        for each in shown
    }


def cells(layout: LayoutConfiguration, people: Sequence[Participant], width: int, height: int) -> list[Cell]:
    """Return the cells of those who are seen."""
    return [each.cell for each in seen(layout, people, width, height)]


def grid(*people: Participant, width: int = 1280, height: int = 720, **members: Any) -> Any:
    layout = LayoutConfiguration(grid=GridConfiguration(**{"grid_gap": 0, **members}))
    return places(cells(layout, people, width, height), width, height)


def pip(*people: Participant, **members: Any) -> Any:
    return places(cells(LayoutConfiguration(pip=PipConfiguration(**members)), people, 1280, 720))


ADA, BOB, CLEO = (somebody(name) for name in ("ada", "bob", "cleo"))


def test_grid() -> None:
    """Tiles are as large as they can be, and stand in the middle."""
    assert grid() == {}
    assert grid(ADA) == {"ada": (0, 0, 1280, 720)}
    assert grid(ADA, BOB) == {"ada": (0, 180, 640, 360), "bob": (640, 180, 640, 360)}
    assert grid(ADA, BOB, CLEO) == {
        "ada": (0, 0, 640, 360),
        "bob": (640, 0, 640, 360),
        "cleo": (320, 360, 640, 360),
    }


def test_aspects() -> None:
    """Tiles of the people in a grid have the shape that is wished for."""
    assert grid(ADA, video_aspect_ratio="SQUARE") == {"ada": (280, 0, 720, 720)}
    assert grid(ADA, video_aspect_ratio="PORTRAIT") == {"ada": (370, 0, 540, 720)}
    assert grid(ADA, video_aspect_ratio="AUTO") == {"ada": (0, 0, 1280, 720)}


def test_gap() -> None:
    """Between tiles there is a gap of so many pixels; a gap that leaves no room leaves a pixel."""
    assert grid(ADA, BOB, width=1290, grid_gap=10) == {"ada": (0, 180, 640, 360), "bob": (650, 180, 640, 360)}
    assert all(place[2] >= 1 for place in grid(ADA, BOB, grid_gap=5000).values())


def test_featured() -> None:
    """The first one with the attribute stands above the others, who are in a row; alone it has all of the picture."""
    host, second = somebody("host", star="true"), somebody("second", star="true")
    assert grid(host, featured_participant_attribute="star") == {"host": (0, 0, 1280, 720)}
    assert grid(ADA, host, second, featured_participant_attribute="star") == {
        "host": (0, 0, 1280, 540),
        "ada": (320, 540, 320, 180),
        "second": (640, 540, 320, 180),
    }
    assert grid(somebody("no", star="false"), featured_participant_attribute="star") == {"no": (0, 0, 1280, 720)}


def test_order() -> None:
    """People stand in the order of a number that they have; those without one follow as they came."""
    people = [ADA, somebody("ten", seat="10"), somebody("two", seat="2"), somebody("odd", seat="front"), BOB]
    assert list(grid(*people, participant_order_attribute="seat")) == ["two", "ten", "ada", "odd", "bob"]
    assert list(grid(*people)) == ["ada", "ten", "two", "odd", "bob"]


def test_stopped_video() -> None:
    """Who sends no picture is dark, or is not there, as it is wished for."""
    dark = somebody("dark", video_stopped=True)
    layout = LayoutConfiguration(grid=GridConfiguration())
    assert [each.is_dark for each in cells(layout, [ADA, dark], 1280, 720)] == [False, True]
    assert list(grid(ADA, dark, omit_stopped_video=True)) == ["ada"]


def test_without_a_name() -> None:
    """Who has no user id is seen by the id of the participant."""
    nameless = Participant("Ab1", "st-1", NOON)
    assert list(grid(nameless)) == ["Ab1"]


def test_window() -> None:
    """The window lies over the others, in its corner."""
    small = somebody("small", small="true")
    wanted: dict[str, Any] = {"pip_participant_attribute": "small"}
    assert pip(ADA, small, **wanted) == {"ada": (0, 0, 1280, 720), "small": (960, 540, 320, 180)}
    assert list(pip(small, ADA, **wanted)) == ["ada", "small"]
    assert pip(ADA, small) == {"ada": (0, 180, 640, 360), "small": (640, 180, 640, 360)}
    size = {"pip_width": 200, "pip_height": 100, "pip_offset": 10}
    corners = {
        "TOP_LEFT": (10, 10),
        "TOP_RIGHT": (1070, 10),
        "BOTTOM_LEFT": (10, 610),
        "BOTTOM_RIGHT": (1070, 610),
    }
    for position, corner in corners.items():
        assert pip(ADA, small, **wanted, **size, pip_position=position)["small"] == (*corner, 200, 100)


def test_window_alone() -> None:
    """When all others have left, the window stays as it is, or fills the picture."""
    small = somebody("small", small="true")
    wanted = {"pip_participant_attribute": "small"}
    assert pip(small, **wanted) == {"small": (960, 540, 320, 180)}
    assert pip(small, **wanted, pip_behavior="DYNAMIC") == {"small": (0, 0, 1280, 720)}
    assert pip(ADA, small, **wanted, pip_behavior="DYNAMIC")["small"] == (960, 540, 320, 180)


def test_featured_under_a_window() -> None:
    """A featured participant stands in the large slot of the picture that the window lies on."""
    host, small = somebody("host", star="true"), somebody("small", small="true")
    wanted = {"featured_participant_attribute": "star", "pip_participant_attribute": "small"}
    assert list(pip(ADA, small, host, **wanted)) == ["host", "ada", "small"]


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 14),
    st.sampled_from(["AUTO", "VIDEO", "SQUARE", "PORTRAIT"]),
    st.integers(0, 20),
    st.sampled_from([(1280, 720), (720, 1280), (1920, 1080), (320, 180)]),
    st.booleans(),
)
def test_everybody_has_a_place(count: int, aspect: str, gap: int, size: tuple[int, int], has_star: bool) -> None:
    """Whoever publishes is in the picture, nobody lies outside of it, and nobody on another."""
    people = [somebody(f"p{number}", star=str(has_star and number == 0).lower()) for number in range(count)]
    layout = GridConfiguration(video_aspect_ratio=aspect, grid_gap=gap, featured_participant_attribute="star")
    shown = cells(LayoutConfiguration(grid=layout), people, *size)
    assert sorted(each.name for each in shown) == sorted(each.user_id for each in people)
    for number, each in enumerate(shown):
        assert -1e-9 <= each.left <= each.left + each.width <= 1 + 1e-9
        assert -1e-9 <= each.top <= each.top + each.height <= 1 + 1e-9
        for other in shown[:number]:
            apart = (
                each.left >= other.left + other.width - 1e-9
                or other.left >= each.left + each.width - 1e-9
                or each.top >= other.top + other.height - 1e-9
                or other.top >= each.top + each.height - 1e-9
            )
            assert apart


@pytest.mark.parametrize(
    ("layout", "fills"),
    [
        (LayoutConfiguration(), "COVER COVER"),
        (LayoutConfiguration(grid=GridConfiguration(featured_participant_attribute="star")), "CONTAIN COVER"),
        (LayoutConfiguration(grid=GridConfiguration(video_fill_mode="FILL")), "FILL FILL"),
        (LayoutConfiguration(pip=PipConfiguration(featured_participant_attribute="star")), "COVER COVER"),
    ],
)
def test_fill(layout: LayoutConfiguration, fills: str) -> None:
    """A picture covers its tile, a featured one in a grid is in it as a whole, or the request says how."""
    star = somebody("star", star="true")
    shown = seen(layout, [star, ADA], 1280, 720)
    assert [(each.participant_id, each.fill) for each in shown] == [*zip(["star", "ada"], fills.split(), strict=True)]


def test_neither_layout_is_a_grid() -> None:
    """Without a layout people stand in a grid."""
    assert places(cells(LayoutConfiguration(), [ADA], 1280, 720)) == {"ada": (0, 0, 1280, 720)}


@pytest.mark.parametrize("name", ["pip_width", "pip_height"])
def test_window_too_large(name: str) -> None:
    """A window is never larger than the picture."""
    small = somebody("small", small="true")
    left, top, width, height = pip(ADA, small, pip_participant_attribute="small", pip_offset=50, **{name: 9000})[
        "small"
    ]
    assert left >= 0
    assert top >= 0
    assert left + width <= 1280
    assert top + height <= 720
