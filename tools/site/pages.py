"""The pages of the repository as those of the site: where each stands, links that lead there, and the navigation."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from . import endpoints, reference

ROOT = Path(__file__).parent.parent.parent

OUTSIDE = {"README.md": "index.md", "docs/index.md": "contents.md", "CONTRIBUTING.md": "contributing.md"}
OUTSIDE |= {"CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md", "CODE_OF_CONDUCT.md": "code_of_conduct.md"}
OUTSIDE |= {"LICENSE": "license.md"}
"""What stands elsewhere on the site than in docs/, or has another name there."""

LANGUAGES = {".js": "js", ".json": "json"}
"""What the files of an example that is a folder are written in."""

FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
SECTION = re.compile(r"^\*\*(?P<title>[^*\n]+)\*\*[^\n]*\n(?P<body>.*?)(?=^\*\*|\Z)", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"\[(?P<label>[^\]]+)\]\((?P<target>[^)#]+)\)")
FIRST = re.compile(r"\A#[^\n]*\n\n(?P<words>(?!```)[\w`].*?)\n\n", re.DOTALL)
LABEL = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"\S.*?[.:](?=\s|\Z)", re.DOTALL)

DESCRIBED = 160
"""The letters of a description that search engines show."""

Nav = list[dict[str, "str | Nav"]]


def place(source: str) -> str:
    """Return where a file of the repository stands on the site. Raises ValueError for one that it does not have."""
    if source in OUTSIDE:
        return OUTSIDE[source]
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    if source.startswith("examples/") and source.endswith(".py"):
        return source.removesuffix(".py") + ".md"
    if source.startswith("examples/") and source.count("/") == 2:
        return os.path.dirname(source) + ".md"
    raise ValueError(f"the site has no {source}")


def moved(text: str, source: str) -> str:
    """Return a page as it stands on the site: its links lead there, and Python-Markdown reads it as GitHub does."""

    def follow(link: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(source), link["target"]))
        found = os.path.relpath(place(target), os.path.dirname(place(source)) or ".")
        return f"]({found}{link['anchor'] or ''})"

    pieces = FENCED.split(text)  # every other one is code
    pieces[::2] = [LINK.sub(follow, piece) for piece in pieces[::2]]
    text = "".join(pieces)
    text = re.sub(r"^( *```\w+) [^\n]*$", r"\1", text, flags=re.MULTILINE)  # what a block of code needs to be tested
    return re.sub(r"^ {3}(?=\S)", "    ", text, flags=re.MULTILINE)  # in the items of a numbered list


def described(text: str) -> str:
    """Return a page with a description for search engines: what it says first, in whole sentences."""
    first = FIRST.match(text)
    if first is None:
        return text
    words = " ".join(re.sub("[`*]", "", LABEL.sub(r"\1", first["words"])).split())
    description = ""
    for sentence in SENTENCE.findall(words):
        if description and len(description) + len(sentence) >= DESCRIBED:
            break
        description = f"{description} {sentence}".strip()
    return f"---\ndescription: {json.dumps(description.rstrip(':') or words)}\n---\n\n{text}"


def code_page(path: Path) -> str:
    """Return the page of an example: what it says of itself, in its docstring or its README, and its code."""
    if path.suffix == ".py":
        _, said, code = path.read_text().split('"""', 2)
        return f"# {path.name}\n\n{said.strip()}\n\n```python\n{code.lstrip()}```\n"
    text, code = (path / "README.md").read_text(), ""
    for file in sorted(each for each in path.iterdir() if each.suffix in LANGUAGES):
        text = text.replace(f"]({file.name})", f"](#{file.name.replace('.', '')})")
        code += f"\n## {file.name}\n\n```{LANGUAGES[file.suffix]}\n{file.read_text()}```\n"
    return moved(text, f"examples/{path.name}/README.md") + code


def examples() -> list[Path]:
    """Return the examples, which are files in Python, or folders."""
    return sorted(
        path for path in (ROOT / "examples").iterdir() if path.suffix == ".py" or (path / "README.md").exists()
    )


def navigation(contents: str) -> Nav:
    """Return the site's navigation: that of docs/index.md, and what is made for the site alone."""
    nav: Nav = [{"Home": "index.md"}]
    for section in SECTION.finditer(contents):
        entries: Nav = []
        for entry in ENTRY.finditer(section["body"]):
            label = " ".join(entry["label"].split())
            entries.append({label[0].upper() + label[1:]: place(os.path.normpath(f"docs/{entry['target']}"))})
        if section["title"] == "Look up":
            entries[:0] = [
                {"Python API": [{page.title: page.file} for page in reference.PAGES]},
                {"Control endpoints": "endpoints.md"},
            ]
            entries.append({"Examples": [{path.name: f"examples/{path.stem}.md"} for path in examples()]})
        nav.append({section["title"]: entries})
    nav.append({"All pages": "contents.md"})
    return nav


def listed(nav: Nav) -> set[str]:
    """Return the pages that a navigation leads to."""
    return {
        page
        for entry in nav
        for value in entry.values()
        for page in ([value] if isinstance(value, str) else listed(value))
    }


def as_toml(nav: Nav) -> str:
    """Return a navigation as TOML has it."""
    entries = (
        f"{{{json.dumps(label)} = {json.dumps(value) if isinstance(value, str) else as_toml(value)}}}"
        for entry in nav
        for label, value in entry.items()
    )
    return f"[{', '.join(entries)}]"


def make(folder: Path, version: str, url: str = "") -> None:
    """Write pages and configuration of the site to a folder; it is going to stand at an address, if there is one.

    Raises ValueError for a page that nothing leads to.
    """
    pages = folder / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.md"))
    made = {f"examples/{path.stem}.md": code_page(path) for path in examples()}
    made |= {page.file: reference.markdown(page) for page in reference.PAGES}
    made["endpoints.md"] = endpoints.markdown(json.loads((ROOT / "docs" / "openapi.json").read_text()))
    made["license.md"] = f"# License\n\n```text\n{(ROOT / 'LICENSE').read_text()}```\n"
    for path in [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in OUTSIDE if name.endswith(".md"))]:
        source = path.relative_to(ROOT).as_posix()
        made[place(source)] = moved(path.read_text(), source)
    nav = navigation((ROOT / "docs" / "index.md").read_text())
    if lost := made.keys() - listed(nav) - {"license.md"}:
        raise ValueError(f"docs/index.md, which is the navigation, does not lead to {', '.join(sorted(lost))}")
    for file, text in made.items():
        (pages / file).parent.mkdir(parents=True, exist_ok=True)
        (pages / file).write_text(described(text))
    shutil.copy(Path(__file__).parent / "site.css", pages)
    template = (Path(__file__).parent / "zensical.toml").read_text().replace("VERSION", version)
    template = template.replace('site_url = ""\n', f"site_url = {json.dumps(url)}\n" if url else "")
    (folder / "zensical.toml").write_text(template.replace("nav = []", f"nav = {as_toml(nav)}"))
