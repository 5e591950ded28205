"""HTTP that is well-formed and says nonsense: each request is answered, by no more than a refusal."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.server.run import Server
from ivsim.services import SERVICES

from ..samples import sample
from .fuzzing import ODD_JSON, Watch, answers, exchange, is_served, members, until_nobody_is_left
from .raw import chunked

OPERATIONS = [operation for service in SERVICES.values() for operation in service.model.operations.values()]

TARGET = st.text("aA0/%.;:?#&=+@~\\[]{}|^\"'<> \x7f", max_size=12) | st.sampled_from(
    ["/tags/%ff", "/tags/%", "/%2e%2e/", "//", "?tagKeys=%ff&tagKeys", "?X-Amz-Credential=a/1/b/c/aws4_request", "/[::"]
)


class Asked(NamedTuple):
    """A request, and what it takes to read its answer."""

    method: str
    data: bytes


CREDENTIAL = st.builds(
    "AWS4-HMAC-SHA256 Credential={}/{}/{}/{}/aws4_request, SignedHeaders=host, Signature=0".format,
    st.sampled_from(["AKIDEXAMPLE", "123456789012", "1" * 13, "é", ""]),
    st.sampled_from(["20260101", "", "x"]),
    st.sampled_from(["us-east-1", "eu-west-1", "mars-north-9", "a" * 300, "", "/"]),
    st.sampled_from(["ivs", "ivschat", "s3", "", "IVS"]),
)
CORS = ["Access-Control-Request-Method", "Access-Control-Request-Headers"]
VALUE = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just("Authorization"), CREDENTIAL | VALUE),
        st.tuples(st.just("Content-Encoding"), st.sampled_from(["gzip", "deflate", "br", "gzip, gzip, gzip", "", ","])),
        st.tuples(st.just("Connection"), st.sampled_from(["close", "keep-alive", "Upgrade", "close, x", "TE"])),
        st.tuples(st.just("Upgrade"), st.sampled_from(["h2c", "websocket", "HTTP/2.0", ""])),
        st.tuples(st.just("Expect"), st.sampled_from(["100-continue", "200-ok", ""])),
        st.tuples(st.just("Host"), st.sampled_from(["", "[", "ivs.x.amazonaws.com", "edge.ivschat.x.amazonaws.com"])),
        st.tuples(st.sampled_from(["Origin", *CORS, "Accept", "Cookie", "X-Amz-Date"]), VALUE),
    ),
    max_size=5,
)


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Draw a request for some operation, or for something like it."""
    operation = draw(st.sampled_from(OPERATIONS))
    arn = st.sampled_from(["channel", "stage"]).map("arn:aws:ivs:us-east-1:123456789012:{}/a".format)
    path = operation.path.replace("{resourceArn}", draw(arn | TARGET))
    target = draw(st.just(path) | TARGET.map(lambda tail: path + tail) | TARGET.map(lambda text: "/" + text))
    target = "".join(each for each in target if each.isprintable() and each != " ")
    method = draw(st.just(operation.method) | st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]))
    valid = json.dumps(sample(operation.input) if operation.input else {}).encode()
    body = draw(st.just(valid) | members(operation.members) | ODD_JSON)
    body = draw(st.sampled_from([bytes, bytes, bytes, gzip.compress, zlib.compress, lambda data: data[:-1]]))(body)
    head = draw(HEADERS)
    if draw(st.booleans()):
        head.append(("Content-Length", str(len(body))))
    else:
        head.append(("Transfer-Encoding", "chunked"))
        body = chunked(*draw(st.sampled_from([[body], [body[:1], body[1:]]]))) if body[1:] else chunked()
    version = draw(st.sampled_from(["1.1", "1.1", "1.1", "1.0"]))
    lines = [f"{method} {target} HTTP/{version}", *(f"{name}: {value}" for name, value in head), "", ""]
    return Asked(method, "\r\n".join(lines).encode("latin-1", "replace") + body)


@pytest.fixture(scope="module")
def door() -> Iterator[Server]:
    """A server that all examples knock at; nothing stays of them but calls, and those can be saved."""
    with Emulator(history=100).serve() as server:
        yield server
        until_nobody_is_left()
        saved = server.emulator.dumps()
    restarted = Emulator()
    restarted.loads(saved)
    assert restarted.dumps() == saved


@settings(deadline=None)
@given(asked=st.lists(requests(), min_size=1, max_size=3), half=st.booleans())
def test_nonsense(door: Server, asked: list[Asked], half: bool) -> None:
    """Any operation with anything in it, one or some in a row: HTTP comes back, no 500, and the next is served."""
    with Watch() as log:
        received = exchange(door.port, b"".join(each.data for each in asked), half=half)
        for response, body in answers([each.method for each in asked], received):
            assert response.status_code < 500 or response.status_code == 501, body
        assert is_served(door)
    assert log.texts == []
