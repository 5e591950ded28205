from __future__ import annotations

from typing import Any

from ivsim.wire.patches import patched


def test_the_published_model_stays_as_it_is() -> None:
    """Patching makes another model; shapes that the model lacks are not invented."""
    model = {"shapes": {"TranscodePreset": {"type": "string", "enum": ["A"]}}, "metadata": {}}
    result = patched("ivs", model)
    assert result["shapes"] == {"TranscodePreset": {"type": "string", "enum": ["", "A"]}}
    assert model["shapes"] == {"TranscodePreset": {"type": "string", "enum": ["A"]}}


def test_any_service() -> None:
    """What several models have wrong is mended in every one: ARNs for tags, and exceptions without a message."""
    exception: dict[str, Any] = {"exception": True, "members": {"exceptionMessage": {"shape": "errorMessage"}}}
    arn = {"type": "string", "pattern": "arn:aws:harp:[a-z0-9-]+:[0-9]+:[a-z-]/[a-zA-Z0-9-]+"}
    shapes = patched("harp", {"shapes": {"Broken": exception, "ResourceArn": arn}})["shapes"]
    assert shapes["Broken"]["members"]["message"] == {"shape": "errorMessage"}
    assert shapes["ResourceArn"]["pattern"] == "arn:aws:harp:[a-z0-9-]+:[0-9]+:[a-z-]+/[a-zA-Z0-9-]+"
    assert "message" not in exception["members"]


def test_what_is_right_stays() -> None:
    """A model without mistakes is as published."""
    model = {"shapes": {"S": {"type": "string"}, "E": {"exception": True, "members": {"message": {"shape": "S"}}}}}
    assert patched("harp", model) == model
