"""Random sequences of operations against a small model of what should be there, and random garbage."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from ivsim import Emulator, Request
from ivsim.services import SERVICES

from .calling import call, send, signed
from .samples import sample

NAMES = st.text("abcXYZ019-_", max_size=5)
TAGS = st.dictionaries(st.text("abc=+ ä", min_size=1, max_size=2), st.text("xyz@", max_size=2), max_size=3)


class Resources(RuleBasedStateMachine):
    """Channels, keys, rooms and tags, and what a user believes of them."""

    channels = Bundle("channels")
    rooms = Bundle("rooms")

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator(quotas={"Channels": 6, "Rooms": 4})
        self.channel: dict[str, dict[str, Any]] = {}
        self.key: dict[str, str | None] = {}
        self.room: dict[str, dict[str, Any]] = {}  # the last updated last
        self.live: dict[str, Any] = {}
        self.sessions: dict[str, list[str]] = {}

    @rule(target=channels, name=NAMES, tags=TAGS)
    def create_channel(self, name: str, tags: dict[str, str]) -> str:
        answer = call(self.sim, "CreateChannel", name=name, tags=tags)
        if len(self.channel) == 6:
            assert answer.code == "ServiceQuotaExceededException"
            return "arn:aws:ivs:us-east-1:123456789012:channel/never"
        channel = answer.body["channel"]
        assert (channel["name"], channel["tags"]) == (name, tags)
        self.channel[channel["arn"]] = {"name": name, "tags": tags}
        self.key[channel["arn"]] = answer.body["streamKey"]["arn"]
        return str(channel["arn"])

    @rule(arn=channels, name=NAMES)
    def update_channel(self, arn: str, name: str) -> None:
        answer = call(self.sim, "UpdateChannel", arn=arn, name=name)
        if arn not in self.channel:
            assert answer.code == "ResourceNotFoundException"
        elif arn in self.live:
            assert answer.code == "ConflictException"
        else:
            self.channel[arn]["name"] = name

    @rule(arn=consumes(channels))
    def delete_channel(self, arn: str) -> None:
        answer = call(self.sim, "DeleteChannel", arn=arn)
        if arn not in self.channel:
            assert answer.code == "ResourceNotFoundException"
        elif arn in self.live:
            assert answer.code == "ConflictException"
            call(self.sim, "StopStream", channelArn=arn)
            del self.live[arn]
            assert call(self.sim, "DeleteChannel", arn=arn).status == 204
            del self.channel[arn]
        else:
            assert answer.status == 204
            del self.channel[arn]

    @rule(arn=channels)
    def delete_key(self, arn: str) -> None:
        if arn in self.channel and self.key[arn]:
            assert call(self.sim, "DeleteStreamKey", arn=self.key[arn]).status == 204
            self.key[arn] = None

    @rule(arn=channels)
    def create_key(self, arn: str) -> None:
        answer = call(self.sim, "CreateStreamKey", channelArn=arn)
        if arn not in self.channel:
            assert answer.code == "ResourceNotFoundException"
        elif self.key[arn]:
            assert answer.code == "ServiceQuotaExceededException"
        else:
            self.key[arn] = answer.body["streamKey"]["arn"]

    @rule(arn=channels)
    def go_live(self, arn: str) -> None:
        allowed = arn in self.channel and self.key[arn] and arn not in self.live
        try:
            stream = self.sim.streams.start(arn)
        except ValueError:
            assert not allowed
        else:
            assert allowed
            self.live[arn] = stream
            self.sessions.setdefault(arn, []).insert(0, stream.stream_id)

    @rule(arn=channels, by_api=st.booleans())
    def end(self, arn: str, by_api: bool) -> None:
        if arn in self.live:
            stream = self.live.pop(arn)
            if by_api:
                assert call(self.sim, "StopStream", channelArn=arn).status == 200
            else:
                stream.end()

    @rule(arn=channels, tags=TAGS, gone=st.lists(st.text("abc=+ ä", min_size=1, max_size=2), min_size=1, max_size=3))
    def tag(self, arn: str, tags: dict[str, str], gone: list[str]) -> None:
        self.tag_resource(arn, self.channel, tags, gone)

    @rule(arn=rooms, tags=TAGS, gone=st.lists(st.text("abc=+ ä", min_size=1, max_size=2), min_size=1, max_size=3))
    def tag_room(self, arn: str, tags: dict[str, str], gone: list[str]) -> None:
        self.tag_resource(arn, self.room, tags, gone)

    def tag_resource(self, arn: str, known: dict[str, Any], tags: dict[str, str], gone: list[str]) -> None:
        from urllib.parse import urlencode

        tagged = send(self.sim, "POST", f"/tags/{arn}", json.dumps({"tags": tags}).encode())
        untagged = send(self.sim, "DELETE", f"/tags/{arn}?{urlencode({'tagKeys': gone}, doseq=True)}")
        if arn not in known:
            assert tagged.code == untagged.code == "ResourceNotFoundException"
        else:
            merged = {**known[arn]["tags"], **tags}
            known[arn]["tags"] = {key: value for key, value in merged.items() if key not in gone}

    @rule(target=rooms, name=NAMES)
    def create_room(self, name: str) -> str:
        answer = call(self.sim, "CreateRoom", name=name)
        if len(self.room) == 4:
            assert answer.code == "ServiceQuotaExceededException"
            return "arn:aws:ivschat:us-east-1:123456789012:room/never"
        self.room[answer.body["arn"]] = {"name": name, "tags": {}}
        return str(answer.body["arn"])

    @rule(arn=rooms, name=NAMES)
    def update_room(self, arn: str, name: str) -> None:
        answer = call(self.sim, "UpdateRoom", identifier=arn, name=name)
        if arn in self.room:
            self.room[arn] = {**self.room.pop(arn), "name": name}
        else:
            assert answer.code == "ResourceNotFoundException"

    @rule(arn=consumes(rooms))
    def delete_room(self, arn: str) -> None:
        answer = call(self.sim, "DeleteRoom", identifier=arn)
        assert answer.status == (204 if self.room.pop(arn, None) else 404)

    @rule(size=st.integers(1, 3))
    def pages(self, size: int) -> None:
        seen: list[str] = []
        token = None
        while token != "":
            page = call(self.sim, "ListChannels", maxResults=size, **({"nextToken": token} if token else {})).body
            assert len(page["channels"]) <= size
            seen += [channel["arn"] for channel in page["channels"]]
            token = page.get("nextToken", "")
        assert seen == list(self.channel)

    @invariant()
    def channels_are_as_believed(self) -> None:
        listed = call(self.sim, "ListChannels").body["channels"]
        assert [(each["arn"], each["name"], each["tags"]) for each in listed] == [
            (arn, channel["name"], channel["tags"]) for arn, channel in self.channel.items()
        ]

    @invariant()
    def keys_are_as_believed(self) -> None:
        for arn in self.channel:
            keys = call(self.sim, "ListStreamKeys", channelArn=arn).body["streamKeys"]
            assert [key["arn"] for key in keys] == [key for key in [self.key[arn]] if key]

    @invariant()
    def rooms_are_as_believed(self) -> None:
        listed = call(self.sim, "ListRooms").body["rooms"]
        assert [(each["arn"], each["name"], each["tags"]) for each in listed] == [
            (arn, room["name"], room["tags"]) for arn, room in reversed(self.room.items())
        ]

    @invariant()
    def streams_are_as_believed(self) -> None:
        listed = call(self.sim, "ListStreams").body["streams"]
        assert {each["channelArn"]: each["streamId"] for each in listed} == {
            arn: stream.stream_id for arn, stream in self.live.items()
        }
        for arn, sessions in self.sessions.items():
            kept = call(self.sim, "ListStreamSessions", channelArn=arn).body["streamSessions"]
            assert [session["streamId"] for session in kept] == sessions
            assert ["endTime" not in session for session in kept] == [arn in self.live] + [False] * (len(sessions) - 1)


TestResources = Resources.TestCase
TestResources.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

OPERATIONS = [(service, operation) for service in SERVICES.values() for operation in service.model.operations.values()]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def is_answer(sim: Emulator, request: Request) -> None:
    """Check that whatever was sent, what comes back is an answer of the service, and is on record."""
    response = sim.handle(request)
    code = response.headers.get("x-amzn-ErrorType")
    assert code in (
        None,
        "ValidationException",
        "ResourceNotFoundException",
        "ConflictException",
        "ChannelNotBroadcasting",
        "UnknownOperationException",
        "ServiceQuotaExceededException",
        "NotEmulated",
    ), (code, response.body)
    assert (response.status < 300) == (code is None)
    if response.body:
        json.loads(response.body)
    assert sim.calls[-1].error == code


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), strict=st.booleans())
def test_garbage_members(data: st.DataObject, strict: bool) -> None:
    """Any operation with any members, among them some that are valid, gets an answer, strict or not."""
    sim = Emulator(strict=strict)
    service, operation = data.draw(st.sampled_from(OPERATIONS))
    valid = sample(operation.input) if operation.input else {}
    names = st.sampled_from(sorted(operation.members)) if operation.members else st.text(max_size=3)
    members = {**valid, **data.draw(st.dictionaries(names | st.text(max_size=3), JSON, max_size=4))}
    path = operation.path.replace("{resourceArn}", str(members.get("resourceArn") or "x"))
    body = json.dumps(members, allow_nan=True).encode()
    is_answer(sim, Request(operation.method, path, signed(service=service.name), body))


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", ""]),
    url=st.text(max_size=30)
    | st.sampled_from([operation.path for _, operation in OPERATIONS]).flatmap(
        lambda path: st.text(max_size=5).map(lambda tail: path + tail)
    ),
    headers=st.dictionaries(st.sampled_from(["authorization", "x"]), st.text(max_size=50)),
    body=st.binary(max_size=50),
)
def test_garbage_requests(method: str, url: str, headers: dict[str, str], body: bytes) -> None:
    """Anything at all gets an answer."""
    is_answer(Emulator(), Request(method, url, headers, body))
