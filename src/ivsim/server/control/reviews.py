"""Message review handlers by webhook: for code in other languages to stand for the Lambda function."""

from __future__ import annotations

import msgspec

from ...core.arguments import LookupRefused
from ...emulator import Emulator
from ..posting import is_url
from .endpoints import Body, endpoint
from .problems import RequestRefused


class ReviewHandler(msgspec.Struct, rename="camel"):
    """A Lambda function's ARN and the URL in its place; no URL for a function in the server's own process."""

    lambda_arn: str
    url: str | None


class SetReviewHandler(Body):
    """The ARN that rooms have as `messageReviewHandler.uri`, and where its payload is POSTed."""

    lambda_arn: str
    url: str


@endpoint("GET", "/review-handlers")
def list_review_handlers(sim: Emulator) -> list[ReviewHandler]:
    """Return the stand-ins for the Lambda functions of message review handlers."""
    by_arn: dict[str, str | None] = {**sim.chat.webhooks, **dict.fromkeys(sim.chat.review_handlers)}
    return [ReviewHandler(lambda_arn, url) for lambda_arn, url in sorted(by_arn.items())]


@endpoint(
    "PUT",
    "/review-handlers",
    example={
        "lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:review",
        "url": "http://127.0.0.1:8080/review",
    },
)
def set_review_handler(sim: Emulator, body: SetReviewHandler) -> ReviewHandler:
    """POST the payload of each review of a Lambda function to a URL, which answers with the function's response.

    That of Lambda's Invoke is one, as `sam local start-lambda` has it.
    It has 200 ms of real time (the quota "Message review handler timeout period"); the room's fallback result decides
    when that is over, and for an answer that is not 200 or no JSON object. A state that is saved has the URL.
    """
    if not is_url(body.url):
        raise RequestRefused(400, f"{body.url!r} is not an http or https URL, without a user name in it", field="url")
    if not body.lambda_arn.startswith("arn:"):
        raise RequestRefused(400, f"{body.lambda_arn!r} is not the ARN of a Lambda function", field="lambdaArn")
    sim.chat.webhooks[body.lambda_arn] = body.url
    sim.chat.review_handlers.pop(body.lambda_arn, None)
    return ReviewHandler(body.lambda_arn, body.url)


@endpoint("DELETE", "/review-handlers")
def delete_review_handler(sim: Emulator, lambda_arn: str) -> None:
    """Remove the stand-in for a Lambda function."""
    found = [each.pop(lambda_arn, None) for each in (sim.chat.review_handlers, sim.chat.webhooks)]
    if found == [None, None]:
        raise LookupRefused("lambda_arn", f"there is no review handler for {lambda_arn!r}")
