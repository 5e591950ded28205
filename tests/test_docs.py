"""What the documentation shows runs, and says nothing that is not so."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ivsim.dispatcher import SERVICES

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```python(?P<needs>[^\n]*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<target>[^)#]+)")


def blocks() -> list[object]:
    """Return every block of Python in the documentation, with what it needs to be installed."""
    found = []
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text()), 1):
            name = f"{page.relative_to(ROOT)}-{number}"
            found.append(pytest.param(match["code"], match["needs"].split(), id=name))
    return found


@pytest.mark.parametrize(("code", "needs"), blocks())
def test_blocks(code: str, needs: list[str], pytester: pytest.Pytester) -> None:
    """Every block of Python runs by itself; one that holds tests passes them."""
    if "aio" in needs and not importlib.util.find_spec("aiobotocore"):
        pytest.skip("aiobotocore is not installed")
    if "def test_" in code or "TestCase" in code:
        pytester.makepyfile(code)
        outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes()
        assert set(outcome) == {"passed"}, outcome
    else:
        exec(compile(code, "block", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_examples(example: Path) -> None:
    """Every example runs; one that holds tests passes them."""
    pytest_or_not = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if example.name.startswith("test_") else []
    subprocess.run([sys.executable, *pytest_or_not, str(example)], check=True, capture_output=True, cwd=example.parent)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    """A link between pages leads to a page that is there."""
    for match in LINK.finditer(page.read_text()):
        assert (page.parent / match["target"]).exists(), match["target"]


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


def test_version_is_in_the_changelog() -> None:
    """The changelog speaks of the version."""
    from ivsim import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text().replace("[", "").replace("]", "")
