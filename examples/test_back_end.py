"""A small back end on top of IVS and IVS Chat, and its tests with the pytest fixtures of ivsim.

Run it: `python -m pytest examples/test_back_end.py`
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from ivsim import Emulator

# The code under test ----------------------------------------------------------------------------------------------

ivs = boto3.client("ivs", region_name="us-west-2")
ivschat = boto3.client("ivschat", region_name="us-west-2")


class StudioFullError(Exception):
    """The account has no room for another show."""


class Show:
    """A channel to broadcast on, and the room where its viewers chat."""

    def __init__(self, name: str) -> None:
        try:
            created = ivs.create_channel(name=name)
        except ivs.exceptions.ServiceQuotaExceededException:
            raise StudioFullError(name) from None
        self.channel: str = created["channel"]["arn"]
        self.key: str = created["streamKey"]["value"]
        self.key_arn: str = created["streamKey"]["arn"]
        self.room: str = ivschat.create_room(name=name)["arn"]

    def viewers(self) -> int | None:
        """Return how many people watch, None when the show is off the air."""
        try:
            return int(ivs.get_stream(channelArn=self.channel)["stream"]["viewerCount"])
        except ivs.exceptions.ChannelNotBroadcasting:
            return None

    def change_key(self) -> None:
        """Make the old stream key worthless, for example because it was seen on the screen."""
        ivs.delete_stream_key(arn=self.key_arn)
        key = ivs.create_stream_key(channelArn=self.channel)["streamKey"]
        self.key, self.key_arn = key["value"], key["arn"]
        if self.viewers() is not None:
            ivs.stop_stream(channelArn=self.channel)

    def admit(self, user: str, *, moderator: bool = False) -> dict[str, Any]:
        """Return what a browser needs to join the chat."""
        capabilities = ["SEND_MESSAGE", *(["DELETE_MESSAGE", "DISCONNECT_USER"] if moderator else [])]
        token = ivschat.create_chat_token(roomIdentifier=self.room, userId=user, capabilities=capabilities)
        return {"token": token["token"], "until": token["sessionExpirationTime"].isoformat()}

    def hours(self) -> float:
        """Return for how long the show has been on the air in all, in hours."""
        sessions = ivs.list_stream_sessions(channelArn=self.channel)["streamSessions"]
        lengths = [each["endTime"] - each["startTime"] for each in sessions if "endTime" in each]
        return sum(lengths, timedelta()) / timedelta(hours=1)


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def show(ivsim: Emulator) -> Show:
    """A show, alone in its account, while the clock stands still."""
    ivsim.clock.freeze()
    return Show("evening-show")


def test_viewers_are_counted_while_the_show_is_on_the_air(ivsim: Emulator, show: Show) -> None:
    """Off the air there is no number, not even 0."""
    assert show.viewers() is None
    with ivsim.streams.start(show.key, viewers=3) as live:
        assert show.viewers() == 3
        live.set_viewers(0)
        assert show.viewers() == 0
    assert show.viewers() is None


def test_a_changed_key_throws_out_whoever_has_the_old_one(ivsim: Emulator, show: Show) -> None:
    """The stream stops, the old key is refused, the new one works."""
    stolen = show.key
    live = ivsim.streams.start(stolen)
    show.change_key()
    assert not live.is_live
    with pytest.raises(ValueError, match="no channel has this stream key"):
        ivsim.streams.start(stolen)
    assert ivsim.streams.start(show.key).is_live


def test_broadcasts_add_up(ivsim: Emulator, show: Show) -> None:
    """The one that is on the air does not count yet."""
    for length in (timedelta(hours=2), timedelta(minutes=30)):
        with ivsim.streams.start(show.key):
            ivsim.clock.advance(length)
    ivsim.streams.start(show.key)
    ivsim.clock.advance(timedelta(hours=9))
    assert show.hours() == 2.5


def test_a_moderator_may_delete_messages(ivsim: Emulator, show: Show) -> None:
    """What a token allows is in the call that made it; the token itself tells nobody."""
    show.admit("ada", moderator=True)
    show.admit("bob")
    moderator, guest = (call.params["capabilities"] for call in ivsim.calls.of("CreateChatToken"))
    assert "DELETE_MESSAGE" in moderator
    assert "DELETE_MESSAGE" not in guest


def test_a_full_account_says_so_in_the_programs_own_words(ivsim: Emulator) -> None:
    """And nothing is left behind."""
    ivsim.quotas["Channels"] = 0
    with pytest.raises(StudioFullError, match="evening-show"):
        Show("evening-show")
    assert ivschat.list_rooms()["rooms"] == []


def test_a_throttled_call_is_tried_again(ivsim: Emulator, show: Show) -> None:
    """By boto3, on its own; the program never knows."""
    ivsim.faults.add("GetStream", "ThrottlingException")
    assert show.viewers() is None
    assert [call.error for call in ivsim.calls.of("GetStream")] == ["ThrottlingException", "ChannelNotBroadcasting"]
