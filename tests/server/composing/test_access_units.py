"""Pictures put together from packets that come as networks bring them."""

from __future__ import annotations

import pytest

from ivsim.server.composing.access_units import AccessUnits
from ivsim.server.stages.rtp import Packet

KEY, OTHER = b"\x65key", b"\x41other"


def packet(sequence: int, payload: bytes, *, last: bool = True) -> Packet:
    """Return a packet."""
    return Packet(96, last, sequence & 0xFFFF, 0, 1, {}, payload)


def pictures(*packets: Packet) -> list[tuple[tuple[bytes, ...], bool]]:
    """Return the pictures in packets."""
    units = AccessUnits()
    return [(each.units, each.is_key) for one in packets for each in units.take(one)]


def test_forms() -> None:
    """A picture is in one packet, in several with its parameter sets, or in parts."""
    together = b"\x18" + b"\0\2\x67S" + b"\0\2\x68P"
    parts = [b"\x7c\x85ke", b"\x7c\x05y", b"\x7c\x45!"]
    assert pictures(
        packet(65534, together, last=False),
        packet(65535, parts[0], last=False),
        packet(0, parts[1], last=False),
        packet(1, parts[2]),
        packet(2, OTHER),
    ) == [((b"\x67S", b"\x68P", b"\x65key!"), True), ((OTHER,), False)]


def test_order() -> None:
    """What comes late has its place; what comes twice, or after that was given up, is left out."""
    assert pictures(packet(1, KEY), packet(3, b"\x41c"), packet(2, b"\x41b"), packet(2, b"\x41x")) == [
        ((KEY,), True),
        ((b"\x41b",), False),
        ((b"\x41c",), False),
    ]


def test_begins_with_a_key_frame() -> None:
    """Before a key frame there is nothing, and one is wanted."""
    units = AccessUnits()
    assert list(units.take(packet(1, OTHER))) == []
    assert units.wants_key
    assert [each.is_key for each in units.take(packet(2, KEY))] == [True]
    assert not units.wants_key


def test_lost() -> None:
    """Behind a gap that is not filled pictures are left out until a key frame, which is wanted."""
    units = AccessUnits()
    came = []
    for number, payload in ((1, KEY), *((each, OTHER) for each in range(3, 68)), (68, KEY), (69, OTHER)):
        came += [(number, each.is_key, units.wants_key) for each in units.take(packet(number, payload))]
        if number == 66:
            assert not units.wants_key
        if number == 67:
            assert units.wants_key
    assert came == [(1, True, False), (68, True, False), (69, False, False)]


@pytest.mark.parametrize("odd", [b"", b"\x7c", b"\x7c\x05middle", b"\x18\0", b"\x18\0\0\0\0", b"\x1fx"])
def test_odd(odd: bytes) -> None:
    """What is no part of a picture does no harm: the next key frame is one again."""
    found = pictures(packet(1, KEY), packet(2, odd), packet(3, KEY))
    assert found == [((KEY,), True), ((KEY,), True)]
