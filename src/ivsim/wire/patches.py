"""The few places where a published model is wrong, each with its reason.

A patch names a shape and the traits that replace the published ones. A shape that the installed model lacks is passed
over: models come and go with botocore's versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Traits = Mapping[str, Any]

PATCHES: Mapping[str, Mapping[str, Traits]] = {
    "ivs": {
        # Published as `[a-z-]/`: one character before the slash, which no ARN has. It guards the tag operations, so
        # taken literally nothing could be tagged.
        "ResourceArn": {"pattern": "arn:aws:ivs:[a-z0-9-]+:[0-9]+:[a-z-]+/[a-zA-Z0-9-]+"},
        # BASIC and STANDARD channels answer `"preset": ""`, and AWS's own samples send it back.
        "TranscodePreset": {"enum": ["", "HIGHER_BANDWIDTH_DELIVERY", "CONSTRAINED_BANDWIDTH_DELIVERY"]},
        # The quota page allows origins of 256 characters; the model says 128.
        "PlaybackRestrictionPolicyAllowedOrigin": {"max": 256},
    },
    "ivschat": {
        # As in ivs.
        "ResourceArn": {"pattern": "arn:aws:ivschat:[a-z0-9-]+:[0-9]+:[a-z-]+/[a-zA-Z0-9-]+"},
        # The enum knows only ROOM, but logging configurations have conflicts, quotas and 404s too.
        "ResourceType": {"enum": ["ROOM", "LOGGING_CONFIGURATION"]},
    },
}


EXCEPTION_MEMBERS: Mapping[str, Mapping[str, Traits]] = {
    # Exceptions of ivs declare `exceptionMessage` alone, of which botocore and the other SDKs make no message; what the
    # real CLI and the real JavaScript SDK print shows that `message` travels too.
    "ivs": {"message": {"shape": "errorMessage"}},
}


def patched(service: str, model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model with this service's patches applied; the one passed in stays as it was."""
    shapes = dict(model["shapes"])
    for name, shape in shapes.items():
        if shape.get("exception"):
            shapes[name] = {**shape, "members": {**shape["members"], **EXCEPTION_MEMBERS.get(service, {})}}
    for name, traits in PATCHES.get(service, {}).items():
        if name in shapes:
            shapes[name] = {**shapes[name], **traits}
    return {**model, "shapes": shapes}
