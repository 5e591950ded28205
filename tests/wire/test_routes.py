"""Which operation a method and a path mean."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ivsim import Emulator

from ..calling import call, send, signed


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ListChannels"),
        ("POST", "/listchannels"),
        ("POST", "/ListChannels/"),
        ("POST", "/"),
        ("POST", ""),
        ("PATCH", "/tags/x"),
        ("GET", "/tags/"),
        ("GET", "/tags"),
        ("POST", "http://[::1"),
        ("GET", "/tags/%ff"),
        ("GET", "/tags/%ED%A0%80"),
    ],
)
def test_unknown_operations(sim: Emulator, method: str, path: str) -> None:
    """What is no operation gets AWS's error for that, and is on record."""
    answer = send(sim, method, path)
    assert (answer.status, answer.code) == (404, "UnknownOperationException")
    assert answer.body["message"]
    assert (sim.calls[-1].service, sim.calls[-1].operation, sim.calls[-1].error) == ("", "", answer.code)


@pytest.mark.parametrize("encode", [lambda arn: arn, lambda arn: quote(arn, safe=":"), lambda arn: quote(arn, safe="")])
@pytest.mark.parametrize("headers", [{}, signed(), signed(service="ivschat")])
def test_tags_find_their_service(sim: Emulator, encode: object, headers: dict[str, str]) -> None:
    """Tags go to the service of the ARN, however it is encoded and whether the request is signed or not."""
    for operation, service, outer in (("CreateChannel", "ivs", "channel"), ("CreateRoom", "ivschat", None)):
        if headers and headers != signed(service=service):
            continue
        created = call(sim, operation, tags={"a": "b"}).body
        arn = (created[outer] if outer else created)["arn"]
        answer = send(sim, "GET", f"/tags/{encode(arn)}", headers=headers)  # type: ignore[operator]
        assert answer.body == {"tags": {"a": "b"}}
        assert sim.calls[-1].service == service
