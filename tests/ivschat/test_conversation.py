"""The rules of a room: who may come in, who may do what and how often, and how it ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ivsim import ChatRefused, Emulator

from ..calling import call, send, signed
from .conftest import NOON, Room, error, last, received, said


def test_everybody_receives_everything_in_one_order(room: Room) -> None:
    """From when they joined; nobody gets an ERROR of somebody else's."""
    ada = room.join("ada")
    ada.send_message("before")
    bob = room.join("bob")
    ada.send_message("one")
    bob.send("?")
    bob.send_message("two")
    assert ada.frames[1:] == [bob.frames[0], bob.frames[2]]
    assert said(ada) == ["before", "one", "two"]
    assert [frame["Type"] for frame in received(bob)] == ["MESSAGE", "ERROR", "MESSAGE"]


def test_rooms_are_apart(room: Room) -> None:
    """What is said in a room is not heard in another."""
    ada, elsewhere = room.join("ada"), Room(room.sim).join("ada")
    ada.send_message("hi")
    ada.disconnect_user("ada")
    assert elsewhere.frames == []
    assert not elsewhere.closed


def test_accounts_and_regions(sim: Emulator) -> None:
    """A token leads to its room, in whatever account and region."""
    headers = signed("eu-west-1", "ivschat", key="999988887777")
    arn = send(sim, "POST", "/CreateRoom", b"{}", headers).body["arn"]
    body = json.dumps({"roomIdentifier": arn, "userId": "ada", "capabilities": ["SEND_MESSAGE"]}).encode()
    token = send(sim, "POST", "/CreateChatToken", body, headers).body["token"]
    ada = sim.chat.connect(token)
    ada.send_message("hi")
    assert said(ada) == ["hi"]
    assert (ada.room_arn, ada.user_id) == (arn, "ada")


# Tokens -------------------------------------------------------------------------------------------------------------


def test_a_token_opens_one_connection(room: Room) -> None:
    """Used once, it is used up, also when the connection is closed."""
    token = room.token("ada")
    with room.sim.chat.connect(token):
        with pytest.raises(ChatRefused, match="used already") as refused:
            room.sim.chat.connect(token)
        assert refused.value.status == 403
    with pytest.raises(ChatRefused, match="used already"):
        room.sim.chat.connect(token)


def test_lifetimes(room: Room) -> None:
    """A token can be used for an hour, and its session ends when it was to end from the start."""
    tokens = [room.token("ada", sessionDurationInMinutes=180) for _ in range(2)]
    room.sim.clock.advance(timedelta(hours=1))
    ada = room.sim.chat.connect(tokens[0])
    room.sim.clock.advance(1)
    with pytest.raises(ChatRefused, match=r"the token expired at 2026-11-21T13:00:00.000Z"):
        room.sim.chat.connect(tokens[1])
    room.sim.clock.advance(timedelta(hours=2) - timedelta(seconds=2))
    assert not ada.closed
    assert (ada.close_code, ada.close_reason) == (None, "")
    room.sim.clock.advance(1)
    assert bool(ada.closed)
    assert (ada.close_code, ada.close_reason) == (1000, '{"ErrorCode":401,"ErrorMessage":"Connection has expired"}')


def test_a_session_that_is_over_before_it_began(room: Room) -> None:
    """A session is counted from the making of the token, so it may be over before the token expires."""
    token = room.token("ada", sessionDurationInMinutes=1)
    room.sim.clock.advance(60)
    with pytest.raises(ChatRefused, match=r"session ended at 2026-11-21T12:01:00.000Z"):
        room.sim.chat.connect(token)


@pytest.mark.parametrize("sevenths", range(8, 14))
def test_the_exact_moments(room: Room, sevenths: int) -> None:
    """At its expiration a token still lets in, a microsecond later not; a session ends at its, not a moment before."""
    clock = room.sim.clock
    tokens = [room.token("ada", sessionDurationInMinutes=61) for _ in range(2)]
    clock.advance(sevenths / 7)  # no whole number of microseconds
    early = room.join("ada", sessionDurationInMinutes=61)
    clock.freeze(NOON + timedelta(minutes=60))
    late = room.sim.chat.connect(tokens[0])
    clock.freeze(NOON + timedelta(minutes=60, microseconds=1))
    with pytest.raises(ChatRefused, match="the token expired"):
        room.sim.chat.connect(tokens[1])
    end = NOON + timedelta(minutes=61)
    for connection, its_end in ((late, end), (early, end + timedelta(seconds=1))):
        clock.freeze(its_end - timedelta(microseconds=1))
        assert not connection.closed
        clock.freeze(its_end)
        assert connection.closed


def test_unknown_tokens(room: Room) -> None:
    """What is no token, or one for a room that is gone, lets nobody in."""
    with pytest.raises(ChatRefused, match="CreateChatToken never returned this token"):
        room.sim.chat.connect("AQICAH")
    with pytest.raises(TypeError, match="is not a str; CreateChatToken returns it as `token`"):
        room.sim.chat.connect({"token": "AQICAH"})  # type: ignore[arg-type]
    token = room.token("ada")
    call(room.sim, "DeleteRoom", identifier=room.arn)
    with pytest.raises(ChatRefused, match=f"{room.arn} was deleted"):
        room.sim.chat.connect(token)


def test_full_quota_of_connections(room: Room) -> None:
    """As many connections as the quota has, in all rooms; one that leaves makes room, and no token is lost."""
    room.sim.quotas["Concurrent chat connections"] = 2
    ada = room.join("ada")
    Room(room.sim).join("ada")
    token = room.token("bob")
    with pytest.raises(ChatRefused, match="Concurrent chat connections, limit: 2") as refused:
        room.sim.chat.connect(token)
    assert refused.value.status == 429
    ada.close()
    assert not room.sim.chat.connect(token).closed


# Errors -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"])
def test_capabilities(room: Room, capability: str) -> None:
    """A client may do what its token says, and nothing else; everybody may listen."""
    ada = room.join("ada", capability)
    listener = room.sim.chat.connect(room.token("bob"))
    ada.send_message("x")
    ada.delete_message("I4fme01f7HYM")
    ada.disconnect_user("nobody")
    listener.send_message("x")
    codes = [frame.get("ErrorCode") for frame in received(ada)]
    assert sorted(codes, key=str) == [403, 403, None]
    assert len(listener.frames) == 2
    assert error(listener) == (403, "Forbidden: the token lacks the capability SEND_MESSAGE")


def test_deleted_room(room: Room) -> None:
    """A deleted room leaves its connections open; what they ask for is ERROR 404."""
    ada = room.join("ada")
    call(room.sim, "DeleteRoom", identifier=room.arn)
    assert not ada.closed
    for ask in (ada.send_message, ada.delete_message, ada.disconnect_user):
        ask("I4fme01f7HYM")
        assert error(ada) == (404, "Room not found")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("400", "Bad request"),
        ("401", "Connection has expired"),
        ("403", "Forbidden"),
        ("404", "Room not found"),
        ("406", "Message rejected by review"),
        ("413", "Request is too large"),
        ("429", "rate limit exceeded"),
        ("500", "Internal server error"),
    ],
)
def test_errors_on_demand(room: Room, code: str, text: str) -> None:
    """Every ERROR there is can be ordered, for certain requests or all; it changes nothing."""
    ada = room.join("ada")
    room.sim.faults.add("MessagingRequest", code, when={"action": "SEND_MESSAGE", "userId": "ada"})
    ada.delete_message("I4fme01f7HYM")
    assert last(ada)["Type"] == "EVENT"
    request_id = ada.send_message("x")
    assert error(ada) == (int(code), text)
    assert last(ada)["RequestId"] == request_id
    ada.send_message("x")
    assert said(ada) == ["x"]
    room.sim.faults.add("MessagingRequest", code, message="not now")
    ada.send_message("x")
    assert error(ada) == (int(code), "not now")


def test_slow_requests(room: Room) -> None:
    """A request takes the time it is told to; a session that ends meanwhile ends before it."""
    ada = room.join("ada", sessionDurationInMinutes=1)
    room.sim.faults.latency("MessagingRequest", 2.5)
    ada.send_message("x")
    assert last(ada)["SendTime"].startswith("2026-11-21T12:00:02.5")
    room.sim.clock.advance(57)
    with pytest.raises(ConnectionError, match="Connection has expired"):
        ada.send_message("y")
    assert said(ada) == ["x"]


# Rates --------------------------------------------------------------------------------------------------------------


def burst(room: Room, connections: int, messages: int) -> int:
    """Let several people send several messages at once; return how many were let through."""
    people = [room.join(f"user{number}") for number in range(connections)]
    listener = room.join("listener")
    for each in people:
        for _ in range(messages):
            each.send_message("x")
    refused = [frame for each in people for frame in received(each) if frame["Type"] == "ERROR"]
    assert {(frame["ErrorCode"], frame["ErrorMessage"]) for frame in refused} <= {(429, "rate limit exceeded")}
    assert not any(each.closed for each in people)
    assert len(refused) + len(listener.frames) == connections * messages
    return len(listener.frames)


def test_room_rate(room: Room) -> None:
    """A room takes ten messages a second unless configured otherwise, from all together, and then again."""
    assert burst(room, 3, 5) == 10
    room.sim.clock.advance(0.999)
    assert burst(room, 1, 1) == 0
    room.sim.clock.advance(0.001)
    assert burst(room, 3, 5) == 10


def test_room_rate_is_the_rooms(room: Room) -> None:
    """An update of the rate holds at once; it cannot be more than the quota."""
    room.update(maximumMessageRatePerSecond=2)
    assert burst(room, 2, 2) == 2
    room.sim.clock.advance(1)
    room.update(maximumMessageRatePerSecond=100)
    assert burst(room, 12, 10) == 100
    room.sim.clock.advance(1)
    room.sim.quotas["Rate of SendMessage requests per room"] = 7
    assert burst(room, 12, 10) == 7


def test_connection_rate(room: Room) -> None:
    """A connection has ten requests a second of all kinds, also of those that are malformed."""
    room.update(maximumMessageRatePerSecond=100)
    ada = room.join("ada")
    for _ in range(3):
        ada.send_message("x")
        ada.delete_message("I4fme01f7HYM")
        ada.send("?")
    ada.disconnect_user("nobody")
    request_id = ada.send_message("x")
    assert error(ada) == (429, "rate limit exceeded")
    assert last(ada)["RequestId"] == request_id
    room.join("bob").send_message("y")
    assert said(ada) == ["x", "x", "x", "y"]
    room.sim.clock.advance(1)
    room.sim.quotas["Rate of messaging requests per connection"] = 1
    ada.send_message("z")
    ada.send_message("z")
    assert error(ada)[0] == 429


def test_rate_of_all_rooms(sim: Emulator) -> None:
    """An account has so many messages a second in all its rooms."""
    sim.clock.freeze(NOON)
    sim.quotas["Rate of SendMessage requests across all your rooms"] = 15
    rooms = [Room(sim) for _ in range(2)]
    assert [burst(room, 2, 5) for room in rooms] == [10, 5]


def test_a_flooded_room_takes_nothing_from_others(sim: Emulator) -> None:
    """What a room refuses does not count against the rate of all rooms."""
    sim.clock.freeze(NOON)
    sim.quotas["Rate of SendMessage requests across all your rooms"] = 15
    assert burst(Room(sim), 4, 5) == 10
    assert burst(Room(sim), 1, 5) == 5


@pytest.mark.parametrize("action", ["DeleteMessage", "DisconnectUser"])
def test_rates_of_moderation(room: Room, action: str) -> None:
    """Deletions and disconnections have a rate over all rooms, each its own."""
    room.sim.quotas[f"Rate of {action} requests across all your rooms"] = 3
    ada, bob = room.join("ada"), Room(room.sim).join("bob")
    for each in (ada, bob):
        for _ in range(2):
            if action == "DeleteMessage":
                each.delete_message("I4fme01f7HYM")
            else:
                each.disconnect_user("nobody")
    assert last(ada)["Type"] == "EVENT"
    assert error(bob) == (429, "rate limit exceeded")
    each.send_message("x")
    assert said(bob) == ["x"]
    assert call(room.sim, "DeleteMessage", roomIdentifier=room.arn, id="I4fme01f7HYM").status == 200


def test_http_counts_with_connections_where_calls_are_limited() -> None:
    """With rate limits the calls over HTTP and the requests of connections are counted together."""
    sim = Emulator(rate_limits=True)
    sim.clock.freeze(NOON)
    room = Room(sim)
    people = [room.join(f"user{number}") for number in range(10)]
    for each in people:
        for _ in range(9):
            each.delete_message("I4fme01f7HYM")
    calls = [call(sim, "DeleteMessage", roomIdentifier=room.arn, id="I4fme01f7HYM") for _ in range(11)]
    assert [answer.status for answer in calls] == [200] * 10 + [429]
    people[0].delete_message("I4fme01f7HYM")
    assert error(people[0])[0] == 429


def test_a_reset_forgives(room: Room) -> None:
    """Who was too fast before a reset is not after."""
    assert burst(room, 2, 10) == 10
    room.sim.reset()
    assert burst(Room(room.sim), 2, 10) == 10


# Moderation and closing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("over_http", [False, True])
def test_disconnected(room: Room, over_http: bool) -> None:
    """Every connection of the user, and nobody else's, gets the event and then is closed, with the reason."""
    ada, phone, laptop = room.join("ada"), room.join("bob"), room.join("bob")
    elsewhere = Room(room.sim).join("bob")
    if over_http:
        call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="bob", reason="Kicked")
    else:
        ada.disconnect_user("bob", "Kicked")
    ada.send_message("gone")
    for each in (phone, laptop):
        assert each.closed
        assert (each.close_code, each.close_reason) == (1000, "Kicked")
        assert last(each)["EventName"] == "aws:DISCONNECT_USER"
        assert len(each.frames) == 1
    assert not ada.closed
    assert not elsewhere.closed
    assert len(ada.frames) == 2
    again = room.join("bob")
    again.send_message("back")
    assert said(ada) == ["gone", "back"]


def test_who_disconnects_oneself(room: Room) -> None:
    """A moderator may be gone too."""
    ada = room.join("ada")
    ada.disconnect_user("ada")
    assert ada.closed
    assert last(ada)["Attributes"] == {"Reason": "", "UserId": "ada"}


def test_long_reasons(room: Room) -> None:
    """A close frame has room for 123 bytes, of whole characters."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.disconnect_user("bob", "é" * 100)
    assert bob.close_reason == "é" * 61
    assert last(bob)["Attributes"]["Reason"] == "é" * 100


def test_closed_is_closed(room: Room) -> None:
    """Who left receives nothing more and can send nothing; to leave twice is nothing, and the session's end neither."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.send_message("one")
    bob.close()
    ada.send_message("two")
    assert said(bob) == ["one"]
    assert (bob.close_code, bob.close_reason) == (1000, "")
    with pytest.raises(ConnectionError, match="closed> cannot send: it was closed"):
        bob.send_message("three")
    bob.close()
    room.sim.clock.advance(timedelta(hours=2))
    assert bob.close_reason == ""
    assert said(ada) == ["one", "two"]


def test_one_of_several_leaves(room: Room) -> None:
    """A user's other connections stay, and can be found still."""
    phone, laptop = room.join("bob"), room.join("bob")
    phone.close()
    assert not laptop.closed
    call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="bob", reason="x")
    assert (phone.close_reason, laptop.close_reason) == ("", "x")


def test_updates_reach_open_connections(room: Room) -> None:
    """A room's new rules hold for those who are in it."""
    ada = room.join("ada")
    room.update(maximumMessageLength=2)
    ada.send_message("long")
    assert error(ada) == (400, "Message exceeds maximum length")
    room.update(maximumMessageLength=4)
    ada.send_message("long")
    assert said(ada) == ["long"]
