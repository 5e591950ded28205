"""Feeds: what the clients that are connected by one door are to be sent, as it happens.

A change only leaves a note that there was one. What clients are sent is made of the state afterwards, whichever thread
was at work. It is the whole state each time, so that nobody misses what came in between.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Protocol, TypeAlias

from ..core import arns
from ..core.state import State
from . import frames, participants, presence
from ._service import Context, Contexts
from .live_participant import Key, LiveParticipant, StageRefused
from .participants import Client, Participant

LEFT = "PARTICIPANT_LEFT"
"""The code for a client whose participant was made to leave by a test, for which AWS has none."""


class Sent(NamedTuple):
    """A frame for participants."""

    to: Collection[Key]
    frame: bytes


class Ended(NamedTuple):
    """A participant is not on its stage any more. The frame says why; it is empty where everything was replaced."""

    to: Key
    frame: bytes


class Cut(NamedTuple):
    """A participant's connection is to break."""

    to: Key


class Missing(NamedTuple):
    """A participant is on a stage whose client is not connected; it may come back."""

    to: Key


News: TypeAlias = list[Sent | Ended | Cut | Missing]


class Gate(Protocol):
    """Whoever lets people on stages: `sim.stages`."""

    def connected(self, token: str) -> LiveParticipant | None:
        """Return who is on a stage with a token."""

    def let_in(self, token: str, client: Client) -> LiveParticipant:
        """Let a client join with a token."""

    def is_held(self, participant: LiveParticipant) -> bool:
        """Return whether somebody is on a stage by media alone, and a door has them."""

    @property
    def participants(self) -> list[LiveParticipant]:
        """Who is on a stage now."""


@dataclass(slots=True)
class _Member:
    """A participant who is followed, and what its client has been told."""

    participant: LiveParticipant
    cuts: int
    has_state: bool = False
    subscribers: int = 0


@dataclass(slots=True)
class _Session:
    """A session with participants who are followed. Its frames are numbered through."""

    ctx: Context
    stage_id: str
    members: dict[Key, _Member] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))
    there: bytes = b""
    state: bytes = b""


class Feed:
    """News of the participants whose clients come by one door, which lets them in with `join()`.

    `followed` has the keys of those whom any door follows. `wake` is called by any thread, inside a transaction, and so
    should only arrange that somebody asks for the news.
    """

    def __init__(
        self, gate: Gate, state: State, contexts: Contexts, followed: set[Key], wake: Callable[[], object]
    ) -> None:
        self._gate = gate
        self._state = state
        self._contexts = contexts
        self._followed = followed
        self._wake = wake
        self._sessions: dict[str, _Session] = {}
        self._missing: set[Key] = set()
        self._touched: dict[str, None] = {"": None}
        self._news: News = []
        self._end = state.watch(self._note_change, self._read_what_goes)

    def join(self, token: str, client: Client) -> LiveParticipant:
        """Let a client join with a token, or go on as the participant whom it was before its connection broke.

        Raises StageRefused.
        """
        with self._state.transaction():
            there = self._away(token)
            if there is not None:
                there.come_back()
                self._missing.remove(there.key)
                self._follow(there)
                return there
        with self._state.journal:
            try:
                joined = self._gate.let_in(token, client)
            except StageRefused as error:
                refused = error  # raised outside of the transaction, which leaves what an event tells of it
            else:
                self._missing.discard(joined.key)
                self._follow(joined)
                return joined
        raise refused

    def lose(self, key: Key) -> None:
        """Note that the connection of a participant's client broke, and that it may come back."""
        with self._state.journal:
            self._missing.add(key)

    def leave(self, key: Key) -> None:
        """Let a participant leave, of whom there is no more news; nothing happens where that is so already."""
        with self._state.transaction():
            session = self._sessions.get(key.session_id)
            member = session.members.get(key) if session else None
            if member is not None:
                self._drop(key)
                member.participant.leave()

    def give_up(self, key: Key) -> None:
        """Let a participant leave whose client has not come back to the events; nothing happens where it has left.

        One that has come back by its media alone, as it was there before, stays.
        """
        with self._state.transaction():
            session = self._sessions.get(key.session_id)
            member = session.members.get(key) if session else None
            if member is not None and self._gate.is_held(member.participant):
                self._drop(key)
            else:
                self.leave(key)

    def close(self) -> None:
        """Let all leave in one transaction, and end the feed."""
        with self._state.transaction():
            for key in [key for session in self._sessions.values() for key in session.members]:
                self.leave(key)
            self._end()

    def news(self) -> News:
        """Return the news since the last time."""
        with self._state.transaction():
            self._read()
            news, self._news = self._news, []
            return news

    def _note_change(self, key: str) -> None:
        if key and key not in self._sessions:
            return
        if not self._touched:
            self._wake()
        self._touched[key] = None

    def _read_what_goes(self) -> None:
        """Read what is about to be forgotten."""
        if "" not in self._touched:
            self._read()

    def _read(self) -> None:
        touched, self._touched = self._touched, {}
        is_replaced = "" in touched
        if is_replaced:
            self._find_missing()
        for session_id in list(self._sessions) if is_replaced else touched:
            if session_id in self._sessions:
                self._read_session(session_id, is_replaced=is_replaced)

    def _away(self, token: str) -> LiveParticipant | None:
        """Return the participant of a token whose client was connected to the events, None where there is none."""
        with suppress(StageRefused):
            there = self._gate.connected(token)
            record = there.participant if there is not None and there.key in self._missing else None
            return there if record is not None and record.ingest_protocol != presence.WHIP else None
        return None

    def _follow(self, participant: LiveParticipant) -> None:
        """Follow a participant, whose client has been told nothing yet."""
        key = participant.key
        session = self._sessions.get(key.session_id)
        if session is None:
            arn = arns.parse(participant.stage_arn)
            assert arn, "it is a stage's"
            session = _Session(self._contexts(arn.account, arn.region), arn.resource_id)
            self._sessions[key.session_id] = session
        record = participants.at(session.ctx, key.session_id, key.participant_id)
        session.members[key] = _Member(participant, record.cuts if record else 0)
        self._followed.add(key)
        self._note_change(key.session_id)

    def _drop(self, key: Key) -> None:
        session = self._sessions[key.session_id]
        del session.members[key]
        self._followed.discard(key)
        self._missing.discard(key)
        if not session.members:
            del self._sessions[key.session_id]

    def _find_missing(self) -> None:
        """Follow those who were connected to a server that is gone, or in the state that there was before."""
        for each in self._gate.participants:
            if each.is_remote and each.key not in self._followed and not self._gate.is_held(each):
                self._follow(each)
                self._missing.add(each.key)
                self._news.append(Missing(each.key))

    def _read_session(self, session_id: str, *, is_replaced: bool) -> None:
        session = self._sessions[session_id]
        for key, member in list(session.members.items()):
            record = participants.at(session.ctx, session_id, key.participant_id)
            if record is None or (record.state, record.joins) != ("CONNECTED", key.joins):
                self._drop(key)
                frame = b""
                if record is not None and not is_replaced:
                    frame = frames.disconnect(*_why(session.ctx, record, key))
                self._news.append(Ended(key, frame))
            elif record.cuts > member.cuts:
                member.cuts = record.cuts
                self._news.append(Cut(key))
        if session.members:
            self._tell(session, session_id)

    def _tell(self, session: _Session, session_id: str) -> None:
        """Tell all of the state where it is another, else those who have not had it; and the same of the count."""
        members = session.members
        there = frames.participants(participants.connected(session.ctx, session_id))
        if there != session.there:
            session.there = there
            session.state = frames.stage_state(next(session.numbers), session.stage_id, there)
            self._send(session.state, members)
        else:
            self._send(session.state, [key for key, member in members.items() if not member.has_state])
        subscribers = session.ctx.store.stage_sessions[session_id].subscribers
        uncounted = [key for key, member in members.items() if member.subscribers != subscribers]
        if uncounted:
            self._send(frames.subscriber_count(next(session.numbers), subscribers), uncounted)
        for member in members.values():
            member.has_state, member.subscribers = True, subscribers

    def _send(self, frame: bytes, to: Collection[Key]) -> None:
        if to:
            self._news.append(Sent(tuple(to), frame))


def _why(ctx: Context, participant: Participant, key: Key) -> tuple[str, str]:
    """Return why a participant is not on its stage any more: a code, and in words what whoever wanted it has said."""
    if participant.joins != key.joins:
        return _code(presence.TOKEN_REUSED), ""
    told = ctx.store.news.part(participant.session_id, participant.heard_from, participant.heard_to)
    if not told or told[-1].to != participant.participant_id or not told[-1].reason:
        return LEFT, ""
    return _code(told[-1].reason), told[-1].message


def _code(reason: str) -> str:
    """Return the code that a frame has for a reason of the web SDK's."""
    return reason.upper().replace("-", "_")
