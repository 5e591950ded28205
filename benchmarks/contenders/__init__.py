"""What the contenders have in common: the calls, and how they are timed."""

from __future__ import annotations

import itertools
import random
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

PAGE = 100
NAME = "benchmark"
ACCOUNT = "123456789012"

_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
_SAMPLE = 1_000


@dataclass
class Place:
    """A region with so many of something in it: its client, ARNs from all over the list, a token for its middle.

    Of participants it has ids instead of ARNs, and `session`, the members that name their session.
    """

    client: Any
    sample: Sequence[str]
    middle: str
    session: Mapping[str, str] = field(default_factory=dict)
    arns: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.arns = itertools.cycle(self.sample)


Call = Callable[[Place], object]

CALLS: Mapping[str, Call] = {
    "tag_resource": lambda place: place.client.tag_resource(resourceArn=next(place.arns), tags={"team": "video"}),
    "create_channel": lambda place: place.client.create_channel(name=NAME),
    "get_channel": lambda place: place.client.get_channel(arn=next(place.arns)),
    "list_channels": lambda place: place.client.list_channels(maxResults=PAGE),
    "list_channels_middle": lambda place: place.client.list_channels(maxResults=PAGE, nextToken=place.middle),
}
STAGE_CALLS: Mapping[str, Call] = {
    "tag_resource": CALLS["tag_resource"],
    "create_stage": lambda place: place.client.create_stage(name=NAME),
    "get_stage": lambda place: place.client.get_stage(arn=next(place.arns)),
    "list_stages": lambda place: place.client.list_stages(maxResults=PAGE),
}
PARTICIPANT_CALLS: Mapping[str, Call] = {
    "get_participant": lambda place: place.client.get_participant(**place.session, participantId=next(place.arns)),
    "list_participant_events": lambda place: place.client.list_participant_events(
        **place.session, participantId=next(place.arns)
    ),
    "list_participants": lambda place: place.client.list_participants(**place.session, maxResults=PAGE),
    "list_participants_middle": lambda place: place.client.list_participants(
        **place.session, maxResults=PAGE, nextToken=place.middle
    ),
    "list_participants_published": lambda place: place.client.list_participants(
        **place.session, maxResults=PAGE, filterByPublished=True
    ),
}


class Throughput(NamedTuple):
    """Calls per second, and how many of what was made cannot be found afterwards."""

    rate: float
    lost: int


class Base(ABC):
    """One way to have boto3's calls to a service answered, and the calls that are measured."""

    service = "ivs"
    calls = CALLS

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}

    @abstractmethod
    def start(self) -> None:
        """Begin to answer."""

    @abstractmethod
    def client(self, region: str) -> Any:
        """Return a client that is answered."""

    @abstractmethod
    def fill(self, region: str, count: int, every: int) -> list[str]:
        """Make channels in a region, the shortest way; return the ARN of every so many-th."""

    @abstractmethod
    def small_test(self) -> None:
        """Do what a small unit test does: begin, make a client, call three operations, end."""

    @abstractmethod
    def existing(self, region: str) -> set[str]:
        """Return the ARNs of the channels that a region has."""

    @abstractmethod
    def clear(self) -> None:
        """Forget every channel."""

    def populate(self, size: int, with_middle: bool = False) -> None:
        """Make so many channels in a region of their own, and page to the middle of their list if that is wanted."""
        region = _REGIONS[len(self.places)]
        client = self.client(region)
        arns = self.fill(region, size, max(1, size // _SAMPLE))
        random.Random(size).shuffle(arns)
        self.places[size] = Place(client, arns, _middle(client, size) if with_middle else "")

    def time(self, call: str, size: int, seconds: float) -> float:
        """Return the seconds a call takes where there are `size` channels."""
        do, place = self.calls[call], self.places[size]
        return timed(lambda: do(place), seconds)

    def time_small_test(self, seconds: float) -> float:
        """Return the seconds a small test takes."""
        return timed(self.small_test, seconds)

    def throughput(self, threads: int, seconds: float) -> Throughput:
        """Return the calls per second of several threads, each of which makes channels and reads them."""
        self.clear()
        region = _REGIONS[0]
        client = self.client(region)
        made: list[str] = []
        misread: list[str] = []
        begin = threading.Barrier(threads + 1)

        def work() -> None:
            begin.wait()
            end = perf_counter() + seconds
            while perf_counter() < end:
                arn = client.create_channel(name=NAME)["channel"]["arn"]
                if client.get_channel(arn=arn)["channel"]["arn"] != arn:
                    misread.append(arn)
                made.append(arn)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        begin.wait()
        began = perf_counter()
        for worker in workers:
            worker.join()
        elapsed = perf_counter() - began
        return Throughput(2 * len(made) / elapsed, self.lost(region, made) + len(misread))

    def lost(self, region: str, made: list[str]) -> int:
        """Return how many channels that were made are not there, or there twice."""
        return len(made) - len(self.existing(region).intersection(made))


def timed(do: Callable[[], object], seconds: float) -> float:
    """Do something again and again for so many seconds; return what it takes once, garbage collection included."""
    done = 0
    began = perf_counter()
    end = began + seconds
    while True:
        do()
        done += 1
        now = perf_counter()
        if now >= end:
            return (now - began) / done


def peak_bytes() -> int:
    """Return the most memory that this process ever had, in bytes; Linux tells kilobytes."""
    import resource  # noqa: PLC0415 - Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def three_calls(client: Any) -> None:
    """Make a channel, read it, list it."""
    arn = client.create_channel(name=NAME)["channel"]["arn"]
    client.get_channel(arn=arn)
    client.list_channels()


def _middle(client: Any, size: int) -> str:
    """Return the token of the page in the middle of the list; empty where the list has just one page."""
    token = ""
    for _ in range(size // PAGE // 2):
        token = client.list_channels(maxResults=PAGE, **({"nextToken": token} if token else {}))["nextToken"]
    return token
