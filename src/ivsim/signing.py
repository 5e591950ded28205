"""Signing: what the tokens have in common that an application's back end signs with a key of its own."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

from .core.arguments import TypeRefused, ValueRefused
from .core.keys import CURVE
from .mock import current

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def key(private_key: Any) -> EllipticCurvePrivateKey:
    """Return a private key that was given as such or as a PEM. Raises ValueError and TypeError for another one."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only here
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    found = private_key.encode() if isinstance(private_key, str) else private_key
    if isinstance(found, bytes):
        try:
            found = load_pem_private_key(found, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ValueRefused("private_key", f"not the PEM of a private key without a password: {error}") from None
    if not isinstance(found, EllipticCurvePrivateKey):
        raise TypeRefused("private_key", f"{found!r} is neither a PEM nor an elliptic curve's private key")
    if found.curve.name != CURVE:
        raise ValueRefused("private_key", f"its curve is {found.curve.name}, not P-384 ({CURVE})")
    return found


def moment(now: Any) -> float:
    """Return when a token is made, in seconds since 1970: as given, else by the active mock, else by the system."""
    if now is None:
        sim = current()
        return sim.clock.time() if sim else time.time()
    if not isinstance(now, datetime):
        raise TypeRefused("now", f"{now!r} is not a datetime")
    if now.tzinfo is None:
        raise ValueRefused("now", f"{now!r} has no time zone; give it one, for example tzinfo=timezone.utc")
    return now.timestamp()


def seconds(expires_in: Any) -> float:
    """Return how long a token is good. Raises ValueError unless that is in the future, TypeError for no time."""
    count = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
    if type(count) not in (int, float):
        raise TypeRefused("expires_in", f"{expires_in!r} is neither a number of seconds nor a timedelta")
    if not 0 < count < inf:
        raise ValueRefused("expires_in", f"{expires_in!r} is not in the future")
    return float(count)
