from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .conftest import Services

MakeKey = Callable[[], str]


def test_import(aws: Services, make_public_key: MakeKey) -> None:
    """The fingerprint is the MD5 of the key's DER, in colon-separated pairs; the material is never shown."""
    material = make_public_key()
    pair = aws.ivs.import_playback_key_pair(publicKeyMaterial=material, name="main", tags={"a": "b"})["keyPair"]
    der = b64decode("".join(material.splitlines()[1:-1]))
    assert pair["fingerprint"] == ":".join(f"{byte:02x}" for byte in hashlib.md5(der).digest())
    assert pair == {"arn": pair["arn"], "name": "main", "fingerprint": pair["fingerprint"], "tags": {"a": "b"}}
    assert ":playback-key/" in pair["arn"]
    assert aws.ivs.get_playback_key_pair(arn=pair["arn"])["keyPair"] == pair


def test_without_a_name(aws: Services, make_public_key: MakeKey) -> None:
    """A key that was given no name shows none."""
    assert "name" not in aws.ivs.import_playback_key_pair(publicKeyMaterial=make_public_key())["keyPair"]


def test_same_key_twice(aws: Services, make_public_key: MakeKey) -> None:
    """A public key can be imported once; after it is deleted, again."""
    material = make_public_key()
    arn = aws.ivs.import_playback_key_pair(publicKeyMaterial=material)["keyPair"]["arn"]
    assert aws.code(aws.ivs.import_playback_key_pair, publicKeyMaterial=material) == "ConflictException"
    assert aws.ivs.delete_playback_key_pair(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
    aws.ivs.import_playback_key_pair(publicKeyMaterial=material)


def _altered(oid: str, other: str) -> str:
    """Return a P-384 key in which an object identifier is another that nobody knows."""
    der = (
        ec.generate_private_key(ec.SECP384R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    text = b64encode(der.replace(bytes.fromhex(oid), bytes.fromhex(other))).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "material",
    [
        _pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
        _pem(rsa.generate_private_key(65537, 2048).public_key()),
        _altered("2b81040022", "2b8104007a"),
        _altered("2a8648ce3d0201", "2a8648ce3d027a"),
        "no key",
        "",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ],
    ids=["P-256", "RSA", "unknown curve", "unknown kind", "text", "empty", "broken"],
)
def test_other_keys(aws: Services, material: str) -> None:
    """What is no public key on the curve P-384 is refused."""
    refused = aws.refusal(aws.ivs.import_playback_key_pair, publicKeyMaterial=material)
    assert refused["Error"]["Code"] == "ValidationException"
    assert "P-384" in refused["Error"]["Message"]
    assert aws.ivs.list_playback_key_pairs()["keyPairs"] == []


def test_list(aws: Services, make_public_key: MakeKey) -> None:
    """A list shows keys without their fingerprints."""
    pair = aws.ivs.import_playback_key_pair(publicKeyMaterial=make_public_key(), name="x")["keyPair"]
    assert aws.ivs.list_playback_key_pairs()["keyPairs"] == [{"arn": pair["arn"], "name": "x", "tags": {}}]


def test_quota(aws: Services, make_public_key: MakeKey) -> None:
    """Three keys are allowed."""
    for _ in range(3):
        aws.ivs.import_playback_key_pair(publicKeyMaterial=make_public_key())
    refused = aws.code(aws.ivs.import_playback_key_pair, publicKeyMaterial=make_public_key())
    assert refused == "ServiceQuotaExceededException"


def test_unknown(aws: Services, make_public_key: MakeKey) -> None:
    """A key that is gone is ResourceNotFoundException."""
    arn = aws.ivs.import_playback_key_pair(publicKeyMaterial=make_public_key())["keyPair"]["arn"]
    aws.ivs.delete_playback_key_pair(arn=arn)
    assert aws.code(aws.ivs.get_playback_key_pair, arn=arn) == "ResourceNotFoundException"
    assert aws.code(aws.ivs.delete_playback_key_pair, arn=arn) == "ResourceNotFoundException"
