"""What is read of a PEM that somebody imports."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ivsim.core import keys


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """Return the public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_key_and_der() -> None:
    """The key on P-384 is read, and its DER is the same however the text is set."""
    private = ec.generate_private_key(ec.SECP384R1())
    pem = pem_of(private)
    assert keys.public_key(pem) == private.public_key()
    expected = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert keys.der(pem) == keys.der(pem.replace("\n", "\r\n")) == keys.der(f"a key of mine:\n{pem}") == expected


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "nonsense",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        pem_of(ec.generate_private_key(ec.SECP256R1())),
        pem_of(ec.generate_private_key(ec.SECP521R1())),
        pem_of(rsa.generate_private_key(65537, 2048)),
        ec.generate_private_key(ec.SECP384R1())
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode(),
    ],
    ids=["empty", "text", "damaged", "P-256", "P-521", "RSA", "private"],
)
def test_other_keys(pem: str) -> None:
    """Where there is no public key on P-384 there is none to use, and no DER."""
    assert keys.public_key(pem) is None
    assert keys.der(pem) is None


def test_fingerprint() -> None:
    """A fingerprint is the MD5 of what it is of, as 16 pairs of hex digits."""
    assert keys.fingerprint(b"abc") == "90:01:50:98:3c:d2:4f:b0:d6:96:3f:7d:28:e1:7f:72"
