"""Pictures that are put together from packets."""

from __future__ import annotations

import itertools
import random

import pytest

from ivsim.server.stages.access_units import AccessUnit, AccessUnits
from ivsim.server.stages.rtp import Packet

SEQUENCE, PICTURE, KEY, OTHER = b"\x67\1\2\3", b"\x68\4", b"\x65" + bytes(range(40)), b"\x41" + bytes(range(30))


def packet(sequence: int, payload: bytes, *, time: int = 0, is_last: bool = True) -> Packet:
    """Return a packet."""
    return Packet(96, is_last, sequence & 0xFFFF, time, 1, {}, payload)


def together(*units: bytes) -> bytes:
    """Return NAL units in one payload (STAP-A)."""
    return b"\x78" + b"".join(len(each).to_bytes(2, "big") + each for each in units)


def parts(unit: bytes, size: int = 10) -> list[bytes]:
    """Return a NAL unit in several payloads (FU-A)."""
    pieces = [unit[at : at + size] for at in range(1, len(unit), size)]
    flags = [0x80, *[0] * (len(pieces) - 2), 0x40]
    return [
        bytes([unit[0] & 0xE0 | 28, flag | unit[0] & 0x1F]) + each for flag, each in zip(flags, pieces, strict=True)
    ]


def picture(first: int, time: int) -> list[Packet]:
    """Return a key frame with its parameter sets, in several packets."""
    payloads = [together(SEQUENCE, PICTURE), *parts(KEY)]
    return [
        packet(first + number, each, time=time, is_last=number == len(payloads) - 1)
        for number, each in enumerate(payloads)
    ]


def taken(units: AccessUnits, *packets: Packet) -> list[AccessUnit]:
    """Return the pictures that are whole by packets."""
    return list(itertools.chain.from_iterable(map(units.take, packets)))


def test_whole() -> None:
    """A picture comes with its last packet, by its NAL units, with its time."""
    units = AccessUnits()
    key = picture(65534, 9000)
    assert taken(units, *key[:-1]) == []
    assert units.wants_key
    assert taken(units, key[-1]) == [AccessUnit((SEQUENCE, PICTURE, KEY), True, 9000)]
    assert taken(units, packet(65534 + len(key), OTHER, time=12_000)) == [AccessUnit((OTHER,), False, 12_000)]
    assert not units.wants_key


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order(seed: int) -> None:
    """Packets that come in another order, or twice, are put in theirs."""
    units = AccessUnits()
    packets = [*picture(7, 0), packet(12, OTHER, time=3000), *picture(13, 6000)]
    first, rest = packets[0], packets[1:]
    rest += rest[:3]
    random.Random(seed).shuffle(rest)
    assert [each.timestamp for each in taken(units, first, *rest)] == [0, 3000, 6000]


def test_lost() -> None:
    """Where a packet stays away, pictures are left out until a key frame; what comes late changes nothing."""
    units = AccessUnits()
    assert len(taken(units, *picture(0, 0))) == 1
    lost, *rest = parts(OTHER)
    after = [packet(7 + number, each, time=3000) for number, each in enumerate(rest)]
    after = [each._replace(is_marked=each is after[-1]) for each in after]
    others = [packet(9 + number, OTHER, time=6000) for number in range(70)]
    assert taken(units, *after, *others) == []
    assert units.wants_key
    assert taken(units, packet(6, lost, time=3000)) == []
    assert [each.timestamp for each in taken(units, *picture(79, 9000))] == [9000]


def test_given_up_soon() -> None:
    """What is lost is given up when three more pictures have come; they are left out, and the next key frame is not."""
    units = AccessUnits()
    assert len(taken(units, *picture(0, 0))) == 1
    first = picture(0, 0)[-1].sequence + 2
    others = [packet(first + number, OTHER, time=3000 * (2 + number)) for number in range(3)]
    assert taken(units, *others) == []
    assert not units.wants_key
    assert [each.timestamp for each in taken(units, *picture(first + 3, 15_000))] == [15_000]


@pytest.mark.parametrize("payload", [b"", b"\x7c", b"\x7c\5x"], ids=["nothing", "no flags", "no beginning"])
def test_nonsense(payload: bytes) -> None:
    """What is no part of a picture is left out."""
    assert taken(AccessUnits(), packet(0, payload)) == []
