"""The console: a page and its parts, files that are sent as they are."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {each.name: each for each in Path(__file__).parent.iterdir() if each.suffix in _TYPES}

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers with which nothing comes from elsewhere or goes there, and browsers mix no old files with new ones."""


def page() -> Starlette:
    """Return the application that answers `GET /` and everything under `/_ivsim/console/`."""
    return Starlette(routes=[Route("/", _file), Route("/_ivsim/console/{name}", _file)])


async def _file(request: Request) -> FileResponse:
    file = _FILES.get(request.path_params.get("name", "index.html"))
    if file is None:
        raise HTTPException(404)
    return FileResponse(file, headers=_HEADERS, media_type=_TYPES[file.suffix])
