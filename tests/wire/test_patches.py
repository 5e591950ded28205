from __future__ import annotations

from ivsim.wire.patches import patched


def test_the_published_model_stays_as_it_is() -> None:
    """Patching makes another model; shapes that the model lacks are not invented."""
    exception = {"type": "structure", "members": {}, "exception": True}
    model = {"shapes": {"TranscodePreset": {"type": "string", "enum": ["A"]}, "Broken": exception}, "metadata": {}}
    result = patched("ivs", model)
    assert set(result["shapes"]) == {"TranscodePreset", "Broken"}
    assert "" in result["shapes"]["TranscodePreset"]["enum"]
    assert "message" in result["shapes"]["Broken"]["members"]
    assert model["shapes"]["TranscodePreset"] == {"type": "string", "enum": ["A"]}
    assert exception["members"] == {}


def test_services_without_patches() -> None:
    """A service that has none is as published."""
    model = {"shapes": {"S": {"type": "string"}}}
    assert patched("harp", model) == model
