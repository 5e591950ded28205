"""Requests and responses, as every door exchanges them with the dispatcher."""

from __future__ import annotations

from ivsim import Emulator, Request

from ..calling import signed


def test_headers_of_bytes(sim: Emulator) -> None:
    """Header values may be bytes, as botocore has them."""
    headers = {name: value.encode() for name, value in signed("eu-west-1").items()}
    sim.handle(Request("POST", "/CreateChannel", headers, b"{}"))
    assert sim.calls[-1].region == "eu-west-1"


def test_header() -> None:
    """A header is text, whatever a door holds it as, and empty when the request has none of its name."""
    assert Request("GET", "/", {"x": "ä"}).header("x") == Request("GET", "/", {"x": b"\xe4"}).header("x") == "ä"
    assert Request("GET", "/", {"x": "ä"}).header("y") == Request("GET", "/").header("x") == ""
