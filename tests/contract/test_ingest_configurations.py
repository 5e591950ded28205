from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_ingest_configurations(aws: Services, channel: Any) -> None:
    """The lists of tracks say profile and level without the AVC."""
    with aws.go_live(channel):
        session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
    (video,) = session["ingestConfigurations"]["videoConfigurations"]
    (audio,) = session["ingestConfigurations"]["audioConfigurations"]
    assert (video["avcProfile"], video["avcLevel"]) == ("", "")
    assert (video["profile"], video["track"], audio["track"]) == ("Baseline", "Track0", "Track0")
