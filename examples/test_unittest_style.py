"""The same kind of tests with unittest, for those who prefer it.

Run it: `python -m unittest examples/test_unittest_style.py`, or with pytest.
"""

# ruff: noqa: PT009 - unittest's own assertions are what this is about
from __future__ import annotations

import unittest
from datetime import datetime, timezone
from typing import Any

import boto3

from ivsim import Emulator, current, mock_ivs

# The code under test ----------------------------------------------------------------------------------------------


def programme(ivs: Any) -> list[str]:
    """Return the names of all channels, those on the air first and in capitals."""
    on_air = {stream["channelArn"] for stream in ivs.list_streams()["streams"]}
    channels = ivs.list_channels()["channels"]
    first = [channel["name"].upper() for channel in channels if channel["arn"] in on_air]
    return first + [channel["name"] for channel in channels if channel["arn"] not in on_air]


# Its tests ----------------------------------------------------------------------------------------------------------


@mock_ivs
class ProgrammeTest(unittest.TestCase):
    """Each test starts with what setUpClass made, and with nothing else."""

    ivs: Any
    arns: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        """Make the channels that all tests share."""
        cls.ivs = boto3.client("ivs", region_name="eu-central-1")
        cls.arns = {name: cls.ivs.create_channel(name=name)["channel"]["arn"] for name in ("chess", "drums", "news")}

    def setUp(self) -> None:
        """Find the emulator."""
        sim = current()
        assert sim is not None
        self.sim: Emulator = sim

    def test_nothing_is_on_the_air(self) -> None:
        """The channels come in the order in which they were made."""
        self.assertEqual(programme(self.ivs), ["chess", "drums", "news"])

    def test_what_is_on_the_air_comes_first(self) -> None:
        """In capitals, and only as long as it lasts."""
        with self.sim.streams.start(self.arns["news"]):
            self.assertEqual(programme(self.ivs), ["NEWS", "chess", "drums"])
        self.assertEqual(programme(self.ivs), ["chess", "drums", "news"])

    def test_a_channel_of_this_test_alone(self) -> None:
        """The other tests do not see it."""
        self.ivs.create_channel(name="extra")
        self.assertIn("extra", programme(self.ivs))

    def test_a_broadcast_at_new_year(self) -> None:
        """Time is what the test says it is."""
        self.sim.clock.freeze(datetime(2026, 12, 31, 23, 59, 30, tzinfo=timezone.utc))
        with self.sim.streams.start(self.arns["news"]):
            self.sim.clock.advance(60)
        times = [event["time"] for event in self.sim.events]
        self.assertEqual((times[0], times[-1]), ("2026-12-31T23:59:30Z", "2027-01-01T00:00:30Z"))


if __name__ == "__main__":
    unittest.main()
