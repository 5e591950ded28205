"""Parcels for other AWS services: objects in S3, log events in CloudWatch Logs, records in Firehose.

This module knows only the parcels, and that a courier may carry them; the emulator decides who the courier is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, TypeAlias


class S3Object(NamedTuple):
    """An object for a bucket."""

    bucket: str
    key: str
    body: bytes
    content_type: str


class LogEvent(NamedTuple):
    """An event for a stream of a CloudWatch log group. The group exists; the stream is made when it does not."""

    log_group: str
    log_stream: str
    time: datetime
    message: str


class FirehoseRecord(NamedTuple):
    """A record for a Firehose delivery stream."""

    delivery_stream: str
    data: bytes


Parcel: TypeAlias = S3Object | LogEvent | FirehoseRecord

Courier: TypeAlias = Callable[[str, Iterable[Parcel]], str | None]
"""A function that carries parcels to the services of a region.

It returns the error code of the first parcel that was not taken, None when all were.
"""
