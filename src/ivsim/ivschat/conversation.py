"""The rules of a room, without sockets: users join and leave, a frame comes in, frames go out.

All frames of a room are one log. A connection is a part of it: from where it joined to where it left. So everybody sees
the same order, and a message costs the same however many there are to receive it. Source: IVS Chat Messaging API
Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..core.stores import Series
from ._service import Context, service
from .messaging import actions, frames, reviews
from .messaging import logs as chat_logs
from .messaging.actions import ActionRefused
from .messaging.frames import Frame
from .messaging.reviews import Message, Review, Verdict
from .rooms import Room
from .tokens import TOKEN_LIFETIME, ChatToken

CONNECTIONS = service.quota("Concurrent chat connections", 50_000)
REQUESTS_PER_CONNECTION = service.quota("Rate of messaging requests per connection", 10)
MESSAGES_PER_ROOM = service.quota("Rate of SendMessage requests per room", 100)
MESSAGES = service.quota("Rate of SendMessage requests across all your rooms", 1_000)
DELETIONS = service.quota("Rate of DeleteMessage requests across all your rooms", 100)
DISCONNECTIONS = service.quota("Rate of DisconnectUser requests across all your rooms", 100)

MESSAGING_REQUEST = service.incident(
    "MessagingRequest",
    "400",
    "401",
    "403",
    "404",
    "406",
    "413",
    "429",
    "500",
    about=("action", "room_identifier", "user_id"),
)

NORMAL_CLOSURE = 1000
"""The WebSocket close code of every connection that ends as it should; for the kicked AWS's samples have 1001 too."""

MOST_CLOSE_REASON_BYTES = 123

_SESSION_ENDED = frames.to_json({"ErrorCode": 401, "ErrorMessage": "Connection has expired"})

_TEXTS = {
    400: "Bad request",
    401: "Connection has expired",
    403: "Forbidden",
    404: "Room not found",
    406: "Message rejected by review",
    413: "Request is too large",
    429: "rate limit exceeded",
    500: "Internal server error",
}


class ChatRefused(ValueError):
    """A connection was refused; `status` is the HTTP status that a WebSocket client would see."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status: int = status


class Connection(Struct, frozen=True):
    """A client in a room, and its part of the room's frames: from index `joined` up to, not with, index `left`."""

    id: str
    room_arn: str
    user_id: str
    capabilities: tuple[str, ...]
    attributes: dict[str, str]
    session_expiration_time: datetime
    joined: int
    left: int | None = None
    close_code: int | None = None
    close_reason: str = ""
    joined_at: datetime | None = None


def join(ctx: Context, token: ChatToken) -> Connection:
    """Let a client in with a token. Raises ChatRefused."""
    store, now = ctx.store, ctx.now
    if token.used:
        raise ChatRefused("the token was used already; each opens one connection")
    if now > token.token_expiration_time:
        raise ChatRefused(f"the token expired at {service.time_text(token.token_expiration_time)}")
    if now >= token.session_expiration_time:
        raise ChatRefused(f"the token's session ended at {service.time_text(token.session_expiration_time)}")
    if token.room_arn not in store.rooms:
        raise ChatRefused(f"the token's room {token.room_arn} was deleted")
    if len(store.connections) >= ctx.quota(CONNECTIONS):
        raise ChatRefused(f"Quota exceeded: {CONNECTIONS}, limit: {ctx.quota(CONNECTIONS)}", status=429)
    store.tokens[token.token] = replace(token, used=True)
    age = ctx.hints.age(token.token)
    if age > TOKEN_LIFETIME.total_seconds():  # the emulator's clock stands still, say
        text = f"a chat token was used {age:.0f} real seconds after it was made; it lives for {TOKEN_LIFETIME.seconds}"
        ctx.hints.tell_of_mistake("chat", "old token", text)
    connection = Connection(
        ctx.ids.alphanumeric(12),
        token.room_arn,
        token.user_id,
        token.capabilities,
        token.attributes,
        token.session_expiration_time,
        joined=store.frames.end(token.room_arn),
        joined_at=now,
    )
    store.connections[connection.id] = connection
    key = _who(connection)
    store.connected_as[key] = (*store.connected_as.get(key, ()), connection.id)
    ctx.later((token.session_expiration_time - now).total_seconds(), _end_session, connection.id)
    return connection


def leave(ctx: Context, connection_id: str, reason: str = "") -> None:
    """Close a connection, if it is open."""
    store = ctx.store
    connection = store.connections.get(connection_id)
    if connection is None:
        return
    reason = reason.encode()[:MOST_CLOSE_REASON_BYTES].decode(errors="ignore")
    del store.connections[connection_id]
    store.closed_connections[connection_id] = replace(
        connection, left=store.frames.end(connection.room_arn), close_code=NORMAL_CLOSURE, close_reason=reason
    )
    key = _who(connection)
    others = tuple(each for each in store.connected_as[key] if each != connection_id)
    if others:
        store.connected_as[key] = others
    else:
        del store.connected_as[key]
    ctx.touch(connection_id)


def find(ctx: Context, connection_id: str) -> Connection | None:
    """Return a connection, open or closed; None for one that was reset away."""
    return ctx.store.connections.get(connection_id) or ctx.store.closed_connections.get(connection_id)


def frames_of(ctx: Context, connection_id: str) -> list[str]:
    """Return everything that a connection was sent."""
    connection = find(ctx, connection_id)
    if connection is None:
        return []
    part = ctx.store.frames.part(connection.room_arn, connection.joined, connection.left)
    return [text for text, to, _ in part if to is None or to == connection_id]


def next_frame(ctx: Context, connection_id: str) -> str | None:
    """Return the frame that a connection receives next, None when there is none yet."""
    connection = find(ctx, connection_id)
    if connection is None:
        return None
    frames = ctx.store.frames
    log, first = frames[connection.room_arn], frames.first(connection.room_arn)
    end = first + len(log) if connection.left is None else connection.left
    for index in range(max(ctx.store.received.get(connection_id, connection.joined), first), end):
        text, to, _ = log[index - first]
        if to is None or to == connection_id:
            ctx.store.received[connection_id] = index + 1
            return text
    ctx.store.received[connection_id] = end
    return None


def receive(ctx: Context, connection_id: str, text: str) -> Review | None:
    """Take a frame from a client: carry out its request, or answer with an ERROR.

    Returns the message when it has to be reviewed first; `conclude()` then goes on. Nothing comes from a closed
    connection: that is the caller's to know.
    """
    connection = ctx.store.connections[connection_id]
    action = actions.read(text)
    try:
        _count(ctx, "MessagingRequest", {connection_id: ctx.quota(REQUESTS_PER_CONNECTION)})
        if action.refused:
            raise action.refused
        return _carry_out(ctx, connection, action)
    except ActionRefused as refused:
        _send_error(ctx, connection_id, action.request_id, refused)
        return None


def conclude(ctx: Context, review: Review, verdict: Verdict) -> None:
    """Deliver a message that was reviewed, or tell its sender that it was denied."""
    message = review.message
    room = ctx.store.rooms.get(message.room_arn)
    if room is not None and verdict.message is not None:
        _publish_message(ctx, room, verdict.message)
        return
    text = ": ".join(filter(None, (_TEXTS[406], verdict.reason)))
    refused = ActionRefused(404, _TEXTS[404], message.id) if room is None else ActionRefused(406, text, message.id)
    _send_error(ctx, message.connection_id, message.request_id, refused)


def publish_event(
    ctx: Context, room: Room, name: str, attributes: Mapping[str, str] | None, request_id: str = ""
) -> str:
    """Send an event to everybody in a room; return its id."""
    event_id, sent = _next(ctx, room)
    text = frames.event(event_id, request_id=request_id, name=name, attributes=attributes, sent=sent)
    _publish(ctx, room, "EVENT", text, sent)
    return event_id


def delete_message(ctx: Context, room: Room, message_id: str, reason: str, request_id: str = "") -> str:
    """Tell everybody in a room to delete a message; return the event's id. Nobody looks whether there is one."""
    # The documentation calls MessageID deprecated, but it is what the JavaScript SDK 1.1.1 reads.
    attributes = {"MessageID": message_id, "MessageId": message_id, "Reason": reason}
    return publish_event(ctx, room, "aws:DELETE_MESSAGE", attributes, request_id)


def disconnect_user(ctx: Context, room: Room, user_id: str, reason: str, request_id: str = "") -> None:
    """Tell everybody in a room that a user is disconnected, and then close every connection the user has there."""
    publish_event(ctx, room, "aws:DISCONNECT_USER", {"Reason": reason, "UserId": user_id}, request_id)
    for connection_id in ctx.store.connected_as.get(_key(room.arn, user_id), ()):
        leave(ctx, connection_id, reason)


def _carry_out(ctx: Context, connection: Connection, action: actions.Action) -> Review | None:
    if action.name not in connection.capabilities:
        raise ActionRefused(403, f"{_TEXTS[403]}: the token lacks the capability {action.name}")
    fault = ctx.strike(
        MESSAGING_REQUEST, action=action.name, room_identifier=connection.room_arn, user_id=connection.user_id
    )
    if fault is not None:
        code = int(fault.error_code)
        raise ActionRefused(code, fault.message or _TEXTS[code])
    room = ctx.store.rooms.get(connection.room_arn)
    if room is None:
        raise ActionRefused(404, _TEXTS[404])
    if action.name == actions.SEND_MESSAGE:
        return _send(ctx, connection, room, action)
    if action.name == actions.DELETE_MESSAGE:
        _count(ctx, "DeleteMessage", {ctx.account: ctx.quota(DELETIONS)})
        delete_message(ctx, room, action.subject, action.reason, action.request_id)
    else:
        _count(ctx, "DisconnectUser", {ctx.account: ctx.quota(DISCONNECTIONS)})
        disconnect_user(ctx, room, action.subject, action.reason, action.request_id)
    return None


def _send(ctx: Context, connection: Connection, room: Room, action: actions.Action) -> Review | None:
    if len(action.subject) > room.maximum_message_length:
        raise ActionRefused(400, "Message exceeds maximum length")
    most = min(room.maximum_message_rate_per_second, ctx.quota(MESSAGES_PER_ROOM))
    _count(ctx, "SendMessage", {ctx.account: ctx.quota(MESSAGES), room.arn: most})
    message = Message(
        ctx.ids.alphanumeric(12),
        room.arn,
        connection.id,
        connection.user_id,
        connection.attributes,
        action.request_id,
        action.subject,
        action.attributes,
    )
    review = reviews.wanted(ctx, room, message)
    if review is None:
        _publish_message(ctx, room, message)
    return review


def _count(ctx: Context, action: str, rates: Mapping[str, int]) -> None:
    if not ctx.admit(action, rates):
        raise ActionRefused(429, _TEXTS[429])


def _publish_message(ctx: Context, room: Room, message: Message) -> None:
    _, sent = _next(ctx, room, message.id)
    text = frames.message(
        message.id,
        request_id=message.request_id,
        attributes=message.attributes,
        content=message.content,
        sent=sent,
        user_id=message.user_id,
        user_attributes=message.user_attributes,
    )
    _publish(ctx, room, "MESSAGE", text, sent)


def _next(ctx: Context, room: Room, frame_id: str = "") -> tuple[str, int]:
    """Return id and time of the frame that a room sends next."""
    frame_id = frame_id or ctx.ids.alphanumeric(12)
    return frame_id, frames.sending_time(ctx.clock.microseconds(), frame_id, _last(ctx.store.frames, room.arn))


def _last(log: Series[Frame], room_arn: str) -> int:
    sent = log[room_arn]
    return sent[-1].sent if sent else 0


def _publish(ctx: Context, room: Room, kind: str, text: str, sent: int) -> None:
    _append(ctx, room.arn, Frame(text, None, sent))
    chat_logs.keep_frame(ctx, room, kind, text, sent)


def _append(ctx: Context, room_arn: str, frame: Frame) -> None:
    ctx.store.frames.append(room_arn, frame)
    ctx.touch(room_arn)


def _send_error(ctx: Context, connection_id: str, request_id: str, refused: ActionRefused) -> None:
    """Send an ERROR to one connection, if it is open."""
    connection = ctx.store.connections.get(connection_id)
    if connection is None:
        return
    text = frames.error(
        refused.frame_id or ctx.ids.alphanumeric(12), request_id=request_id, code=refused.code, text=refused.text
    )
    _append(ctx, connection.room_arn, Frame(text, connection_id, _last(ctx.store.frames, connection.room_arn)))


def _who(connection: Connection) -> str:
    return _key(connection.room_arn, connection.user_id)


def _key(room_arn: str, user_id: str) -> str:
    return f"{room_arn} {user_id}"


@service.task
def _end_session(ctx: Context, connection_id: str) -> None:
    leave(ctx, connection_id, _SESSION_ENDED)
