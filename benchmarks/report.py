"""The table: one row a measurement, printed as soon as it is there."""

from __future__ import annotations

from .turns import Turns, middle, ratio

_WIDTHS = (46, 11, 11, 11, 13, 12, 19, 3)
_HEAD = ("", "floor", "ivsim", "moto", "ivsim/floor", "moto/ivsim", "budget", "met")


def head() -> None:
    """Print the columns' names."""
    _line(*_HEAD)
    print("-" * (sum(_WIDTHS) + 2 * (len(_WIDTHS) - 1)))


def section(title: str) -> None:
    """Begin a group of rows."""
    print(f"\n{title}")


def times(
    what: str, turns: Turns, *, factor: float | None = None, most: float | None = None, more: float | None = None
) -> None:
    """Print what each contender took.

    The budget is a `factor`, how many times the floor ivsim may take, or `most`, in seconds, or how many seconds `more`
    than the floor, or there is none.
    """
    of_floor, of_ivsim = ratio(turns, "ivsim", "floor"), ratio(turns, "moto", "ivsim")
    taken = middle(turns["ivsim"])
    budget, met = "", None
    if factor is not None and of_floor is not None:
        budget, met = f"<= {factor:.2f} x floor", of_floor <= factor
    elif most is not None and taken is not None:
        budget, met = f"<= {seconds(most)}", taken <= most
    elif more is not None:
        extra = middle(ivsim - floor for ivsim, floor in zip(turns["ivsim"], turns["floor"], strict=True))
        budget, met = f"{seconds(extra)} <= {seconds(more)}", extra is not None and extra <= more
    row(
        what,
        seconds(middle(turns.get("floor"))),
        seconds(taken),
        seconds(middle(turns.get("moto"))),
        of_floor=_times(of_floor),
        of_ivsim=_times(of_ivsim),
        budget=budget,
        met=met,
    )


def growth(what: str, ivsim: float, moto: float | None = None, *, within: float) -> None:
    """Print how many times longer a call takes where there is more; the budget is as long, give or take `within`."""
    row(what, "", _times(ivsim), _times(moto), budget=f"same, +- {within:.0%}", met=1 - within <= ivsim <= 1 + within)


def row(
    what: str,
    floor: str,
    ivsim: str,
    moto: str,
    *,
    of_floor: str = "-",
    of_ivsim: str = "-",
    budget: str = "",
    met: bool | None = None,
) -> None:
    """Print a row of any kind."""
    _line(what, floor, ivsim, moto, of_floor, of_ivsim, budget, "" if met is None else "yes" if met else "NO")


def seconds(value: float | None) -> str:
    """Return a duration as people read it."""
    if value is None:
        return "-"
    return f"{value * 1e3:.2f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} x" if value < 100 else f"{value:.0f} x"


def _line(*cells: str) -> None:
    first, *others = zip(cells, _WIDTHS, strict=True)
    print("  ".join([f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]), flush=True)
