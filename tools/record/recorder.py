"""Notes what clients of botocore ask and are answered, and what a recording in a file is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call, and what came of it."""

    scenario: str
    """What it is a part of: a chapter of the tour, or a test. A scenario begins with an empty account."""

    service: str
    operation: str
    parameters: dict[str, Any]
    status: int
    error: str = ""
    """The error's code, if the call was refused."""

    at: str = ""
    """When it was answered, by the service's clock, in ISO 8601."""

    answer: dict[str, Any] = {}
    """The body, as it came: members that botocore's model does not know included."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Whence a recording is."""

    date: str
    region: str
    botocore: str
    endpoints: dict[str, str]
    """Who answered, by service."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A file in tests/recorded/."""

    about: About
    calls: list[Call]

    def write(self, folder: Path) -> Path:
        """Write it under its date, without writing over another; return the path."""
        number, path = 1, folder / f"{self.about.date}.json"
        while path.exists():
            number += 1
            path = folder / f"{self.about.date}-{number}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")
        return path


def is_aws(url: str) -> bool:
    """Return whether an endpoint is AWS's: what ivsim answers is no truth."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".api.aws"))


def read(path: Path) -> Recording:
    """Read a recording. Raises `msgspec.ValidationError`, which names the place, for a file that is none."""
    return msgspec.json.decode(path.read_bytes(), type=Recording)


class Recorder:
    """Notes the calls of the clients that it watches, in order, while a scenario is on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._scenario = ""

    def watch(self, client: Any) -> None:
        """Note the client's calls from now on, by the events that botocore has for it."""
        client.meta.events.register("before-parameter-build", self._asked)
        client.meta.events.register("after-call", self._answered)

    @contextmanager
    def scenario(self, name: str) -> Iterator[None]:
        """Note what is called meanwhile, under a name; "" notes nothing."""
        around, self._scenario = self._scenario, name
        try:
            yield
        finally:
            self._scenario = around

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["recorded_parameters"] = copy.deepcopy(params)

    def _answered(self, http_response: Any, parsed: Mapping[str, Any], model: Any, context: Any, **_: Any) -> None:
        if not self._scenario:
            return
        date = parsed["ResponseMetadata"]["HTTPHeaders"].get("date")
        self.calls.append(
            Call(
                scenario=self._scenario,
                service=model.service_model.service_name,
                operation=model.name,
                parameters=context["recorded_parameters"],
                status=http_response.status_code,
                error=parsed.get("Error", {}).get("Code", ""),
                at=parsedate_to_datetime(date).isoformat() if date else "",
                answer=_json(http_response.content),
            )
        )


def _json(body: bytes) -> dict[str, Any]:
    """Return what a body says; one that is not JSON, such as a proxy's, is kept as text."""
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        decoded = None
    return decoded if isinstance(decoded, dict) else {"text": body.decode(errors="replace")}
