"""What the image runs, as far as it runs without a container."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def command(instruction: str) -> list[str]:
    """Return the command of an instruction."""
    found = re.search(rf"^ *{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    words: list[str] = json.loads(found[1])
    return words


def test_health(sim: Emulator) -> None:
    """The image's check is content with a server that answers, and with nothing else."""
    python, *arguments = command("CMD")
    assert python == "python"
    with sim.serve() as server:
        here = [each.replace("127.0.0.1:4870", f"127.0.0.1:{server.port}") for each in arguments]
        subprocess.run([sys.executable, *here], check=True)
    assert subprocess.run([sys.executable, *here], check=False, capture_output=True).returncode == 1


def test_compose() -> None:
    """compose.yaml publishes what the image listens to, on this machine alone, and keeps its state in its volume."""
    yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    service = compose["services"]["ivsim"]
    (ports,) = re.findall(r"^EXPOSE (.+)$", DOCKERFILE, re.MULTILINE)
    (volume,) = re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.MULTILINE)
    assert service["ports"] == [f"127.0.0.1:{port}:{port}" for port in ports.split()]
    assert service["volumes"] == [f"state:{volume}"]
    assert compose["volumes"].keys() == {"state"}
    assert service["depends_on"] == ["moto"]
    stores = {value for name, value in service["environment"].items() if name.startswith("AWS_ENDPOINT_URL_")}
    assert stores == {"http://moto:5000"}
    assert compose["services"]["moto"]["ports"] == ["127.0.0.1:5000:5000"]
