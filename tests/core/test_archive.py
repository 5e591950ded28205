from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivsim import Emulator, Request, Response, StreamRefused, UnreadableState, playback_token
from ivsim.core import archive
from ivsim.services import SERVICES

from ..calling import call, send, signed

NOON = datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=timezone.utc)
CHAT = {"roomIdentifier": "", "userId": "ada", "capabilities": ["SEND_MESSAGE"], "attributes": {"b": "1", "a": "2"}}


def populate(sim: Emulator) -> str:
    """Put one of everything into an emulator, and return the channel that is live."""
    sim.clock.freeze(NOON)
    s3 = {"s3": {"bucketName": "abc"}}
    recording = call(sim, "CreateRecordingConfiguration", destinationConfiguration=s3).body["recordingConfiguration"]
    call(sim, "CreatePlaybackRestrictionPolicy", allowedCountries=["DE"], tags={"z": "1", "a": "2"})
    key = ec.generate_private_key(ec.SECP384R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    call(sim, "ImportPlaybackKeyPair", publicKeyMaterial=pem)
    ads = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"
    media_tailor = [{"playbackConfigurationArn": ads}]
    with_ads = call(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=media_tailor).body
    call(sim, "CreateFailoverSlateConfiguration", name="slate")
    logs = {"cloudWatchLogs": {"logGroupName": "g"}}
    logging = call(sim, "CreateLoggingConfiguration", destinationConfiguration=logs).body["arn"]
    lobby = call(sim, "CreateRoom", name="lobby", loggingConfigurationIdentifiers=[logging]).body["arn"]
    ada, bob = (
        sim.chat.connect(call(sim, "CreateChatToken", **{**CHAT, "roomIdentifier": lobby}).body["token"])
        for _ in range(2)
    )
    ada.send_message("hello", {"k": "v"})
    ada.send_message("x" * 501)
    bob.receive()
    bob.close()
    sim.clock.advance(6)
    channels = [
        call(sim, "CreateChannel", name=name, recordingConfigurationArn=recording["arn"]).body["channel"]["arn"]
        for name in ("ended", "live", "starting")
    ]
    call(sim, "StartViewerSessionRevocation", channelArn=channels[1], viewerId="v")
    sim.streams.start(channels[0], encoder="ffmpeg").end()
    sim.streams.start(channels[1], viewers=3, video={"videoHeight": 720})
    sim.clock.advance(timedelta(seconds=4, microseconds=1))
    call(sim, "PutMetadata", channelArn=channels[1], metadata="tschüß")
    sim.clock.advance(2)
    ad_configuration = with_ads.get("adConfiguration", {"arn": ""})["arn"]  # which an older botocore does not know
    members = {"name": "private", "authorized": True, "adConfigurationArn": ad_configuration}
    private = call(sim, "CreateChannel", **members).body["channel"]["arn"]
    with sim.streams.start(private) as live:
        sim.clock.advance(4)
        call(sim, "InsertAdBreak", channelArn=private, durationSeconds=30)
        live.starve()
        live.recover()
        once = "8a1f3a06-2a4c-4a7c-9d43-2f1f0b7a8a10"
        token = playback_token(key, private, single_use=once, viewer_id="v", expires_in=60, now=sim.clock.now())
        assert sim.playback.request(private, token=token).status == 200
    sim.streams.start(channels[2])
    call(sim, "CreateRecordingConfiguration", destinationConfiguration=s3, tags={"not": "yet"})
    ada.send_message("goodbye")
    review = {"uri": "arn:aws:lambda:us-east-1:123456789012:function:review", "fallbackResult": "DENY"}
    room = call(sim, "CreateRoom", messageReviewHandler=review, loggingConfigurationIdentifiers=[logging]).body["arn"]
    populate_stages(sim, pem)
    call(sim, "CreateRoom", name="gone")
    call(sim, "DeleteRoom", identifier=call(sim, "ListRooms", name="gone").body["rooms"][0]["arn"])
    call(sim, "CreateChatToken", **{**CHAT, "roomIdentifier": room})
    send(sim, "POST", "/CreateRoom", b'{"name": "far"}', signed("eu-west-1", key="999988887777"))
    emptied = send(sim, "POST", "/CreateRoom", b"{}", signed("ap-south-1", "ivschat")).body["arn"]
    call(sim, "DeleteRoom", identifier=emptied)
    send(sim, "POST", "/GetChannel", b'{"arn": [1.5, null, 1180591620717411303424]}')
    sim.quotas["Channels"] = 6
    sim.chat.webhooks[review["uri"]] = "http://localhost:8080/review"
    sim.faults.add("CreateRoom", "PendingVerification", times=3, message="wait", when={"name": "x", "tags": {"a": "b"}})
    sim.faults.add("TagResource", "InternalServerException", times=None)
    sim.faults.latency("GetStream", 0.1)
    return str(channels[1])


def populate_stages(sim: Emulator, pem: str) -> None:
    """Put one of everything of IVS Real-Time into an emulator."""
    call(sim, "ImportPublicKey", publicKeyMaterial=pem, name="key")
    call(sim, "RevokeConnectionToken", tokenId="gone")
    call(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS", redundantIngest=True)
    encoder = call(sim, "CreateEncoderConfiguration", video={"framerate": 29.97}).body["encoderConfiguration"]["arn"]
    s3 = {"bucketName": "abc"}
    storage = call(sim, "CreateStorageConfiguration", s3=s3).body["storageConfiguration"]["arn"]
    recording = {"storageConfigurationArn": storage, "mediaTypes": ["AUDIO_ONLY"]}
    settings = {"name": "stage", "autoParticipantRecordingConfiguration": recording}
    stages = [call(sim, "CreateStage", **settings).body["stage"]["arn"] for _ in range(2)]
    ada, bob, cleo = (sim.stages.join(stages[0], user_id=name) for name in ("ada", "bob", "cleo"))
    ada.publish()
    bob.subscribe(ada)
    replication = {"sourceStageArn": stages[0], "destinationStageArn": stages[1], "participantId": ada.participant_id}
    call(sim, "StartParticipantReplication", **replication)
    sim.clock.advance(1)
    call(sim, "DisconnectParticipant", stageArn=stages[0], participantId=cleo.participant_id)
    thumbnails = [{"targetIntervalSeconds": 5}]
    tape = {
        "storageConfigurationArn": storage,
        "encoderConfigurationArns": [encoder],
        "thumbnailConfigurations": thumbnails,
    }
    channel = {"channelArn": call(sim, "CreateChannel", name="air").body["channel"]["arn"]}
    for layout in ({"pip": {"pipWidth": 5}}, None):
        destinations = [{"s3": tape}, {"channel": channel, "name": "air"}]
        started = call(sim, "StartComposition", stageArn=stages[0], destinations=destinations, layout=layout)
        sim.clock.advance(3)
    call(sim, "StopComposition", arn=started.body["composition"]["arn"])


@pytest.fixture
def full() -> Emulator:
    sim = Emulator(seed=1, transitions="realistic", rate_limits=True)
    populate(sim)
    return sim


def saved(sim: Emulator, folder: Path) -> bytes:
    """Return what an emulator saves."""
    sim.save(folder / "saved.json")
    return (folder / "saved.json").read_bytes()


def loaded(text: bytes | str, folder: Path, into: Emulator | None = None) -> Emulator:
    """Return an emulator that has loaded what was saved."""
    sim = into or Emulator(transitions="realistic", rate_limits=True)
    (folder / "state.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    sim.load(folder / "state.json")
    return sim


def test_the_same_bytes(full: Emulator, tmp_path: Path) -> None:
    """Two saves are the same bytes, also when the second is of an emulator that loaded the first."""
    text = saved(full, tmp_path)
    assert saved(full, tmp_path) == text
    assert saved(loaded(text, tmp_path), tmp_path) == text
    assert json.loads(text)["format"] == "ivsim"


def test_an_older_file(full: Emulator, tmp_path: Path) -> None:
    """A file of the first release is loaded: calls had no time, and there were no webhooks."""
    older = json.loads(saved(full, tmp_path))
    older["calls"] = [each[:7] for each in older["calls"]]
    del older["webhooks"], older["first_call"], older["first_event"]
    copy = loaded(json.dumps(older), tmp_path)
    assert [each._replace(at=None) for each in full.calls] == list(copy.calls)
    assert copy.chat.webhooks == {}


@pytest.mark.needs("CreateAdConfiguration", "CreateFailoverSlateConfiguration", "RevokeConnectionToken")
def test_every_record(full: Emulator, tmp_path: Path) -> None:
    """Whatever there can be in a table comes back as what it was."""
    copy = loaded(saved(full, tmp_path), tmp_path)
    before, after = full._state.snapshot(), copy._state.snapshot()
    same = before.keys() - {"faults", "weather"}  # no two conditions are equal, and no file has what arrived
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    for service in SERVICES.values():
        tables, series = after["stores"][service.name, "123456789012", "us-east-1"]
        original, _ = before["stores"][service.name, "123456789012", "us-east-1"]
        for name, (rows, _) in tables.items():
            assert rows, f"populate() has nothing for {name}"
            assert [repr(row) for row in rows] == [repr(row) for row in original[name][0]]
        for name, records in series.items():
            assert records, f"populate() has nothing for {name}"


def test_in_pieces(full: Emulator, tmp_path: Path) -> None:
    """What a server writes piece by piece, and on one line, is the same state."""
    for number in range(500):
        call(full, "CreateRoom", name=f"room-{number}")
    pieces = list(archive.encode(archive.take_snapshot(full._state)))
    assert max(map(len, pieces)) < len(b"".join(pieces)) / 4
    text = archive.dumps(full._state)
    assert b"".join(pieces) == text
    assert json.loads(text) == json.loads(saved(full, tmp_path))
    copy = Emulator(transitions="realistic", rate_limits=True)
    archive.loads(copy._state, SERVICES, text, "what came")
    assert archive.dumps(copy._state) == text
    with pytest.raises(UnreadableState, match=r"^what came: this is not JSON"):
        archive.loads(copy._state, SERVICES, text[:-1], "what came")


def test_goes_on_as_the_other_would_have(full: Emulator, tmp_path: Path) -> None:
    """Timers, ids, page tokens, faults, quotas and rates go on where they were."""
    token = call(full, "ListChannels", maxResults=1).body["nextToken"]
    copy = loaded(saved(full, tmp_path), tmp_path)

    def story(sim: Emulator) -> list[Any]:
        told: list[Any] = [call(sim, "ListChannels", nextToken=token, maxResults=1)]
        starting = told[0].body["channels"][0]["arn"]
        told += [call(sim, "GetStream", channelArn=starting)]
        sim.clock.advance(5)
        told += [call(sim, "ListStreams"), call(sim, "ListRecordingConfigurations"), *sim.events]
        told += [call(sim, "CreateRoom", name="x", tags={"a": "b"}) for _ in range(6)]
        told += [call(sim, "CreateChannel") for _ in range(2)]
        told += [sim.streams.start(told[-2].body["channel"]["arn"]).stream_id, sim.clock.time(), *sim.calls]
        return told

    assert story(copy) == story(full)
    assert saved(copy, tmp_path) == saved(full, tmp_path)


def test_clock(tmp_path: Path) -> None:
    """A frozen clock comes back frozen, to the bit; a running one runs on, and brings what fell due."""
    import time_machine

    sim = Emulator(transitions="realistic")
    with time_machine.travel(NOON, tick=False):
        sim.clock.advance(0.1)
        arn = call(sim, "CreateChannel").body["channel"]["arn"]
        sim.streams.start(arn)
        running = saved(sim, tmp_path)
        sim.clock.freeze()
        frozen = saved(sim, tmp_path)
        at = sim.clock.time()
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        sim = loaded(running, tmp_path, Emulator())
        assert sim.clock.now() == NOON + timedelta(days=1, seconds=0.1)
        assert call(sim, "GetStream", channelArn=arn).body["stream"]["state"] == "LIVE"
        assert [event["time"] for event in sim.events] == ["2026-11-21T12:00:00Z", "2026-11-21T12:00:04Z"]
        sim = loaded(frozen, tmp_path, sim)
        assert sim.clock.time() == at
        assert call(sim, "GetStream", channelArn=arn).code == "ChannelNotBroadcasting"


def test_what_belongs_to_the_emulator_stays(full: Emulator, tmp_path: Path) -> None:
    """Options and subscriptions are those of the emulator that loads, and the rest of what it had is gone."""
    heard: list[Any] = []
    sim = Emulator(account_id="210987654321", region="eu-west-1", quotas={"Rooms": 1}, transitions="immediate")
    sim.events.subscribe(heard.append)
    sim.faults.add("ListRooms", "ThrottlingException")
    for service in ("us-west-2", "eu-west-1"):
        send(sim, "POST", "/CreateRoom", b"{}", signed(service))
    live = sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"])
    loaded(saved(full, tmp_path), tmp_path, sim)
    assert (sim.account_id, sim.region, sim.quotas["Rooms"], sim.quotas["Channels"]) == (
        "210987654321",
        "eu-west-1",
        50_000,
        6,
    )
    assert send(sim, "POST", "/ListRooms", b"{}", signed("us-west-2")).body == {"rooms": []}
    assert not live.is_live
    assert live.metadata == []
    del heard[:]
    live.end()
    assert heard == []
    sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"]).end()
    assert len(heard) == 4


def test_a_stream_in_the_hand(sim: Emulator, tmp_path: Path) -> None:
    """Whoever holds a stream holds it after a load too, as it was when it was saved."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    live = sim.streams.start(arn)
    text = saved(sim, tmp_path)
    live.end()
    loaded(text, tmp_path, sim)
    live.set_viewers(5)
    assert call(sim, "GetStream", channelArn=arn).body["stream"]["viewerCount"] == 5
    live.end()
    assert not live.is_live


def test_nothing_is_a_state_too(tmp_path: Path) -> None:
    """An emulator in which nothing has happened yet is saved and loaded like any other."""
    sim = Emulator(seed=1)
    call(sim, "ListChannels")
    sim.reset()
    text = saved(sim, tmp_path)
    assert json.loads(text)["stores"] == []
    full = Emulator(seed=2)
    call(full, "CreateRoom")
    assert saved(loaded(text, tmp_path, full), tmp_path) == text


@pytest.mark.parametrize(
    "when", [lambda _: True, {"tags": {"a"}}, {"tags": ("a",)}, {"tags": {1: 2}}, {"name": "\ud800"}]
)
def test_what_a_file_cannot_keep(sim: Emulator, tmp_path: Path, when: Any) -> None:
    """A fault for parameters that are no JSON is an error that names it, and what was saved before is still there."""
    before = saved(sim, tmp_path)
    sim.faults.add("CreateRoom", "PendingVerification", when=when)
    with pytest.raises(ValueError, match=r"the fault of ivschat:CreateRoom cannot be saved: its `when`, .*, is"):
        sim.save(tmp_path / "saved.json")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [before]


def test_files(sim: Emulator, tmp_path: Path) -> None:
    """Paths are strings or path objects; what the file system refuses is its own error, and leaves nothing behind."""
    sim.save(str(tmp_path / "state.json"))
    sim.load(str(tmp_path / "state.json"))
    (tmp_path / "link.json").symlink_to(tmp_path / "state.json")
    call(sim, "CreateRoom")
    sim.save(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert b"room/" in (tmp_path / "state.json").read_bytes()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        sim.save(tmp_path / "folder")
    with pytest.raises(FileNotFoundError, match=r"nowhere/state\.json"):
        sim.save(tmp_path / "nowhere" / "state.json")
    with pytest.raises(FileNotFoundError):
        sim.load(tmp_path / "nothing.json")
    assert {each.name for each in tmp_path.iterdir()} == {"state.json", "link.json", "folder"}


# Files that cannot be loaded


def refused(sim: Emulator, text: bytes | str, folder: Path) -> str:
    """Check that a file is refused and nothing has changed, and return why, without the file's name."""
    before = saved(sim, folder)
    with pytest.raises(UnreadableState) as refusal:
        loaded(text, folder, sim)
    assert saved(sim, folder) == before
    name, _, reason = str(refusal.value).partition(": ")
    assert name == str(folder / "state.json")
    return reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the file is empty"),
        (b"\x00\xff", "this is not JSON: "),
        (b'{"format": "ivsim", "version": 1, "release": "\xff"}', "this is not JSON: "),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"{}", "this is not a state that ivsim saved: it has no `format` 'ivsim'"),
        (b"[]", "this is not a state that ivsim saved"),
        (b'{"format": "terraform", "version": 1}', "this is not a state that ivsim saved"),
        (b'{"format": "ivsim"}', "ivsim None wrote it in version None of the format; ivsim "),
        (
            b'{"format": "ivsim", "version": 2, "release": "9.1", "more": {}}',
            "ivsim 9.1 wrote it in version 2 of the format; ivsim ",
        ),
        (b'{"format": "ivsim", "version": true}', "$.version: Expected `int`, got `bool`"),
    ],
    ids=lambda each: None if isinstance(each, str) else repr(each[:20]),
)
def test_foreign_files(full: Emulator, tmp_path: Path, text: bytes, reason: str) -> None:
    """What ivsim did not write, or a newer one did, is refused as what it is."""
    assert refused(full, text, tmp_path).startswith(reason)


def table(document: Any, name: str) -> Any:
    """Return a table of a saved document."""
    return next(store["tables"][name] for store in document["stores"] if name in store["tables"])


CHANNEL = "$.stores[0].tables.channel"
DAMAGES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda it: it.update(more=1), "$.more: there is no member 'more'; did you mean 'stores'?"),
    (lambda it: it.pop("ids"), "$: Object missing required field `ids`"),
    (lambda it: it.update(version=1.0), "$.version: Expected `int`, got `float`"),
    (lambda it: it["clock"].update(offset="0"), "$.clock.offset: Expected `int`, got `str`"),
    (
        lambda it: it["clock"].update(frozen=10**18),
        "$.clock: 1000000000000000000 is not a time in microseconds since 1970",
    ),
    (lambda it: it["clock"].update(offset=10**18, frozen=None), "is not a time in microseconds since 1970"),
    (lambda it: it["clock"].update(next_serial=0), "$.clock.timers[0]: the serial is not below `next_serial`"),
    (lambda it: it["clock"]["timers"].reverse(), "$.clock.timers[1]: timers are not in the order in which they fire"),
    (lambda it: it["clock"]["timers"][0][2].pop(), "$.clock.timers[0][2]: Expected `array` of length 5, got 4"),
    (
        lambda it: it["clock"]["timers"][0][2].__setitem__(0, "s3"),
        "$.clock.timers[0]: there is no service 's3'; there are 'ivs', 'ivs-realtime', 'ivschat'",
    ),
    (
        lambda it: it["clock"]["timers"][0][2].__setitem__(3, "_stop"),
        "$.clock.timers[0]: there is no task '_stop'",
    ),
    (
        lambda it: it["clock"]["timers"][0][2].__setitem__(4, []),
        "missing a required argument: 'stream_id'",
    ),
    (lambda it: it["quotas"].update(Channel=1), "$.quotas: there is no quota 'Channel'; did you mean 'Channels'?"),
    (lambda it: it["quotas"].update(Channels=-1), "$.quotas[...]: Expected `int` >= 0"),
    (lambda it: it["faults"][0].update(left=0), "$.faults[0].left: Expected `int` >= 1"),
    (lambda it: it["faults"][0].update(error_code="Pending"), "there is no error of ivschat:CreateRoom 'Pending'"),
    (lambda it: it["faults"][0].update(operations=["ivs:CreateRom"]), "there is no operation 'ivs:CreateRom'"),
    (lambda it: it["faults"][0].update(when=[]), "$.faults[0].when: Expected `object | null`, got `array`"),
    (lambda it: it["latencies"].update({"ivs:GetStream": -1}), "$.latencies[...]: Expected `float` >= 0.0"),
    (lambda it: it["latencies"].update({"ivs:X": 1}), "$.latencies: there is no operation 'ivs:X'"),
    (lambda it: it["rates"][0][1].append("now"), "$.rates[0][1][1]: Expected `int`, got `str`"),
    (lambda it: it["ids"].update(secret="?"), "$.ids.secret: Invalid base64 encoded string"),
    (lambda it: it["ids"].update(random="AAAA"), "$.ids: the state of a stream has 2500 bytes, not 3"),
    (lambda it: it["ids"].update(requests="/" * 3333 + "w=="), "$.ids: invalid state"),
    (lambda it: it["events"][0].pop("detail-type"), "$.events[0]: Object missing required field `detail-type`"),
    (lambda it: it["calls"][0].append(1), "$.calls[0]: Expected `array` of length 7 to 8, got 9"),
    (lambda it: it["stores"].append(it["stores"][0]), "ivs 123456789012 us-east-1 is there twice"),
    (lambda it: it["stores"][0].update(service="s3"), "$.stores[0].service: there is no service 's3'"),
    (
        lambda it: it["stores"][0]["tables"].update(stage=table(it, "channel")),
        "$.stores[0].tables: there is no table 'stage'",
    ),
    (
        lambda it: it["stores"][0]["series"].update(meta={"records": "str", "by_key": {}}),
        "$.stores[0].series: there is no series 'meta'",
    ),
    (
        lambda it: it["stores"][0]["series"]["metadata"].update(records="Metadata"),
        "$.stores[0].series.metadata.records: there is no record 'Metadata'",
    ),
    (
        lambda it: next(iter(it["stores"][0]["series"]["metadata"]["by_key"].values()))[0].__setitem__(1, 5),
        "'][0][1]: Expected `str`, got `int`",
    ),
    (
        lambda it: table(it, "channel").update(records="Chanel"),
        f"{CHANNEL}.records: there is no record 'Chanel'; did you mean 'Channel' or 'Cell'?",
    ),
    (
        lambda it: table(it, "channel").update(records="system"),
        f"{CHANNEL}.records: there is no record 'system'",
    ),
    (lambda it: table(it, "channel")["rows"].reverse(), f"{CHANNEL}: serials do not grow from row to row"),
    (lambda it: table(it, "channel").update(last_serial=1), f"{CHANNEL}: serials do not grow from row to row"),
    (
        lambda it: table(it, "channel")["rows"][1].__setitem__(1, table(it, "channel")["rows"][0][1]),
        f"{CHANNEL}: a key is there twice",
    ),
    (
        lambda it: table(it, "channel")["rows"][2][2]["tags"].update(a=None),
        f"{CHANNEL}.rows[2][2].tags[...]: Expected `str`, got `null`",
    ),
    (
        lambda it: table(it, "channel")["rows"][2][2].update(colour="blue"),
        f"{CHANNEL}.rows[2][2].colour: there is no member 'colour'; there are 'ad_configuration_arn'",
    ),
    (
        lambda it: table(it, "stream-session")["rows"][0][2].update(start_time="2026-11-21T12:00:00"),
        "$.stores[0].tables.stream-session.rows[0][2].start_time: '2026-11-21T12:00:00' has no time zone",
    ),
]


@pytest.mark.parametrize(("damage", "reason"), DAMAGES, ids=[reason for _, reason in DAMAGES])
def test_damaged_files(full: Emulator, tmp_path: Path, damage: Callable[[Any], Any], reason: str) -> None:
    """What is wrong is said with its place and the rule, and nothing has changed."""
    document = json.loads(saved(full, tmp_path))
    damage(document)
    assert reason in refused(full, json.dumps(document), tmp_path)


def test_fields_that_are_younger_than_the_file(full: Emulator, tmp_path: Path) -> None:
    """A member with a default may be absent, as in a file of a release that did not have it yet."""
    text = saved(full, tmp_path)
    document = json.loads(text)
    for _, _, record in table(document, "channel")["rows"]:
        del record["preset"]
    assert saved(loaded(json.dumps(document), tmp_path), tmp_path) == text


SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


@SLOW
@given(data=st.data())
def test_cut_files(data: st.DataObject, full: Emulator, tmp_path: Path) -> None:
    """A file that ends early is refused, wherever it ends."""
    text = saved(full, tmp_path)
    refused(full, text[: data.draw(st.integers(0, len(text) - 2))], tmp_path)


@settings(SLOW, max_examples=150)
@given(data=st.data())
def test_anything_else_in_a_file(data: st.DataObject, full: Emulator, tmp_path: Path) -> None:
    """Whatever becomes of whatever is in a file: it is refused and nothing has changed, or what it says is there."""
    document = json.loads(saved(full, tmp_path))
    inside: Any = document
    while True:
        place = data.draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        if not (isinstance(inside[place], (dict, list)) and inside[place] and data.draw(st.integers(0, 9))):
            break
        inside = inside[place]
    what = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if what == "replace":
        inside[place] = data.draw(VALUES)
    elif what == "remove":
        del inside[place]
    elif isinstance(inside, dict):
        inside[data.draw(st.text(max_size=4))] = data.draw(VALUES)
    else:
        inside.insert(place, data.draw(VALUES))
    before = saved(full, tmp_path)
    try:
        sim = loaded(json.dumps(document), tmp_path, full)
    except UnreadableState:
        assert saved(full, tmp_path) == before
    else:
        text = saved(sim, tmp_path)
        assert saved(loaded(text, tmp_path), tmp_path) == text
        loaded(before, tmp_path, full)


# Whatever was done before, and whatever is done after


def ask(sim: Emulator, operation: str, **members: Any) -> Response:
    """Call an operation, and return the answer as it is sent."""
    return sim.handle(Request("POST", f"/{operation}", signed(), json.dumps(members).encode()))


def go_live(sim: Emulator, arn: str, viewers: int) -> str:
    """Return the id of the stream, or why there is none."""
    try:
        return sim.streams.start(arn, viewers=viewers).stream_id
    except StreamRefused as refusal:
        return str(refusal)


def a_channel(sim: Emulator, number: int) -> str:
    """Return one of the channels, if there is one."""
    arns = [channel["arn"] for channel in call(sim, "ListChannels").body.get("channels", ())]
    return str(arns[number % len(arns)]) if arns else "none"


def a_room(sim: Emulator, number: int) -> str:
    """Return one of the rooms, if there is one."""
    arns = [room["arn"] for room in call(sim, "ListRooms").body.get("rooms", ())]
    return str(arns[number % len(arns)]) if arns else "none"


STEPS: list[Callable[[Emulator, int], object]] = [
    lambda sim, number: ask(sim, "CreateChannel", name=f"c{number}", tags={"z": "1", "a": "2"}),
    lambda sim, number: ask(sim, "DeleteChannel", arn=a_channel(sim, number)),
    lambda sim, number: go_live(sim, a_channel(sim, number), number),
    lambda sim, number: ask(sim, "PutMetadata", channelArn=a_channel(sim, number), metadata="m"),
    lambda sim, number: ask(sim, "StopStream", channelArn=a_channel(sim, number)),
    lambda sim, _: ask(sim, "ListStreams"),
    lambda sim, number: ask(sim, "ListStreamSessions", channelArn=a_channel(sim, number), maxResults=1),
    lambda sim, _: ask(sim, "CreateRecordingConfiguration", destinationConfiguration={"s3": {"bucketName": "abc"}}),
    lambda sim, _: ask(sim, "ListRecordingConfigurations"),
    lambda sim, number: ask(sim, "CreateRoom", name=f"r{number}"),
    lambda sim, number: ask(sim, "UpdateRoom", identifier=a_room(sim, number), name="updated"),
    lambda sim, number: ask(sim, "DeleteRoom", identifier=a_room(sim, number)),
    lambda sim, number: ask(sim, "CreateChatToken", roomIdentifier=a_room(sim, number), userId="u"),
    lambda sim, _: ask(sim, "ListRooms", maxResults=1),
    lambda sim, number: sim.clock.advance(number / 3),
    lambda sim, number: sim.clock.freeze(sim.clock.now() - timedelta(seconds=number)),
    lambda sim, number: sim.faults.add("CreateChannel", "PendingVerification", times=number or None),
    lambda sim, number: sim.faults.latency("CreateRoom", number),
    lambda sim, _: sim.faults.clear(),
    lambda sim, number: sim.quotas.update({"Channels": number}),
]
SCRIPTS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 4)), max_size=20)


@settings(SLOW, max_examples=150)
@given(before=SCRIPTS, after=SCRIPTS, realistic=st.booleans(), limited=st.booleans())
def test_any_story(before: Any, after: Any, realistic: bool, limited: bool, tmp_path: Path) -> None:
    """Saved and loaded anywhere in any story, it goes on with the same bytes."""
    options: dict[str, Any] = {"transitions": "realistic" if realistic else "immediate", "rate_limits": limited}
    sim, other = Emulator(seed=1, **options), Emulator(seed=2, **options)
    sim.clock.freeze(NOON)
    for step, number in before:
        step(sim, number)
    loaded(saved(sim, tmp_path), tmp_path, other)
    for step, number in after:
        assert step(other, number) == step(sim, number)
    assert saved(other, tmp_path) == saved(sim, tmp_path)


@pytest.mark.parametrize("depth", [100, 980, 5_000])
def test_deep(depth: int, tmp_path: Path) -> None:
    """However deep what a call was sent is nested, it does not make a file that cannot be loaded."""
    sim = Emulator()
    send(sim, "POST", "/CreateChannel", b'{"name": ' + b"[" * depth + b"]" * depth + b"}")
    copy = loaded(saved(sim, tmp_path), tmp_path)
    assert list(copy.calls) == list(sim.calls)
