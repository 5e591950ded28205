"""Targets: where a rule sends its events, each by the protocol of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, partial
from http.client import HTTPException
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ...bus import entry_of
from ...core.weather import Event
from ..posting import Posted, connection_to, post

Send: TypeAlias = Callable[[Event], None]
"""Hands an event to a target, and waits until the target has it. Raises TargetFailed."""

HTTP_SECONDS = 5.0
"""For each thing that is waited for. Source: EventBridge User Guide, *API destinations*."""

_LAMBDA_SECONDS = 900.0
"""The longest that a Lambda function may take. Source: Lambda Developer Guide, *Lambda quotas*."""

_TIMED_OUT = re.compile(rb"Task timed out after [0-9.]+ seconds")

_ERROR_MEMBERS = {"errorType", "errorMessage", "stackTrace", "trace", "cause", "requestId"}
"""What runtimes tell of an error, in several languages. Source: Lambda Developer Guide."""

_RETRIED = (401, 407, 409, 429)
"""The statuses below 500 that may be another one next time. Source: EventBridge User Guide, *API destinations*."""


class TargetFailed(Exception):
    """A target did not take an event. `is_retried` says whether it may take it next time."""

    def __init__(self, reason: str, *, is_retried: bool = True) -> None:
        super().__init__(reason)
        self.is_retried = is_retried


class Target(msgspec.Struct, frozen=True, rename="camel", tag_field="type"):
    """A member of a rule. Its `type` says which of the kinds below it is; what ends in `url` or `endpoint` is a URL."""


class HttpTarget(Target, frozen=True, tag="http"):
    """Any HTTP endpoint: the event is POSTed to it, and each status from 200 to 299 takes it."""

    url: str

    def sender(self) -> Send:
        """Return what sends events there."""
        return partial(_send, self.url)


class LambdaTarget(Target, frozen=True, tag="lambda"):
    """A function by the URL of Lambda's Invoke: the event is its payload; a function that fails has not taken it."""

    url: str

    def sender(self) -> Send:
        """Return what sends events there."""
        return partial(_invoke, self.url)


class SqsTarget(Target, frozen=True, tag="sqs"):
    """A queue of SQS: the event is the body of a message. The endpoint is the queue URL's, unless it is given.

    `message_group_id` is what `SqsParameters` of a target of EventBridge have; a FIFO queue takes no message without,
    and, as EventBridge sends no deduplication id, none unless its deduplication is content-based.
    """

    queue_url: str
    endpoint: str | None = None
    message_group_id: str | None = None

    def sender(self) -> Send:
        """Return what sends events there."""
        scheme, host, *_ = urlsplit(self.queue_url)
        client = cache(partial(_client, "sqs", self.endpoint or f"{scheme}://{host}"))
        group = {} if self.message_group_id is None else {"MessageGroupId": self.message_group_id}

        def send(event: Event) -> None:
            send_message = client(event["region"], event["account"]).send_message
            _ask(send_message, QueueUrl=self.queue_url, MessageBody=json.dumps(event), **group)

        return send


class EventBridgeTarget(Target, frozen=True, tag="eventbridge"):
    """A bus of EventBridge, by PutEvents. The bus gives the event another id, and an account of its own."""

    endpoint: str
    event_bus: str = "default"

    def sender(self) -> Send:
        """Return what sends events there."""
        client = cache(partial(_client, "events", self.endpoint))

        def send(event: Event) -> None:
            entry = {**entry_of(event), "EventBusName": self.event_bus}
            answer = _ask(client(event["region"], event["account"]).put_events, Entries=[entry])
            if answer["FailedEntryCount"]:
                raise TargetFailed("{ErrorCode}: {ErrorMessage}".format_map(answer["Entries"][0]))

        return send


AnyTarget: TypeAlias = HttpTarget | LambdaTarget | SqsTarget | EventBridgeTarget

ENDPOINT_VARIABLES: dict[type[msgspec.Struct], tuple[str, ...]] = {
    SqsTarget: ("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"),
    EventBridgeTarget: ("AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL"),
}
"""The variables that name the endpoint of a target which does not, the first that is set, as in every AWS SDK."""


def _send(url: str, event: Event) -> None:
    status, _, _ = _post(url, HTTP_SECONDS, event)
    _check(url, status, is_retried=_is_retried(status))


def _invoke(url: str, event: Event) -> None:
    posted = _post(url, _LAMBDA_SECONDS, event)
    is_busy = posted.status == 400 and not posted.body  # as the runtime interface emulator says it
    _check(url, posted.status, is_retried=is_busy or _is_retried(posted.status))
    if posted.function_error is not None or _is_failure(posted.body):
        failure = f"{posted.function_error or 'Unhandled'}: {posted.body[:200].decode(errors='replace')}"
        raise TargetFailed(f"the function failed: {failure}")


def _is_failure(body: bytes) -> bool:
    """Return whether a function has failed by what was answered, as the runtime interface emulator tells nothing else.

    Source: aws/aws-lambda-runtime-interface-emulator, issues 20 and 21. SAM looks for the same.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return _TIMED_OUT.fullmatch(body) is not None
    return isinstance(told, dict) and {"errorType", "errorMessage"} <= told.keys() <= _ERROR_MEMBERS


def _post(url: str, seconds: float, event: Event) -> Posted:
    try:
        return post(connection_to(url, seconds), url, json.dumps(event).encode())
    except (OSError, HTTPException) as error:
        raise TargetFailed(f"{type(error).__name__}: {error}") from None


def _check(url: str, status: int, *, is_retried: bool) -> None:
    if not 200 <= status < 300:
        raise TargetFailed(f"{url} answered {status}", is_retried=is_retried)


def _ask(operation: Callable[..., Any], **members: Any) -> Any:
    try:
        return operation(**members)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise TargetFailed(str(error), is_retried=_is_retried(status)) from None
    except BotoCoreError as error:
        raise TargetFailed(str(error)) from None


def _is_retried(status: int) -> bool:
    return status >= 500 or status in _RETRIED


def _client(service: str, endpoint: str, region: str, account: str) -> Any:
    """Return a client of boto3's, with the credentials that there are, else with the account as the access key."""
    from boto3.session import Session  # noqa: PLC0415 - nobody who sends nothing there waits for it

    session = Session()
    if session.get_credentials() is None:
        session = Session(aws_access_key_id=account, aws_secret_access_key="any")
    config = Config(connect_timeout=HTTP_SECONDS, read_timeout=HTTP_SECONDS, retries={"total_max_attempts": 1})
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)
