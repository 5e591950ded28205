"""The default event buses of moto, or of an emulator whose endpoint is named, on which events are put."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from botocore.exceptions import ClientError, NoCredentialsError
from dateutil.parser import isoparse

from .core.weather import Event

_log = logging.getLogger("ivsim.bus")


class AwsBus:
    """Puts events on default buses with boto3; its clients are made when the first event is put.

    EventBridge itself keeps sources that begin with `aws.` to AWS, and answers NotAuthorizedForSourceException. So
    nothing is ever sent there: where no mock in this process answers in its place and no other endpoint is named,
    nobody is told. Who is there and refuses is logged, each reason once.
    """

    def __init__(self, own_account: str) -> None:
        self._own_account = own_account
        self._client = cache(self._new_client)
        self._told: set[str] = set()

    def __call__(self, account: str, region: str, events: Sequence[Event]) -> None:
        """Put up to ten events on the default bus of an account and region."""
        try:
            answer = self._client(account, region).put_events(Entries=list(map(entry_of, events)))
        except NoCredentialsError:  # no mock is there, since each has some
            return
        except ClientError as error:
            self._tell(account, region, str(error.response["Error"]["Code"]))
        except Exception as error:  # noqa: BLE001 - whoever could not be reached, or was not willing
            self._tell(account, region, f"{type(error).__name__}: {error}")
        else:
            for code in filter(None, (entry.get("ErrorCode") for entry in answer.get("Entries", ()))):
                self._tell(account, region, code)

    def _tell(self, account: str, region: str, why: str) -> None:
        if why not in self._told:
            self._told.add(why)
            _log.warning("events are not taken by the default bus of %s in %s: %s", account, region, why)

    def _new_client(self, account: str, region: str) -> Any:
        from boto3.session import Session  # noqa: PLC0415 - nobody who delivers nothing waits for them
        from botocore.config import Config  # noqa: PLC0415

        # Whoever stands for EventBridge is near, and a caller should not wait long for one who is not there.
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)
        client = Session().client("events", region_name=region, config=config)
        if ".amazonaws.com" in client.meta.endpoint_url:
            client.meta.events.register_last("before-send", _answer_for_nobody)
        if account != self._own_account:  # that one is whoever has the credentials

            def name_account(request: Any, **_: object) -> None:
                request.headers["x-moto-account-id"] = account

            client.meta.events.register("before-sign", name_account)
        return client


class _Nothing:
    """The body of an answer in which nothing was refused."""

    def stream(self) -> Iterator[bytes]:
        yield b"{}"


def _answer_for_nobody(request: Any, **_: object) -> Any:
    """Answer in the place of EventBridge; what a mock answers comes before it."""
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415

    return AWSResponse(request.url, 200, {}, _Nothing())


def entry_of(event: Event) -> dict[str, Any]:
    """Return an event as PutEvents takes it, for the default bus."""
    return {
        "Time": isoparse(event["time"]),
        "Source": event["source"],
        "Resources": event["resources"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
