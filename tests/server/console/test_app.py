"""The files of the console, as the port sends them; what they do in a browser is told in test_page.py."""

from __future__ import annotations

import re

import pytest

from ivsim.server.run import Server

from ..raw import RawClient, Reply


def get(server: Server, target: str) -> Reply:
    """Return what a browser would get."""
    with RawClient(server.port) as client:
        return client.call(target, b"", method="GET")


def test_the_page(server: Server) -> None:
    """The server's root is the console, a page that loads nothing from elsewhere, and is asked for anew each time."""
    page = get(server, "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.body.decode())


def test_what_it_consists_of(server: Server) -> None:
    """Whatever the page names is there, with its type."""
    names = re.findall(r'(?:src|href)="([^"#]+)"', get(server, "/").body.decode())
    assert {name.rpartition(".")[2] for name in names} >= {"js", "css"}
    types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
    for name in names:
        file = get(server, name)
        assert (file.status, file.headers["content-type"]) == (200, types[name.rpartition(".")[2]]), name
        assert file.body


@pytest.mark.parametrize("name", ["app.py", "__init__.py", "nothing.js", "..%2fapp.py", ""])
def test_nothing_else(server: Server, name: str) -> None:
    """No other file is sent, whatever lies beside them."""
    assert get(server, f"/_ivsim/console/{name}").status == 404
