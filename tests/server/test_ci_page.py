"""What docs/howto/ci.md has people paste into their CI: the commands run, and the YAML is what it should be."""

from __future__ import annotations

import json
import re
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ..test_project import WORKFLOWS
from .processes import started

yaml: Any = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "ci.md").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
GITHUB, GITHUB_SERVICE, GITLAB_SERVICE, GITLAB = map(
    yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)

STANDS_FOR = """
pip() { [ "$1 $2" = 'install ivsim[server]' ]; }
tested() { curl --silent --fail "$AWS_ENDPOINT_URL_IVS/CreateChannel" -d '{}' > tested; }
npm() { [ "$1" = ci ] || tested; }
pytest() { tested; }
"""
"""What is installed is here already, and whatever tests the reader has are one call."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def run(scripts: list[str], environment: dict[str, str], folder: Path) -> None:
    """Run scripts, each in a shell of its own as a runner does, on a free port; then end what they leave behind."""
    port = str(free_port())
    variables = {name: value.replace("4870", port) for name, value in environment.items()}
    with ExitStack() as running:
        for script in scripts:
            here = script.replace("4870", port).replace("ivsim serve", f"ivsim serve --port {port} --rtmp-port 0")
            shell = running.enter_context(started(["bash", "-e", "-c", STANDS_FOR + here], folder, variables))
            said = shell.communicate(timeout=120)[0]
            assert shell.returncode == 0, said
        assert json.loads((folder / "tested").read_text())["channel"]["type"] == "STANDARD"


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
def test_shell(tmp_path: Path) -> None:
    """The script starts the server, waits for it, runs the tests and stops it."""
    run([SHELL[0]], {}, tmp_path)
    assert "200 ivs:CreateChannel" in (tmp_path / "ivsim.log").read_text()


@needs_curl
def test_github(tmp_path: Path) -> None:
    """The steps of the job, one after the other, do so too; what is for a failure is left out."""
    job = GITHUB["jobs"]["test"]
    run([step["run"] for step in job["steps"] if "run" in step and "if" not in step], job["env"], tmp_path)


@needs_curl
def test_gitlab(tmp_path: Path) -> None:
    """So do the commands of the job without an image, which share one shell there."""
    job = GITLAB["test"]
    run(["\n".join(job["before_script"] + job["script"])], job["variables"], tmp_path)


def test_what_the_image_listens_to() -> None:
    """Services are asked at the port that the image listens to, under the names that they have."""
    (exposed,) = re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE)
    github, gitlab = GITHUB_SERVICE["jobs"]["test"], GITLAB_SERVICE["test"]
    assert github["services"]["ivsim"]["ports"] == [f"{exposed}:{exposed}"]
    assert github["env"]["AWS_ENDPOINT_URL_IVS"] == f"http://127.0.0.1:{exposed}"
    assert gitlab["variables"]["AWS_ENDPOINT_URL_IVS"] == f"http://{gitlab['services'][0]['alias']}:{exposed}"
    store = github["services"]["ivsim"]["env"]["AWS_ENDPOINT_URL_S3"]
    assert store == "http://moto:5000"
    assert github["services"]["moto"]["ports"] == ["5000:5000"]


def test_the_image_that_is_built() -> None:
    """The image that is pushed is the one that the service asks for."""
    image = GITHUB_SERVICE["jobs"]["test"]["services"]["ivsim"]["image"]
    assert SHELL[1] == f"docker build -t {image} .\ndocker push {image}\n"


@pytest.mark.skipif(not WORKFLOWS.exists(), reason="a source distribution has no workflows")
def test_versions_of_actions() -> None:
    """Actions are those of the major versions that CI here runs with."""
    ours = dict(re.findall(r"uses: (\S+)@\S+ # v(\d+)", "".join(path.read_text() for path in WORKFLOWS.glob("*.yml"))))
    used = re.findall(r"uses: (\S+)@v(\d+)$", PAGE, re.MULTILINE)
    assert len(used) == 3
    assert {action: ours[action] for action, _ in used} == dict(used)
