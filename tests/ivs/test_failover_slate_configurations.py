"""A failover slate configuration whose set-up failed, and what follows from it."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from ..calling import call

pytestmark = pytest.mark.needs("CreateFailoverSlateConfiguration", "CreateChannel.failoverSlateConfigurationArn")


def test_what_follows(sim: Emulator) -> None:
    """A failed configuration cannot be updated; a channel that has it shows no slate; it can be deleted."""
    sim.faults.add("FailoverSlateConfigurationCreation", "CREATE_FAILED")
    arn = call(sim, "CreateFailoverSlateConfiguration", name="s").body["failoverSlateConfiguration"]["arn"]
    refused = call(sim, "UpdateFailoverSlateConfiguration", arn=arn, name="n")
    assert (refused.code, "CREATE_FAILED" in refused.body["exceptionMessage"]) == ("ConflictException", True)
    channel = call(sim, "CreateChannel", failoverSlateConfigurationArn=arn).body["channel"]["arn"]
    with sim.streams.start(channel) as stream:
        sim.clock.freeze()
        stream.starve()
        sim.clock.advance(10)
        assert not stream.shows_slate
    call(sim, "UpdateChannel", arn=channel, failoverSlateConfigurationArn="")
    assert call(sim, "DeleteFailoverSlateConfiguration", arn=arn).code is None
