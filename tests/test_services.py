"""A further service is a folder of its own, and one name in the registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ivsim

SERVICE = """
from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.service import Context as AnyContext, Service
from ..core.stores import Store as AnyStore, Table
from ..core.tagging import add_tag_operations
from ..wire.validate import smithy_text

if TYPE_CHECKING:
    from .stages import Stage


class Store(AnyStore):
    def __init__(self, journal):
        super().__init__(journal)
        self.stages: Table[Stage] = Table("stage", journal)


Context = AnyContext[Store]
service = Service("ivs-realtime", Store, namespace="ivs", time_format="seconds", problem_text=smithy_text)
add_tag_operations(service)


@service.forgetting
def forget(ctx, most): ...
"""

STAGES = """
from __future__ import annotations

from msgspec import Struct
from ._service import Context, service

STAGES = service.quota("Stages", 2)
UPDATE = service.detail_type("IVS Stage Update")


class Stage(Struct, frozen=True):
    arn: str
    name: str = ""
    tags: dict[str, str] = {}


@service.operation(rate=5)
def create_stage(ctx: Context, *, name: str = "", tags: dict[str, str] | None = None) -> dict[str, object]:
    stages = ctx.store.stages
    ctx.check_quota(STAGES, len(stages), stages)
    stage = Stage(ctx.new_arn(stages), name, tags or {})
    stages[stage.arn] = stage
    ctx.emit(UPDATE, [stage.arn], {"event_name": "Stage Created"})
    return {"stage": stage}


@service.operation(rate=5)
def get_stage(ctx: Context, arn: str) -> dict[str, object]:
    return {"stage": ctx.store.stages[arn]}


@service.operation(rate=5)
def start_composition(
    ctx: Context, stage_arn: str, destinations: list[dict], *, idempotency_token: str = ""
) -> dict[str, object]:
    ctx.store.stages[stage_arn]
    channel_arn = destinations[0]["channel"]["channel_arn"]
    video = {"videoHeight": 720, "videoWidth": 1280}
    ctx.broadcaster.begin(channel_arn, video=video, then=ctx.task(lose, (stage_arn,)))
    return {}


@service.task
def lose(ctx: Context, stage_arn: str) -> None:
    ctx.emit(UPDATE, [stage_arn], {"event_name": "Lost"})
"""

USE = """
import boto3, botocore, pathlib, sys
import ivsim
from ivsim import Emulator, mock_ivs

assert pathlib.Path(ivsim.__file__).is_relative_to(sys.argv[1]), ivsim.__file__


def refused(error, call, **members):
    try:
        call(**members)
    except botocore.exceptions.ClientError as refusal:
        assert refusal.response["Error"]["Code"] == error, refusal
        assert refusal.response["Error"]["Message"], "an error has a text"
        return refusal.response["Error"]["Message"]
    raise AssertionError(f"{error} did not come")


with mock_ivs(seed=1) as sim:
    stages, ivs = (boto3.client(name, region_name="us-east-1") for name in ("ivs-realtime", "ivs"))

    # ARNs
    stage = stages.create_stage(name="s", tags={"a": "1"})["stage"]
    assert stage["arn"].startswith("arn:aws:ivs:us-east-1:123456789012:stage/"), stage
    assert stages.get_stage(arn=stage["arn"])["stage"] == stage
    channel = ivs.create_channel(tags={"c": "1"})["channel"]["arn"]

    # events and calls: one name each
    assert [(event["source"], event["detail-type"]) for event in sim.events.of("IVS Stage Update")] == [
        ("aws.ivs", "IVS Stage Update")
    ]
    assert sim.calls[0].service == "ivs-realtime"

    # tags, by the ARN's resource type, as both services sign alike
    stages.tag_resource(resourceArn=stage["arn"], tags={"b": "2"})
    assert stages.list_tags_for_resource(resourceArn=stage["arn"])["tags"] == {"a": "1", "b": "2"}
    assert ivs.list_tags_for_resource(resourceArn=stage["arn"])["tags"] == {"a": "1", "b": "2"}
    assert stages.list_tags_for_resource(resourceArn=channel)["tags"] == {"c": "1"}
    assert [call.service for call in sim.calls[-2:]] == ["ivs-realtime", "ivs"]

    # a composition goes to a channel of the other service
    stages.start_composition(stageArn=stage["arn"], destinations=[{"channel": {"channelArn": channel}}])
    assert ivs.get_stream(channelArn=channel)["stream"]["state"] == "LIVE"
    assert sim.streams.live[0].session.ingest.video[0].video_height == 720
    sim.streams.live[0].end()
    assert sim.events[-1]["detail"] == {"event_name": "Lost"}

    # faults, and errors with a text
    sim.faults.add("CreateStage", "PendingVerification", message="wait")
    assert refused("PendingVerification", stages.create_stage) == "wait"
    sim.faults.add("ivs-realtime:CreateStage", "PendingVerification")
    refused("PendingVerification", stages.create_stage)
    refused("ResourceNotFoundException", stages.get_stage, arn=stage["arn"][:-1] + "x")
    refused("ValidationException", stages.get_stage, arn="nonsense")
    refused("NotEmulated", stages.list_stages)
    stages.create_stage()
    assert "Stages" in refused("ServiceQuotaExceededException", stages.create_stage)
    assert sim.quotas["Stages"] == 2

    # save and load, and everything there is
    again = Emulator()
    again.loads(sim.dumps())
    assert again.dumps() == sim.dumps()
    assert [each["name"] for each in again.overview()["stages"]] == ["s", ""]
    assert len(again.overview()["channels"]) == 1
print("all of it")
"""


def test_a_further_service(tmp_path: Path) -> None:
    """A service that shares namespace and paths with another one works throughout: a folder, and one name."""
    pytest.importorskip("boto3")
    package = tmp_path / "ivsim"
    shutil.copytree(Path(ivsim.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    registry = package / "services.py"
    before = registry.read_text()
    assert before.count("ivsrealtime") == 2
    registry.write_text(before.replace("ivsrealtime", "tiny"))
    folder = package / "tiny"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import stages\nfrom ._service import service\n")
    (folder / "_service.py").write_text(SERVICE)
    (folder / "stages.py").write_text(STAGES)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{USE}", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # it is a copy
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment)
    assert (done.stdout, done.returncode) == ("all of it\n", 0), done.stderr
