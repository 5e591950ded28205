"""What destinations of a composition are made with."""

from __future__ import annotations

from ivsim.ivsrealtime.destinations import ChannelDestination, DestinationConfiguration, S3Destination


def test_used() -> None:
    """A destination uses its encoder configuration, where it has one, and its storage."""
    tape = S3Destination("storage", ("encoder",))
    cases = {
        DestinationConfiguration(s3=tape): ("storage", "encoder"),
        DestinationConfiguration(channel=ChannelDestination("channel", "encoder")): ("encoder",),
        DestinationConfiguration(channel=ChannelDestination("channel")): (),
        DestinationConfiguration(): (),
    }
    for configuration, used in cases.items():
        assert configuration.used == used
        assert configuration.encoders == tuple(each for each in used if each == "encoder")
