"""What tests of IVS share: the time, a channel, and who may watch it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

import jwt
import m3u8
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator, PlaybackResponse

from ..calling import call

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
NOW = int(NOON.timestamp())


class Channel(NamedTuple):
    """A channel, who watches it, and the key that tokens for it are signed with."""

    sim: Emulator
    arn: str
    url: str
    private_key: ec.EllipticCurvePrivateKey

    def token(self, *, key: Any = None, algorithm: str = "ES384", **claims: Any) -> str:
        """Return a token as a back end would sign it; in names of claims _ stands for -."""
        names = {name: name if name in ("exp", "iat") else f"aws:{name.replace('_', '-')}" for name in claims}
        payload = {"aws:channel-arn": self.arn, "exp": NOW + 300, **{names[name]: claims[name] for name in claims}}
        payload = {name: value for name, value in payload.items() if value is not ...}
        return jwt.encode(payload, key or self.private_key, algorithm=algorithm)

    def watch(self, **from_where: Any) -> PlaybackResponse:
        """Ask for the multivariant playlist."""
        return self.sim.playback.request(self.arn, **from_where)


def variant_urls(answer: PlaybackResponse) -> list[str]:
    """Return the URLs in a multivariant playlist."""
    assert answer.status == 200, answer.body
    return [playlist.uri for playlist in m3u8.loads(answer.body).playlists]


def segment_urls(answer: PlaybackResponse) -> list[str]:
    """Return the URLs in a variant playlist."""
    assert answer.status == 200, answer.body
    return [segment.uri for segment in m3u8.loads(answer.body).segments]


@pytest.fixture(scope="session")
def private_key() -> ec.EllipticCurvePrivateKey:
    """The key of a back end that issues tokens."""
    return ec.generate_private_key(ec.SECP384R1())


def import_key(sim: Emulator, private_key: ec.EllipticCurvePrivateKey) -> str:
    """Import the public half, and return the ARN of the pair."""
    pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return str(call(sim, "ImportPlaybackKeyPair", publicKeyMaterial=pem).body["keyPair"]["arn"])


@pytest.fixture
def public(sim: Emulator, private_key: ec.EllipticCurvePrivateKey) -> Channel:
    """A public channel, offline; it is noon and the clock stands still."""
    sim.clock.freeze(NOON)
    channel = call(sim, "CreateChannel").body["channel"]
    return Channel(sim, channel["arn"], channel["playbackUrl"], private_key)


@pytest.fixture
def private(sim: Emulator, private_key: ec.EllipticCurvePrivateKey) -> Channel:
    """A private channel that is live since noon; the clock stands still."""
    sim.clock.freeze(NOON)
    import_key(sim, private_key)
    channel = call(sim, "CreateChannel", authorized=True).body["channel"]
    sim.streams.start(channel["arn"])
    return Channel(sim, channel["arn"], channel["playbackUrl"], private_key)


@pytest.fixture
def noon(sim: Emulator) -> None:
    """The clock stands at noon."""
    sim.clock.freeze(NOON)


@pytest.fixture
def slow() -> Emulator:
    """An emulator where everything takes its time; its clock stands at noon."""
    sim = Emulator(seed=1, transitions="realistic")
    sim.clock.freeze(NOON)
    return sim


@pytest.fixture
def created(sim: Emulator) -> Any:
    """What CreateChannel answered: a channel that is called "show", and its stream key."""
    return call(sim, "CreateChannel", name="show").body
