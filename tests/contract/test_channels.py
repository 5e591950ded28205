from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import REGION, Services

ARN = re.compile(rf"arn:aws:ivs:{REGION}:([0-9]{{12}}):channel/[A-Za-z0-9]{{12}}")


def create(aws: Services, **settings: Any) -> Any:
    return aws.ivs.create_channel(**settings)["channel"]


def test_defaults(aws: Services) -> None:
    """A channel created with nothing has the service's defaults, empty strings and all."""
    created = aws.ivs.create_channel()
    channel = created["channel"]
    match = ARN.fullmatch(channel["arn"])
    assert match
    account, channel_id = match[1], channel["arn"].rpartition("/")[2]
    host = channel["ingestEndpoint"].partition(".")[0]
    assert re.fullmatch("[0-9a-f]{12}", host)
    expected = {
        "arn": channel["arn"],
        "name": "",
        "latencyMode": "LOW",
        "type": "STANDARD",
        "authorized": False,
        "insecureIngest": False,
        "preset": "",
        "recordingConfigurationArn": "",
        "playbackRestrictionPolicyArn": "",
        "containerFormat": "TS",
        "multitrackInputConfiguration": {"enabled": False, "maximumResolution": "FULL_HD", "policy": "ALLOW"},
        "adConfigurationArn": "",
        "failoverSlateConfigurationArn": "",
        "srt": {"endpoint": f"{host}.srt.live-video.net", "passphrase": channel.get("srt", {}).get("passphrase")},
        "ingestEndpoint": f"{host}.global-contribute.live-video.net",
        "playbackUrl": f"https://{host}.{REGION}.playback.live-video.net/api/video/v1/"
        f"{REGION}.{account}.channel.{channel_id}.m3u8",
        "tags": {},
    }
    modelled = aws.ivs.meta.service_model.shape_for("Channel").members
    assert channel == {name: value for name, value in expected.items() if name in modelled}
    if "srt" in modelled:
        assert re.fullmatch("[A-Za-z0-9]{69}", channel["srt"]["passphrase"])


def test_stream_key_comes_with_the_channel(aws: Services) -> None:
    """CreateChannel makes one stream key; its value repeats the key's own id. No other operation shows it."""
    created = aws.ivs.create_channel(tags={"a": "b"})
    key, channel = created["streamKey"], created["channel"]
    key_id = key["arn"].rpartition("/")[2]
    assert key["channelArn"] == channel["arn"]
    assert re.fullmatch(rf"sk_{REGION}_{key_id}_[A-Za-z0-9]{{30}}", key["value"])
    assert key["tags"] == {"a": "b"}
    assert key_id != channel["arn"].rpartition("/")[2]
    assert set(aws.ivs.get_channel(arn=channel["arn"])) == {"channel", "ResponseMetadata"}


def test_hosts_are_shared_by_an_account(aws: Services) -> None:
    """All channels of an account and region have the same hosts."""
    assert create(aws)["ingestEndpoint"] == create(aws)["ingestEndpoint"]


@pytest.mark.parametrize("kind", ["ADVANCED_SD", "ADVANCED_HD"])
def test_preset_of_advanced_channels(aws: Services, kind: str) -> None:
    """Advanced channels have a preset, higher bandwidth unless another is asked for."""
    assert create(aws, type=kind)["preset"] == "HIGHER_BANDWIDTH_DELIVERY"
    assert create(aws, type=kind, preset="CONSTRAINED_BANDWIDTH_DELIVERY")["preset"] == "CONSTRAINED_BANDWIDTH_DELIVERY"


def test_preset_of_other_channels(aws: Services) -> None:
    """Other channels have none: the empty one that they show may be sent back, a real one may not."""
    assert create(aws, type="BASIC", preset="")["preset"] == ""
    refused = aws.refusal(aws.ivs.create_channel, preset="HIGHER_BANDWIDTH_DELIVERY")
    assert refused["Error"]["Code"] == "ValidationException"
    assert "'/preset'" in refused["Error"]["Message"]


def test_preset_follows_the_type(aws: Services) -> None:
    """A channel that becomes advanced gets the default preset, and loses it when it stops being so."""
    arn = create(aws)["arn"]
    update = aws.ivs.update_channel
    assert update(arn=arn, type="ADVANCED_HD")["channel"]["preset"] == "HIGHER_BANDWIDTH_DELIVERY"
    assert (
        update(arn=arn, preset="CONSTRAINED_BANDWIDTH_DELIVERY")["channel"]["preset"]
        == "CONSTRAINED_BANDWIDTH_DELIVERY"
    )
    assert update(arn=arn, name="x")["channel"]["preset"] == "CONSTRAINED_BANDWIDTH_DELIVERY"
    assert update(arn=arn, type="STANDARD")["channel"]["preset"] == ""


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_multitrack(aws: Services) -> None:
    """Multitrack wants a STANDARD channel in fragmented MP4, a policy and a maximum resolution."""
    multitrack = {"enabled": True, "policy": "REQUIRE", "maximumResolution": "HD"}
    settings: dict[str, Any] = {"containerFormat": "FRAGMENTED_MP4", "multitrackInputConfiguration": multitrack}
    channel = create(aws, **settings)
    assert channel["multitrackInputConfiguration"] == multitrack
    for bad in (
        {**settings, "type": "BASIC"},
        {**settings, "containerFormat": "TS"},
        {"multitrackInputConfiguration": multitrack},
        {**settings, "multitrackInputConfiguration": {"enabled": True, "policy": "ALLOW"}},
        {**settings, "multitrackInputConfiguration": {"enabled": True, "maximumResolution": "SD"}},
    ):
        assert aws.code(aws.ivs.create_channel, **bad) == "ValidationException"
    update = aws.ivs.update_channel
    assert aws.code(update, arn=channel["arn"], type="BASIC") == "ValidationException"
    assert update(arn=channel["arn"], name="x")["channel"]["multitrackInputConfiguration"] == multitrack
    for partial in ({}, {"enabled": True}, {"policy": "REQUIRE"}):
        same = update(arn=channel["arn"], multitrackInputConfiguration=partial)["channel"]
        assert same["multitrackInputConfiguration"] == multitrack
    off = update(arn=channel["arn"], multitrackInputConfiguration={"enabled": False})["channel"]
    assert off["multitrackInputConfiguration"] == {**multitrack, "enabled": False}


def test_get_channel(aws: Services) -> None:
    """GetChannel shows what CreateChannel answered."""
    channel = create(aws, name="one", tags={"a": "b"}, authorized=True, latencyMode="NORMAL", insecureIngest=True)
    assert aws.ivs.get_channel(arn=channel["arn"])["channel"] == channel


@pytest.mark.parametrize("operation", ["get_channel", "update_channel", "delete_channel"])
def test_unknown_channel(aws: Services, operation: str) -> None:
    """A channel that does not exist is ResourceNotFoundException, and the text names it."""
    arn = create(aws)["arn"]
    aws.ivs.delete_channel(arn=arn)
    with pytest.raises(aws.ivs.exceptions.ResourceNotFoundException) as refused:
        getattr(aws.ivs, operation)(arn=arn)
    assert str(refused.value).endswith(f"Resource: {arn} not found")
    assert refused.value.response["exceptionMessage"] == f"Resource: {arn} not found"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_update_channel(aws: Services) -> None:
    """What an update leaves out stays as it was."""
    before = create(aws, name="one", tags={"a": "b"})
    after = aws.ivs.update_channel(arn=before["arn"], name="two", authorized=True)["channel"]
    assert after == {**before, "name": "two", "authorized": True}
    assert aws.ivs.get_channel(arn=before["arn"])["channel"] == after


def test_delete_channel(aws: Services) -> None:
    """With a channel go its stream keys, and the answer is an empty 204."""
    created = aws.ivs.create_channel()
    answer = aws.ivs.delete_channel(arn=created["channel"]["arn"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.code(aws.ivs.get_stream_key, arn=created["streamKey"]["arn"]) == "ResourceNotFoundException"
    assert aws.ivs.list_channels()["channels"] == []


def test_live_channels_stay_as_they_are(aws: Services) -> None:
    """A live channel can be neither updated nor deleted; afterwards both."""
    channel = create(aws)
    with aws.go_live(channel):
        assert aws.code(aws.ivs.update_channel, arn=channel["arn"], name="x") == "ConflictException"
        assert aws.code(aws.ivs.delete_channel, arn=channel["arn"]) == "ConflictException"
    assert aws.ivs.update_channel(arn=channel["arn"], name="x")["channel"]["name"] == "x"
    aws.ivs.delete_channel(arn=channel["arn"])


def test_batch_get_channel(aws: Services) -> None:
    """BatchGetChannel answers in the order asked, and lists apart what does not exist."""
    one, two = create(aws), create(aws)
    gone = create(aws)["arn"]
    aws.ivs.delete_channel(arn=gone)
    answer = aws.ivs.batch_get_channel(arns=[two["arn"], gone, one["arn"]])
    assert answer["channels"] == [two, one]
    assert answer["errors"] == [{"arn": gone, "code": "404", "message": f"Resource: {gone} not found"}]
    assert "errors" not in aws.ivs.batch_get_channel(arns=[one["arn"]])


def test_list_channels(aws: Services) -> None:
    """Channels are listed in the order of their creation, as summaries."""
    channels = [create(aws, name=f"c{number}") for number in range(3)]
    listed = aws.ivs.list_channels()
    assert "nextToken" not in listed
    assert [each["arn"] for each in listed["channels"]] == [each["arn"] for each in channels]
    detailed = {"ingestEndpoint", "playbackUrl", "srt", "containerFormat", "multitrackInputConfiguration"}
    assert listed["channels"][0] == {name: value for name, value in channels[0].items() if name not in detailed}


def test_list_channels_by_name(aws: Services) -> None:
    """A name has to match exactly; an empty one filters nothing."""
    for name in ("one", "one", "only"):
        create(aws, name=name)
    assert len(aws.ivs.list_channels(filterByName="one")["channels"]) == 2
    assert aws.ivs.list_channels(filterByName="on")["channels"] == []
    assert len(aws.ivs.list_channels(filterByName="")["channels"]) == 3


def test_list_channels_by_what_is_attached(aws: Services) -> None:
    """Channels can be found by what is attached to them, by one filter at a time."""
    policy = aws.ivs.create_playback_restriction_policy()["playbackRestrictionPolicy"]["arn"]
    create(aws)
    attached = create(aws, name="x", playbackRestrictionPolicyArn=policy)["arn"]
    listed = aws.ivs.list_channels(filterByPlaybackRestrictionPolicyArn=policy)["channels"]
    assert [each["arn"] for each in listed] == [attached]
    both = aws.refusal(aws.ivs.list_channels, filterByPlaybackRestrictionPolicyArn=policy, filterByName="x")
    assert both["Error"]["Code"] == "ConflictException"
    assert both["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("recordingConfigurationArn", "recording-configuration"),
        ("playbackRestrictionPolicyArn", "playback-restriction-policy"),
        pytest.param("adConfigurationArn", "ad-configuration", marks=pytest.mark.needs("CreateAdConfiguration")),
        pytest.param(
            "failoverSlateConfigurationArn",
            "failover-slate-configuration",
            marks=pytest.mark.needs("CreateFailoverSlateConfiguration"),
        ),
    ],
)
def test_what_is_attached_has_to_exist(aws: Services, member: str, kind: str) -> None:
    """A channel cannot refer to what does not exist, neither at its creation nor later."""
    missing = f"arn:aws:ivs:{REGION}:123456789012:{kind}/AbCdEf123456"
    assert aws.code(aws.ivs.create_channel, **{member: missing}) == "ResourceNotFoundException"
    channel = create(aws)
    assert aws.code(aws.ivs.update_channel, arn=channel["arn"], **{member: missing}) == "ResourceNotFoundException"
    assert aws.ivs.get_channel(arn=channel["arn"])["channel"] == channel
    assert aws.ivs.update_channel(arn=channel["arn"], **{member: ""})["channel"] == channel


@pytest.mark.needs("CreateAdConfiguration")
def test_ads_need_transport_streams(aws: Services) -> None:
    """A channel in fragmented MP4 cannot have an ad configuration."""
    playback = "arn:aws:mediatailor:us-west-2:123456789012:playbackConfiguration/ads"
    ads = aws.ivs.create_ad_configuration(mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": playback}])[
        "adConfiguration"
    ]["arn"]
    fragmented: dict[str, Any] = {"containerFormat": "FRAGMENTED_MP4"}
    assert aws.code(aws.ivs.create_channel, adConfigurationArn=ads, **fragmented) == "ValidationException"
    channel = create(aws, adConfigurationArn=ads)
    assert aws.code(aws.ivs.update_channel, arn=channel["arn"], **fragmented) == "ValidationException"


def test_invalid_members(aws: Services) -> None:
    """Every problem of a request is in one error, each with its member and its rule, and nothing is created."""
    refused = aws.refusal(aws.ivs.create_channel, name="two words", type="PREMIUM", tags={"k": "v" * 257})
    assert refused["Error"]["Code"] == "ValidationException"
    pattern = aws.ivs.meta.service_model.shape_for("ChannelName").metadata["pattern"]
    assert refused["Error"]["Message"] == (
        "3 validation errors detected: "
        "Value at '/name' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}; "
        "Value at '/type' failed to satisfy constraint: "
        "Member must satisfy enum value set: [BASIC, STANDARD, ADVANCED_SD, ADVANCED_HD]; "
        "Value at '/tags/k' failed to satisfy constraint: Member must have length between 0 and 256, inclusive"
    )
    assert aws.ivs.list_channels()["channels"] == []


def test_quota(aws: Services) -> None:
    """When the quota of channels is used up, the next one is refused with 402."""
    aws.sim.quotas["Channels"] = 1
    create(aws)
    refused = aws.refusal(aws.ivs.create_channel)
    assert refused["Error"]["Code"] == "ServiceQuotaExceededException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert len(aws.ivs.list_channels()["channels"]) == 1
