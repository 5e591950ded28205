"""What a back end signs for a client's connection, and revokes."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .people import events_of, refused
from .signing import BackEnd, stage_in

pytestmark = pytest.mark.needs("RevokeConnectionToken")


def test_revoked(sim: Emulator, stage: str, other: str) -> None:
    """Whoever came with a connection token has to leave as it is revoked, on all stages, and comes with it no more."""
    back_end = BackEnd()
    connection = back_end.connection(sim)
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    host = sim.stages.join(token, connection_token=connection)
    guest = sim.stages.join(other, connection_token=connection)
    another = sim.stages.join(other, connection_token=back_end.connection(sim, jti="another"))
    bare = sim.stages.join(stage)
    host.publish()
    assert call(sim, "RevokeConnectionToken", tokenId="connection").status == 200
    assert [each.is_connected for each in (host, guest, another, bare)] == [False, False, True, True]
    assert host.seen[-1].reason == "participant-disconnected"
    assert events_of(sim, host) == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]
    refused("TOKEN_NOT_ALLOWED", sim.stages.join, token, connection_token=connection)
    assert sim.stages.join(token).is_connected


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"region": "eu-west-1"}, "TOKEN_MALFORMED"),
        ({"account_id": "210987654321"}, "TOKEN_MALFORMED"),
        ({"jti": None}, "TOKEN_MALFORMED"),
        ({"iat": 0, "exp": 1}, "TOKEN_EXPIRED"),
    ],
    ids=str,
)
def test_refused(sim: Emulator, stage: str, claims: dict[str, Any], code: str) -> None:
    """A connection token of another place, that is none, or that has expired, lets nobody in."""
    connection = BackEnd().connection(sim, **claims)
    refused(code, sim.stages.join, stage, connection_token=connection)
    assert sim.stages.participants == []


def test_foreign_key(sim: Emulator) -> None:
    """A connection token that a key of another region has signed lets nobody in."""
    connection = BackEnd().connection(sim, region="eu-west-1")
    refused("TOKEN_MALFORMED", sim.stages.join, stage_in(sim, "eu-west-1"), connection_token=connection)


def test_saved_and_loaded(sim: Emulator, stage: str, tmp_path: Any) -> None:
    """It can be revoked after a load too."""
    sim.stages.join(stage, connection_token=BackEnd().connection(sim))
    sim.save(tmp_path / "state.json")
    loaded = Emulator()
    loaded.load(tmp_path / "state.json")
    call(loaded, "RevokeConnectionToken", tokenId="connection")
    assert loaded.stages.participants == []
