"""What a built site must hold: its links lead somewhere, it loads nothing from elsewhere, and its tables are tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {("link", "href"), ("img", "src"), ("script", "src"), ("source", "src"), ("iframe", "src"), ("video", "src")}
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]+)""")


class _Page(HTMLParser):
    """The anchors and references of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {"", "__top"}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.unresolved: list[str] = []
        self.rows: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what an element is, and refers to."""
        given = dict(attrs)
        self.anchors |= {given[name] or "" for name in ("id", "name") if given.get(name)}
        if tag == "autoref":
            self.unresolved.append(given.get("identifier") or "")
        if tag == "link" and given.get("rel") in ("canonical", "alternate"):
            return
        for name, value in given.items():
            if value and (tag, name) in LOADED:
                self.loaded.append(value)
            elif value and (tag, name) == ("a", "href"):
                self.links.append(value)

    def handle_data(self, data: str) -> None:
        """Take note of a row that stands in no table, as one does after an empty line."""
        if self.get_starttag_text() == "<p>" and data.startswith("|"):
            self.rows.append(data.partition("\n")[0])


def faults(site: Path, url: str) -> Iterator[str]:
    """Return a sentence for each link that leads nowhere, thing that is loaded from elsewhere, and row in no table.

    Absolute paths are those of a site at `url`.
    """
    top = urlsplit(url).path.rstrip("/") + "/"
    pages = {path: _Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site)
        for address in page.loaded:
            if urlsplit(address).netloc:
                yield f"{where} loads {address}"
        for name in page.unresolved:
            yield f"{where} refers to {name}, which is not resolved"
        for row in page.rows:
            yield f"{where} has a row in no table: {row}"
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            base = site if parts.path.startswith(top) else path.parent
            target = (base / unquote(parts.path.removeprefix(top))).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{where} leads to {address}, which is not there"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{where} leads to {address}, and there is no such anchor"
    for path in sorted(site.rglob("*.css")):
        for address in IN_CSS.findall(path.read_text()):
            yield f"{path.relative_to(site)} loads {address}"
