"""The few places where a published model is wrong, each with its reason.

A patch names a shape and the traits that replace the published ones; values of an enum are added to those published. A
shape that the installed model lacks is passed over: models come and go with botocore's versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Traits = Mapping[str, Any]

PATCHES: Mapping[str, Mapping[str, Traits]] = {
    "ivs": {
        # BASIC and STANDARD channels answer `"preset": ""`, and AWS's own samples send it back.
        "TranscodePreset": {"enum": [""]},
        # The quota page allows origins of 256 characters; the model says 128.
        "PlaybackRestrictionPolicyAllowedOrigin": {"max": 256},
    },
    "ivschat": {
        # The enum knows only ROOM, but logging configurations have conflicts, quotas and 404s too.
        "ResourceType": {"enum": ["LOGGING_CONFIGURATION"]},
    },
    "ivs-realtime": {
        # Compositions with the default layout answer `"videoFillMode": ""`.
        "VideoFillMode": {"enum": [""]},
    },
}


def patched(service: str, model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the model with the patches of all services and of this one."""
    shapes = {name: mended(shape) for name, shape in model["shapes"].items()}
    for name, traits in PATCHES.get(service, {}).items():
        if name in shapes:
            more = {trait: [*traits[trait], *shapes[name].get(trait, [])] for trait in traits.keys() & {"enum"}}
            shapes[name] = {**shapes[name], **traits, **more}
    return {**model, "shapes": shapes}


def mended(shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a shape without the mistakes that models of several services have."""
    pattern = shape.get("pattern", "")
    if _ONE_CHARACTER in pattern:
        # One character before the slash, which no ARN has. It guards the tag operations, so taken literally nothing
        # could be tagged.
        return {**shape, "pattern": pattern.replace(_ONE_CHARACTER, ":[a-z-]+/")}
    members = shape.get("members", {})
    if shape.get("exception") and "message" not in members and "exceptionMessage" in members:
        # Of `exceptionMessage` alone botocore and the other SDKs make no message; what the real CLI and the real
        # JavaScript SDK print shows that `message` travels too.
        return {**shape, "members": {**members, "message": members["exceptionMessage"]}}
    return shape


_ONE_CHARACTER = ":[a-z-]/"
