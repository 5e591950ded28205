"""What a test does to the connection of a client that came by a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant
from ivsim.ivsrealtime.participants import Client

from .people import refused


def client(sim: Emulator, stage: str) -> LiveParticipant:
    """Return one who came by a server."""
    return sim.stages.let_in(sim.stages._issue(stage, {"user_id": "ann"}), Client())


def losses(participant: LiveParticipant) -> tuple[float, float]:
    """Return the shares of packets that are lost."""
    record = participant.participant
    assert record is not None
    return record.sent_loss, record.received_loss


def test_impair(sim: Emulator, stage: str, tmp_path: Path) -> None:
    """What is lost is lost until the next call, without which all goes through, and in a saved state too."""
    ann = client(sim, stage)
    assert losses(ann) == (0, 0)
    ann.impair(sent_loss=1, received_loss=0.3)
    assert losses(ann) == (1, 0.3)
    sim.save(tmp_path / "state")
    ann.impair(received_loss=0.5)
    assert losses(ann) == (0, 0.5)
    ann.impair()
    assert losses(ann) == (0, 0)
    again = Emulator()
    again.load(tmp_path / "state")
    assert losses(again.stages.find(ann.participant_id)) == (1, 0.3)


def test_whose_client_is_elsewhere(sim: Emulator, stage: str) -> None:
    """Nothing can be done to the connection of one who has none, or has left."""
    host = sim.stages.join(stage)
    refused("NOT_REMOTE", host.cut)
    refused("NOT_REMOTE", host.impair, sent_loss=1)
    ann = client(sim, stage)
    ann.leave()
    refused("NOT_CONNECTED", ann.impair, sent_loss=1)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan"), True, "1", None])
def test_shares(sim: Emulator, stage: str, share: Any) -> None:
    """A share is a number from 0 to 1; any other is refused by the argument's name, and changes nothing."""
    ann = client(sim, stage)
    ann.impair(sent_loss=0.5)
    for name in ("sent_loss", "received_loss"):
        with pytest.raises((ValueError, TypeError), match=f"{name}: .* is not "):
            ann.impair(**{name: share})
    assert losses(ann) == (0.5, 0)
