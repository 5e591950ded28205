"""The options of an emulator. A new one is a line in each of the two classes here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

from .arguments import TypeRefused, ValueRefused, check_seed
from .unknown import unknown

Transitions = Literal["immediate", "realistic"]
Deliver = bool | Literal["pictures"]


class GivenOptions(TypedDict, total=False):
    """Options as they are given to `Emulator()` and `mock_ivs()`: by keyword, those that are not the default."""

    seed: int | str | None
    account_id: str
    region: str
    quotas: Mapping[str, int] | None
    rate_limits: bool
    strict: bool
    transitions: Transitions
    deliver: Deliver
    event_weather: int | str | None
    history: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of an emulator.

    Raises ValueError for an account id that is not 12 digits, an unknown kind of transitions or of deliveries, and a
    history that is no number of things; TypeError for an option that does not exist or is of another type.
    """

    seed: int | str | None = None
    """With a seed and a frozen clock, two runs give the same bytes."""

    account_id: str = "123456789012"
    """The account of a call whose request does not name one."""

    region: str = "us-east-1"
    """The region of a call whose request does not name one."""

    quotas: Mapping[str, int] | None = None
    """Changes to the documented quotas, for example ``{"Channels": 2}``."""

    rate_limits: bool = False
    """True to refuse more calls per second than AWS documents."""

    strict: bool = True
    """True to check constraints, and references to other resources.

    False is for suites written against looser mocks. Required members and types always are checked.
    """

    transitions: Transitions = "immediate"
    """The time that resources take to settle: "immediate" shows CREATING once and the settled state from the next read
    on, "realistic" takes the documented time on the clock."""

    deliver: Deliver = False
    """True to write recordings and chat logs to S3, CloudWatch Logs and Firehose, with boto3, and put events on buses.

    Under moto the code under test finds them there. AWS itself takes no such events, and is not asked. Recordings then
    have sound and metadata alone. With "pictures" they have pictures too, which takes longer than all else: 20 seconds
    or so for an hour in five renditions.
    """

    event_weather: int | str | None = None
    """A seed, to have one event in eight or so lost, doubled, delayed by up to a minute of the clock, or swapped with
    the next that arrives: the same ones for a seed, whether 7 or "7". None has all of them arrive once, at once and in
    order. `sim.events.weather` is this, to change."""

    history: int | None = None
    """The number of calls, events, frames of a room and other accumulating things to keep; None keeps all of them.

    When there are twice as many, the oldest go.
    """

    def __post_init__(self) -> None:
        for name, given in (("account_id", self.account_id), ("region", self.region)):
            if not isinstance(given, str):
                raise TypeRefused(name, f"{given!r} is not text")
        if not re.fullmatch(r"[0-9]{12}", self.account_id):
            raise ValueRefused("account_id", f"{self.account_id!r} is not 12 digits")
        if self.transitions not in get_args(Transitions):
            raise ValueRefused("transitions", f"{self.transitions!r} is neither 'immediate' nor 'realistic'")
        if self.deliver not in (True, False, "pictures"):
            raise ValueRefused("deliver", f"{self.deliver!r} is neither True, False nor 'pictures'")
        check_seed("event_weather", self.event_weather)
        if self.history is not None and (type(self.history) is not int or self.history < 1):
            raise ValueRefused("history", f"{self.history!r} is neither a whole number from 1 on nor None")


def check_names(options: Mapping[str, object], place: str) -> None:
    """Raise TypeError for an option that does not exist, as a function does for an argument."""
    for name in options:
        if name not in Options.__dataclass_fields__:
            raise TypeRefused(name, unknown("option", name, Options.__dataclass_fields__), place=place)
