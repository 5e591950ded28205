"""The courier: carries the services' parcels to S3, CloudWatch Logs and Firehose with boto3, to moto or to AWS."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from .core.deliveries import Courier, LogEvent, Parcel, S3Object

_log = logging.getLogger("ivsim.courier")


def courier() -> Courier:
    """Return a courier with clients of its own, made when the first parcel is carried."""

    @cache
    def client(service: str, region: str) -> Any:
        from boto3.session import Session  # noqa: PLC0415 - nobody who delivers nothing waits for it

        return Session().client(service, region_name=region)

    def carry(region: str, parcels: Iterable[Parcel]) -> str | None:
        for parcel in parcels:
            try:
                refused = _hand_over(client, region, parcel)
            except ClientError as error:
                refused = str(error.response["Error"]["Code"])
            except Exception as error:  # noqa: BLE001 - whoever could not be reached, or was not willing
                _log.warning("a %s could not be delivered", type(parcel).__name__, exc_info=True)
                refused = type(error).__name__
            if refused:
                return refused
        return None

    return carry


def _hand_over(client: Any, region: str, parcel: Parcel) -> str | None:
    """Hand a parcel over; return the reason for a refusal that is in the answer rather than raised."""
    if isinstance(parcel, S3Object):
        client("s3", region).put_object(
            Bucket=parcel.bucket, Key=parcel.key, Body=parcel.body, ContentType=parcel.content_type
        )
    elif isinstance(parcel, LogEvent):
        logs = client("logs", region)
        event = {"timestamp": round(parcel.time.timestamp() * 1000), "message": parcel.message}
        place = {"logGroupName": parcel.log_group, "logStreamName": parcel.log_stream}
        try:
            answer = logs.put_log_events(**place, logEvents=[event])
        except logs.exceptions.ResourceNotFoundException:
            logs.create_log_stream(**place)
            answer = logs.put_log_events(**place, logEvents=[event])
        if answer.get("rejectedLogEventsInfo"):  # it takes nothing older than two weeks, or two hours ahead
            return "RejectedLogEvents"
    else:
        client("firehose", region).put_record(DeliveryStreamName=parcel.delivery_stream, Record={"Data": parcel.data})
    return None
