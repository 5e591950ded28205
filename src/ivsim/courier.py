"""Couriers: they carry the services' parcels to S3, CloudWatch Logs and Firehose, or to a folder that stands for S3."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from .core.deliveries import Courier, FirehoseRecord, LogEvent, Parcel, S3Object

_log = logging.getLogger("ivsim.courier")


class AwsCourier:
    """Carries parcels with boto3, to moto or to AWS; its clients are made when the first parcel is carried.

    What is not of these kinds is thrown away.
    """

    def __init__(self, *kinds: type[Parcel]) -> None:
        self._kinds = kinds
        self._client = cache(_client)

    def __call__(self, region: str, parcels: Iterable[Parcel]) -> str | None:
        """Carry parcels; return the error code of the first that was not taken, None when all were."""
        for parcel in parcels:
            try:
                refused = self._hand_over(region, parcel) if isinstance(parcel, self._kinds) else None
            except ClientError as error:
                refused = str(error.response["Error"]["Code"])
            except Exception as error:  # noqa: BLE001 - whoever could not be reached, or was not willing
                _log.warning("a %s could not be delivered", type(parcel).__name__, exc_info=True)
                refused = type(error).__name__
            if refused:
                return refused
        return None

    def fetch(self, region: str, bucket: str, key: str) -> bytes:
        """Return an object. Raises KeyError for one that is not there, or not to be had."""
        try:
            body: bytes = self._client("s3", region).get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            raise KeyError(key) from None
        return body

    def _hand_over(self, region: str, parcel: Parcel) -> str | None:
        """Hand a parcel over; return the reason for a refusal that is in the answer rather than raised."""
        if isinstance(parcel, S3Object):
            self._client("s3", region).put_object(
                Bucket=parcel.bucket, Key=parcel.key, Body=parcel.body, ContentType=parcel.content_type
            )
        elif isinstance(parcel, LogEvent):
            logs = self._client("logs", region)
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
            self._client("firehose", region).put_record(
                DeliveryStreamName=parcel.delivery_stream, Record={"Data": parcel.data}
            )
        return None


_LOGGED = "AWSLogs/"
"""The beginning of the keys of chat logs, which recordings do not have."""


class FolderCourier:
    """Carries recordings to a folder, as files below one for each bucket; other parcels go to another courier."""

    def __init__(self, folder: str | os.PathLike[str], others: Courier) -> None:
        self._folder = Path(folder)
        self._others = others

    def __call__(self, region: str, parcels: Iterable[Parcel]) -> str | None:
        """Carry parcels; return the error of the first that was not taken, None when all were."""
        for parcel in parcels:
            if isinstance(parcel, S3Object) and not parcel.key.startswith(_LOGGED):
                try:
                    self._write(parcel)
                except OSError as error:
                    _log.warning("%s cannot be written: %s", self._path(parcel.bucket, parcel.key), error.strerror)
                    return type(error).__name__
            elif refused := self._others(region, [parcel]):
                return refused
        return None

    def fetch(self, _region: str, bucket: str, key: str) -> bytes:
        """Return an object. Raises KeyError for one that is not there, or not to be had."""
        try:
            return self._path(bucket, key).read_bytes()
        except OSError:
            raise KeyError(key) from None

    def _write(self, parcel: S3Object) -> None:
        """Write a file; who reads one that is there already gets the old one or the new one, whole."""
        from .core import archive  # noqa: PLC0415 - nobody who saves nothing waits for msgspec

        path = self._path(parcel.bucket, parcel.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        archive.replace_file(path, parcel.body)

    def _path(self, bucket: str, key: str) -> Path:
        return self._folder / bucket / key


def courier() -> AwsCourier:
    """Return a courier of everything, to moto or to AWS."""
    return AwsCourier(S3Object, LogEvent, FirehoseRecord)


def from_environment() -> AwsCourier | None:
    """Return a courier to those services for which the environment names an endpoint; None where it names none."""
    kinds = {
        "AWS_ENDPOINT_URL_S3": S3Object,
        "AWS_ENDPOINT_URL_LOGS": LogEvent,
        "AWS_ENDPOINT_URL_FIREHOSE": FirehoseRecord,
    }
    named = [kind for name, kind in kinds.items() if os.environ.get(name)]
    return AwsCourier(*named) if named else None


def _client(service: str, region: str) -> Any:
    from boto3.session import Session  # noqa: PLC0415 - nobody who delivers nothing waits for it

    return Session().client(service, region_name=region)
