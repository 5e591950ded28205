"""Clients that would send media to stages, or have them: nobody takes theirs, and they are told so."""

from __future__ import annotations

from ..wire.http import Request, Response

STATUS = 501

REFUSAL = (
    "ivsim takes no media of clients of stages, and sends none: "
    "let sim.stages.join(), `ivsim join` or POST /_ivsim/participants stand for them"
)


def refusal(request: Request) -> Response | None:
    """Return the answer to a request with an SDP offer, as clients of WHIP send it; None for any other request."""
    if request.header("content-type").partition(";")[0].strip().lower() != "application/sdp":
        return None
    return Response(STATUS, {"Content-Type": "text/plain; charset=utf-8"}, f"{REFUSAL}\n".encode())
