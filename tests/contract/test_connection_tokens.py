from __future__ import annotations

import pytest

from .conftest import Services


@pytest.mark.needs("RevokeConnectionToken")
def test_revoke(aws: Services) -> None:
    """Any connection token can be revoked, twice too: the service does not know which there are."""
    for _ in range(2):
        revoked = aws.realtime.revoke_connection_token(tokenId="a-token")
        assert revoked["ResponseMetadata"]["HTTPStatusCode"] == 200
