"""Clients: what a test does to the connection of one who came by a server."""

from __future__ import annotations

from typing import Any

from . import participants
from ._service import Context
from .participants import Participant
from .refusals import Refusal


def cut(ctx: Context, participant: Participant) -> Refusal | None:
    """Let the connection of a participant's client break, if it has one."""
    return _change(ctx, participant, cuts=participant.cuts + 1)


def impair(ctx: Context, participant: Participant, *, sent_loss: float, received_loss: float) -> Refusal | None:
    """Let such shares of the packets from and to a participant's client be lost, if it has one."""
    return _change(ctx, participant, sent_loss=sent_loss, received_loss=received_loss)


def _change(ctx: Context, participant: Participant, **changes: Any) -> Refusal | None:
    if not participant.is_remote:
        return Refusal("NOT_REMOTE", "no client of its own is connected to a server")
    participants.change(ctx, participant, **changes)
    return None
