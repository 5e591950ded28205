"""Examples in JavaScript, which start servers themselves, as whoever copies them does."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from .conftest import NODE
from .processes import started

PLATFORM = Path(__file__).parents[2] / "examples" / "streaming-platform-js"


def test_streaming_platform(packages: Path, tmp_path: Path) -> None:
    """The platform passes all of its tests, against `ivsim serve` and moto's server."""
    folder = shutil.copytree(PLATFORM, tmp_path / "platform", ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(packages)
    command = json.loads((folder / "package.json").read_text())["scripts"]["test"].split()
    with started([*command, "--test-reporter=tap"], folder) as program:
        said = program.communicate(timeout=300)[0]
    written = len(re.findall(r"^test\(", (folder / "platform.test.js").read_text(), re.MULTILINE))
    assert (program.returncode, re.findall(r"^# pass (\d+)", said, re.MULTILINE)) == (0, [str(written)]), said


def test_versions() -> None:
    """Its package.json asks for what it is tested with."""
    asked, tested = (json.loads((folder / "package.json").read_text()) for folder in (PLATFORM, NODE))
    assert {**asked["dependencies"], **asked["devDependencies"]}.items() <= tested["dependencies"].items()
