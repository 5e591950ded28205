"""A back end that signs tokens itself, with a key that it imports at the first."""

from __future__ import annotations

from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator

from ..calling import call, send, signed


class Sign(Protocol):
    """A function that signs a token for a stage; claims differ from the usual."""

    def __call__(self, sim: Emulator, stage_arn: str, **claims: Any) -> str:
        """Return the token."""


class BackEnd:
    """A back end with a key of its own, which it imports where the first stage is."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP384R1())
        self._arn = ""

    def __call__(self, sim: Emulator, stage_arn: str, **claims: Any) -> str:
        """Return a token that is good for an hour."""
        payload = {
            "jti": "ann",
            "resource": stage_arn,
            "topic": stage_arn.rpartition("/")[2],
            "events_url": "wss://global.events.live-video.net",
            "whip_url": "https://x.global-bm.whip.live-video.net",
            "capabilities": {"allow_publish": True, "allow_subscribe": True},
        }
        return self._signed(sim, {**payload, **claims})

    def connection(self, sim: Emulator, **claims: Any) -> str:
        """Return a connection token that is good for an hour."""
        payload = {
            "jti": "connection",
            "account_id": "123456789012",
            "region": "us-east-1",
            "events_url": "wss://global.events.live-video.net",
        }
        return self._signed(sim, {**payload, **claims})

    def _signed(self, sim: Emulator, claims: dict[str, Any]) -> str:
        if not self._arn:
            pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            self._arn = call(sim, "ImportPublicKey", publicKeyMaterial=pem).body["publicKey"]["arn"]
        now = int(sim.clock.now().timestamp())
        payload = {"exp": now + 3600, "iat": now, "version": "1.0", **claims}
        return jwt.encode(payload, self._key, algorithm="ES384", headers={"kid": self._arn})


def stage_in(sim: Emulator, region: str) -> str:
    """Return the ARN of a new stage in another region."""
    answer = send(sim, "POST", "/CreateStage", b"{}", signed(region))
    return str(answer.body["stage"]["arn"])
