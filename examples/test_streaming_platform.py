"""A platform for streamers, as a FastAPI service, and its tests.

Everybody has a channel with a key that can be changed, followers, videos of what was streamed, and a room to moderate.
IVS is ivsim's, and S3, where the recordings are, is moto's.

Run it: `python -m pytest examples/test_streaming_platform.py`
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

import boto3
import pytest
from moto import mock_aws

from ivsim import ChatConnection, Emulator, mock_ivs

pytest.importorskip("fastapi", reason="FastAPI is not installed")

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.testclient import TestClient

REGION = "us-west-2"

# The code under test ------------------------------------------------------------------------------------------------


@dataclass
class Show:
    """What somebody has on the platform."""

    owner: str
    channel: str
    key: str
    room: str
    followers: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=set)


Caller = Annotated[str, Header(alias="X-User")]


def find(owner: str, request: Request) -> Show:
    shows: dict[str, Show] = request.app.state.shows
    if owner not in shows:
        raise HTTPException(404, f"{owner} has no show")
    return shows[owner]


def find_own(owner: str, caller: Caller, request: Request) -> Show:
    if caller != owner:
        raise HTTPException(403, f"that is for {owner} to do")
    return find(owner, request)


AnyShow = Annotated[Show, Depends(find)]
OwnShow = Annotated[Show, Depends(find_own)]


def create_app(recording_configuration: str) -> FastAPI:
    """Return the service. A gateway in front of it has signed callers in, and names them in the header X-User."""
    app = FastAPI()
    ivs, ivschat, s3 = (boto3.client(name, region_name=REGION) for name in ("ivs", "ivschat", "s3"))
    recorded = ivs.get_recording_configuration(arn=recording_configuration)["recordingConfiguration"]
    bucket = recorded["destinationConfiguration"]["s3"]["bucketName"]
    shows: dict[str, Show] = {}
    app.state.shows = shows
    notices: defaultdict[str, list[str]] = defaultdict(list)
    announced: set[str] = set()  # EventBridge may deliver an event twice

    @app.post("/shows", status_code=201)
    def open_show(caller: Caller) -> dict[str, str]:
        """Give the caller a channel that is recorded, and a room; tell what the encoder and the player need."""
        if caller in shows:
            raise HTTPException(409, f"{caller} has a show")
        made = ivs.create_channel(name=caller, recordingConfigurationArn=recording_configuration)
        channel, key = made["channel"], made["streamKey"]
        room = ivschat.create_room(name=caller)["arn"]
        shows[caller] = Show(caller, channel["arn"], key["arn"], room)
        return {"ingest": channel["ingestEndpoint"], "key": key["value"], "playback": channel["playbackUrl"]}

    @app.post("/shows/{owner}/key")
    def change_key(show: OwnShow) -> dict[str, str]:
        """Make the old stream key worthless, and stop whoever streams with it."""
        ivs.delete_stream_key(arn=show.key)
        key = ivs.create_stream_key(channelArn=show.channel)["streamKey"]
        show.key = key["arn"]
        with suppress(ivs.exceptions.ChannelNotBroadcasting):
            ivs.stop_stream(channelArn=show.channel)
        return {"key": key["value"]}

    @app.get("/live")
    def live() -> list[dict[str, Any]]:
        """List who is live, with the most viewers first."""
        owners = {show.channel: owner for owner, show in shows.items()}
        streams = ivs.get_paginator("list_streams").paginate().search("streams")
        found = [{"owner": owners[each["channelArn"]], "viewers": each["viewerCount"]} for each in streams]
        return sorted(found, key=lambda each: each["viewers"], reverse=True)

    @app.put("/shows/{owner}/followers", status_code=204)
    def follow(show: AnyShow, caller: Caller) -> None:
        show.followers.add(caller)

    @app.post("/events", status_code=204)
    def on_event(event: dict[str, Any]) -> None:
        """Take an event of EventBridge, from a rule whose target is this URL."""
        detail = event["detail"]
        if detail.get("event_name") != "Stream Start" or detail["stream_id"] in announced:
            return
        announced.add(detail["stream_id"])
        for show in shows.values():
            if show.channel in event["resources"]:
                for follower in show.followers:
                    notices[follower].append(f"{show.owner} is live")

    @app.get("/notices")
    def read_notices(caller: Caller) -> list[str]:
        return notices.pop(caller, [])

    @app.get("/shows/{owner}/videos")
    def videos(show: AnyShow) -> list[dict[str, Any]]:
        """List what was streamed, as far as its recording has ended; S3 has all that there is to know."""
        account, channel = show.channel.split(":")[4], show.channel.rpartition("/")[2]
        objects = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"ivs/v1/{account}/{channel}/")
        found = []
        for key in objects.search("Contents[].Key"):
            prefix, _, name = (key or "").partition("/events/")
            if name == "recording-ended.json":
                ended = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
                hls = ended["media"]["hls"]
                playlist = f"{prefix}/{hls['path']}/{hls['playlist']}"
                found.append({"playlist": playlist, "seconds": hls["duration_ms"] // 1000})
        return found

    @app.post("/shows/{owner}/chat")
    def join(show: AnyShow, caller: Caller) -> dict[str, str]:
        """Let the caller into the room, with a token for IVS Chat; who owns the show may also moderate."""
        if caller in show.banned:
            raise HTTPException(403, f"{caller} is banned")
        may = ["SEND_MESSAGE", *(["DELETE_MESSAGE", "DISCONNECT_USER"] if caller == show.owner else [])]
        return {"token": ivschat.create_chat_token(roomIdentifier=show.room, userId=caller, capabilities=may)["token"]}

    @app.put("/shows/{owner}/bans/{user}", status_code=204)
    def ban(show: OwnShow, user: str) -> None:
        """Keep somebody out of the room, and show them out if they are in."""
        show.banned.add(user)
        ivschat.disconnect_user(roomIdentifier=show.room, userId=user, reason="banned")

    @app.delete("/shows/{owner}/messages/{message}", status_code=204)
    def delete_message(show: OwnShow, message: str) -> None:
        ivschat.delete_message(roomIdentifier=show.room, id=message, reason="moderation")

    return app


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sim() -> Iterator[Emulator]:
    with mock_aws(), mock_ivs(deliver=True) as emulator:
        emulator.clock.freeze()
        yield emulator


@pytest.fixture
def service(sim: Emulator) -> TestClient:
    """The service, whose recordings have a bucket, and to which EventBridge sends its events."""
    s3, ivs = boto3.client("s3", region_name=REGION), boto3.client("ivs", region_name=REGION)
    s3.create_bucket(Bucket="recordings", CreateBucketConfiguration={"LocationConstraint": REGION})
    made = ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "recordings"}})
    service = TestClient(create_app(made["recordingConfiguration"]["arn"]))
    sim.events.subscribe(lambda event: service.post("/events", json=event).raise_for_status())
    return service


def ask(service: TestClient, user: str, method: str, path: str, status: int = 200) -> Any:
    """Ask the service as somebody, and return what it answers."""
    answer = service.request(method, path, headers={"X-User": user})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
def key(service: TestClient) -> str:
    """The stream key of Ada, who has a show."""
    return str(ask(service, "ada", "POST", "/shows", 201)["key"])


def join(sim: Emulator, service: TestClient, user: str) -> ChatConnection:
    """Join the chat of Ada's show."""
    return sim.chat.connect(ask(service, user, "POST", "/shows/ada/chat")["token"])


def test_one_show_for_everybody(service: TestClient, key: str) -> None:
    """A second one is refused, and that of somebody who has none is not found."""
    ask(service, "ada", "POST", "/shows", 409)
    ask(service, "ada", "POST", "/shows/bob/chat", 404)


def test_a_changed_key(sim: Emulator, service: TestClient, key: str) -> None:
    """Whoever streams with the old key is thrown out, and the new one works; nobody else may ask for it."""
    ask(service, "bob", "POST", "/shows/ada/key", 403)
    stolen = sim.streams.start(key)
    changed = ask(service, "ada", "POST", "/shows/ada/key")["key"]
    assert not stolen.is_live
    with pytest.raises(ValueError, match="no channel has this stream key"):
        sim.streams.start(key)
    assert sim.streams.start(changed).is_live


def test_who_is_live(sim: Emulator, service: TestClient, key: str) -> None:
    """The list has everybody who is on the air, those with the most viewers first."""
    assert service.get("/live").json() == []
    sim.streams.start(key, viewers=3)
    with sim.streams.start(ask(service, "bob", "POST", "/shows", 201)["key"], viewers=5):
        assert service.get("/live").json() == [{"owner": "bob", "viewers": 5}, {"owner": "ada", "viewers": 3}]
    assert service.get("/live").json() == [{"owner": "ada", "viewers": 3}]


def test_followers_hear_of_it_once(sim: Emulator, service: TestClient, key: str) -> None:
    """Also when EventBridge delivers twice. Nobody else hears of it."""
    ask(service, "eve", "PUT", "/shows/ada/followers", 204)
    sim.streams.start(key)
    for event in sim.events:
        service.post("/events", json=event)
    assert ask(service, "eve", "GET", "/notices") == ["ada is live"]
    assert ask(service, "bob", "GET", "/notices") == []


def test_videos(sim: Emulator, service: TestClient, key: str) -> None:
    """What was streamed can be watched once it has ended, and the playlist is there."""
    with sim.streams.start(key):
        sim.clock.advance(600)
        assert service.get("/shows/ada/videos").json() == []
    (video,) = service.get("/shows/ada/videos").json()
    assert video["seconds"] == 600
    boto3.client("s3", region_name=REGION).head_object(Bucket="recordings", Key=video["playlist"])


def test_a_ban(sim: Emulator, service: TestClient, key: str) -> None:
    """Who is banned is shown out and gets no token any more; nobody else notices."""
    bob, eve = join(sim, service, "bob"), join(sim, service, "eve")
    ask(service, "eve", "PUT", "/shows/ada/bans/bob", 403)
    ask(service, "ada", "PUT", "/shows/ada/bans/eve", 204)
    assert (bob.closed, eve.closed, eve.close_reason) == (False, True, "banned")
    ask(service, "eve", "POST", "/shows/ada/chat", 403)


def test_moderation(sim: Emulator, service: TestClient, key: str) -> None:
    """A message that the owner deletes is taken from everybody's screen; guests may not delete any."""
    bob, eve = join(sim, service, "bob"), join(sim, service, "eve")
    eve.send_message("free coins here")
    message = bob.receive()["Id"]
    ask(service, "bob", "DELETE", f"/shows/ada/messages/{message}", 403)
    ask(service, "ada", "DELETE", f"/shows/ada/messages/{message}", 204)
    deleted = bob.receive()
    assert (deleted["EventName"], deleted["Attributes"]["MessageId"]) == ("aws:DELETE_MESSAGE", message)
