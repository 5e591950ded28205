from __future__ import annotations

import pytest

from .conftest import Services

pytestmark = pytest.mark.needs("StartViewerSessionRevocation")


def test_revocation(aws: Services) -> None:
    """A revocation is accepted for any viewer, known or not, of a channel that exists."""
    arn = aws.ivs.create_channel(authorized=True)["channel"]["arn"]
    revoke = aws.ivs.start_viewer_session_revocation
    assert revoke(channelArn=arn, viewerId="ada")["ResponseMetadata"]["HTTPStatusCode"] == 200
    revoke(channelArn=arn, viewerId="ada", viewerSessionVersionsLessThanOrEqualTo=3)
    revoke(channelArn=arn, viewerId="ada", viewerSessionVersionsLessThanOrEqualTo=1)
    aws.ivs.delete_channel(arn=arn)
    assert aws.code(revoke, channelArn=arn, viewerId="ada") == "ResourceNotFoundException"


def test_batch_reports_per_item(aws: Services) -> None:
    """A batch succeeds as a whole; items whose channel does not exist are listed with their error."""
    arn = aws.ivs.create_channel()["channel"]["arn"]
    gone = aws.ivs.create_channel()["channel"]["arn"]
    aws.ivs.delete_channel(arn=gone)
    batch = aws.ivs.batch_start_viewer_session_revocation
    good = {"channelArn": arn, "viewerId": "ada", "viewerSessionVersionsLessThanOrEqualTo": 2}
    answer = batch(viewerSessions=[good, {"channelArn": gone, "viewerId": "bob"}])
    assert answer["errors"] == [
        {"channelArn": gone, "viewerId": "bob", "code": "404", "message": f"Resource: {gone} not found"}
    ]
    assert "errors" not in batch(viewerSessions=[good])
