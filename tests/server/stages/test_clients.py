"""What headers say of the client of a stage."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim.ivsrealtime.participants import Client
from ivsim.server.stages.clients import client_of
from ivsim.web import Headers

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36",
            ("Windows", "10.0", "Chrome", "156.0.0.0"),
        ),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.1.2",
            ("Windows", "10.0", "Edge", "156.0.1.2"),
        ),
        (
            f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36",
            ("Linux", "", "Chrome", "156.0.0.0"),
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.1 Safari/605.1.15",
            ("Mac OS", "10.15.7", "Safari", "19.1"),
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 19_1_2 like Mac OS X) AppleWebKit/605.1 Version/19.1 Mobile Safari/604",
            ("iOS", "19.1.2", "Safari", "19.1"),
        ),
        (
            f"{MOZILLA} (Linux; Android 15; K) {WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36",
            ("Android", "15", "Chrome", "156.0.0.0"),
        ),
        (
            f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/156.0.0.0 Safari/537.36 OPR/99.1",
            ("Chrome OS", "14541.0.0", "Opera", "99.1"),
        ),
        (
            f"{MOZILLA} (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
            ("Linux", "", "Firefox", "150.0"),
        ),
        ("Python/3.11 websockets/15.0", ("", "", "", "")),
        ("", ("", "", "", "")),
    ],
)
def test_agents(agent: str, expected: tuple[str, ...]) -> None:
    """System and browser are found in User-Agent, each by its own name; what is neither is left empty."""
    assert client_of(Headers([("User-Agent", agent)])) == Client(*expected)


def test_sdk() -> None:
    """The SDK says its version itself."""
    assert client_of(Headers([("x-stages-sdk", "1.41.0")])) == Client(sdk_version="1.41.0")
    assert client_of(Headers([])) == Client()


@given(st.text(max_size=300), st.text(max_size=300))
def test_any(agent: str, sdk: str) -> None:
    """Whatever is sent, the API's members have only what they may."""
    for each in client_of({"User-Agent": agent, "X-Stages-SDK": sdk}):
        assert re.fullmatch(r"[a-zA-Z0-9-_.,:;\s]{0,128}", each)
