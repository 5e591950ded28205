"""Clients that send and receive media, by the real port: they see each other, and are told what they may not do."""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from ivsim import Emulator
from ivsim.cli.main import main
from ivsim.ivsrealtime import participants
from ivsim.media.h264 import Format
from ivsim.server.run import Server

from ...decoding import executable
from ...ivsrealtime.signing import BackEnd
from ..control_client import call
from ..staging import Page, sdk_path
from ..waiting import DEADLINE, until
from .meeting import OFFER, Meeting, post
from .test_sdp import AUDIO, HEAD, VIDEO

aiortc = pytest.importorskip("aiortc", reason="aiortc is not installed")

from ivsim.server.stages import tone  # noqa: E402 - without aiortc there are none
from ivsim.server.stages.handles import Handles  # noqa: E402
from ivsim.server.stages.sdp import Local  # noqa: E402
from ivsim.server.stages.webrtc import Connection  # noqa: E402

from .peers import FORM, Client, Pictures  # noqa: E402
from .test_tone import QUIET, loudness, pitch_of  # noqa: E402


@pytest.fixture
def stage(sim: Emulator, server: Server) -> Meeting:
    """A stage on a server."""
    return Meeting.on(sim, server)


SMALL = Format(240, 160, 15, "avc1.42E01F")

WANTED = OFFER.replace("a=sendonly", "a=recvonly")


def sound() -> Any:
    """Return a track of silence."""
    return aiortc.mediastreams.AudioStreamTrack()


def publisher(stage: Meeting, token: dict[str, Any], *tracks: Any, path: str = "/") -> Client:
    """Return a client that publishes, once the stage knows."""
    client = Client(f"{stage.server.url}{path}", token["token"], *(tracks or (sound(), Pictures(FORM))))
    assert client.answer.status_code == 201, client.answer.text
    until(lambda: stage.find(token).is_publishing)
    return client


def viewer(stage: Meeting, token: dict[str, Any], other: dict[str, Any]) -> Client:
    """Return a client that is subscribed to another participant."""
    client = Client(f"{stage.server.url}/subscribe/{other['participantId']}", token["token"], receives=True)
    assert client.answer.status_code == 201, client.answer.text
    return client


def test_seen_and_heard(stage: Meeting) -> None:
    """What a client of WHIP publishes another sees and hears, a tenth of a second later; both go by DELETE."""
    ada, bob = stage.token(userId="ada"), stage.token(userId="bob")
    pictures = Pictures(FORM)
    with stage.sim.stages.join(bob["token"]) as watching, publisher(stage, ada, sound(), pictures) as sending:
        record = stage.find(ada).participant
        assert record is not None
        assert (record.protocol, record.user_id) == ("WHIP", "ada")
        [video] = record.video
        assert (video.width, video.height, video.profile) == (320, 180, "Constrained Baseline")
        with viewer(stage, bob, ada) as seeing:
            seeing.sees(180)
            assert watching.is_subscribed_to(ada["participantId"])
            seeing.hears(1)
            until(lambda: len(seeing.seen) > 30)
            began = pictures.began.timestamp()
            late = [at - began - reading.milliseconds / 1000 for at, reading in seeing.sees(180)]
            assert 0 < statistics.median(late) < 1
            assert seeing.delete().status_code == 200
            assert not watching.is_subscribed_to(ada["participantId"])
            until(lambda: seeing.state == "closed")
        assert sending.delete().status_code == 200
        assert sending.delete().status_code == 404
        assert not stage.find(ada).is_connected
        assert watching.is_connected
    names = [name for name, _ in stage.events(ada)]
    assert names == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]


def test_two_publishers(stage: Meeting) -> None:
    """Of two who publish, each is seen by those who are subscribed to them."""
    ada, bob, eve = stage.token(), stage.token(), stage.token()
    stage.sim.stages.join(eve["token"])
    with (
        publisher(stage, ada),
        publisher(stage, bob, Pictures(SMALL)),
        viewer(stage, eve, ada) as first,
        viewer(stage, eve, bob) as second,
    ):
        first.sees(180)
        second.sees(160)
        assert {reading.height for _, reading in first.seen} == {180}
        assert {reading.height for _, reading in second.seen} == {160}
        assert len(second.sound) == 0


def test_who_is_on_the_stage_already(stage: Meeting) -> None:
    """One who is connected publishes by its id, as the web SDK does, and stays when that ends; it also subscribes."""
    ada, bob = stage.token(), stage.token()
    one, other = stage.sim.stages.join(ada["token"]), stage.sim.stages.join(bob["token"])
    with publisher(stage, ada, path=f"/publish/{ada['participantId']}") as sending:
        assert one.is_publishing
        with publisher(stage, bob), viewer(stage, ada, bob) as seeing:
            seeing.sees(180)
        assert sending.delete().status_code == 200
    assert (one.is_connected, one.is_publishing) == (True, False)
    until(lambda: not other.is_publishing)
    assert other.is_connected


def goes_on(seeing: Client) -> None:
    """Wait until a client sees something new."""
    before = len(seeing.seen)
    until(lambda: len(seeing.seen) > before + 5)


def stands_still(seeing: Client) -> None:
    """Wait until a client has seen nothing new for a while in which ten pictures would have come."""

    def is_still() -> bool:
        return time.time() - seeing.seen[-1][0] > 10 / FORM.framerate

    until(is_still)


ENDS: dict[str, Callable[[Meeting, dict[str, Any]], object]] = {
    "kicked": lambda stage, token: call(
        stage.sim, "DisconnectParticipant", stageArn=stage.arn, participantId=token["participantId"]
    ),
    "stage deleted": lambda stage, _: call(stage.sim, "DeleteStage", arn=stage.arn),
    "left": lambda stage, token: stage.find(token).leave(),
    "cut": lambda stage, token: stage.find(token).cut(),
    "unpublished": lambda stage, token: stage.find(token).unpublish(),
    "failed": lambda stage, token: stage.find(token).fail("BITRATE_EXCEEDED"),
    "reset": lambda stage, _: stage.sim.reset(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_thrown_out(stage: Meeting, end: Callable[[Meeting, dict[str, Any]], object]) -> None:
    """When somebody's publishing ends on the stage, the connection ends, and those of who is subscribed."""
    ada, bob = stage.token(), stage.token()
    stage.sim.stages.join(bob["token"])
    with publisher(stage, ada) as sending, viewer(stage, bob, ada) as seeing:
        seeing.sees(180)
        end(stage, ada)
        until(lambda: (sending.state, seeing.state) == ("closed", "closed"))
        assert [sending.delete().status_code for _ in range(2)] == [200, 404]


def test_gone_without_a_word(stage: Meeting) -> None:
    """A client that closes its connection has left; a DELETE after that, which AWS's SDK sends, does no harm."""
    ada = stage.token()
    sending = publisher(stage, ada)
    sending.close()
    until(lambda: not stage.find(ada).is_connected)
    assert [sending.delete().status_code for _ in range(2)] == [200, 404]


def test_come_again(stage: Meeting) -> None:
    """A client that comes again with the same token takes the place of its first connection."""
    ada = stage.token()
    with publisher(stage, ada) as first, Client(stage.server.url, ada["token"], Pictures(FORM)) as second:
        until(lambda: first.state == "closed")
        until(lambda: stage.find(ada).is_publishing)
        assert second.answer.status_code == 201
    joined = stage.sim.stages.join(stage.token()["token"])
    token = stage.token()
    joined = stage.sim.stages.join(token["token"])
    with publisher(stage, token) as first, publisher(stage, token) as second:
        until(lambda: first.state == "closed")
        until(lambda: joined.is_publishing)
        assert second.state == "connected"


def test_subscribed_again(stage: Meeting) -> None:
    """Who subscribes again to the same participant, as after a loss, gets the new connection in the old one's place."""
    ada, bob = stage.token(), stage.token()
    watching = stage.sim.stages.join(bob["token"])
    with publisher(stage, ada), viewer(stage, bob, ada) as first:
        first.sees(180)
        with viewer(stage, bob, ada) as second:
            until(lambda: first.state == "closed")
            second.sees(180)
            first.close()
            assert watching.is_subscribed_to(ada["participantId"])
            assert second.state == "connected"


def test_gone_while_it_is_answered(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has to leave while its offer is answered is told so, and nothing of it is left."""
    ada, listen = stage.token(), Connection.listen

    async def leave_and_listen(connection: Connection, came_by: str) -> Local:
        stage.find(ada).leave()
        while not connection.is_over:
            await asyncio.sleep(0.01)
        return await listen(connection, came_by)

    monkeypatch.setattr(Connection, "listen", leave_and_listen)
    refused = post(stage, "/", ada["token"])
    assert (refused.status_code, len(refused.text.splitlines())) == (409, 1)
    assert stage.sim.stages.participants == []


def test_replica(stage: Meeting) -> None:
    """On a stage where a participant is shown who publishes on another, its media are seen."""
    ada = stage.token()
    there = call(stage.sim, "CreateStage")["stage"]["arn"]
    bob = call(stage.sim, "CreateParticipantToken", stageArn=there)["participantToken"]
    stage.sim.stages.join(bob["token"])
    with publisher(stage, ada):
        to = {"sourceStageArn": stage.arn, "destinationStageArn": there, "participantId": ada["participantId"]}
        call(stage.sim, "StartParticipantReplication", **to)
        with viewer(stage, bob, ada) as seeing:
            seeing.sees(180)


def test_somebody_without_a_client(stage: Meeting) -> None:
    """Of one who publishes by a test a picture with its name is seen, and its tone heard, until that ends."""
    bob, eve = stage.token(), stage.token()
    watching = stage.sim.stages.join(bob["token"])
    stage.sim.stages.join(eve["token"])
    with stage.sim.stages.join(stage.arn) as ada:
        ada.publish()
        other = {"participantId": ada.participant_id}
        with viewer(stage, bob, other) as seeing, viewer(stage, eve, other) as seeing_too:
            seeing.sees(360)
            seeing_too.sees(360)
            assert {pitch_of(each.hears(2)) for each in (seeing, seeing_too)} == {tone.pitch(ada.participant_id)}
            assert watching.is_subscribed_to(ada)
            ada.unpublish()
            until(lambda: (seeing.state, seeing_too.state) == ("closed", "closed"))
        ada.publish(video=[], audio={})
        with viewer(stage, bob, other) as seeing:
            seeing.hears(2)  # and meanwhile nobody plays to whom nobody is subscribed any more
            assert seeing.seen == []
        ada.unpublish()
        ada.publish(video={"width": 320, "height": 180}, audio=[])
        with viewer(stage, bob, other) as seeing:
            seeing.sees(180)
            assert len(seeing.sound) == 0


def test_joined_by_the_command(stage: Meeting) -> None:
    """Who was let join by `ivsim join STAGE --publish` is seen and heard."""
    bob = stage.token()
    stage.sim.stages.join(bob["token"])
    assert main(["join", stage.arn, "--url", stage.server.url, "--publish"]) == 0
    joined = stage.sim.stages.participants[-1].participant_id
    with viewer(stage, bob, {"participantId": joined}) as seeing:
        seeing.sees(360)
        assert pitch_of(seeing.hears(2)) == tone.pitch(joined)


def test_muted_without_a_client(stage: Meeting) -> None:
    """One who is muted by a test is silent, and black as its picture is stopped, until that is taken back."""
    bob = stage.token()
    stage.sim.stages.join(bob["token"])
    with stage.sim.stages.join(stage.arn) as ada:
        ada.publish()
        with viewer(stage, bob, {"participantId": ada.participant_id}) as seeing:
            seeing.sees(360)
            assert seeing.light > 40
            ada.mute(audio=True, video=True)
            until(lambda: seeing.light < 20)
            until(lambda: max(loudness(seeing.hears(2))) <= QUIET)
            ada.mute(audio=False, video=False)
            until(lambda: seeing.light > 40)
            until(lambda: max(loudness(seeing.hears(2))) > 2_000)


def test_a_state_that_is_loaded(stage: Meeting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whose media go on while the state is loaded in which it is stays there; nobody waits for it to come back."""
    monkeypatch.setattr("ivsim.server.stages.hub.PATIENCE", 0.01)
    ada, bob, eve = stage.token(), stage.token(), stage.token()
    stage.sim.stages.join(bob["token"])
    with publisher(stage, ada) as sending, viewer(stage, bob, ada) as seeing:
        stage.sim.stages.let_in(eve["token"], participants.Client())
        stage.sim.save(tmp_path / "state")
        for _ in range(2):
            stage.sim.load(tmp_path / "state")
            until(lambda: not stage.find(eve).is_connected)
        so_far = len(seeing.seen)
        until(lambda: len(seeing.seen) > so_far)
        assert stage.find(ada).is_publishing
        sending.close()
        until(lambda: not stage.find(ada).is_connected)
        stage.sim.load(tmp_path / "state")
        assert stage.find(ada).is_connected
        until(lambda: not stage.find(ada).is_connected)


def test_replica_without_a_client(stage: Meeting) -> None:
    """One without a client who is shown on another stage too is silent there while it is muted on its own."""
    there = call(stage.sim, "CreateStage")["stage"]["arn"]
    bob = call(stage.sim, "CreateParticipantToken", stageArn=there)["participantToken"]
    stage.sim.stages.join(bob["token"])
    with stage.sim.stages.join(stage.arn) as ada:
        ada.publish()
        to = {"sourceStageArn": stage.arn, "destinationStageArn": there, "participantId": ada.participant_id}
        call(stage.sim, "StartParticipantReplication", **to)
        ada.mute()
        with viewer(stage, bob, {"participantId": ada.participant_id}) as seeing:
            until(lambda: max(loudness(seeing.hears(2))) <= QUIET)
            ada.mute(audio=False)
            until(lambda: pitch_of(seeing.hears(2)) == tone.pitch(ada.participant_id))


def test_the_server_stops() -> None:
    """Who publishes when the server stops has left."""
    sim = Emulator(seed=1)
    with sim.serve() as server:
        stage = Meeting.on(sim, server)
        ada = stage.token()
        sending = publisher(stage, ada)
    assert not stage.find(ada).is_connected
    until(lambda: sending.state == "closed")
    sending.close()


def test_never_connected(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who offers and does not connect has left when the server has waited long enough."""
    monkeypatch.setattr("ivsim.server.stages.webrtc.PATIENCE", 0.2)
    ada = stage.token()
    assert post(stage, "/", ada["token"]).status_code == 201
    assert stage.find(ada).is_connected
    until(lambda: not stage.find(ada).is_connected)
    assert [name for name, _ in stage.events(ada)] == ["JOINED", "LEFT"]


def test_answer(stage: Meeting) -> None:
    """An offer is answered for a page of any origin: 201, with the address to DELETE."""
    answer = post(stage, "/", stage.token()["token"], Origin="http://localhost:5173")
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/sdp")
    assert answer.headers["Location"].startswith(f"{stage.server.url}/whip/")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    assert "a=rtpmap:108 H264/90000\r\n" in answer.text


def test_preflight(stage: Meeting) -> None:
    """A browser may ask before it offers, and a client of WHIP which offers are taken."""
    asks = {"Origin": "http://a.b", "Access-Control-Request-Method": "POST"}
    asks["Access-Control-Request-Headers"] = "authorization,content-type,x-stages-sdk"
    url = f"{stage.server.url}/publish/abc"
    allowed = requests.options(url, headers=asks, timeout=DEADLINE)
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Headers"]) == (
        204,
        asks["Access-Control-Request-Headers"],
    )
    told = requests.options(url, timeout=DEADLINE)
    assert (told.status_code, told.headers["Accept-Post"]) == (204, "application/sdp")
    resource = post(stage, "/", stage.token()["token"]).headers["Location"]
    told = requests.options(resource, timeout=DEADLINE)
    assert (told.status_code, told.headers["Accept-Patch"]) == (204, "application/trickle-ice-sdpfrag")
    asks["Access-Control-Request-Method"] = "PATCH"
    assert "PATCH" in requests.options(resource, headers=asks, timeout=DEADLINE).headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("path", "token", "status", "why"),
    [
        ("/", "", 401, "TOKEN_MALFORMED"),
        ("/publish/abc", "eyJ.a.b", 401, "TOKEN_MALFORMED"),
        ("/subscribe/abc", "eyJ.a.b", 401, "TOKEN_MALFORMED"),
    ],
)
def test_no_token(stage: Meeting, path: str, token: str, status: int, why: str) -> None:
    """Without a genuine token nobody publishes or subscribes."""
    refused = post(stage, path, token)
    assert (refused.status_code, refused.text.partition(":")[0]) == (status, why)
    refused = post(stage, path, token, Authorization=f"Basic {stage.token()['token']}")
    assert refused.status_code == status


def test_tokens_that_are_good_no_more(stage: Meeting) -> None:
    """A token that has expired, whose participant was thrown out, or whose stage is deleted, is refused."""
    token, kicked, late = stage.token(), stage.token(), stage.token(duration=1)
    stage.sim.stages.join(kicked["token"])
    call(stage.sim, "DisconnectParticipant", stageArn=stage.arn, participantId=kicked["participantId"])
    stage.sim.clock.advance(60)
    assert (post(stage, "/", late["token"]).status_code, post(stage, "/", kicked["token"]).status_code) == (401, 403)
    call(stage.sim, "DeleteStage", arn=stage.arn)
    assert post(stage, "/", token["token"]).status_code == 404


def test_not_allowed_to_publish(stage: Meeting) -> None:
    """Who may only subscribe is refused, of which an event tells; a client of WHIP leaves with that."""
    token = stage.token(capabilities=["SUBSCRIBE"])
    refused = post(stage, "/", token["token"])
    assert (refused.status_code, refused.text.partition(":")[0]) == (403, "INSUFFICIENT_CAPABILITIES")
    assert not stage.find(token).is_connected
    assert ("PUBLISH_ERROR", "INSUFFICIENT_CAPABILITIES") in stage.events(token)


@pytest.mark.parametrize("quota", ["Publishers per stage", "Concurrent publishers"])
def test_too_many_publishers(stage: Meeting, quota: str) -> None:
    """When as many publish as may, one more is refused, of which an event tells; who is on the stage stays there."""
    stage.sim.quotas[quota] = 1
    stage.sim.stages.join(stage.arn).publish()
    token = stage.token()
    there = stage.sim.stages.join(token["token"])
    refused = post(stage, f"/publish/{token['participantId']}", token["token"])
    assert (refused.status_code, refused.text.partition(":")[0]) == (429, "QUOTA_EXCEEDED")
    assert there.is_connected
    assert stage.events(token) == [("JOINED", None), ("PUBLISH_ERROR", "QUOTA_EXCEEDED")]


@pytest.mark.parametrize(
    ("code", "status"), [("QUOTA_EXCEEDED", 429), ("INVALID_INPUT", 403), ("INTERNAL_SERVER_EXCEPTION", 500)]
)
def test_refused_to_publish(stage: Meeting, code: str, status: int) -> None:
    """A test has the next offer to publish refused, with its status; the next is taken, and not refused late."""
    token = stage.token(userId="ada")
    stage.sim.faults.add("StagePublish", code, message="not today", when={"userId": "ada"})
    refused = post(stage, "/", token["token"])
    assert (refused.status_code, refused.text) == (status, f"{code}: not today\n")
    assert stage.events(token) == [("JOINED", None), ("PUBLISH_ERROR", code), ("LEFT", None)]
    with publisher(stage, token):
        stage.sim.faults.add("StagePublish", code)
        assert post(stage, "/", token["token"]).status_code == status
    assert not stage.sim.faults.pending


def test_refused_to_subscribe(stage: Meeting) -> None:
    """A test has an offer to receive refused, and a client of WHIP not let in."""
    ada, bob = stage.token(), stage.token()
    stage.sim.stages.join(bob["token"])
    with publisher(stage, ada):
        stage.sim.faults.add("StageSubscribe", "INTERNAL_SERVER_EXCEPTION")
        refused = post(stage, f"/subscribe/{ada['participantId']}", bob["token"], WANTED)
        assert (refused.status_code, refused.text.partition(":")[0]) == (500, "INTERNAL_SERVER_EXCEPTION")
        with viewer(stage, bob, ada) as seeing:
            seeing.sees(180)
    stage.sim.faults.add("StageJoin", "STAGE_AT_CAPACITY")
    assert post(stage, "/", stage.token()["token"]).status_code == 503


def test_late_answers(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has offers answered late, of those who publish or who receive."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(seconds if seconds < 100 else 0)

    monkeypatch.setattr("asyncio.sleep", note)
    ada, bob = stage.token(), stage.token()
    stage.sim.stages.join(bob["token"])
    stage.sim.faults.latency("StagePublish", 1000)
    stage.sim.faults.latency("StageSubscribe", 2000)
    assert post(stage, "/", ada["token"]).status_code == 201
    assert [each for each in slept if each >= 100] == [1000]
    assert post(stage, f"/subscribe/{ada['participantId']}", bob["token"], WANTED).status_code == 404
    assert [each for each in slept if each >= 100] == [1000, 2000]


def test_looked_at(stage: Meeting) -> None:
    """Who looks on gets a picture of what a client sends, and none while it is lost; nobody is subscribed by that."""
    ada, bob = stage.token(), stage.token()
    address = f"{stage.server.url}/_ivsim/participants/{ada['participantId']}/picture"
    with publisher(stage, bob), publisher(stage, ada):
        until(lambda: requests.get(address, timeout=DEADLINE).content[4:8] == b"ftyp")
        stage.find(ada).impair(sent_loss=1)
        until(lambda: requests.get(address, timeout=DEADLINE).status_code == 204)
        assert [name for name, _ in stage.events(ada)] == ["JOINED", "PUBLISH_STARTED"]


def test_media_are_dropped(stage: Meeting) -> None:
    """A test drops what a client sends: others see nothing new, while it publishes as before, until that ends."""
    ada, bob, eve = stage.token(), stage.token(), stage.token()
    for each in (bob, eve):
        stage.sim.stages.join(each["token"])
    with publisher(stage, ada) as sending, viewer(stage, bob, ada) as seeing:
        seeing.sees(180)
        stage.find(ada).impair(sent_loss=1)
        stands_still(seeing)
        assert stage.find(ada).is_publishing
        stage.find(ada).impair()
        with viewer(stage, eve, ada) as other:  # as aiortc waits for long where it misses many
            other.sees(180)
        assert (sending.state, seeing.state) == ("connected", "connected")
        assert stage.events(ada) == [("JOINED", None), ("PUBLISH_STARTED", None)]


def test_one_is_starved(stage: Meeting) -> None:
    """A test drops what a client receives, over HTTP: it sees nothing new, and others do."""
    ada, bob, eve = stage.token(), stage.token(), stage.token()
    there = [stage.sim.stages.let_in(each["token"], participants.Client()) for each in (bob, eve)]
    with publisher(stage, ada), viewer(stage, bob, ada) as seeing, viewer(stage, eve, ada) as other:
        seeing.sees(180)
        other.sees(180)
        address = f"{stage.server.url}/_ivsim/participants/{there[0].participant_id}/impair"
        shown = requests.post(address, json={"receivedLoss": 1}, timeout=DEADLINE).json()
        assert (shown["isRemote"], shown["sentLoss"], shown["receivedLoss"]) == (True, 0, 1)
        stands_still(seeing)
        goes_on(other)
        requests.post(address, timeout=DEADLINE)
        goes_on(seeing)


def test_expired_on_the_stage(stage: Meeting) -> None:
    """Whose token expires stays and is seen as before; with it nothing new is begun, and what was is let go of."""
    ada, bob = stage.token(duration=1), stage.token()
    stage.sim.stages.join(bob["token"])
    with publisher(stage, ada) as sending, viewer(stage, bob, ada) as seeing:
        seeing.sees(180)
        stage.sim.clock.advance(3600)
        goes_on(seeing)
        refused = post(stage, f"/publish/{ada['participantId']}", ada["token"])
        assert (refused.status_code, refused.text.partition(":")[0]) == (401, "TOKEN_EXPIRED")
        assert stage.find(ada).is_publishing
        assert sending.delete().status_code == 200


def test_of_another(stage: Meeting) -> None:
    """Nobody publishes as another, or lets go of what is another's."""
    ada, bob = stage.token(), stage.token()
    refused = post(stage, f"/publish/{bob['participantId']}", ada["token"])
    assert (refused.status_code, refused.text.partition(":")[0]) == (403, "TOKEN_NOT_ALLOWED")
    address = post(stage, "/", ada["token"]).headers["Location"]
    for token in (bob["token"], "eyJ.a.b"):
        kept = requests.delete(address, headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE)
        assert kept.status_code in (401, 403)
    stage.sim.stages.join(bob["token"])
    assert (
        requests.delete(address, headers={"Authorization": f"Bearer {bob['token']}"}, timeout=DEADLINE).status_code
        == 403
    )
    assert stage.find(ada).is_connected


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (HEAD + AUDIO + VIDEO.replace("H264", "VP9"), "INVALID_VIDEO_CODEC"),
        (HEAD + AUDIO.replace("opus", "L16") + VIDEO, "INVALID_AUDIO_CODEC"),
        (HEAD + AUDIO.partition("a=rtpmap")[0] + VIDEO, "INVALID_AUDIO_CODEC"),
    ],
)
def test_codecs(stage: Meeting, offer: str, code: str) -> None:
    """Who offers another codec than a stage takes is refused, of which an event tells."""
    token = stage.token()
    refused = post(stage, "/", token["token"], offer)
    assert (refused.status_code, refused.text.partition(":")[0]) == (422, code)
    assert stage.events(token) == [("JOINED", None), ("PUBLISH_ERROR", code), ("LEFT", None)]


@pytest.mark.parametrize("body", ["", "{}", HEAD, HEAD + AUDIO.replace("sendonly", "recvonly")])
def test_no_offer(stage: Meeting, body: str) -> None:
    """What is no offer, or offers to send nothing, is refused, and nobody stays."""
    assert post(stage, "/", stage.token()["token"], body).status_code == 422
    assert stage.sim.stages.participants == []


def test_subscriptions_that_cannot_be(stage: Meeting) -> None:
    """Who may not subscribe, wants one who does not publish, or receives no codec of a stage's, is refused."""
    bob, eve = stage.token(), stage.token(capabilities=["PUBLISH"])
    stage.sim.stages.join(bob["token"])
    refused = post(stage, "/subscribe/nobody", bob["token"], WANTED)
    assert (refused.status_code, refused.text.partition(":")[0]) == (404, "PUBLISHER_NOT_FOUND")
    refused = post(stage, "/subscribe/nobody", bob["token"], WANTED.replace("H264", "VP9").replace("opus", "L16"))
    assert (refused.status_code, refused.text) == (422, "the offer receives neither H264 nor Opus\n")
    refused = post(stage, "/subscribe/nobody", eve["token"], WANTED)
    assert (refused.status_code, refused.text.partition(":")[0]) == (403, "INSUFFICIENT_CAPABILITIES")
    assert not stage.find(eve).is_connected


def test_received_with_a_token_alone(stage: Meeting) -> None:
    """Who subscribes without the events, as AWS's samples do, is on the stage until the last connection ends."""
    ada, bob, eve = stage.token(), stage.token(), stage.token()
    with publisher(stage, ada), publisher(stage, bob), viewer(stage, eve, ada) as first:
        with viewer(stage, eve, bob) as second:
            first.sees(180)
            second.sees(180)
            assert stage.find(eve).is_subscribed_to(ada["participantId"])
        until(lambda: not stage.find(eve).is_subscribed_to(bob["participantId"]))
        assert stage.find(eve).is_connected
        assert first.delete().status_code == 200
        assert not stage.find(eve).is_connected
    assert [name for name, _ in stage.events(eve)][:2] == ["JOINED", "SUBSCRIBE_STARTED"]


@pytest.mark.parametrize("is_first", [True, False])
def test_sent_and_received_with_a_token_alone(stage: Meeting, *, is_first: bool) -> None:
    """Who publishes without the events subscribes too, in whatever order, and is one participant."""
    ada, bob = stage.token(), stage.token()
    with publisher(stage, ada), ExitStack() as bobs:
        if is_first:
            bobs.enter_context(publisher(stage, bob, Pictures(SMALL)))
        bobs.enter_context(viewer(stage, bob, ada)).sees(180)
        if not is_first:
            bobs.enter_context(publisher(stage, bob, Pictures(SMALL)))
        assert stage.find(bob).is_publishing
        assert sorted(name for name, _ in stage.events(bob)) == ["JOINED", "PUBLISH_STARTED", "SUBSCRIBE_STARTED"]
    until(lambda: not stage.find(bob).is_connected)


def test_events_after_media(stage: Meeting) -> None:
    """Who publishes with a token, and then hears the events with it, is the same, and stays when publishing ends."""
    ada, bob = stage.token(userId="ada"), stage.token(userId="bob")
    with publisher(stage, ada) as sending:
        with Page(stage.server, ada["token"], sdk_path(stage.arn)) as page:
            page.until_it_sees("ada")
            stage.sim.stages.join(bob["token"])
            page.until_it_sees("ada", "bob")
            assert (sending.state, stage.find(ada).is_publishing) == ("connected", True)
            assert sending.delete().status_code == 200
            assert (stage.find(ada).is_connected, stage.find(ada).is_publishing) == (True, False)
        until(lambda: not stage.find(ada).is_connected)
    assert [name for name, _ in stage.events(ada)] == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]


def test_reset_after_both(stage: Meeting) -> None:
    """Who publishes, and hears of the stage by events that came later, is gone with a reset, from both."""
    ada = stage.token(userId="ada")
    with publisher(stage, ada) as sending, Page(stage.server, ada["token"], sdk_path(stage.arn)) as page:
        page.until_it_sees("ada")
        stage.sim.reset()
        until(lambda: sending.state == "closed")
    assert stage.sim.stages.participants == []


def test_other_requests(stage: Meeting) -> None:
    """What is POSTed is an offer, and what it was for is DELETEd: other requests are told so."""
    url, token = stage.server.url, stage.token()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(f"{url}/publish/abc", "{}", headers=headers, timeout=DEADLINE).status_code == 415
    got = requests.get(f"{url}/publish/abc", headers=headers, timeout=DEADLINE)
    assert (got.status_code, got.headers["Allow"]) == (405, "POST, OPTIONS")
    address = post(stage, "/", token).headers["Location"]
    got = requests.put(address, "a=ice-ufrag:x", headers=headers, timeout=DEADLINE)
    assert (got.status_code, got.headers["Allow"]) == (405, "PATCH, DELETE, OPTIONS")


def test_trickle(stage: Meeting) -> None:
    """A client whose candidates come after the offer publishes."""
    ada = stage.token()
    with Client(stage.server.url, ada["token"], Pictures(FORM), trickles=True):
        until(lambda: stage.find(ada).is_publishing)


def test_ffmpeg(stage: Meeting) -> None:
    """The tool ffmpeg publishes H.264 and Opus with nothing but address and token, and prints why it may not."""
    program = executable("whip")
    if program is None:
        pytest.skip("ffmpeg is not installed, or has no WHIP, as from 8 on it may")
    source = ["-re", "-f", "lavfi", "-i", "testsrc=s=320x180:r=30", "-f", "lavfi", "-i", "sine=r=48000", "-t", "60"]
    codecs = ["-c:v", "libx264", "-profile:v", "baseline", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "libopus"]
    ada, bob, eve = stage.token(), stage.token(), stage.token(capabilities=["SUBSCRIBE"])
    watching = stage.sim.stages.join(bob["token"])

    def ffmpeg(token: dict[str, Any]) -> list[str]:
        to = ["-ac", "2", "-f", "whip", "-authorization", token["token"], f"{stage.server.url}/"]
        return [program, "-v", "error", "-nostdin", *source, *codecs, *to]

    refused = subprocess.run(ffmpeg(eve), capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert "403" in refused.stderr
    with subprocess.Popen(ffmpeg(ada), stderr=subprocess.DEVNULL) as pushing:
        until(lambda: any(each.is_publishing for each in stage.sim.stages.participants))
        record = stage.find(ada).participant
        assert record is not None
        assert [(each.width, each.height, each.codec) for each in record.video] == [(320, 180, "H264")]
        with viewer(stage, bob, ada) as seeing:
            until(lambda: seeing.shown and seeing.sound)
            call(stage.sim, "DisconnectParticipant", stageArn=stage.arn, participantId=ada["participantId"])
            until(lambda: seeing.state == "closed")
        pushing.kill()
    assert watching.is_connected
    assert [name for name, _ in stage.events(ada)] == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]


FRAGMENT = "a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlig\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (FRAGMENT, {}, 204),
        (FRAGMENT, {"If-Match": '"another", {tag}'}, 204),
        (FRAGMENT, {"If-Match": "*"}, 204),
        (FRAGMENT, {"If-Match": ""}, 428),
        (FRAGMENT, {"If-Match": '"another"'}, 412),
        (FRAGMENT, {"If-Match": "W/{tag}"}, 412),
        (FRAGMENT, {"Content-Type": "application/sdp"}, 415),
        ("", {}, 400),
        ("candidates", {}, 400),
        (f"{FRAGMENT}candidates", {}, 400),
        (FRAGMENT.replace("4ZcD", "EsAw"), {"If-Match": '"*"'}, 422),
    ],
)
def test_candidates(stage: Meeting, body: str, headers: dict[str, str], status: int) -> None:
    """Candidates are taken by the rules of RFC 9725, which has no other requests of PATCH but a restart of ICE."""
    token = stage.token()
    answer = post(stage, "/", token["token"])
    assert answer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    sent = {"Authorization": f"Bearer {token['token']}", "Content-Type": "application/trickle-ice-sdpfrag"}
    sent |= {"If-Match": "{tag}", **headers}
    sent["If-Match"] = sent["If-Match"].replace("{tag}", answer.headers["ETag"])
    told = requests.patch(answer.headers["Location"], body, headers=sent, timeout=DEADLINE)
    assert told.status_code == status
    assert len(told.text.splitlines()) == (status != 204)
    assert stage.find(token).is_connected


def test_the_global_address(stage: Meeting) -> None:
    """A client that offers at the address for all stages is sent on, and publishes where it comes to."""
    ada = stage.token()
    refused = requests.post(f"{stage.server.url}/global.whip", OFFER, allow_redirects=False, timeout=DEADLINE)
    assert (refused.status_code, refused.headers["Location"]) == (307, f"{stage.server.url}/")
    with publisher(stage, ada, path="/global.whip") as sending:
        assert sending.answer.url == f"{stage.server.url}/"
        assert sending.delete().status_code == 200


def test_calls_meanwhile(stage: Meeting) -> None:
    """Calls of the API are answered while media go through."""
    with publisher(stage, stage.token()):
        began = time.monotonic()
        for _ in range(20):
            call(stage.sim, "ListStages")
            requests.post(f"{stage.server.url}/ListStages", "{}", timeout=DEADLINE)
        assert time.monotonic() - began < DEADLINE


def test_loopback_alone(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a network the server is reached on loopback."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])
    answer = post(stage, "/", stage.token()["token"])
    candidates = [line.split()[4] for line in answer.text.splitlines() if line.startswith("a=candidate")]
    assert set(candidates) == {"127.0.0.1"}
    assert socket.gethostbyname("localhost") == "127.0.0.1"


def test_bug_at_one(stage: Meeting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What fails at one client is logged, and the others have their turn."""
    ada, bob = stage.token(), stage.token()
    with publisher(stage, ada), publisher(stage, bob):
        monkeypatch.setattr("ivsim.server.stages.media.Published.look", lambda _: 1 // 0)
        until(lambda: caplog.text.count("ZeroDivisionError") >= 2)
        monkeypatch.undo()
        stage.find(bob).leave()
        until(lambda: len(stage.sim.stages.participants) == 1)


def test_sound_alone(stage: Meeting) -> None:
    """Who offers to send a sound and to receive a picture publishes the sound."""
    token = stage.token()
    offer = HEAD + AUDIO + VIDEO.replace("a=rtpmap:96", "a=recvonly\na=rtpmap:96")
    answer = post(stage, "/", token["token"], f"{offer}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:2\n")
    assert answer.status_code == 201
    assert "m=video 0 " in answer.text
    assert "m=application 0 " in answer.text


def test_codec_of_one_who_publishes(stage: Meeting) -> None:
    """Who publishes already, and offers another codec, is refused without an end to that."""
    token = stage.token()
    there = stage.sim.stages.join(token["token"])
    there.publish()
    refused = post(stage, "/", token["token"], OFFER.replace("H264", "VP9"))
    assert (refused.status_code, refused.text) == (422, "a stage takes H264 and Opus, not vp8\n")
    assert there.is_publishing


@pytest.mark.needs("ImportPublicKey")
def test_after_an_exchange(stage: Meeting) -> None:
    """Whose token was exchanged lets go of its connection with the new one."""
    sign = BackEnd()
    old, new = sign(stage.sim, stage.arn, user_id="ada"), sign(stage.sim, stage.arn, user_id="star")
    there = stage.sim.stages.join(old)
    with Client(stage.server.url, old, Pictures(FORM)) as sending:
        until(lambda: there.is_publishing)
        there.exchange_token(new)
        sending.headers["Authorization"] = f"Bearer {new}"
        assert sending.delete().status_code == 200
    assert (there.is_connected, there.is_publishing) == (True, False)


def test_found_to_end_twice(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found to have to end for two reasons ends once."""
    token = stage.token()
    with publisher(stage, token) as sending:
        monkeypatch.setattr("ivsim.server.stages.media.Published.look", lambda self: (self.finish(), self.finish()))
        until(lambda: sending.state == "closed")
    assert not stage.find(token).is_connected


def test_twice_at_once(stage: Meeting) -> None:
    """A connection that is let go of twice at the same moment is let go of once."""
    with publisher(stage, stage.token()) as sending:
        address, headers = sending.answer.headers["Location"], sending.headers
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda _: requests.delete(address, headers=headers, timeout=DEADLINE), range(4)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404]


@pytest.fixture
def restart(stage: Meeting) -> Iterator[Callable[[], Meeting]]:
    """A function that returns the stage on a second server, with the state of the first as it is then."""
    with ExitStack() as servers:

        def restart() -> Meeting:
            sim = Emulator()
            sim.loads(stage.sim.dumps())
            return Meeting(sim, servers.enter_context(sim.serve()), stage.arn)

        yield restart


def test_back_after_a_restart(stage: Meeting, restart: Callable[[], Meeting], monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients of WHIP that come back to a server that was killed stay on the stage; those that do not come leave."""
    monkeypatch.setattr("ivsim.server.stages.hub.PATIENCE", 3)
    ada, bob, eve, joe = (stage.token() for _ in range(4))
    with publisher(stage, ada), publisher(stage, joe), viewer(stage, bob, joe) as one, viewer(stage, eve, joe) as other:
        one.sees(180)
        other.sees(180)
        later = restart()
    with publisher(later, ada) as sending, viewer(later, bob, ada) as seeing:
        until(lambda: not later.find(eve).is_connected)
        until(lambda: not later.find(joe).is_connected)
        assert (later.find(ada).is_publishing, later.find(bob).is_connected) == (True, True)
        seeing.sees(180)
        assert sending.delete().status_code == 200
    until(lambda: not later.sim.stages.participants)
    assert [name for name, _ in later.events(bob)][:2] == ["JOINED", "SUBSCRIBE_STARTED"]


def test_media_that_are_lost(stage: Meeting, restart: Callable[[], Meeting]) -> None:
    """Who was seen by a connection to a server that is gone is seen no more, and nobody is subscribed by one."""
    ada, bob = stage.token(userId="ada"), stage.token(userId="bob")
    with (
        Page(stage.server, ada["token"], sdk_path(stage.arn)) as page,
        Page(stage.server, bob["token"], sdk_path(stage.arn)),
        publisher(stage, ada, path=f"/publish/{ada['participantId']}"),
        viewer(stage, bob, ada) as seeing,
    ):
        seeing.sees(180)
        page.until_it_sees("ada", "bob")
        later = restart()
        again = later.find(ada)
        with Page(later.server, ada["token"], sdk_path(stage.arn)) as back:
            shown = back.until_it_sees("ada", "bob")["payload"]["participants"]
            assert [each["isPublishing"] for each in shown] == [False, False]
            assert not later.find(bob).is_subscribed_to(again)
            assert again.is_connected
        told = [each["detail"]["event_name"] for each in later.sim.events.of("IVS Stage Update")]
        assert told == ["Participant Published", "Participant Unpublished"]
        assert stage.find(ada).is_publishing


def test_page_with_the_token_of_a_lost_client(stage: Meeting, restart: Callable[[], Meeting]) -> None:
    """A page with the token of a client of WHIP that a restart has lost goes on as that participant, and as a page."""
    ada = stage.token(userId="ada")
    with publisher(stage, ada):
        later = restart()
    with Page(later.server, ada["token"], sdk_path(stage.arn)) as page:
        page.until_it_sees("ada")
        with publisher(later, ada, path=f"/publish/{ada['participantId']}") as sending:
            record = later.find(ada).participant
            assert record is not None
            assert record.browser_name == "Chrome"
            assert sending.delete().status_code == 200
        assert (later.find(ada).is_connected, later.find(ada).is_publishing) == (True, False)
    until(lambda: not later.find(ada).is_connected)
    assert [name for name, _ in later.events(ada)].count("JOINED") == 1


def test_replica_whose_source_publishes_anew(stage: Meeting) -> None:
    """Who sees a replica sees nothing while its source is away, and then what that publishes anew."""
    ada = stage.token()
    stage.sim.stages.join(stage.arn)  # so that the session goes on
    there = Meeting.on(stage.sim, stage.server)
    bob, eve = there.token(), there.token()
    for each in (bob, eve):
        stage.sim.stages.join(each["token"])
    with publisher(stage, ada) as sending:
        to = {"sourceStageArn": stage.arn, "destinationStageArn": there.arn, "participantId": ada["participantId"]}
        call(stage.sim, "StartParticipantReplication", **to, reconnectWindowSeconds=300)
        seeing = viewer(there, bob, ada)
        seeing.sees(180)
        sending.delete()
    with seeing, viewer(there, eve, ada) as other:
        with publisher(stage, ada, Pictures(SMALL), sound()):
            assert {reading.height for _, reading in other.sees(160)} == {160}
            seeing.sees(160)
            heard = len(seeing.sound)
            until(lambda: len(seeing.sound) > heard + 48_000)
        assert {reading.height for _, reading in seeing.seen} == {180, 160}
        assert seeing.state == "connected"


def test_received_again_with_a_token_alone(stage: Meeting) -> None:
    """Who subscribes again without the events, as after a loss, stays on the stage, also when that is refused."""
    ada, eve = stage.token(), stage.token()
    with publisher(stage, ada) as sending, viewer(stage, eve, ada) as first:
        first.sees(180)
        with viewer(stage, eve, ada) as second:
            second.sees(180)
            assert first.delete().status_code == 200
            assert stage.find(eve).is_subscribed_to(ada["participantId"])
            stage.sim.faults.add("StageSubscribe", "INTERNAL_SERVER_EXCEPTION")
            assert post(stage, f"/subscribe/{ada['participantId']}", eve["token"], WANTED).status_code == 500
        until(lambda: not stage.find(eve).is_connected)
        assert sending.delete().status_code == 200
    names = ["JOINED", "SUBSCRIBE_STARTED", "SUBSCRIBE_STOPPED"]
    assert [name for name, _ in stage.events(eve)] == [*names, names[1], names[2], "SUBSCRIBE_ERROR", "LEFT"]


def test_cut_while_it_receives(stage: Meeting) -> None:
    """The connection of one who only receives, without the events, can be cut too, and that is its end."""
    ada, eve = stage.token(), stage.token()
    with publisher(stage, ada), viewer(stage, eve, ada) as seeing:
        seeing.sees(180)
        stage.find(eve).cut()
        until(lambda: seeing.state == "closed")
        until(lambda: not stage.find(eve).is_connected)


def test_details_of_a_page(stage: Meeting) -> None:
    """What a page says of its SDK and its browser when it offers is known of its participant."""
    ada = stage.token(userId="ada")
    with Page(stage.server, ada["token"], sdk_path(stage.arn)) as page:
        page.until_it_sees("ada")
        post(stage, f"/publish/{ada['participantId']}", ada["token"], **{"X-Stages-SDK": "1.41.0"})
        record = stage.find(ada).participant
        assert record is not None
        assert (record.sdk_version, record.browser_name) == ("1.41.0", "Chrome")


def test_thrown_out_and_back(stage: Meeting) -> None:
    """A client of WHIP that was thrown out, and comes again by itself, is refused, of which an event tells."""
    ada = stage.token()
    stage.sim.stages.join(stage.arn)  # so that the session goes on
    with publisher(stage, ada):
        call(stage.sim, "DisconnectParticipant", stageArn=stage.arn, participantId=ada["participantId"])
        for path in ("/", "/subscribe/nobody"):
            refused = post(stage, path, ada["token"])
            assert (refused.status_code, refused.text.partition(":")[0]) == (403, "PARTICIPANT_DISCONNECTED")
    assert stage.events(ada)[-2:] == [("JOIN_ERROR", "INSUFFICIENT_CAPABILITIES")] * 2


def test_no_socket_is_left(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server cannot open a socket for a client it is told so, and is not on the stage."""
    gather = asyncio.BaseEventLoop.create_datagram_endpoint
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", lambda *_, **__: raises(OSError(24, "no")))
    refused = post(stage, "/", stage.token()["token"])
    assert (refused.status_code, len(refused.text.splitlines())) == (503, 1)
    assert stage.sim.stages.participants == []
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", gather)
    with publisher(stage, stage.token()):
        pass


async def raises(error: Exception) -> None:
    """Fail."""
    raise error


def test_bug_at_an_answer(stage: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose offer cannot be answered as we have a bug is not on the stage."""
    monkeypatch.setattr(Connection, "listen", lambda *_: raises(ZeroDivisionError()))
    assert post(stage, "/", stage.token()["token"]).status_code == 500
    assert stage.sim.stages.participants == []


def test_an_offer_while_the_server_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who offers as the server stops is not on the stage afterwards."""
    sim = Emulator(seed=1)
    begun, stopped = threading.Event(), asyncio.Event()
    aclose, sleep = Handles.aclose, asyncio.sleep

    async def wait(seconds: float) -> None:
        if seconds == 1000:
            begun.set()
            await stopped.wait()
        else:
            await sleep(seconds)

    async def stop(handles: Handles) -> None:
        await aclose(handles)
        stopped.set()

    monkeypatch.setattr("asyncio.sleep", wait)
    monkeypatch.setattr(Handles, "aclose", stop)
    with ThreadPoolExecutor() as pool, sim.serve() as server:
        stage = Meeting.on(sim, server)
        sim.faults.latency("StagePublish", 1000)
        answer = pool.submit(post, stage, "/", stage.token()["token"])
        begun.wait(DEADLINE)
        server.close()
        assert answer.exception() is not None or answer.result().status_code == 503
    assert sim.stages.participants == []
