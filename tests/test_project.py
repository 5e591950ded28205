"""What is around the code says the same everywhere: workflows, and the versions that are supported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not WORKFLOWS.exists(), reason="a source distribution has no workflows"),
]


def read(path: str) -> str:
    return (ROOT / path).read_text()


def jobs(workflow: str) -> dict[str, str]:
    """Return the text of each job of a workflow."""
    text = read(f".github/workflows/{workflow}").partition("\njobs:\n")[2]
    parts = re.split(r"^  ([\w-]+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_all_others_must_pass() -> None:
    """The job that a branch rule asks for needs every other job of CI, and the success of each."""
    found = jobs("ci.yml")
    last = found.pop("all")
    needs, wanted = re.search(r"needs: \[(.*)\]", last), re.search(r'"\$RESULTS" = "(.*)"', last)
    assert needs
    assert wanted
    assert set(needs[1].split(", ")) == found.keys()
    assert wanted[1].split() == ["success"] * len(found)


@pytest.mark.parametrize("workflow", sorted(path.name for path in WORKFLOWS.glob("*.yml")))
def test_workflows_have_no_more_rights_than_they_name(workflow: str) -> None:
    """A workflow has no rights, and each of its jobs those that it names; actions are pinned to a commit."""
    assert "\npermissions: {}\n" in read(f".github/workflows/{workflow}")
    for job in jobs(workflow).values():
        assert "\n    permissions:" in job
        for action in re.findall(r"uses: (?!\./)(.+)", job):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_an_action_has_one_version() -> None:
    """The same action is the same commit in every workflow."""
    used = {line for path in WORKFLOWS.glob("*.yml") for line in re.findall(r"uses: (.+@.+)", path.read_text())}
    assert len({line.partition("@")[0] for line in used}) == len(used)


def test_supported_versions() -> None:
    """CONTRIBUTING names the Python and the floors that pyproject.toml, tests/oldest.txt and CI have."""
    section = read("CONTRIBUTING.md").partition("## Supported versions\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+ \| [^|]+) \|", section, re.MULTILINE))
    project = read("pyproject.toml")
    classified = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert rows["Python"] == f"{classified[0]} | {classified[-1]}"
    assert f'requires-python = ">={classified[0]}"' in project
    assert f"python: {classified}".replace("'", '"') in read(".github/workflows/ci.yml")
    floor = rows["botocore, boto3"].partition(" | ")[0]
    for package in ("boto3", "botocore"):
        assert f'"{package}>={floor}"' in project
        assert f"{package}=={floor}\n" in read("tests/oldest.txt")
    assert f'"aiobotocore>={rows["aiobotocore"].partition(" | ")[0]}"' in project
