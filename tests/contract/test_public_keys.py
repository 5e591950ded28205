from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable

import pytest

from .conftest import Services

MakeKey = Callable[[], str]

pytestmark = pytest.mark.needs("ImportPublicKey")


def test_import(aws: Services, make_public_key: MakeKey) -> None:
    """The material is answered as it was sent; the fingerprint is the MD5 of its DER, in colon-separated pairs."""
    material = make_public_key()
    key = aws.realtime.import_public_key(publicKeyMaterial=material, name="main", tags={"a": "b"})["publicKey"]
    der = b64decode("".join(material.splitlines()[1:-1]))
    assert key == {
        "arn": key["arn"],
        "name": "main",
        "publicKeyMaterial": material,
        "fingerprint": hashlib.md5(der).digest().hex(":"),
        "tags": {"a": "b"},
    }
    assert ":public-key/" in key["arn"]
    assert aws.realtime.get_public_key(arn=key["arn"])["publicKey"] == key


def test_list(aws: Services, make_public_key: MakeKey) -> None:
    """A list shows keys without material and fingerprint; a key without a name has an empty one."""
    key = aws.realtime.import_public_key(publicKeyMaterial=make_public_key())["publicKey"]
    assert aws.realtime.list_public_keys()["publicKeys"] == [{"arn": key["arn"], "name": "", "tags": {}}]


def test_same_key_twice(aws: Services, make_public_key: MakeKey) -> None:
    """A public key can be imported once; after it is deleted, again."""
    material = make_public_key()
    arn = aws.realtime.import_public_key(publicKeyMaterial=material)["publicKey"]["arn"]
    assert aws.code(aws.realtime.import_public_key, publicKeyMaterial=material) == "ConflictException"
    aws.realtime.delete_public_key(arn=arn)
    for operation in ("get", "delete"):
        assert aws.code(getattr(aws.realtime, f"{operation}_public_key"), arn=arn) == "ResourceNotFoundException"
    aws.realtime.import_public_key(publicKeyMaterial=material)


def test_no_key(aws: Services) -> None:
    """What is no public key on the curve P-384 is refused, and says so."""
    material = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    refused = aws.refusal(aws.realtime.import_public_key, publicKeyMaterial=material)
    assert refused["Error"]["Code"] == "ValidationException"
    assert "P-384" in refused["Error"]["Message"]


def test_quota(aws: Services, make_public_key: MakeKey) -> None:
    """Three keys are allowed."""
    for _ in range(3):
        aws.realtime.import_public_key(publicKeyMaterial=make_public_key())
    refused = aws.code(aws.realtime.import_public_key, publicKeyMaterial=make_public_key())
    assert refused == "ServiceQuotaExceededException"
