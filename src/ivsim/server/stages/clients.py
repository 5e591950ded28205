"""Clients of stages: what their requests say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...ivsrealtime.participants import Client

_SYSTEMS = (
    ("Windows", re.compile(r"Windows NT ([0-9.]+)")),
    ("Android", re.compile(r"Android ([0-9.]+)")),
    ("iOS", re.compile(r"(?:iPhone OS|CPU OS) ([0-9_]+)")),
    ("Mac OS", re.compile(r"Mac OS X ([0-9_.]+)")),
    ("Chrome OS", re.compile(r"CrOS \S+ ([0-9.]+)")),
    ("Linux", re.compile(r"Linux()")),
)
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:A|iOS)?/([0-9.]+)")),
    ("Opera", re.compile(r"OPR/([0-9.]+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/([0-9.]+)")),
    ("Chrome", re.compile(r"(?:HeadlessChrome|Chrome|CriOS)/([0-9.]+)")),
    ("Safari", re.compile(r"Version/([0-9.]+).* Safari/")),
)
"""Those that call themselves another's name as well come before it."""

_LONGEST = 128
_ODD = re.compile(r"[^a-zA-Z0-9_.,:;\s-]")


def client_of(headers: Mapping[str, str]) -> Client:
    """Return what the headers of a request say of who sends it: User-Agent, and the SDK's own X-Stages-SDK."""
    agent = headers.get("User-Agent", "")
    system, system_version = _first(_SYSTEMS, agent)
    browser, browser_version = _first(_BROWSERS, agent)
    sdk_version = _ODD.sub("", headers.get("X-Stages-SDK", ""))[:_LONGEST]
    return Client(system, system_version.replace("_", "."), browser, browser_version, sdk_version)


def _first(patterns: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> tuple[str, str]:
    """Return the first name whose pattern is found, and the version there."""
    for name, pattern in patterns:
        found = pattern.search(agent)
        if found is not None:
            return name, found[1][:_LONGEST]
    return "", ""
