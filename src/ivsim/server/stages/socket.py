"""The events WebSocket of one client of a stage."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from websockets.frames import CloseCode
from websockets.http11 import Response
from websockets.protocol import OPEN

from ...ivsrealtime import frames
from ...ivsrealtime.frames import ExchangeToken, FrameRefused, Ping
from ...ivsrealtime.live_participant import StageRefused
from ...ivsrealtime.refusals import JOINING, PINGING
from ...ivsrealtime.tokens import topic_of
from ...web import CALLS, FAILED, Headers
from ..websocket import WebSocket
from .clients import client_of
from .hub import Hub

if TYPE_CHECKING:
    from ...ivsrealtime.live_participant import LiveParticipant

_log = logging.getLogger("ivsim.server")

_JWT_DOTS = 2

_STATUS = {
    "TOKEN_MALFORMED": 401,
    "TOKEN_EXPIRED": 401,
    "STAGE_AT_CAPACITY": 503,
    "INTERNAL_SERVER_EXCEPTION": 500,
}
"""The statuses of a handshake that is refused, where it is not 403."""


class StageSocket(WebSocket):
    """A connection that asked to be upgraded, with a token of a stage."""

    kind = "stage"

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub.sockets)
        self._hub = hub
        self._participant: LiveParticipant | None = None
        self._token = ""
        self._is_muted = False
        self._is_begun = False
        self._join_error = b""

    @property
    def is_in(self) -> bool:
        """True while its client is on a stage."""
        return self._participant is not None

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, its request later where a test wants joining to take long."""
        delay = 0.0 if self._is_begun else self._hub.latency(JOINING)
        self._is_begun = True
        if delay:
            self.transport.pause_reading()
            self.loop.call_later(delay, self._begin, data)
        else:
            super().data_received(data)

    def enter(self) -> str | Response:
        """Join the stage of the token, which is the subprotocol.

        A client that has asked for errors over the WebSocket learns there that it is refused.
        """
        token = self.protocol.subprotocol or ""
        path, _, query_string = self.request.path.partition("?")
        query = parse_qs(query_string)
        try:
            _check_topic(token, query.get("topic", [path])[0])
            participant = self._hub.join(token, client_of(Headers(self.request.headers.raw_items())), self)
        except StageRefused as refused:
            if query.get("error_over_ws") != ["1"]:
                return self.refusal(_STATUS.get(refused.code, 403), str(refused))
            self._join_error = frames.join_error(refused.code, _rule(refused))
            return str(refused)
        self._participant, self._token = participant, token
        return _line("joins", participant)

    def problem(self, status: int, text: str) -> str:
        """Return why the handshake is refused, in JSON."""
        return json.dumps({"status": status, "message": text})

    def greet(self) -> None:
        """Tell a client that it is refused, where it has asked to be told here."""
        if self._join_error:
            self.protocol.send_text(self._join_error)
            self.say_goodbye(CloseCode.NORMAL_CLOSURE, "")

    def take(self, text: str) -> None:
        """Take a frame."""
        try:
            said = frames.read(text)
        except FrameRefused as refused:
            self._say(frames.error(str(refused)))
            return
        try:
            if isinstance(said, Ping):
                self._answer_ping()
            elif isinstance(said, ExchangeToken):
                self._exchange(said.payload)
            else:
                assert self._participant
                self._participant.announce(audio_muted=said.audio_muted, video_stopped=said.video_stopped)
        except StageRefused as refused:  # it was thrown out by another thread, and the news are on their way
            self._say(frames.error(str(refused)))
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim at a frame of %r; please report it", text)
            self.fail(CloseCode.INTERNAL_ERROR, FAILED)

    def write(self, data: bytes) -> None:
        """Send what is frames already."""
        if not self._is_muted:
            self.transport.write(data)

    def mute(self) -> None:
        """Have nothing more written to it."""
        self._is_muted = True

    def leave(self) -> None:
        """Leave the stage, for good where the client has said goodbye."""
        if self._participant is None:
            return
        participant, self._participant = self._participant, None
        if self.protocol.close_rcvd is not None:
            CALLS.info("%d stage: %s", self.protocol.close_rcvd.code, _line("leaves", participant))
            self._hub.leave(participant)
        else:
            CALLS.info("1006 stage: %s", _line("is cut off from", participant))
            self._hub.lose(participant)

    def ended(self, frame: bytes) -> None:
        """Tell the client that its participant is not on the stage any more, and why; then close."""
        assert self._participant
        participant, self._participant = self._participant, None
        CALLS.info("1000 stage: %s", _line("has to leave", participant))
        if frame:
            self._say(frame)
        code, reason = (CloseCode.NORMAL_CLOSURE, "") if frame else (CloseCode.SERVICE_RESTART, "all was replaced")
        self.say_goodbye(code, reason)
        self.flush()

    def cut(self) -> None:
        """Break, without a word."""
        self.transport.abort()

    def abort(self) -> None:
        """End at once."""
        self._participant = None
        self.flush()
        self.transport.abort()

    def _begin(self, data: bytes) -> None:
        """Take the client's request, unless it is gone."""
        if not self.transport.is_closing():
            self.transport.resume_reading()
            super().data_received(data)

    def _answer_ping(self) -> None:
        """Say that somebody is there, unless a test wants the client to hear nothing, or later."""
        assert self._participant
        if self._participant.ping():
            delay = self._hub.latency(PINGING)
            if delay:
                self.loop.call_later(delay, self._say, frames.PONG)
            else:
                self._say(frames.PONG)

    def _exchange(self, wanted: frames.Exchange) -> None:
        """Go on with another token, and answer; what is refused has no effect."""
        assert self._participant
        if wanted.old_token != self._token:
            rule = "oldToken is not the token by which it is here"
            self._say(frames.not_exchanged(wanted, "TOKEN_EXCHANGE_REFUSED", rule))
            return
        try:
            self._participant.exchange_token(wanted.new_token)
        except StageRefused as refused:
            self._say(frames.not_exchanged(wanted, refused.code, _rule(refused)))
        else:
            self._token = wanted.new_token
            self._say(frames.exchanged(wanted))

    def _say(self, frame: bytes) -> None:
        """Send a frame, unless a close frame went before."""
        if self.protocol.state is OPEN and not self._is_muted:
            self.protocol.send_text(frame)
            self.flush()


def is_for_stages(target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether a handshake is that of a client of a stage: it names a topic, or has a JWT for its token."""
    tokens = [value for name, value in headers if name.lower() == b"sec-websocket-protocol"]
    has_jwt = any(value.startswith(b"eyJ") and value.count(b".") == _JWT_DOTS for value in tokens)
    return has_jwt or "topic" in parse_qs(target.partition(b"?")[2].decode("latin-1"))


def _check_topic(token: str, address: str) -> None:
    """Refuse a token that is not for the stage that an address names, if it names one."""
    segments = [each for each in address.split("/") if each]
    if segments and topic_of(token) not in segments:
        raise StageRefused("TOKEN_MALFORMED", f"the address is for {address!r}, and the token for another stage")


def _rule(refused: StageRefused) -> str:
    return str(refused).partition(": ")[2]


def _line(does: str, participant: LiveParticipant) -> str:
    return f"{participant.participant_id!r} {does} {participant.stage_arn}"
