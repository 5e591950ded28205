"""Real clients of stages, by WebRTC or as the SDK that hears of a stage: nobody takes them, and they are told so."""

from __future__ import annotations

from ..wire.http import Request, Response

STATUS = 501

REFUSAL = (
    "ivsim takes neither media nor connections of real clients of stages: "
    "let sim.stages.join(), `ivsim join` or POST /_ivsim/participants stand for them"
)


def refusal(request: Request) -> Response | None:
    """Return the answer to a request with an SDP offer, as clients of WHIP send it; None for any other request."""
    if request.header("content-type").partition(";")[0].strip().lower() != "application/sdp":
        return None
    return Response(STATUS, {"Content-Type": "text/plain; charset=utf-8"}, f"{REFUSAL}\n".encode())


def is_stage_token(subprotocol: str) -> bool:
    """Return whether the subprotocol of a WebSocket is a token of a stage, which is a JWT; a token of chat is none."""
    return subprotocol.startswith("eyJ") and subprotocol.count(".") == 2
