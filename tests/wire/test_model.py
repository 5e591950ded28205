from __future__ import annotations

import pytest

from ivsim.services import SERVICES


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [
        ("ivs", "GetChannel", "channel"),
        ("ivs", "GetStreamKey", "stream-key"),
        ("ivs", "GetStream", "channel"),
        ("ivschat", "GetRoom", "room"),
        ("ivs", "ListStreams", ""),
    ],
)
def test_arn_kind(service: str, operation: str, kind: str) -> None:
    """An operation knows of which resource type its ARN is, whatever the installed model calls the service in it."""
    assert SERVICES[service].model.operations[operation].arn_kind == kind
