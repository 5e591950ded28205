"""People on stages, by the control endpoints."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ivsim import Emulator

from ..ivsrealtime.signing import BackEnd, stage_in
from .control_client import Answer, Control, call


@pytest.fixture
def stage(sim: Emulator) -> str:
    """The ARN of a stage, "panel"."""
    arn: str = call(sim, "CreateStage", name="panel")["stage"]["arn"]
    return arn


def join(control: Control, **body: Any) -> dict[str, Any]:
    """Let somebody join; return how they are then."""
    answer = control("POST", "/participants", body)
    assert answer.status == 201, answer.body
    shown: dict[str, Any] = answer.body
    return shown


def refusal(answer: Answer) -> tuple[int, str | None, str | None]:
    """Return status, field and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["detail"]
    return answer.status, answer.body.get("field"), answer.body.get("code")


def test_life_on_a_stage(sim: Emulator, control: Control, stage: str) -> None:
    """Somebody joins, publishes, mutes, is subscribed to, stops and leaves, and each answer shows how they are then."""
    host = join(control, stage="panel", userId="host", attributes={"role": "star"})
    (there,) = sim.stages.participants
    assert host == {
        "participantId": there.participant_id,
        "sessionId": there.session_id,
        "stageArn": stage,
        "userId": "host",
        "attributes": {"role": "star"},
        "capabilities": ["PUBLISH", "SUBSCRIBE"],
        "isConnected": True,
        "isRemote": False,
        "sentLoss": 0.0,
        "receivedLoss": 0.0,
        "isPublishing": False,
        "audioMuted": False,
        "videoStopped": False,
        "video": [],
        "audio": [],
        "subscriptions": [],
        "protocol": "UNKNOWN",
        "replicationType": "NONE",
        "firstJoinTime": host["firstJoinTime"],
    }
    path = f"/participants/{host['participantId']}"
    published = control("POST", f"{path}/publish").body
    assert (published["isPublishing"], published["protocol"]) == (True, "WHIP")
    muted = control("POST", f"{path}/mute", {"video": True}).body
    assert (muted["audioMuted"], muted["videoStopped"]) == (True, True)
    assert control("POST", f"{path}/mute", {"audio": False}).body["audioMuted"] is False
    guest = join(control, stage=stage, capabilities=["SUBSCRIBE"])
    own = f"/participants/{guest['participantId']}"
    other = {"participantId": host["participantId"]}
    assert control("POST", f"{own}/subscribe", other).body["subscriptions"] == [host["participantId"]]
    assert control("GET", own).body["subscriptions"] == [host["participantId"]]
    assert control("POST", f"{own}/unsubscribe", other).body["subscriptions"] == []
    control("POST", f"{own}/subscribe", other)
    assert control("POST", f"{path}/unpublish").body["isPublishing"] is False
    assert control("GET", own).body["subscriptions"] == []
    left = control("POST", f"{path}/leave")
    assert (left.status, left.body["isConnected"]) == (200, False)
    assert control("GET", path).body == left.body
    assert control("POST", f"{path}/leave").status == 200
    assert refusal(control("POST", f"{path}/publish")) == (409, None, "NOT_CONNECTED")


def test_who_is_there(sim: Emulator, control: Control, stage: str) -> None:
    """Who is on a stage is listed, of all stages or of one by its ARN or name, with those whom they hear and see."""
    host, guest = (join(control, stage=stage)["participantId"] for _ in range(2))
    away = join(control, stage=stage_in(sim, "eu-west-1"))["participantId"]
    for each in (host, away):
        control("POST", f"/participants/{each}/publish")
    control("POST", f"/participants/{guest}/subscribe", {"participantId": host})
    control("POST", f"/participants/{join(control, stage=stage)['participantId']}/leave")

    def listed(query: str = "") -> list[str]:
        return [each["participantId"] for each in control("GET", f"/participants{query}").body["participants"]]

    assert listed() == [host, guest, away]
    assert listed("?stage=panel") == listed(f"?stage={quote(stage)}") == [host, guest]
    shown = control("GET", "/participants").body["participants"]
    assert [each["subscriptions"] for each in shown] == [[], [host], []]
    assert refusal(control("GET", "/participants?stage=nobody")) == (404, "stage", None)


def test_with_a_token(sim: Emulator, control: Control, stage: str) -> None:
    """With a token somebody joins as it says, once; who was thrown out stays out, and the problem has the code."""
    made = call(sim, "CreateParticipantToken", stageArn=stage, userId="ann")["participantToken"]
    ann = join(control, token=made["token"])
    assert (ann["participantId"], ann["userId"]) == (made["participantId"], "ann")
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=ann["participantId"])
    assert control("GET", f"/participants/{ann['participantId']}").body["isConnected"] is False
    thrown_out = control("POST", "/participants", {"token": made["token"]})
    assert refusal(thrown_out) == (409, None, "PARTICIPANT_DISCONNECTED")
    assert thrown_out.body["detail"].startswith("PARTICIPANT_DISCONNECTED: ")


@pytest.mark.needs("ImportPublicKey")
def test_exchange(sim: Emulator, control: Control, stage: str) -> None:
    """A token of a back end is exchanged for another."""
    sign = BackEnd()
    star = join(control, token=sign(sim, stage, jti="star", capabilities={"allow_subscribe": True}))
    assert star["capabilities"] == ["SUBSCRIBE"]
    token = sign(sim, stage, jti="star", user_id="sue")
    exchanged = control("POST", "/participants/star/exchange-token", {"token": token}).body
    assert (exchanged["userId"], exchanged["capabilities"]) == ("sue", ["PUBLISH", "SUBSCRIBE"])
    guest = join(control, stage=stage)["participantId"]
    refused = control("POST", f"/participants/{guest}/exchange-token", {"token": token})
    assert refusal(refused) == (409, None, "TOKEN_EXCHANGE_REFUSED")


def test_what_is_sent(sim: Emulator, control: Control, stage: str) -> None:
    """What a participant publishes is shown while they do, and to who subscribes, layer by layer."""
    host, guest = (join(control, stage=stage)["participantId"] for _ in range(2))
    video = [{"width": 640, "height": 360, "idrInterval": 1}, {"width": 320, "height": 180}]
    published = control("POST", f"/participants/{host}/publish", {"video": video, "audio": {"channels": 1}}).body
    assert [(each["width"], each["height"], each["idrInterval"]) for each in published["video"]] == [
        (640, 360, 1),
        (320, 180, 2),
    ]
    assert published["audio"] == [{"codec": "OPUS", "bitrate": 64_000, "sampleRate": 48_000, "channels": 1}]
    control("POST", f"/participants/{guest}/subscribe", {"participantId": host})
    seen = control("GET", f"/participants/{guest}/seen").body["seen"]
    assert (seen[-1]["name"], seen[-1]["layers"]) == ("stageParticipantStreamsAdded", published["video"])
    unpublished = control("POST", f"/participants/{host}/unpublish").body
    assert (unpublished["video"], unpublished["audio"]) == ([], [])


@pytest.mark.needs("CreateIngestConfiguration")
def test_encoder(sim: Emulator, control: Control, stage: str) -> None:
    """An encoder joins with a stream key and publishes at once; a client of WHIP has its protocol."""
    made = call(sim, "CreateIngestConfiguration", stageArn=stage, ingestProtocol="RTMPS", userId="camera")
    key = made["ingestConfiguration"]["streamKey"]
    camera = join(control, streamKey=key, video={"width": 640, "height": 360}, audio=[])
    assert (camera["userId"], camera["isPublishing"], camera["protocol"]) == ("camera", True, "RTMPS")
    assert ([each["width"] for each in camera["video"]], camera["audio"]) == ([640], [])
    assert refusal(control("POST", "/participants", {"streamKey": key})) == (409, None, "REUSE_OF_STREAM_KEY")
    assert refusal(control("POST", "/participants", {"streamKey": key, "video": {"w": 1}})) == (400, "video", None)
    assert join(control, stage=stage, protocol="WHIP")["protocol"] == "WHIP"
    token = call(sim, "CreateParticipantToken", stageArn=stage)["participantToken"]["token"]
    assert join(control, token=token, protocol="WHIP")["protocol"] == "WHIP"


@pytest.mark.needs("CreateIngestConfiguration")
def test_failure(sim: Emulator, control: Control, stage: str) -> None:
    """Publishing fails for a reason, or is refused for what is sent, and an event tells the same code."""
    path = f"/participants/{join(control, stage=stage)['participantId']}"
    assert refusal(control("POST", f"{path}/fail", {"errorCode": "B_FRAME_PRESENT"})) == (409, None, "NOT_PUBLISHING")
    control("POST", f"{path}/publish")
    assert control("POST", f"{path}/fail", {"errorCode": "B_FRAME_PRESENT"}).body["isPublishing"] is False
    large = control("POST", f"{path}/publish", {"video": {"width": 1920, "height": 1080}})
    assert refusal(large) == (409, None, "RESOLUTION_EXCEEDED")
    codes = [event["detail"].get("error_code") for event in sim.events.of("IVS Stage Update")]
    assert codes == [None, "B_FRAME_PRESENT", None, "RESOLUTION_EXCEEDED"]


def test_what_a_client_is_told(sim: Emulator, control: Control, stage: str) -> None:
    """What a client was told is listed, oldest first, up to why it had to leave."""
    host, guest = (join(control, stage=stage)["participantId"] for _ in range(2))
    control("POST", f"/participants/{host}/publish")
    call(sim, "DeleteStage", arn=stage)
    seen = control("GET", f"/participants/{guest}/seen").body["seen"]
    published, stage_left = seen[1], seen[-1]
    assert (published["name"], published["participantId"]) == ("stageParticipantPublishStateChanged", host)
    assert (published["isPublishing"], published["audioMuted"], published["videoStopped"]) == (True, False, False)
    assert published["time"].endswith("Z")
    assert (stage_left["name"], stage_left["reason"]) == ("stageLeft", "stage-deleted")


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, (400, "stage", None)),
        ({"stage": "panel", "token": "x"}, (400, "stage", None)),
        ({"token": "x", "streamKey": "x"}, (400, "stage", None)),
        ({"stage": "nobody"}, (404, "stage", None)),
        ({"stage": "twice"}, (400, "stage", None)),
        ({"stage": "panel", "capabilities": ["SPEAK"]}, (400, "capabilities", None)),
        ({"stage": "panel", "userId": 3}, (400, "userId", None)),
        ({"stage": "panel", "attributes": {"a": 1}}, (400, "attributes", None)),
        ({"stage": "panel", "name": "ann"}, (400, "name", None)),
        ({"token": "x"}, (409, None, "TOKEN_MALFORMED")),
        ({"token": "x", "userId": "ann"}, (400, "userId", None)),
        ({"token": "x", "capabilities": []}, (400, "capabilities", None)),
        ({"token": "x", "protocol": "RTMP"}, (400, "protocol", None)),
        ({"stage": "panel", "video": {}}, (400, "video", None)),
        ({"token": "x", "audio": []}, (400, "audio", None)),
        ({"stage": "panel", "attributes": {"a": "x" * 1024}}, (400, "attributes", None)),
        ({"streamKey": "x"}, (409, None, "INVALID_STREAM_KEY")),
        ({"streamKey": "x", "userId": "ann"}, (400, "userId", None)),
        ({"streamKey": "x", "protocol": "WHIP"}, (400, "protocol", None)),
        ({"token": "arn:aws:ivs:us-east-1:123456789012:stage/abc"}, (400, "token", None)),
    ],
)
def test_nobody_joins(sim: Emulator, control: Control, stage: str, body: dict[str, Any], refused: Any) -> None:
    """Whoever cannot join is refused by field or by code, and nobody is there."""
    for _ in range(2):
        call(sim, "CreateStage", name="twice")
    assert refusal(control("POST", "/participants", body)) == refused
    assert sim.stages.participants == []


@pytest.mark.parametrize(
    ("done", "body", "refused"),
    [
        ("publish", {"video": {"width": 0}}, (400, "video", None)),
        ("publish", {"video": "H264"}, (400, "video", None)),
        ("publish", {"audio": {"codex": "OPUS"}}, (400, "audio", None)),
        ("publish", {"codec": "H264"}, (400, "codec", None)),
        ("mute", {}, (409, None, "NOT_PUBLISHING")),
        ("mute", {"audio": "yes"}, (400, "audio", None)),
        ("subscribe", {}, (400, "participantId", None)),
        ("subscribe", {"participantId": "nobody"}, (409, None, "PUBLISHER_NOT_FOUND")),
        ("fail", {"errorCode": "TOO_LOUD"}, (400, "errorCode", None)),
        ("exchange-token", {"token": "x"}, (409, None, "TOKEN_MALFORMED")),
        ("cut", None, (409, None, "NOT_REMOTE")),
        ("impair", {"sentLoss": 1}, (409, None, "NOT_REMOTE")),
        ("impair", {"sentLoss": 2}, (400, "sentLoss", None)),
        ("impair", {"receivedLoss": "all"}, (400, "receivedLoss", None)),
    ],
)
def test_refused(sim: Emulator, control: Control, stage: str, done: str, body: dict[str, Any], refused: Any) -> None:
    """What a participant cannot do is refused by field or by code, and they are as before."""
    ann = join(control, stage=stage)
    assert refusal(control("POST", f"/participants/{ann['participantId']}/{done}", body)) == refused
    assert control("GET", f"/participants/{ann['participantId']}").body == ann


def test_nobody(control: Control) -> None:
    """A participant whom there never was is not found."""
    assert refusal(control("GET", "/participants/nobody")) == (404, "participantId", None)
    assert refusal(control("POST", "/participants/nobody/leave")) == (404, "participantId", None)
