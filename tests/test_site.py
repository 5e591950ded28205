"""The site of the documentation: `make docs` builds it, and these are the parts that need no tool for sites."""

from __future__ import annotations

import inspect
import json
import typing
from importlib import import_module
from pathlib import Path

import pytest
from tools.site import built, endpoints, pages, reference

import ivsim

from .test_exports import PUBLIC

pytestmark = pytest.mark.once
ROOT = Path(__file__).parent.parent


def thing(path: str) -> object:
    """Return what a dotted path leads to."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


DOCUMENTED = [thing(path) for page in reference.PAGES for path in page.objects]


@pytest.mark.parametrize("name", sorted({*PUBLIC, "Server"} - {"__version__"}))
def test_every_public_name_is_in_the_reference(name: str) -> None:
    """The reference has every public name."""
    assert getattr(ivsim, name) in DOCUMENTED


def test_everything_of_the_emulator_is_in_the_reference() -> None:
    """The reference has the class of everything that an emulator holds."""
    sim = ivsim.Emulator()
    held = {type(getattr(sim, name)) for name, member in vars(ivsim.Emulator).items() if isinstance(member, property)}
    ours = [kind for kind in held if kind.__module__.startswith("ivsim.")]
    assert len(ours) > 10
    assert [kind for kind in ours if kind not in DOCUMENTED] == []


@pytest.mark.parametrize("path", reference.INTERNAL)
def test_members_that_the_reference_leaves_out(path: str) -> None:
    """Each member that the reference leaves out is there, and no how-to calls it."""
    kind: typing.Any = thing(path)
    (page,) = (page for page in reference.PAGES if path in page.objects)
    held = "sim" if kind is ivsim.Emulator else page.objects[path]
    howtos = "".join(each.read_text() for each in (ROOT / "docs" / "howto").glob("*.md"))
    for name in reference.INTERNAL[path].split():
        assert hasattr(kind, name) or f"self.{name} = " in inspect.getsource(kind)
        assert f'"!^{name}$"' in reference.markdown(page)
        assert f"{held}.{name}(" not in howtos


def test_every_endpoint_and_schema_is_on_its_page() -> None:
    """The page of the control endpoints has each of them, with each schema and its members."""
    document: dict[str, typing.Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    text = endpoints.markdown(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert f"### `{method.upper()} {path}`\n\n{operation['summary']}" in text
    for name, schema in document["components"]["schemas"].items():
        section = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert all(f"| `{member}` |" in section for member in schema.get("properties", ()))


def test_pages_and_navigation(tmp_path: Path) -> None:
    """Every page of docs/ is on the site and in its navigation, and the configuration names version and address."""
    pages.make(tmp_path, "1.2.3", "https://e.com/ivsim/")
    listed = pages.listed(pages.navigation((ROOT / "docs" / "index.md").read_text()))
    assert {page for page in listed if not (tmp_path / "docs" / page).exists()} == set()
    assert 'site_name = "ivsim 1.2.3"' in (tmp_path / "zensical.toml").read_text()
    assert 'site_url = "https://e.com/ivsim/"' in (tmp_path / "zensical.toml").read_text()


def test_an_example_that_is_a_folder() -> None:
    """Its page has what README says, and the code of each file, to which the links in README lead."""
    folder = ROOT / "examples" / "streaming-platform-js"
    text = pages.code_page(folder)
    assert text.startswith("# A platform for streamers, in JavaScript\n")
    for name, language in (("platform.js", "js"), ("rules.json", "json")):
        assert f"\n## {name}\n\n```{language}\n{(folder / name).read_text()}```\n" in text
    assert "[platform.js](#platformjs)" in text


def test_a_page_that_nothing_leads_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that docs/index.md does not name ends the build."""
    monkeypatch.setattr(pages, "navigation", lambda _: [{"Home": "index.md"}])
    with pytest.raises(ValueError, match=r"does not lead to .*tutorial\.md"):
        pages.make(tmp_path, "1.2.3")


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("docs/howto/a.md", "[x](../../README.md#y)", "[x](../index.md#y)"),
        ("docs/howto/a.md", "[x](../../examples/test_e.py)", "[x](../examples/test_e.md)"),
        ("docs/howto/a.md", "[x](../../examples/e/README.md)", "[x](../examples/e.md)"),
        (
            "examples/e/README.md",
            "[x](../test_e.py) [y](../../docs/a.md) [z](#b)",
            "[x](test_e.md) [y](../a.md) [z](#b)",
        ),
        ("docs/index.md", "[x](howto/a.md)", "[x](howto/a.md)"),
        ("README.md", "[x](docs/index.md) ![y](docs/y.png)", "[x](contents.md) ![y](y.png)"),
        ("docs/a.md", "[x](https://example.com/a.md) [y](#z)", "[x](https://example.com/a.md) [y](#z)"),
        ("docs/a.md", "```python aio\n[x](b)\n```", "```python\n[x](b)\n```"),
        ("CONTRIBUTING.md", "1. x\n\n   ```py\n   y\n   ```", "1. x\n\n    ```py\n    y\n    ```"),
    ],
)
def test_a_page_moves(source: str, text: str, expected: str) -> None:
    """A page's links lead to where their targets stand on the site; its code stays as it is."""
    assert pages.moved(text, source) == expected


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("# A\n\nYou can. See [`b`](b.md).\n\nMore.\n", "You can. See b."),
        ("# A\n\nDo *this*\nand that:\n\n```sh\nls\n```\n", "Do this and that"),
        (f"# A\n\nFirst. {'x' * 160}.\n\nMore.\n", "First."),
        ("# A\n\n- no sentence\n\nMore.\n", None),
        ("# A\n\n```python\nb\n\nc\n```\n", None),
    ],
)
def test_a_page_is_described(text: str, description: str | None) -> None:
    """A page has its first sentences as its description; one that begins with something else has none."""
    head = "" if description is None else f"---\ndescription: {json.dumps(description)}\n---\n\n"
    assert pages.described(text) == head + text


def test_every_page_of_docs_is_described(tmp_path: Path) -> None:
    """Each page of docs/ says in its first sentences what it is about, and no two say the same."""
    pages.make(tmp_path, "1.2.3")
    sources = (path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    heads = [(tmp_path / "docs" / pages.place(source)).read_text().splitlines()[:2] for source in sources]
    assert {first for first, _ in heads} == {"---"}
    assert len({second for _, second in heads}) == len(heads)


def test_a_link_out_of_the_site() -> None:
    """A link to a file that the site does not have ends the build."""
    with pytest.raises(ValueError, match=r"the site has no src/ivsim/mock\.py"):
        pages.moved("[x](../src/ivsim/mock.py)", "docs/a.md")


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="b.html">', "a.html leads to b.html, which is not there"),
        ('<a href="#b">', "a.html leads to #b, and there is no such anchor"),
        ('<img src="/b.png">', "a.html leads to /b.png, which is not there"),
        ('<script src="//e.com/b.js">', "a.html loads //e.com/b.js"),
        ('<link rel="stylesheet" href="https://e.com/b.css">', "a.html loads https://e.com/b.css"),
        ('<autoref identifier="ivsim.B">B</autoref>', "a.html refers to ivsim.B, which is not resolved"),
        ("<p>| a | b |\n| c | d |</p>", "a.html has a row in no table: | a | b |"),
        ('<h1 id="b"></h1><a href="a.html#b"><a href="."><a href="https://e.com/b"><a href="">', None),
    ],
)
def test_links_of_the_built_site(tmp_path: Path, html: str, fault: str | None) -> None:
    """A link that leads nowhere is told, and so are what is loaded from elsewhere and rows in no table."""
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "index.html").write_text("")
    assert list(built.faults(tmp_path, "http://e.com/")) == ([fault] if fault else [])


def test_style_sheets_of_the_built_site(tmp_path: Path) -> None:
    """A style sheet that loads something from elsewhere is told too."""
    (tmp_path / "a.css").write_text('@import "https://e.com/b.css"; a {background: url(b.png)}')
    assert list(built.faults(tmp_path, "http://e.com/")) == ["a.css loads https://e.com/b.css"]


def test_absolute_links_of_the_built_site(tmp_path: Path) -> None:
    """They lead to the folder at which the site stands; without it they lead nowhere."""
    (tmp_path / "404.html").write_text('<a href="/ivsim/"><a href="/ivsim/404.html"><a href="/404.html">')
    (tmp_path / "index.html").write_text("")
    for url in ("https://e.com/ivsim", "https://e.com/ivsim/"):
        assert list(built.faults(tmp_path, url)) == ["404.html leads to /404.html, which is not there"]
