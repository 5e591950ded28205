"""Routing, regions and accounts, malformed requests: what reaches an emulator that no SDK would send."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from ivsim import Emulator, Request

from .calling import call, send, signed

STAGE = "arn:aws:ivs:us-east-1:123456789012:stage/AbCdEf123456"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ListChannels"),
        ("POST", "/listchannels"),
        ("POST", "/ListChannels/"),
        ("POST", "/"),
        ("POST", ""),
        ("PATCH", "/tags/x"),
        ("GET", "/tags/"),
        ("GET", "/tags"),
        ("POST", "http://[::1"),
        ("GET", "/tags/%ff"),
        ("GET", "/tags/%ED%A0%80"),
    ],
)
def test_unknown_operations(sim: Emulator, method: str, path: str) -> None:
    """What is no operation gets AWS's error for that, and is on record."""
    answer = send(sim, method, path)
    assert (answer.status, answer.code) == (404, "UnknownOperationException")
    assert answer.body["message"]
    assert (sim.calls[-1].service, sim.calls[-1].operation, sim.calls[-1].error) == ("", "", answer.code)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"{} {}",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\uD800"}',
        '{"name": "ä"}'.encode("latin-1"),
        '{"name": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"maxResults": ' + b"9" * 5000 + b"}",
        b"\0" * 100,
    ],
)
def test_malformed_bodies(sim: Emulator, body: bytes) -> None:
    """What is no JSON object in UTF-8 is a ValidationException, never a traceback."""
    for operation, service in (("ListChannels", "ivs"), ("ListRooms", "ivschat")):
        answer = send(sim, "POST", f"/{operation}", body)
        assert (answer.status, answer.code) == (400, "ValidationException")
        assert sim.calls[-1].service == service


def test_large_bodies(sim: Emulator) -> None:
    """Ten megabytes are read, as any API behind Amazon API Gateway would; more is not."""
    most = b'{"name": "' + b"x" * (10 * 1024 * 1024 - 12) + b'"}'
    assert send(sim, "POST", "/CreateChannel", most).code == "ValidationException"
    answer = send(sim, "POST", "/CreateChannel", most + b" ")
    assert (answer.status, answer.code) == (413, "RequestEntityTooLarge")


def test_members_that_no_model_knows(sim: Emulator) -> None:
    """A member that the model does not know is ignored, and so is one that is null."""
    answer = call(sim, "CreateChannel", name="x", tags=None, inventedYesterday={"a": 1})
    assert answer.status == 200
    assert answer.body["channel"]["name"] == "x"
    assert sim.calls[-1].params == {"name": "x", "tags": None, "inventedYesterday": {"a": 1}}


def test_no_body_at_all(sim: Emulator) -> None:
    """An operation without required members needs no body."""
    assert send(sim, "POST", "/CreateChannel").status == 200


def test_whole_urls_and_targets(sim: Emulator) -> None:
    """A URL may be whole or just the target; a query string does not matter where none is modelled."""
    assert send(sim, "POST", "https://ivs.us-east-1.amazonaws.com/ListChannels?x=y").status == 200
    assert send(sim, "POST", "/ListChannels?x").status == 200


@pytest.mark.parametrize(
    ("headers", "url", "account", "region"),
    [
        (signed("eu-west-1"), "/CreateChannel", "123456789012", "eu-west-1"),
        (signed("eu-west-1", key="999988887777"), "/CreateChannel", "999988887777", "eu-west-1"),
        (signed("eu-west-1", key="AKIA99998888"), "/CreateChannel", "123456789012", "eu-west-1"),
        ({}, "/CreateChannel", "123456789012", "us-east-1"),
        ({"authorization": "Bearer x"}, "/CreateChannel", "123456789012", "us-east-1"),
        ({}, "https://ivs-fips.eu-west-1.amazonaws.com/CreateChannel", "123456789012", "eu-west-1"),
        ({}, "https://ivs.eu-west-1.api.aws/CreateChannel", "123456789012", "eu-west-1"),
        (
            {},
            "/CreateChannel?X-Amz-Credential=111122223333%2F20261120%2Feu-west-1%2Fivs%2Faws4_request",
            "111122223333",
            "eu-west-1",
        ),
    ],
)
def test_account_and_region(sim: Emulator, headers: dict[str, str], url: str, account: str, region: str) -> None:
    """Account and region are the signature's, in header or query; else the host's and the emulator's own."""
    arn = send(sim, "POST", url, b"{}", headers).body["channel"]["arn"]
    assert arn.startswith(f"arn:aws:ivs:{region}:{account}:channel/")
    assert (sim.calls[-1].account, sim.calls[-1].region) == (account, region)


def test_unsigned_requests_find_what_their_arn_names(sim: Emulator) -> None:
    """An unsigned request that carries an ARN is for the ARN's account and region; a signed one for the signature's."""
    headers = signed("eu-west-1", key="999988887777")
    arn = send(sim, "POST", "/CreateChannel", b"{}", headers).body["channel"]["arn"]
    assert call(sim, "GetChannel", arn=arn).status == 200
    assert call(sim, "BatchGetChannel", arns=[arn]).body["channels"][0]["arn"] == arn
    for other in (signed("us-east-1", key="999988887777"), signed("eu-west-1")):
        assert send(sim, "POST", "/GetChannel", json.dumps({"arn": arn}).encode(), other).status == 404


def test_own_account_and_region() -> None:
    """The emulator's own account and region are those of calls that name none."""
    sim = Emulator(account_id="210987654321", region="ap-south-1")
    assert (sim.account_id, sim.region) == ("210987654321", "ap-south-1")
    assert call(sim, "CreateRoom").body["arn"].startswith("arn:aws:ivschat:ap-south-1:210987654321:room/")


@pytest.mark.parametrize("encode", [lambda arn: arn, lambda arn: quote(arn, safe=":"), lambda arn: quote(arn, safe="")])
@pytest.mark.parametrize("headers", [{}, signed(), signed(service="ivschat")])
def test_tags_find_their_service(sim: Emulator, encode: object, headers: dict[str, str]) -> None:
    """Tags go to the service of the ARN, however it is encoded and whether the request is signed or not."""
    for operation, service, outer in (("CreateChannel", "ivs", "channel"), ("CreateRoom", "ivschat", None)):
        if headers and headers != signed(service=service):
            continue
        created = call(sim, operation, tags={"a": "b"}).body
        arn = (created[outer] if outer else created)["arn"]
        answer = send(sim, "GET", f"/tags/{encode(arn)}", headers=headers)  # type: ignore[operator]
        assert answer.body == {"tags": {"a": "b"}}
        assert sim.calls[-1].service == service


@pytest.mark.parametrize(
    ("text", "headers", "service"),
    [
        ("nonsense", {}, "ivs"),
        ("nonsense:ivschat:x", {}, "ivschat"),
        ("nonsense", signed(service="ivschat"), "ivschat"),
        ("nonsense", signed(service="s3"), "ivs"),
        ("arn:aws:s3:us-east-1:123456789012:bucket/x", signed(), "ivs"),
        ("arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456", signed(), "ivs"),
        (STAGE, signed(service="ivschat"), "ivschat"),
    ],
)
def test_tags_of_what_is_not_ours(sim: Emulator, text: str, headers: dict[str, str], service: str) -> None:
    """An ARN of nothing is refused by the service that the signature names, or else the text."""
    answer = send(sim, "GET", f"/tags/{text}", headers=headers)
    assert (answer.code, sim.calls[-1].service) == ("ValidationException", service)
    assert ("reason" in answer.body) == (service == "ivschat")


@pytest.mark.parametrize("headers", [{}, signed()])
def test_real_time(sim: Emulator, headers: dict[str, str]) -> None:
    """IVS Real-Time shares paths, ARNs and signature with IVS; it is told apart, and refused by name."""
    for method, path in (("POST", "/CreateStage"), ("GET", f"/tags/{STAGE}")):
        answer = send(sim, method, path, headers=headers)
        assert (answer.status, answer.code) == (501, "NotEmulated")
        assert "ivs-realtime" in answer.body["message"]


def test_query_strings(sim: Emulator) -> None:
    """TagKeys may be repeated, encoded in either way, or empty, which is no key."""
    tags = {"a b": "1", "c+d": "2", "e": "3"}
    arn = call(sim, "CreateChannel", tags=tags).body["channel"]["arn"]
    assert send(sim, "DELETE", f"/tags/{arn}?tagKeys=a+b&tagKeys=c%2Bd&other=e").status == 200
    assert send(sim, "GET", f"/tags/{arn}").body == {"tags": {"e": "3"}}
    for query in ("", "?", "?tagKeys=", "?tagkeys=e"):
        assert send(sim, "DELETE", f"/tags/{arn}{query}").code == "ValidationException"


def test_headers_of_bytes(sim: Emulator) -> None:
    """Header values may be bytes, as botocore has them."""
    headers = {name: value.encode() for name, value in signed("eu-west-1").items()}
    sim.handle(Request("POST", "/CreateChannel", headers, b"{}"))
    assert sim.calls[-1].region == "eu-west-1"


def test_request_ids(sim: Emulator) -> None:
    """Every answer, refusals too, has a request id of its own, a version 4 UUID."""
    answers = [call(sim, "ListChannels"), call(sim, "GetChannel"), call(sim, "Nonsense")]
    ids = {answer.headers["x-amzn-RequestId"] for answer in answers}
    assert len(ids) == 3
    assert all(each[14] == "4" and each[19] in "89ab" and len(each) == 36 for each in ids)


def test_operations_that_are_not_emulated(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation, or a member, that the model has and ivsim has not is refused by name."""
    from ivsim.services import SERVICES

    handlers = SERVICES["ivs"].handlers
    monkeypatch.setitem(handlers, "get_channel", handlers["get_channel"]._replace(parameters=frozenset({"ctx"})))
    monkeypatch.delitem(handlers, "list_channels")
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    for operation, members in (("ListChannels", {}), ("GetChannel", {"arn": arn})):
        answer = call(sim, operation, **members)
        assert (answer.status, answer.code) == (501, "NotEmulated")
        assert answer.body["message"].startswith(f"ivs {operation}")
    assert answer.body["message"] == "ivs GetChannel: arn is not emulated by ivsim"
    sim.faults.add("CreateRoom", "ThrottlingException")
    monkeypatch.delitem(SERVICES["ivschat"].handlers, "create_room")
    assert call(sim, "CreateRoom").code == "NotEmulated"


def test_same_seed_same_bytes() -> None:
    """Two emulators with one seed and frozen clocks answer with the same bytes; without a seed they do not."""

    def play(seed: int | None) -> list[object]:
        from datetime import datetime, timezone

        sim = Emulator(seed=seed)
        sim.clock.freeze(datetime(2026, 11, 21, tzinfo=timezone.utc))
        arn = call(sim, "CreateChannel").body["channel"]["arn"]
        sim.streams.start(arn).end()
        call(sim, "CreateRoom")
        requests = [Request("POST", f"/{name}", {}, b"{}") for name in ("ListChannels", "ListRooms", "Nonsense")]
        return [*(sim.handle(request) for request in requests), list(sim.events)]

    assert play(1) == play(1)
    assert play(1) != play(2)
    assert play(None) != play(None)


@pytest.mark.parametrize(
    "members",
    [
        {"foo": "arn:aws:ivs:eu-west-1:999988887777:channel/x"},
        {"name": "arn:aws:ivs:eu-west-1:999988887777:channel/x"},
        {"recordingConfigurationArn": "arn:aws:ivs:us:12/3:recording-configuration/x"},
        {"recordingConfigurationArn": "arn:aws:ivs:y z:123456789012:recording-configuration/x"},
        {"recordingConfigurationArn": "arn:aws:iam:eu-west-1:999988887777:role/x"},
    ],
)
def test_what_does_not_say_where(sim: Emulator, members: dict[str, str]) -> None:
    """Only an ARN of ours, in a member that is to hold one, says where an unsigned request belongs."""
    call(sim, "CreateChannel", **members)
    assert (sim.calls[-1].account, sim.calls[-1].region) == ("123456789012", "us-east-1")


def test_metadata_is_no_place(sim: Emulator) -> None:
    """Metadata that looks like an ARN is metadata, whichever member comes first."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    with sim.streams.start(arn):
        for order in (("metadata", "channelArn"), ("channelArn", "metadata")):
            members = {"channelArn": arn, "metadata": "arn:aws:ivs:eu-west-1:111111111111:channel/x"}
            assert call(sim, "PutMetadata", **{name: members[name] for name in order}).status == 204


def test_errors_stay_small(sim: Emulator) -> None:
    """However large a request is that breaks its limits, the answer is small, and soon there."""
    many = {"arns": [""] * 300_000}
    tags = {"tags": {f"key{number}": 1 for number in range(100_000)}}
    handler = {"messageReviewHandler": {"uri": "arn:aws:lambda:x:123456789012:function:" + "a" * 1_000_000 + "\n"}}
    for operation, members in (("BatchGetChannel", many), ("CreateRoom", tags), ("CreateRoom", handler)):
        answer = call(sim, operation, **members)
        assert answer.code == "ValidationException"
        assert len(str(answer.body)) < 1000


def test_what_was_sent_is_not_what_is_kept(sim: Emulator) -> None:
    """Changing what `sim.calls` shows changes nothing in the emulator."""
    arn = call(sim, "CreateChannel", tags={"a": "b"}).body["channel"]["arn"]
    sim.calls[-1].params["tags"]["c"] = "d"
    assert call(sim, "GetChannel", arn=arn).body["channel"]["tags"] == {"a": "b"}
    policy = call(sim, "CreatePlaybackRestrictionPolicy", allowedCountries=["DE"]).body
    sim.calls[-1].params["allowedCountries"].append("FR")
    arn = policy["playbackRestrictionPolicy"]["arn"]
    shown = call(sim, "GetPlaybackRestrictionPolicy", arn=arn).body["playbackRestrictionPolicy"]
    assert shown["allowedCountries"] == ["DE"]
