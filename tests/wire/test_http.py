"""Requests and responses, as every door exchanges them with the dispatcher."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from ivsim import Emulator, Request
from ivsim.wire.http import Recipe, Response, WholeResponse

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


async def parts() -> AsyncIterator[bytes]:
    """A body in parts."""
    yield b"one"


def test_bytes() -> None:
    """A response whose body is there is whole."""
    response = Response(200, {"a": "b"}, b"body", 1.5, "ivs:GetChannel")
    whole = response.whole()
    assert whole == response
    assert isinstance(whole, WholeResponse)
    assert whole.whole() is whole


def test_recipe() -> None:
    """A recipe is made when a whole response is wanted, by its function, of its arguments."""
    response = Response(200, {"a": "b"}, Recipe(bytes.fromhex, ("00ff",)), 1.5, "x")
    assert response.whole() == WholeResponse(200, {"a": "b"}, b"\0\xff", 1.5, "x")


def test_equal_recipes() -> None:
    """Recipes are equal that make the same of the same, and can be found by that."""
    assert {Recipe(bytes.fromhex, ("00",)): 1}[Recipe(bytes.fromhex, ("00",))] == 1
    assert Recipe(bytes.fromhex, ("00",)) != Recipe(bytes.fromhex, ("01",)) != Recipe(bytes)


def test_a_bug_in_a_recipe() -> None:
    """What goes wrong in making a body surfaces as itself."""
    with pytest.raises(ValueError, match="non-hexadecimal"):
        Response(200, {}, Recipe(bytes.fromhex, ("zz",))).whole()


def test_parts() -> None:
    """A body in parts is refused where there is nobody to wait for them; other headers stay."""
    whole = Response(200, {"Content-Type": "video/mp2t", "Vary": "Origin"}, parts(), 1.5, "x").whole()
    assert (whole.status, whole.latency, whole.operation) == (501, 1.5, "x")
    headers = {"Content-Type": "application/json", "Vary": "Origin", "x-amzn-ErrorType": "NotEmulated"}
    assert whole.headers == headers
    assert "sim.serve()" in json.loads(whole.body)["message"]
