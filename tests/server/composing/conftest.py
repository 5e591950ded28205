"""A show: a stage with a composition that goes to a channel, on a port."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..control_client import call
from ..live.viewer import Viewer
from ..stages.meeting import Meeting
from ..waiting import until


class Show:
    """A stage, and a channel for what is composed of it."""

    def __init__(self, sim: Emulator, server: Server, **channel: Any) -> None:
        self.sim, self.server = sim, server
        self.stage = Meeting.on(sim, server)
        self.channel: Any = call(sim, "CreateChannel", **channel)["channel"]

    def compose(self, **options: Any) -> str:
        """Begin to compose; return the composition's ARN."""
        destinations = [{"channel": {"channelArn": self.channel["arn"]}}]
        started = call(self.sim, "StartComposition", stageArn=self.stage.arn, destinations=destinations, **options)
        arn: str = started["composition"]["arn"]
        until(lambda: self.state(arn) == ["ACTIVE", "ACTIVE"])
        return arn

    def state(self, arn: str) -> list[str]:
        """Return the state of a composition, and of its destination."""
        composition = call(self.sim, "GetComposition", arn=arn)["composition"]
        return [composition["state"], *(each["state"] for each in composition["destinations"])]

    def whole(self, least: int) -> bool:
        """Return whether so many segments of real media are whole."""
        return any(live.pushed is not None and live.pushed.cuts.count >= least for live in self.sim.streams.live)

    def segments(self, least: int = 2) -> bytes:
        """Wait until some segments are whole, and return all that are listed."""
        until(lambda: self.whole(least))
        with Viewer(self.server, self.channel["playbackUrl"]) as viewer:
            listed = viewer.playlist().segments
            before = {viewer.url_of(each.init_section.uri): None for each in listed if each.init_section}
            return b"".join(map(viewer.body, [*before, *(viewer.url_of(each.uri) for each in listed)]))


@pytest.fixture
def show(sim: Emulator, server: Server) -> Show:
    """A show to which nobody has come."""
    return Show(sim, server)
