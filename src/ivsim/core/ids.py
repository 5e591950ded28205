"""One seedable source of randomness: identifiers, secrets, request ids."""

from __future__ import annotations

import base64
import random
import string
import struct

from msgspec import Struct

_ALPHABET = (string.ascii_letters + string.digits).encode()
_TO_ALPHANUMERIC = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


_WORDS = struct.Struct("<625I")
"""The state of a Mersenne Twister, as `random.Random` has it: 624 words and the place of the next."""


class IdsState(Struct, frozen=True):
    """The state of the source of randomness: the secret, and the positions of its two streams."""

    secret: bytes
    random: bytes
    requests: bytes


class Ids:
    """Random values in the forms that the services use. The same seed gives the same values in the same order.

    Request ids come from a stream of their own, so that one call more or less leaves the resources' ids as they were.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = random.Random(seed)
        self._requests = random.Random(self._random.getrandbits(64))
        self.secret = self._random.randbytes(32)
        """The key with which this emulator signs its page tokens."""

    def alphanumeric(self, length: int) -> str:
        """Return letters and digits: resource ids have 12 of them."""
        return self._random.getrandbits(length * 8).to_bytes(length, "little").translate(_TO_ALPHANUMERIC).decode()

    def base64url(self, size: int) -> str:
        """Return `size` random bytes as URL-safe base64, without padding."""
        return base64.urlsafe_b64encode(self._random.randbytes(size)).decode().rstrip("=")

    def uuid(self) -> str:
        """Return a version 4 UUID, lower case."""
        return _uuid4(self._random.getrandbits(128))

    def request_id(self) -> str:
        """Return the next call's `x-amzn-RequestId`."""
        return _uuid4(self._requests.getrandbits(128))

    def snapshot(self) -> IdsState:
        """Return a state from which `restore()` makes the same values follow."""
        return IdsState(self.secret, _state_of(self._random), _state_of(self._requests))

    def restore(self, state: IdsState) -> None:
        """Continue with the values that would have followed when the snapshot was taken.

        Raises ValueError for a malformed state.
        """
        _set_state(self._random, state.random)
        _set_state(self._requests, state.requests)
        self.secret = state.secret


def _state_of(source: random.Random) -> bytes:
    return _WORDS.pack(*source.getstate()[1])


def _set_state(source: random.Random, state: bytes) -> None:
    if len(state) != _WORDS.size:
        raise ValueError(f"the state of a stream has {_WORDS.size} bytes, not {len(state)}")
    source.setstate((random.Random.VERSION, _WORDS.unpack(state), None))


def _uuid4(bits: int) -> str:
    text = f"{bits:032x}"
    variant = "89ab"[(bits >> 62) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
