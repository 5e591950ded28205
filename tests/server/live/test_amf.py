"""AMF0: values to bytes and back."""

from __future__ import annotations

import struct
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim.server.live.amf import AmfRefused, Value, decode, encode

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=8,
)

MARKED = st.lists(st.integers(0, 17) | st.integers(0, 255), max_size=60).map(bytes)
"""Bytes most of which are markers, so that more of them are read than of any others."""

END = b"\0\0\x09"


def nested(depth: int, marker: int) -> bytes:
    """Return a null within so many arrays or objects, each the only member of the one around it."""
    before, after = {
        3: (b"\x03\0\1a", END),
        8: (b"\x08\0\0\0\1\0\1a", END),
        10: (b"\x0a\0\0\0\1", b""),
    }[marker]
    return before * depth + b"\5" + after * depth


@given(st.lists(VALUES, max_size=4))
@settings(deadline=None)
def test_what_is_encoded_is_decoded(values: list[Value]) -> None:
    """All values come back in their order and with their types, not-a-number and the negative zero too."""
    assert repr(decode(encode(*values))) == repr(values)


@given(st.integers(-(2**53), 2**53))
def test_whole_numbers(number: int) -> None:
    """A whole number comes back as a float of its value."""
    (found,) = decode(encode(number))
    assert isinstance(found, float)
    assert found == number


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (1.5, "00 3ff8000000000000"),
        (True, "01 01"),
        (False, "01 00"),
        ("é", "02 0002 c3a9"),
        ({"a": None}, "03 0001 61 05 0000 09"),
        ({}, "03 0000 09"),
        (None, "05"),
        ([True, "x"], "0a 00000002 0101 02 0001 78"),
        ([], "0a 00000000"),
    ],
)
def test_bytes(value: Value, data: str) -> None:
    """Every kind of value has the bytes that the specification gives it, in both directions."""
    assert encode(value) == bytes.fromhex(data)
    assert repr(decode(bytes.fromhex(data))) == repr([value])


def test_long_text_is_cut() -> None:
    """Of a text that is too long for its length, as much is encoded as there is room for."""
    assert decode(encode("a" * 70_000, 1.0)) == ["a" * 0xFFFF, 1.0]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x06", None),
        (b"\x0b" + struct.pack(">dh", 1_700_000_000_000, 0), 1_700_000_000_000.0),
        (b"\x0b" + struct.pack(">dh", -1.0, -60), -1.0),
        (b"\x0c" + struct.pack(">I", 70_000) + b"b" * 70_000, "b" * 70_000),
        (b"\x02\0\2\xffa", "\N{REPLACEMENT CHARACTER}a"),
        (b"\x01\x07", True),
        (b"\x0a\0\0\0\2\x05\x0a\0\0\0\1\x01\0", [None, [False]]),
        (b"\x03\0\0\x05\0\1a\x06" + END, {"": None, "a": None}),
    ],
    ids=["undefined", "date", "date with a zone", "long string", "no UTF-8", "odd boolean", "arrays", "empty name"],
)
def test_what_others_encode(data: bytes, value: Value) -> None:
    """What other encoders write is read too, and what comes after it."""
    assert repr(decode(data + b"\x01\1")) == repr([value, True])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 0xFFFFFFFF])
def test_ecma_array(count: int) -> None:
    """An ECMA array ends at its end, whatever it says of its count."""
    members = b"\0\5width" + encode(1280.0) + b"\0\7encoder" + encode("obs")
    data = b"\x08" + struct.pack(">I", count) + members + END
    assert decode(data + encode("after")) == [{"width": 1280.0, "encoder": "obs"}, "after"]


@given(st.lists(VALUES, max_size=3))
@settings(max_examples=50, deadline=None)
def test_cut_off(values: list[Value]) -> None:
    """Bytes that are cut off have the values before if the cut is between two, and else are refused."""
    data = encode(*values)
    ends = list(accumulate((len(encode(each)) for each in values), initial=0))
    for cut in range(len(data) + 1):
        if cut in ends:
            assert repr(decode(data[:cut])) == repr(values[: ends.index(cut)])
        else:
            with pytest.raises(AmfRefused, match="end within a value"):
                decode(data[:cut])


@pytest.mark.parametrize(
    "data",
    [b"\x08\0\0\0", b"\x08\0\0\0\0", b"\x0b" + bytes(9), b"\x0c\0\0\0\2a", b"\x03\0\0", b"\x0a\xff\xff\xff\xff\5\5"],
)
def test_cut_off_of_others(data: bytes) -> None:
    """What only other encoders write is refused too where it is cut off."""
    with pytest.raises(AmfRefused, match="end within a value"):
        decode(data)


@pytest.mark.parametrize("marker", [4, 7, 9, 13, 14, 15, 16, 17, 255])
@pytest.mark.parametrize("before", [b"", b"\x05", b"\x0a\0\0\0\1", b"\x03\0\1a"])
def test_unknown_marker(marker: int, before: bytes) -> None:
    """A marker that is none, or of what no encoder sends, is refused by its number, wherever it is."""
    with pytest.raises(AmfRefused, match=f"the marker {marker}$"):
        decode(before + bytes([marker]) + bytes(16))


@pytest.mark.parametrize("marker", [3, 8, 10])
def test_nesting(marker: int) -> None:
    """Values are taken that are nested 16 deep, and refused at any depth below."""
    (found,) = decode(nested(16, marker))
    for _ in range(16):
        assert isinstance(found, (dict, list))
        (found,) = found.values() if isinstance(found, dict) else found
    assert found is None
    for depth in (17, 5000):
        with pytest.raises(AmfRefused, match="more than 16 deep"):
            decode(nested(depth, marker))


@given(st.binary(max_size=80) | MARKED)
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    """Any bytes are refused as AMF0, or have values that can be encoded again."""
    try:
        values = decode(data)
    except AmfRefused:
        return
    assert repr(decode(encode(*values))) == repr(values)
