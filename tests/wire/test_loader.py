"""Model files, read quickly."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from ivsim.wire.loader import ModelLoader

MODEL = {"metadata": {"uid": "harp"}, "operations": {"Play": {}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for model files, with a service `harp` in it."""
    (tmp_path / "harp" / "2026-01-01").mkdir(parents=True)
    return tmp_path


def loader(folder: Path) -> ModelLoader:
    """Return a loader that looks into a folder too."""
    return ModelLoader(extra_search_paths=[str(folder)])


@pytest.mark.parametrize("service", ["ivs", "ivschat", "s3"])
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "paginators-1"])
def test_as_botocore(service: str, kind: str) -> None:
    """What is loaded is what botocore's loader loads, extras and all."""
    assert ModelLoader().load_service_model(service, kind) == Loader().load_service_model(service, kind)


def test_versions(folder: Path) -> None:
    """The newest version is loaded, or the one that is asked for; a file may be compressed."""
    path = folder / "harp" / "2026-01-01"
    (path / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
    newer = folder / "harp" / "2027-01-01"
    newer.mkdir()
    (newer / "service-2.json").write_text(json.dumps({"metadata": {"uid": "newer"}}))
    assert loader(folder).load_service_model("harp", "service-2")["metadata"]["uid"] == "newer"
    assert loader(folder).load_service_model("harp", "service-2", "2026-01-01") == MODEL


def test_unknown_services(folder: Path) -> None:
    """A service that does not exist is refused as botocore refuses it, with those that do."""
    with pytest.raises(UnknownServiceError, match=r"Unknown service: 'harp'.*ivschat"):
        loader(folder).load_service_model("harp", "service-2")


def test_not_quite_json(folder: Path) -> None:
    """What botocore reads though it is not JSON is read, and what nobody can read is told in botocore's way."""
    file = folder / "harp" / "2026-01-01" / "service-2.json"
    file.write_text('{"limit": NaN}')
    assert str(loader(folder).load_service_model("harp", "service-2")["limit"]) == "nan"
    file.write_text("{")
    with pytest.raises(json.JSONDecodeError):
        loader(folder).load_service_model("harp", "service-2")
