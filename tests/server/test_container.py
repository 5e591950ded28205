"""What the image runs, as far as it runs without a container."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from ivsim import Emulator

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text()


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
