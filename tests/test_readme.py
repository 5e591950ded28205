"""README reads as well on PyPI, which has none of the files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("hatch_fancy_pypi_readme")
metadata = pytest.importorskip("hatchling.metadata.core")
manager = pytest.importorskip("hatchling.plugin.manager")
markdown_it = pytest.importorskip("markdown_it")

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def published() -> str:
    """The text that the build puts into the package's metadata."""
    core = metadata.ProjectMetadata(str(ROOT), manager.PluginManager()).core
    assert core.readme_content_type == "text/markdown"
    text: str = core.readme
    return text


def addresses(text: str) -> Iterator[tuple[str, str]]:
    """Yield where the links and pictures of a Markdown text lead, each with its kind, `href` or `src`."""
    for block in markdown_it.MarkdownIt("commonmark").enable("table").parse(text):
        assert block.type != "html_block", "HTML has addresses that nothing here reads"
        for token in block.children or []:
            assert token.type != "html_inline", "HTML has addresses that nothing here reads"
            for kind in {"href", "src"} & token.attrs.keys():
                yield kind, token.attrs[kind]


def test_every_address_is_absolute(published: str) -> None:
    """No link and no picture in the published README is relative, and each leads where README's own leads."""
    here, there = list(addresses(README)), list(addresses(published))
    relative = [(kind, target) for kind, target in here if not urlsplit(target).scheme]
    assert {kind for kind, _ in relative} == {"href", "src"}  # so README has both, and the rest shows something
    assert any(target.startswith("#") for _, target in relative)
    assert len(here) == len(there)
    for (kind, target), (_, address) in zip(here, there, strict=True):
        if urlsplit(target).scheme:
            assert address == target
            continue
        assert urlsplit(address).scheme == "https"
        folder = "raw" if kind == "src" else "blob"
        path = f"README.md{target}" if target.startswith("#") else target
        assert address.endswith(f"/{folder}/HEAD/{path}")


def test_every_address_is_in_one_repository(published: str) -> None:
    """All links and pictures that were relative lead into the same repository."""
    roots = {re.split(r"/(?:raw|blob)/HEAD/", address)[0] for _, address in addresses(published) if "/HEAD/" in address}
    assert len(roots) == 1


def test_nothing_else_is_changed(published: str) -> None:
    """The published README differs from README in its addresses alone."""
    bare = re.compile(r"\]\([^)]*\)")
    assert bare.sub("]()", published) == bare.sub("]()", README)
