"""A test's handles on chat: connections to rooms, and the functions that review messages."""

from __future__ import annotations

import json
from collections import UserDict
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias
from weakref import WeakSet

from ..core import arns
from ..core.arguments import LookupRefused, TypeRefused, ValueRefused
from ..core.callbacks import check_callback
from ..core.last import Last
from ..core.state import State
from . import conversation
from ._service import Context, Contexts, service
from .conversation import ChatRefused, Connection
from .messaging import actions, reviews
from .messaging import logs as chat_logs
from .messaging.reviews import Review, ReviewFunction
from .news import Feed, Transcripts

Pending: TypeAlias = Callable[[Callable[[float], object]], None]
"""A function that holds the review of a message. Its argument is a function that lets seconds pass, for a delay that a
test wants."""


Post: TypeAlias = Callable[[str, dict[str, Any]], Mapping[str, Any]]
"""A function that POSTs the payload of a review to a URL and returns the JSON of the answer; it raises on failure."""


class ChatConnection:
    """A client's connection to a room, as a WebSocket would be. As a context manager it is closed with the block.

    Whoever holds one of an emulator that was reset holds a closed connection without frames.
    """

    def __init__(self, chat: Chat, state: State, ctx: Context, connection: Connection) -> None:
        self._chat = chat
        self._state = state
        self._ctx = ctx
        self.id: str = connection.id
        """An id that no other connection of the emulator has."""
        self.room_arn: str = connection.room_arn
        """The ARN of the room."""
        self.user_id: str = connection.user_id
        """The user that the token is for."""

    def __repr__(self) -> str:
        return f"<ChatConnection of {self.user_id} to {self.room_arn}, {'closed' if self.closed else 'open'}>"

    def __enter__(self) -> ChatConnection:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def send_message(self, content: str, attributes: dict[str, str] | None = None) -> str:
        """Send a message; return its RequestId, which the MESSAGE that everybody receives, or the ERROR, repeats.

        When the room refuses it, the ERROR is a frame that `receive()` returns, and nothing is raised. Raises
        ConnectionError when the connection is closed, TypeError for an argument of another type, which `send()` could
        send.
        """
        _check_text(content=content)
        if attributes is not None and not actions.is_attributes(attributes):
            raise TypeRefused("attributes", f"{attributes!r} is not a dict from str to str")
        return self._request(actions.SEND_MESSAGE, Content=content, Attributes=attributes)

    def delete_message(self, id: str, reason: str | None = None) -> str:
        """Ask everybody to delete a message, by the `Id` that it came with; return the RequestId.

        Needs the capability DELETE_MESSAGE. What the room refuses is told, and errors are raised, as for
        `send_message()`.
        """
        _check_text(id=id, reason="" if reason is None else reason)
        return self._request(actions.DELETE_MESSAGE, Id=id, Reason=reason)

    def disconnect_user(self, user_id: str, reason: str | None = None) -> str:
        """Have every connection of a user to the room closed; return the RequestId.

        Needs the capability DISCONNECT_USER. What the room refuses is told, and errors are raised, as for
        `send_message()`.
        """
        _check_text(user_id=user_id, reason="" if reason is None else reason)
        return self._request(actions.DISCONNECT_USER, UserId=user_id, Reason=reason)

    def send(self, text: str) -> None:
        """Send a frame as it is, for frames that the methods above would not send.

        Raises ConnectionError when the connection is closed, TypeError for a frame that is not text.
        """
        _check_text(text=text)
        if self.latency:
            self._state.clock.advance(self.latency)
        review = self.take_frame(text)
        if review is not None:  # here, not as an effect: those wait for one another, and whoever sends for the answer
            review(self._state.clock.advance)

    def take_frame(self, text: str) -> Pending | None:
        """Send a frame without waiting, for doors that must not wait, such as an event loop.

        Returns the review to hold when the message has to be reviewed. Raises ConnectionError as `send()` does.
        """
        with self._state.transaction():
            if self.id not in self._ctx.store.connections:
                raise ConnectionError(f"{self!r} cannot send: {self.close_reason or 'it was closed'}")
            review = conversation.receive(self._ctx, self.id, text)
        return None if review is None else partial(self._chat._review, self._ctx, review)

    @property
    def latency(self) -> float:
        """The seconds that `sim.faults.latency("MessagingRequest", …)` wants each request to take."""
        return self._ctx.delay(conversation.MESSAGING_REQUEST)

    def receive(self) -> dict[str, Any]:
        """Return the next frame. Raises LookupError when there is none: nothing is waited for, nobody else is at work.

        What a connection was sent before it was closed can be received afterwards.
        """
        with self._state.transaction():
            text = conversation.next_frame(self._ctx, self.id)
        if text is None:
            raise LookupError(f"{self!r} has no frame to receive; it received all {len(self.frames)} that it was sent")
        frame: dict[str, Any] = json.loads(text)
        return frame

    @property
    def frames(self) -> list[str]:
        """Every frame so far, received or not, as the JSON text that was sent."""
        with self._state.transaction():
            return conversation.frames_of(self._ctx, self.id)

    @property
    def closed(self) -> bool:
        """True after it was closed: by `close()`, by a moderator, or at the end of the session."""
        with self._state.transaction():
            return self.id not in self._ctx.store.connections

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The capabilities of its token: "SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"."""
        connection = self._record
        return connection.capabilities if connection else ()

    @property
    def joined_at(self) -> datetime | None:
        """The time it was opened; None when a reset removed the connection."""
        connection = self._record
        return connection.joined_at if connection else None

    @property
    def close_code(self) -> int | None:
        """The WebSocket close code, None while it is open."""
        connection = self._record
        return connection.close_code if connection else None

    @property
    def close_reason(self) -> str:
        """The WebSocket close reason: a moderator's words, or JSON at the end of the session. Empty for none."""
        connection = self._record
        return connection.close_reason if connection else ""

    def close(self) -> None:
        """Leave the room, with the close code 1000. To leave twice has no further effect."""
        with self._state.transaction():
            conversation.leave(self._ctx, self.id)

    @property
    def _record(self) -> Connection | None:
        with self._state.transaction():
            return conversation.find(self._ctx, self.id)

    def _request(self, action: str, **members: object) -> str:
        request_id = self._ctx.ids.uuid()
        self.send(actions.write(action, request_id, **members))
        return request_id


def _check_text(**arguments: object) -> None:
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise TypeRefused(name, f"{value!r} is not a str")


class _ReviewFunctions(UserDict[str, ReviewFunction]):
    """Functions by the ARN of the Lambda function that they stand for."""

    def __setitem__(self, lambda_arn: str, handler: ReviewFunction) -> None:
        place = f"review_handlers[{lambda_arn!r}]"
        if not str(lambda_arn).startswith("arn:"):
            raise ValueRefused(str(lambda_arn), "the key is not the ARN of a Lambda function", place)
        check_callback(lambda_arn, handler, "payload", place=place)
        super().__setitem__(lambda_arn, handler)


class Chat:
    """Rooms from the inside: `sim.chat.connect(token)`."""

    def __init__(self, state: State, contexts: Contexts) -> None:
        self._state = state
        self._contexts = contexts
        self._review_handlers = _ReviewFunctions()
        self._posts: Last[Post] = Last()
        self._feeds: WeakSet[Feed[ChatConnection]] = WeakSet()

    @property
    def review_handlers(self) -> MutableMapping[str, ReviewFunction]:
        """The functions that stand for the Lambda functions of message review handlers, by ARN.

        One is called with the payload by whoever sends, outside of any transaction, so it may call the API or move the
        clock; it returns the response. To put one there raises ValueError for a key that is no ARN, TypeError for what
        cannot be called with the payload alone, or would return a coroutine.
        """
        return self._review_handlers

    @property
    def webhooks(self) -> MutableMapping[str, str]:
        """The URLs that stand for Lambda functions, by ARN, where no function of `review_handlers` does.

        A server POSTs the payload there; without a server they stand for nothing. Unlike functions they are saved, so a
        load puts the saved ones in their place.
        """
        return self._state.webhooks

    def post_with(self, post: Post) -> Callable[[], None]:
        """Have the payloads for the URLs of `webhooks` POSTed by a function; return a function that ends that.

        Of several functions, as with two servers, the last that is left does it.
        """
        return self._posts.add(post)

    def connect(self, token: str) -> ChatConnection:
        """Connect to a room with the `token` of CreateChatToken.

        Raises ChatRefused for a token that is unknown, used, or expired, whose session has ended or whose room is gone,
        and when the quota of connections is full; TypeError for what is not text.
        """
        if not isinstance(token, str):
            raise TypeRefused("token", f"{token!r} is not a str; CreateChatToken returns it as `token`")
        with self._state.transaction():
            for ctx in self._contexts:
                known = ctx.store.tokens.get(token)
                if known is not None:
                    return ChatConnection(self, self._state, ctx, conversation.join(ctx, known))
        raise ChatRefused("CreateChatToken never returned this token")

    def close_all(self) -> None:
        """Close every connection, as nobody holds those of a state that another process saved."""
        for connection in self.connections:
            connection.close()

    @property
    def connections(self) -> list[ChatConnection]:
        """The connections that are open, in every account and region; they may have been opened before a load."""
        with self._state.transaction():
            return [
                ChatConnection(self, self._state, ctx, connection)
                for ctx in self._contexts
                for connection in ctx.store.connections.values()
            ]

    def transcript(self, room_arn: str) -> list[str]:
        """Return the frames sent to everybody in a room so far, oldest first, as the JSON text that was sent.

        Raises LookupError for a room that never was.
        """
        with self._state.transaction():
            for ctx in self._contexts:
                log = ctx.store.frames[room_arn]
                if log or room_arn in ctx.store.rooms:
                    return [frame.text for frame in log if frame.to is None]
        raise LookupRefused("room_arn", f"there is no room {room_arn!r}")

    def transcripts(self, wake: Callable[[], object]) -> Transcripts:
        """Return a feed of the frames sent to everybody in any room; it calls `wake` when there is news.

        It is called as that of `feed()` is.
        """
        return Transcripts(self._state, self._contexts, wake)

    def feed(self, wake: Callable[[], object]) -> Feed[ChatConnection]:
        """Return a feed of the frames sent to a door's connections; it calls `wake` when there is news.

        `wake` is called by any thread, inside a transaction, and so should only arrange that somebody asks the feed.
        """
        feed = Feed(self.connect, self._state, self._contexts, wake)
        self._feeds.add(feed)
        return feed

    def logs(self, room_arn: str) -> dict[str, list[dict[str, Any]]]:
        """Return the chat log records of a room that arrived, oldest first, by the ARN of the logging configuration.

        That is so whether they are delivered in fact (`deliver=True`) or not. Raises ValueError for what is not the ARN
        of a room, TypeError for what is not text.
        """
        _check_text(room_arn=room_arn)
        arn = arns.parse(room_arn)
        if arn is None or (arn.service, arn.resource_type) != (service.namespace, "room"):
            raise ValueRefused("room_arn", f"{room_arn!r} is not the ARN of a room")
        with self._state.transaction():
            return chat_logs.arrived(self._contexts(arn.account, arn.region), room_arn)

    def snapshot(self) -> Any:
        """Return what `restore()` needs: the review handlers, and the connections of clients at a door."""
        return dict(self._review_handlers), self._followed()

    def restore(self, before: Any) -> None:
        """Make the review handlers as they were when the snapshot was taken.

        The connections are the state's, which was restored before; those whose client left its door since are closed.
        """
        handlers, followed = before
        self._review_handlers.clear()
        self._review_handlers.update(handlers)
        left = followed - self._followed()
        with self._state.transaction():
            for connection in self.connections:
                if connection.id in left:
                    connection.close()

    def _followed(self) -> set[str]:
        return set().union(*(feed.followed for feed in list(self._feeds)))

    def _review(self, ctx: Context, review: Review, wait: Callable[[float], object]) -> None:
        verdict = reviews.hold(review, self._handler(review.uri), self._state.clock, wait)
        with self._state.transaction():
            conversation.conclude(ctx, review, verdict)

    def _handler(self, lambda_arn: str) -> ReviewFunction | None:
        url = self._state.webhooks.get(lambda_arn)
        post = self._posts.one
        if lambda_arn in self._review_handlers or url is None or post is None:
            return self._review_handlers.get(lambda_arn)
        return partial(post, url)
