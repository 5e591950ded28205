"""What type checkers make of mock_ivs; checked by mypy, never run."""

from __future__ import annotations

import unittest
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from typing_extensions import assert_type

from ivsim import Emulator, LiveStream, current, mock_ivs


@mock_ivs
def plain(name: str, *, times: int = 1) -> bytes:
    return name.encode() * times


@mock_ivs(seed=7, quotas={"Channels": 2}, rate_limits=True, strict=False, account_id="210987654321")
def with_options(name: str) -> int:
    return len(name)


@mock_ivs
async def asynchronous(name: str) -> int:
    return len(name)


@mock_ivs
def generator() -> Iterator[int]:
    yield 1


@mock_ivs(transitions="realistic", region="eu-west-1")
async def asynchronous_generator() -> AsyncIterator[int]:
    yield 1


@mock_ivs
class Decorated(unittest.TestCase):
    attribute: int = 3

    def method(self) -> str:
        return "x"


assert_type(plain("x", times=2), bytes)
assert_type(with_options("x"), int)
assert_type(generator(), Iterator[int])
assert_type(asynchronous_generator(), AsyncIterator[int])
assert_type(Decorated().method(), str)
assert_type(Decorated.attribute, int)
assert_type(current(), Emulator | None)

takes_one: Callable[[str], Awaitable[int]] = asynchronous

plain(3)  # type: ignore[arg-type]
plain("x", time=2)  # type: ignore[call-arg]
with_options()  # type: ignore[call-arg]
mock_ivs(sed=7)  # type: ignore[call-overload]
mock_ivs(transitions="slow")  # type: ignore[call-overload]

with mock_ivs() as sim:
    assert_type(sim, Emulator)
    with sim.streams.start("arn", viewers=3) as live:
        assert_type(live, LiveStream)
        assert_type(live.stream_id, str)


async def main() -> None:
    async with mock_ivs(seed="x") as emulator:
        assert_type(emulator, Emulator)


mock = mock_ivs()
assert_type(mock.start(), Emulator)
mock.stop()
