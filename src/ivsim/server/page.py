"""The console: a page and what it consists of, files that are sent as they are."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

ASSETS = "/_ivsim/console/"

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {each.name: each for each in Path(__file__).with_name("console").iterdir()}

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing comes from elsewhere or goes there; and after an upgrade no browser mixes old files with new ones."""


def page() -> Starlette:
    """Return the application that answers `GET /` and everything under `/_ivsim/console/`."""
    return Starlette(routes=[Route("/", _index), Route(f"{ASSETS}{{name}}", _asset)])


async def _index(_: Request) -> FileResponse:
    return _response("index.html")


async def _asset(request: Request) -> FileResponse:
    return _response(request.path_params["name"])


def _response(name: str) -> FileResponse:
    file = _FILES.get(name)
    if file is None:
        raise HTTPException(404)
    return FileResponse(file, headers=_HEADERS, media_type=_TYPES[file.suffix])
