"""Routing, regions and accounts, malformed requests: what reaches an emulator that no SDK would send."""

from __future__ import annotations

import json

import pytest

from ivsim import Emulator

from .calling import call, send, signed


def test_whole_urls_and_targets(sim: Emulator) -> None:
    """A URL may be whole or just the target; a query string does not matter where none is modelled."""
    assert send(sim, "POST", "https://ivs.us-east-1.amazonaws.com/ListChannels?x=y").status == 200
    assert send(sim, "POST", "/ListChannels?x").status == 200


STAGE = "arn:aws:ivs:us-east-1:123456789012:stage/AbCdEf123456"


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


@pytest.mark.parametrize("headers", [{}, signed()])
def test_real_time(sim: Emulator, headers: dict[str, str]) -> None:
    """IVS Real-Time shares paths, ARNs and signature with IVS; it is told apart by path and by the ARN's type."""
    stage = send(sim, "POST", "/CreateStage", b'{"tags": {"a": "b"}}', headers=headers).body["stage"]["arn"]
    assert send(sim, "GET", f"/tags/{stage}", headers=headers).body == {"tags": {"a": "b"}}
    assert send(sim, "GET", f"/tags/{STAGE}", headers=headers).code == "ResourceNotFoundException"
    channel = send(sim, "POST", "/CreateChannel", headers=headers).body["channel"]["arn"]
    assert send(sim, "GET", f"/tags/{channel}", headers=headers).body == {"tags": {}}
    assert [call.service for call in sim.calls] == ["ivs-realtime"] * 3 + ["ivs"] * 2
