"""A back end that sells seats at private shows: it issues playback tokens, and shows people out. And its tests.

Run it: `python -m pytest examples/test_private_channel.py`
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple

import boto3
import jwt
import m3u8
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator

# The code under test ----------------------------------------------------------------------------------------------

ivs = boto3.client("ivs", region_name="us-west-2")


class BoxOffice:
    """Whoever has a seat gets a link to the show; whoever was shown out needs a new seat."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self.key_arn = ivs.import_playback_key_pair(publicKeyMaterial=public, name=name)["keyPair"]["arn"]
        self.channel = ivs.create_channel(name=name, authorized=True)["channel"]
        self.seats: dict[str, int] = {}

    def admit(self, guest: str) -> str:
        """Return a link to the show that works for five minutes, and in them as often as the guest likes."""
        claims = {
            "aws:channel-arn": self.channel["arn"],
            "aws:viewer-id": guest,
            "aws:viewer-session-version": self.seats.setdefault(guest, 1),
            "aws:access-control-allow-origin": "https://shows.example.com",
            "exp": int(time.time()) + 300,
        }
        token = jwt.encode(claims, self.key, algorithm="ES384")
        return f"{self.channel['playbackUrl']}?token={token}"

    def show_out(self, guest: str) -> None:
        """Stop what a guest is watching; links from before are void, a new one works."""
        seat = self.seats[guest]
        ivs.start_viewer_session_revocation(
            channelArn=self.channel["arn"], viewerId=guest, viewerSessionVersionsLessThanOrEqualTo=seat
        )
        self.seats[guest] = seat + 1


# Its tests ----------------------------------------------------------------------------------------------------------


class Watching(NamedTuple):
    """What a player has after the first request: the playlist of the best rendition."""

    playlist: str

    @property
    def plays(self) -> bool:
        """Whether the player still gets a playlist, and the newest segment in it."""
        answer = requests.get(self.playlist, timeout=10)
        return answer.ok and requests.get(m3u8.loads(answer.text).segments[-1].uri, timeout=10).ok


def open_link(link: str) -> Watching:
    """Do what a player on the site does with a link; raise requests.HTTPError when it is refused."""
    answer = requests.get(link, headers={"Origin": "https://shows.example.com"}, timeout=10)
    answer.raise_for_status()
    return Watching(m3u8.loads(answer.text).playlists[0].uri)


@pytest.fixture
def office(ivsim: Emulator) -> Iterator[BoxOffice]:
    """A box office whose show is on the air."""
    office = BoxOffice("evening-show")
    with ivsim.streams.start(office.channel["arn"]):
        yield office


def test_a_link_admits(office: BoxOffice) -> None:
    """The guest gets the playlist, its segments, and no other token to pass on."""
    assert open_link(office.admit("ada")).plays


def test_no_link_no_show(office: BoxOffice) -> None:
    """Without a token the edge says so, in the words that players look for."""
    answer = requests.get(office.channel["playbackUrl"], timeout=10)
    assert answer.status_code == 403
    assert answer.json()[0]["error_code"] == "invalid_playback_auth_token"


def test_a_link_that_was_posted_elsewhere(office: BoxOffice) -> None:
    """Another site cannot play it."""
    link = office.admit("ada")
    assert requests.get(link, headers={"Origin": "https://copies.example.com"}, timeout=10).status_code == 403


def test_a_guest_is_shown_out(office: BoxOffice) -> None:
    """The picture stops, the old link is void; a new seat is a new seat. Nobody else notices."""
    link = office.admit("bob")
    bob, ada = open_link(link), open_link(office.admit("ada"))
    office.show_out("bob")
    assert not bob.plays
    with pytest.raises(requests.HTTPError, match="403"):
        open_link(link)
    assert ada.plays
    assert open_link(office.admit("bob")).plays


def test_links_grow_old_and_viewers_do_not(ivsim: Emulator, office: BoxOffice) -> None:
    """After five minutes a link is void, and whoever watches by then watches on."""
    ivsim.clock.freeze(datetime.now(timezone.utc))
    link = office.admit("ada")
    ada = open_link(link)
    ivsim.clock.advance(302)
    with pytest.raises(requests.HTTPError, match="403"):
        open_link(link)
    assert ada.plays


def test_a_stolen_key(office: BoxOffice) -> None:
    """Once the key is deleted, no link signed with it admits any more."""
    link = office.admit("ada")
    ivs.delete_playback_key_pair(arn=office.key_arn)
    with pytest.raises(requests.HTTPError, match="403"):
        open_link(link)
