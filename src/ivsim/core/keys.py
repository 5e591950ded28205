"""Public keys, as a service reads them from a PEM that its users import."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


CURVE = "secp384r1"


def public_key(pem: str) -> EllipticCurvePublicKey | None:
    """Return the key in a PEM, None where there is none on the curve P-384."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415 - as late as can be
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and key.curve.name == CURVE else None


def der(pem: str) -> bytes | None:
    """Return the DER of the key in a PEM, None where there is none on the curve P-384."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    key = public_key(pem)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) if key else None


def fingerprint(content: bytes) -> str:
    """Return the fingerprint of a key's DER, as hex in pairs: its MD5."""
    return hashlib.md5(content, usedforsecurity=False).digest().hex(":")
