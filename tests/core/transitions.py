"""A recording configuration, which takes a while to become active when it is realistic."""

from __future__ import annotations

from ivsim import Emulator

from ..calling import call


def create_recording(sim: Emulator) -> str:
    configuration = {"destinationConfiguration": {"s3": {"bucketName": "abc"}}}
    return str(call(sim, "CreateRecordingConfiguration", **configuration).body["recordingConfiguration"]["arn"])


def state(sim: Emulator, arn: str) -> str:
    return str(call(sim, "GetRecordingConfiguration", arn=arn).body["recordingConfiguration"]["state"])
