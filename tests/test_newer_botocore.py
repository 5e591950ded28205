"""A newer botocore breaks nothing that exists.

botocore reads models from `~/.aws/models` before its own, so a process with a home of its own has whatever botocore is
to come: clients and ivsim alike.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

Model = dict[str, Any]

NEW = "BRAND_NEW"
"""A value of an enum that is to come."""


def published(service: str) -> Model:
    """Return the installed botocore's model of a service, to be changed."""
    return copy.deepcopy(json.loads(json.dumps(Loader().load_service_model(service, "service-2"))))


def run(home: Path, alter: Callable[[Model], object], script: str) -> None:
    """Run a script in a process whose botocore has altered models of both services."""
    for service in ("ivs", "ivschat"):
        model = published(service)
        alter(model)
        folder = home / ".aws" / "models" / service / "2099-01-01"
        folder.mkdir(parents=True)
        (folder / "service-2.json").write_text(json.dumps(model))
    environment = {**os.environ, "HOME": str(home), "USERPROFILE": str(home)}
    command = [sys.executable, "-c", PRELUDE + script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


PRELUDE = """
import boto3, json
from botocore.exceptions import ClientError
from ivsim import Emulator, mock_ivs
from ivsim.cli.coverage import coverage_list

def clients():
    return (boto3.client(name, region_name="us-east-1") for name in ("ivs", "ivschat"))

def refused(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("it was let through")

"""


def add_operation(model: Model, name: str, members: Model, required: list[str]) -> None:
    """Give a model one more operation, without output."""
    model["shapes"][f"{name}Request"] = {"type": "structure", "members": members, "required": required}
    model["operations"][name] = {
        "name": name,
        "http": {"method": "POST", "requestUri": f"/{name}"},
        "input": {"shape": f"{name}Request"},
    }


def with_a_noun(model: Model) -> None:
    """Give a model one noun more, with its Create, Get and List operations."""
    service = model["metadata"]["signingName"]
    shapes = model["shapes"]
    shapes["WidgetArn"] = {"type": "string", "pattern": f"arn:aws:{service}:[a-z0-9-]+:[0-9]+:widget/[a-zA-Z0-9-]+"}
    shapes["WidgetName"] = {"type": "string"}
    shapes["Widget"] = {
        "type": "structure",
        "members": {"arn": {"shape": "WidgetArn"}, "name": {"shape": "WidgetName"}},
    }
    shapes["WidgetList"] = {"type": "list", "member": {"shape": "Widget"}}
    shapes["ListWidgetsResponse"] = {"type": "structure", "members": {"widgets": {"shape": "WidgetList"}}}
    shapes["GetWidgetResponse"] = {"type": "structure", "members": {"widget": {"shape": "Widget"}}}
    add_operation(model, "CreateWidget", {"name": {"shape": "WidgetName"}}, [])
    add_operation(model, "GetWidget", {"arn": {"shape": "WidgetArn"}}, ["arn"])
    add_operation(model, "ListWidgets", {}, [])
    for name in ("GetWidget", "ListWidgets"):
        model["operations"][name]["output"] = {"shape": f"{name}Response"}
    listed = {"ivs": "ListChannels", "ivschat": "ListRooms"}[service]
    add_operation(model, f"{listed}ByColour", {}, [])  # of a noun that is known
    model["operations"][f"{listed}ByColour"]["output"] = model["operations"][listed]["output"]


def test_new_nouns_and_operations(tmp_path: Path) -> None:
    """A noun that ivsim does not know is refused by name and shown nowhere; all else is as it was."""
    run(
        tmp_path,
        with_a_noun,
        """
with mock_ivs() as sim:
    ivs, chat = clients()
    channel = ivs.create_channel(name="c")["channel"]["arn"]
    chat.create_room(name="r")
    for client, name in ((ivs, "ivs"), (chat, "ivschat")):
        for call in ("create_widget", "list_widgets"):
            code, message = refused(getattr(client, call))
            assert code == "NotEmulated" and message.startswith(name), (code, message)
    arn = channel.replace(":channel/", ":widget/")
    assert refused(ivs.get_widget, arn=arn)[0] == "NotEmulated"
    assert refused(ivs.tag_resource, resourceArn=arn, tags={"a": "1"})[0] == "ResourceNotFoundException"
    overview = sim.overview()
    assert "widgets" not in overview
    assert [each["name"] for each in overview["channels"] + overview["rooms"]] == ["c", "r"]
    again = Emulator()
    again.loads(sim.dumps())
    assert again.overview() == overview
    assert any("no" in line and "GetWidget" in line for line in coverage_list())
    sim.faults.add("CreateWidget", "ConflictException")
print("done")
""",
    )


def with_members(model: Model) -> None:
    """Give what is created and what is answered a member that nobody knows, and the service a new error."""
    shapes = model["shapes"]
    shapes["Shine"] = {"type": "string"}
    shapes["DullException"] = {
        "type": "structure",
        "exception": True,
        "members": {"message": {"shape": "Shine"}},
        "error": {"httpStatusCode": 410, "senderFault": True},
    }
    for name, shape in list(shapes.items()):
        is_made_or_answered = name.startswith(("Create", "Update", "Get", "List")) or name in (
            "Channel",
            "Stream",
            "StreamSession",
            "Room",
        )
        if shape["type"] == "structure" and is_made_or_answered:
            shape["members"]["shine"] = {"shape": "Shine"}


def test_new_members_and_errors(tmp_path: Path) -> None:
    """A member that ivsim does not know is refused by name when it is given, and absent from answers."""
    run(
        tmp_path,
        with_members,
        """
with mock_ivs() as sim:
    ivs, chat = clients()
    for call in (ivs.create_channel, chat.create_room):
        code, message = refused(call, shine="bright")
        assert code == "NotEmulated" and "shine is not emulated" in message, (code, message)
    channel = ivs.create_channel()["channel"]
    room = chat.create_room()
    assert "shine" not in channel and "shine" not in room
    assert ivs.update_channel(arn=channel["arn"], name="n")["channel"]["name"] == "n"
    with sim.streams.start(channel["arn"]):
        assert "shine" not in ivs.get_stream(channelArn=channel["arn"])["stream"]
        assert "shine" not in ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
        assert sim.overview()["channels"][0]["stream"]
        assert sim.overview()["rooms"]
    assert any("without" in line and "shine" in line for line in coverage_list() if "CreateChannel" in line)
print("done")
""",
    )


def with_values(model: Model) -> None:
    """Give each enum of a model one value more."""
    for shape in model["shapes"].values():
        if "enum" in shape:
            shape["enum"].append(NEW)


@pytest.mark.needs("CreateChannel.containerFormat", "CreateChannel.multitrackInputConfiguration")
def test_new_values(tmp_path: Path) -> None:
    """A value that ivsim does not know is kept and shown; what is broadcast, recorded and said with it goes on."""
    run(
        tmp_path,
        with_values,
        f"""
NEW = {NEW!r}
"""
        """
multitrack = {"enabled": True, "maximumResolution": "FULL_HD", "policy": "ALLOW"}
settings = [
    {"type": NEW}, {"latencyMode": NEW}, {"type": "ADVANCED_HD", "preset": NEW}, {"containerFormat": NEW},
    {"multitrackInputConfiguration": {**multitrack, "policy": NEW}, "containerFormat": "FRAGMENTED_MP4"},
    {"multitrackInputConfiguration": {**multitrack, "maximumResolution": NEW}, "containerFormat": "FRAGMENTED_MP4"},
]
recordings = [
    {"renditionConfiguration": {"renditionSelection": NEW}},
    {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": [NEW]}},
    {"thumbnailConfiguration": {"recordingMode": NEW}},
    {"thumbnailConfiguration": {"recordingMode": "INTERVAL", "storage": [NEW]}},
    {"thumbnailConfiguration": {"recordingMode": "INTERVAL", "resolution": NEW}},
]
with mock_ivs() as sim:
    ivs, chat = clients()
    sim.clock.freeze()
    channels = [(each, ivs.create_channel(**each)["channel"]) for each in settings]
    for given, channel in channels:
        shown = ivs.get_channel(arn=channel["arn"])["channel"]
        assert given.items() <= shown.items(), (given, shown)
    for each in recordings:
        made = ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "abc"}}, **each)
        arn = made["recordingConfiguration"]["arn"]
        channels.append((each, ivs.create_channel(recordingConfigurationArn=arn)["channel"]))
    for given, channel in channels:
        with sim.streams.start(channel["arn"]):
            sim.clock.advance(30)
            playlist = sim.playback.request(channel["arn"])
            assert playlist.status == 200, (given, playlist)
            variant = sim.playback.request([line for line in playlist.body.splitlines() if line.startswith("http")][0])
            segment = [line for line in variant.body.splitlines() if line.startswith("http")][-1]
            assert sim.playback.request(segment).status == 200
    sim.clock.advance(120)
    for recording in sim.recordings:
        assert recording.status == "RECORDING_ENDED"
        assert all(isinstance(body, bytes) for body in recording.objects.values())
    assert ivs.list_streams(filterBy={"health": NEW})["streams"] == []
    review = {"uri": "arn:aws:lambda:us-east-1:123456789012:function:review", "fallbackResult": NEW}
    room = chat.create_room(messageReviewHandler=review)["arn"]
    token = chat.create_chat_token(roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE", NEW])["token"]
    with sim.chat.connect(token) as ada:
        ada.send_message("hello")
        assert ada.receive()["Type"] in ("MESSAGE", "ERROR")
    again = Emulator()
    again.loads(sim.dumps())
    assert again.overview() == sim.overview()
print("done")
""",
    )
