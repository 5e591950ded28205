"""What the documentation shows runs, and says nothing that is not so."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ivsim.services import SERVICES

from .ivs import test_events
from .ivsrealtime import test_pipeline, test_stage_updates
from .ivsrealtime.recording import test_life

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TESTED = [path for path in EXAMPLES if path.name.startswith("test_")]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/*.md")])
BLOCK = re.compile(r"^```python(?P<needs>[^\n]*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
HERE = {
    need
    for need, is_here in {
        "aio": importlib.util.find_spec("aiobotocore"),
        "ads": "InsertAdBreak" in SERVICES["ivs"].model.operations,  # which an older botocore does not know
        "stages": "StartParticipantReplication" in SERVICES["ivs-realtime"].model.operations,  # nor this, as old
    }.items()
    if is_here
}
LINK = re.compile(r"\]\((?!https?:|mailto:)(?P<target>[^)#]*)#?(?P<anchor>[^)]*)\)")


class Block(NamedTuple):
    """A piece of Python in the documentation, and what it needs to be installed."""

    name: str
    code: str
    needs: list[str]

    @property
    def is_test(self) -> bool:
        """Whether it is to be run by pytest."""
        return "def test_" in self.code or "TestCase" in self.code

    @property
    def file(self) -> str:
        """The file that pytest finds it in."""
        return f"test_{re.sub('[^a-z0-9]', '_', self.name.lower())}.py"


BLOCKS = [
    Block(f"{page.relative_to(ROOT)}-{number}", match["code"], match["needs"].split())
    for page in PAGES
    for number, match in enumerate(BLOCK.finditer(page.read_text()), 1)
    if HERE.issuperset(match["needs"].split())
]


def parameters(blocks: Iterable[Block]) -> list[Any]:
    """Return blocks as parameters of a test. One botocore will do for all but those that aiobotocore is needed for."""
    return [
        pytest.param(block, id=block.name, marks=() if "aio" in block.needs else pytest.mark.once) for block in blocks
    ]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of the blocks and examples that are tests: they run in one process, as a user's suite would."""
    folder = tmp_path_factory.mktemp("blocks")
    examples = []
    for item in request.session.items:
        chosen = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        block, example = chosen.get("block"), chosen.get("example")
        if isinstance(block, Block) and block.is_test:
            (folder / block.file).write_text(block.code)
        elif example in TESTED:
            examples.append(str(example))
    options = [*request.config.getini("addopts"), "-q", "-rA", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(folder), *examples]
    # What examples cover is not counted: counting takes half as long again.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment).stdout


def outcomes(file: str, results: str) -> set[str]:
    """Return how the tests of a file ended."""
    return set(re.findall(rf"^([A-Z]+) (?:\S*/)?{file}", results, re.MULTILINE))


@pytest.mark.parametrize("block", parameters(block for block in BLOCKS if block.is_test))
def test_blocks_that_are_tests(block: Block, results: str) -> None:
    """Every block that holds tests passes them."""
    assert outcomes(block.file, results) == {"PASSED"}, results


@pytest.mark.parametrize("block", parameters(block for block in BLOCKS if not block.is_test))
def test_other_blocks(block: Block) -> None:
    """Every other block runs by itself."""
    exec(compile(block.code, block.name, "exec"), {"__name__": "__main__"})


@pytest.mark.once
def test_the_tutorial_step_by_step(tmp_path: Path) -> None:
    """Whoever saves what the tutorial says, step after step, has seven tests that pass."""
    steps = (ROOT / "docs" / "tutorial.md").read_text().partition("## 3.")[2].partition("## Where to go")[0]
    for code in re.findall(r"^```py\n(.*?)^```", steps, re.MULTILINE | re.DOTALL):
        file = "test_shows.py" if "def test_" in code else "shows.py"
        with (tmp_path / file).open("a") as saved:
            saved.write(code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    assert "7 passed" in subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path).stdout


@pytest.mark.once
@pytest.mark.parametrize("example", TESTED, ids=lambda path: path.name)
def test_examples_that_are_tests(example: Path, results: str) -> None:
    """Every example that holds tests passes them."""
    assert outcomes(example.name, results) == {"PASSED"}, results


@pytest.mark.once
@pytest.mark.parametrize("example", sorted({*EXAMPLES} - {*TESTED}), ids=lambda path: path.name)
def test_other_examples(example: Path) -> None:
    """Every other example runs by itself."""
    subprocess.run([sys.executable, str(example)], check=True, capture_output=True, cwd=example.parent)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """A link between pages leads to a page, and to a heading on it, that is there."""
    for match in LINK.finditer(page.read_text()):
        target = page.parent / match["target"] if match["target"] else page
        assert target.exists(), match["target"]
        if match["anchor"]:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert match["anchor"] in anchors, match[0]


def test_readme_names_the_two_commands() -> None:
    """README names the two commands that set everything up."""
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_readme_counts() -> None:
    """The counts of operations in README are those of the registry."""
    text = (ROOT / "README.md").read_text()
    for service in SERVICES.values():
        number = len(service.model.operations)
        assert f"{number} of {number}" in text


def test_every_quota_is_in_fidelity() -> None:
    """docs/fidelity.md has every quota."""
    text = (ROOT / "docs" / "fidelity.md").read_text()
    for service in SERVICES.values():
        for name in service.quotas:
            assert name in text, name


def test_places_in_fidelity() -> None:
    """The files that docs/fidelity.md names are there, and what it names in them is defined in them."""
    text = (ROOT / "docs" / "fidelity.md").read_text().replace("\\_", "_")
    places = set(re.findall(r"(?<![-\w/])([\w/]+\.py)\b(?: `(\w+)`)?(?=[^|\n]*\|$)", text, re.MULTILINE))
    assert len(places) > 100  # or the pattern finds the places no longer
    for file, name in places:
        source = (ROOT / "src" / "ivsim" / file).read_text()
        definition = rf"^ *(?:(?:async )?def {name}\(|class {name}\b|{name}(?::| =))" if name else "^"
        assert re.search(definition, source, re.MULTILINE), (file, name)


def test_version_is_in_the_changelog() -> None:
    """The changelog speaks of the version."""
    from ivsim import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text().replace("[", "").replace("]", "")


def test_every_event_is_in_its_section() -> None:
    """docs/events.md has every event under its detail type, with its members in order, and no other."""
    text = (ROOT / "docs" / "events.md").read_text()
    sections = dict(re.findall(r"^## (IVS [^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    tests: list[Any] = [each.test_every_event for each in (test_events, test_stage_updates, test_pipeline, test_life)]
    cases = [case for test in tests for mark in test.pytestmark if mark.name == "parametrize" for case in mark.args[1]]
    names: dict[str, set[str]] = {}
    for kind, expected, _ in cases:
        detail = json.loads(re.sub(r"\{\w+\}", "0", expected)[1:-1])
        members, section = list(detail), sections[kind]
        names.setdefault(kind, set()).add(detail.get("event_name", detail[members[0]]))
        assert ", ".join(f"`{member}`" for member in members) in " ".join(section.split()), detail
    for kind, section in sections.items():
        table = section.partition("|---|")[2].partition("\n\n")[0]
        assert set(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)) == names.pop(kind)
        for example in re.findall(r"```json\n(.*?)```", section, re.DOTALL):
            members = [f"`{member}`" for member in json.loads(example)]
            assert ", ".join(members) in " ".join(section.split()), example
    assert not names
