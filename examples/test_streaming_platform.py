"""A platform for streamers, as a FastAPI service, and its tests.

Everybody has a channel with a key that can be changed, followers, videos of what was streamed, and a room to moderate.
IVS is ivsim's, and S3, where the recordings are, is moto's. examples/streaming-platform-js is the same service in
JavaScript, against ivsim on a port.

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
from botocore.exceptions import ClientError
from moto import mock_aws

from ivsim import ChatConnection, ChatRefused, Emulator, mock_ivs

pytest.importorskip("fastapi", reason="FastAPI is not installed")

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

REGION = "us-west-2"

# The code under test ------------------------------------------------------------------------------------------------


@dataclass
class Show:
    """What somebody has on the platform."""

    owner: str
    channel: str
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
    """Return the service.

    A gateway in front of it has signed callers in, names them in the header X-User, and lets nobody but EventBridge to
    /events. What the service knows is in memory; a real one has a database.
    """
    app = FastAPI()
    ivs, ivschat, s3 = (boto3.client(name, region_name=REGION) for name in ("ivs", "ivschat", "s3"))
    recorded = ivs.get_recording_configuration(arn=recording_configuration)["recordingConfiguration"]
    bucket = recorded["destinationConfiguration"]["s3"]["bucketName"]
    shows: dict[str, Show] = {}
    app.state.shows = shows
    notices: defaultdict[str, list[str]] = defaultdict(list)
    announced: set[str] = set()  # EventBridge may deliver an event twice

    @app.exception_handler(ClientError)
    def refuse(_: Request, error: ClientError) -> JSONResponse:
        """Answer for AWS when it refuses or cannot: that is no mistake of the caller's."""
        return JSONResponse({"detail": error.response["Error"]["Code"]}, 503)

    @app.post("/shows", status_code=201)
    def open_show(caller: Caller) -> dict[str, str]:
        """Give the caller a channel that is recorded, and a room; tell what the encoder and the player need."""
        if caller in shows:
            raise HTTPException(409, f"{caller} has a show")
        made = ivs.create_channel(name=caller, recordingConfigurationArn=recording_configuration)
        channel, key = made["channel"], made["streamKey"]
        try:
            room = ivschat.create_room(name=caller)["arn"]
        except ClientError:
            ivs.delete_channel(arn=channel["arn"])  # of which nobody would know
            raise
        shows[caller] = Show(caller, channel["arn"], room)
        return {"ingest": channel["ingestEndpoint"], "key": key["value"], "playback": channel["playbackUrl"]}

    @app.post("/shows/{owner}/key")
    def change_key(show: OwnShow) -> dict[str, str]:
        """Make the old stream key worthless, and stop whoever streams with it.

        A channel has room for one key. If an earlier call came no further than half of the way, there is none.
        """
        for old in ivs.list_stream_keys(channelArn=show.channel)["streamKeys"]:
            ivs.delete_stream_key(arn=old["arn"])
        key = ivs.create_stream_key(channelArn=show.channel)["streamKey"]
        with suppress(ivs.exceptions.ChannelNotBroadcasting):
            ivs.stop_stream(channelArn=show.channel)
        return {"key": key["value"]}

    @app.get("/live")
    def live() -> list[dict[str, Any]]:
        """List who is live, with the most viewers first. The account may have channels that are not the platform's."""
        owners = {show.channel: owner for owner, show in shows.items()}
        streams = ivs.get_paginator("list_streams").paginate().search("streams[]")
        ours = [each for each in streams if each["channelArn"] in owners]
        found = [{"owner": owners[each["channelArn"]], "viewers": each["viewerCount"]} for each in ours]
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
                if hls["duration_ms"]:  # a stream of a few seconds leaves no media
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

    @app.delete("/shows/{owner}/bans/{user}", status_code=204)
    def lift_ban(show: OwnShow, user: str) -> None:
        show.banned.discard(user)

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


def test_one_show_for_everybody(service: TestClient) -> None:
    """Everybody gets what an encoder and a player need. A second show is refused, one that is not there not found."""
    show = ask(service, "ada", "POST", "/shows", 201)
    (channel,) = boto3.client("ivs", region_name=REGION).list_channels()["channels"]
    assert (channel["name"], channel["recordingConfigurationArn"] != "") == ("ada", True)
    assert show["ingest"].endswith(".global-contribute.live-video.net")
    assert show["playback"].endswith(".m3u8")
    ask(service, "ada", "POST", "/shows", 409)
    ask(service, "ada", "POST", "/shows/bob/chat", 404)


def test_half_a_show(sim: Emulator, service: TestClient) -> None:
    """Where there is no room to be had, no channel is left, and the next try succeeds."""
    sim.faults.add("CreateRoom", "ServiceQuotaExceededException")
    assert ask(service, "ada", "POST", "/shows", 503) == {"detail": "ServiceQuotaExceededException"}
    assert boto3.client("ivs", region_name=REGION).list_channels()["channels"] == []
    ask(service, "ada", "POST", "/shows", 201)


def test_a_changed_key(sim: Emulator, service: TestClient, key: str) -> None:
    """Whoever streams with the old key is thrown out, and the new one works; nobody else may ask for it."""
    ask(service, "bob", "POST", "/shows/ada/key", 403)
    stolen = sim.streams.start(key)
    changed = ask(service, "ada", "POST", "/shows/ada/key")["key"]
    assert not stolen.is_live
    with pytest.raises(ValueError, match="no channel has this stream key"):
        sim.streams.start(key)
    assert sim.streams.start(changed).is_live


def test_half_a_change(sim: Emulator, service: TestClient, key: str) -> None:
    """Where the old key is gone and there is no new one, the next try makes one."""
    sim.faults.add("CreateStreamKey", "PendingVerification")
    ask(service, "ada", "POST", "/shows/ada/key", 503)
    with pytest.raises(ValueError, match="no channel has this stream key"):
        sim.streams.start(key)
    assert sim.streams.start(ask(service, "ada", "POST", "/shows/ada/key")["key"]).is_live


def test_who_is_live(sim: Emulator, service: TestClient, key: str) -> None:
    """The list has everybody who is on the air, the most viewers first, and no channel that is not the platform's."""
    sim.streams.start(boto3.client("ivs", region_name=REGION).create_channel()["channel"]["arn"])
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
    """What was streamed can be watched once it has ended, and the playlist is there; what was too short leaves none."""
    with sim.streams.start(key):
        sim.clock.advance(2)
    with sim.streams.start(key):
        sim.clock.advance(600)
        assert service.get("/shows/ada/videos").json() == []
    (video,) = service.get("/shows/ada/videos").json()
    assert video["seconds"] == 600
    boto3.client("s3", region_name=REGION).head_object(Bucket="recordings", Key=video["playlist"])


def test_tokens(sim: Emulator, service: TestClient, key: str) -> None:
    """A guest's token lets them write and no more; the owner's lets them moderate too. Each lets in once."""
    token = ask(service, "bob", "POST", "/shows/ada/chat")["token"]
    bob, ada = sim.chat.connect(token), join(sim, service, "ada")
    with pytest.raises(ChatRefused):
        sim.chat.connect(token)
    bob.send_message("hello")
    message = bob.receive()["Id"]
    bob.delete_message(message)
    assert bob.receive()["ErrorCode"] == 403
    ada.delete_message(message)
    assert bob.receive()["EventName"] == "aws:DELETE_MESSAGE"


def test_a_ban(sim: Emulator, service: TestClient, key: str) -> None:
    """Who is banned is shown out and gets no token until the ban is lifted; nobody else notices."""
    bob, eve = join(sim, service, "bob"), join(sim, service, "eve")
    ask(service, "eve", "PUT", "/shows/ada/bans/bob", 403)
    ask(service, "ada", "PUT", "/shows/ada/bans/eve", 204)
    assert (bob.closed, eve.closed, eve.close_reason) == (False, True, "banned")
    ask(service, "eve", "POST", "/shows/ada/chat", 403)
    ask(service, "ada", "DELETE", "/shows/ada/bans/eve", 204)
    assert not join(sim, service, "eve").closed


def test_moderation(sim: Emulator, service: TestClient, key: str) -> None:
    """A message that the owner deletes is taken from everybody's screen; guests may not delete any."""
    bob, eve = join(sim, service, "bob"), join(sim, service, "eve")
    eve.send_message("free coins here")
    message = bob.receive()["Id"]
    ask(service, "bob", "DELETE", f"/shows/ada/messages/{message}", 403)
    ask(service, "ada", "DELETE", f"/shows/ada/messages/{message}", 204)
    deleted = bob.receive()
    assert (deleted["EventName"], deleted["Attributes"]["MessageId"]) == ("aws:DELETE_MESSAGE", message)
