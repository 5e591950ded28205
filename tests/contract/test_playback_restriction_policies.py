from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services

pytestmark = pytest.mark.needs("CreatePlaybackRestrictionPolicy")


def create(aws: Services, **settings: Any) -> Any:
    return aws.ivs.create_playback_restriction_policy(**settings)["playbackRestrictionPolicy"]


def test_defaults(aws: Services) -> None:
    """A policy without settings allows everything."""
    policy = create(aws)
    assert policy == {
        "arn": policy["arn"],
        "name": "",
        "allowedCountries": [],
        "allowedOrigins": [],
        "enableStrictOriginEnforcement": False,
        "tags": {},
    }


def test_update(aws: Services) -> None:
    """An update replaces whole lists, and leaves alone what it does not name."""
    policy = create(aws, allowedCountries=["US", "MX"], allowedOrigins=["https://a.example"], tags={"a": "b"})
    update = aws.ivs.update_playback_restriction_policy
    updated = update(arn=policy["arn"], allowedCountries=["DE"], name="x")["playbackRestrictionPolicy"]
    assert updated == {**policy, "allowedCountries": ["DE"], "name": "x"}
    assert aws.ivs.get_playback_restriction_policy(arn=policy["arn"])["playbackRestrictionPolicy"] == updated


def test_list_is_one_by_one(aws: Services) -> None:
    """Without maxResults a page holds one policy."""
    policies = [create(aws), create(aws)]
    first = aws.ivs.list_playback_restriction_policies()
    assert first["playbackRestrictionPolicies"] == policies[:1]
    second = aws.ivs.list_playback_restriction_policies(nextToken=first["nextToken"])
    assert second["playbackRestrictionPolicies"] == policies[1:]
    assert "nextToken" not in second


@pytest.mark.parametrize(
    ("member", "most"), [("allowedCountries", ["DE"] * 200), ("allowedOrigins", ["https://a.example"] * 5)]
)
def test_limits(aws: Services, member: str, most: list[str]) -> None:
    """200 countries and 5 origins are allowed, at creation and later."""
    arn = create(aws, **{member: most})["arn"]
    too_many = {member: [*most, most[0]]}
    assert aws.code(aws.ivs.create_playback_restriction_policy, **too_many) == "ValidationException"
    assert aws.code(aws.ivs.update_playback_restriction_policy, arn=arn, **too_many) == "ValidationException"


def test_origins_may_have_256_characters(aws: Services) -> None:
    """The quota page's 256 characters hold, not the model's 128."""
    create(aws, allowedOrigins=["https://" + "a" * 248])
    refused = aws.code(aws.ivs.create_playback_restriction_policy, allowedOrigins=["https://" + "a" * 249])
    assert refused == "ValidationException"


def test_delete(aws: Services) -> None:
    """One that a channel refers to cannot be deleted."""
    arn = create(aws)["arn"]
    channel = aws.ivs.create_channel(playbackRestrictionPolicyArn=arn)["channel"]["arn"]
    assert aws.code(aws.ivs.delete_playback_restriction_policy, arn=arn) == "ConflictException"
    aws.ivs.delete_channel(arn=channel)
    assert aws.ivs.delete_playback_restriction_policy(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for operation in ("get", "update", "delete"):
        unknown = getattr(aws.ivs, f"{operation}_playback_restriction_policy")
        assert aws.code(unknown, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Three policies are allowed."""
    for _ in range(3):
        create(aws)
    assert aws.code(aws.ivs.create_playback_restriction_policy) == "ServiceQuotaExceededException"
