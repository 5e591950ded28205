"""Chat logs: the records that the logging configurations of a room get. Source: IVS Chat User Guide, *Chat Logging*."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from msgspec import Struct

from ...core.deliveries import FirehoseRecord, LogEvent, Parcel, S3Object
from .._service import Context, service
from ..rooms import Room
from . import frames

LOG_DELIVERY = service.incident(
    "LogDelivery", "AccessDenied", "ResourceNotFound", about=("room_identifier", "logging_configuration_identifier")
)

SECONDS_TO_COLLECT = {"s3": 300, "cloud_watch_logs": 10, "firehose": 10}
"""The time for which a destination's records are collected before they are sent, when transitions are realistic."""

_VERSION = "1.0"

_log = logging.getLogger("ivsim.chat")


class LogRecord(NamedTuple):
    """A record, and the ARNs of the configurations that get it."""

    at: datetime
    text: str
    configuration_arns: tuple[str, ...]


class Batch(Struct, frozen=True):
    """A batch being collected for a destination: the room's records from index `start` on."""

    room_arn: str
    configuration_arn: str
    destination: dict[str, Any]
    start: int


class Delivery(NamedTuple):
    """A batch that arrived at a destination: the room's records from index `start` up to, not with, index `end`."""

    configuration_arn: str
    start: int
    end: int


def keep_frame(ctx: Context, room: Room, kind: str, frame: str, sent: int) -> None:
    """Log a frame to the destinations of the room's logging configurations."""
    known = ctx.store.logging_configurations
    attached = [known.get(arn) for arn in dict.fromkeys(room.logging_configuration_identifiers or ())]
    active = [each for each in attached if each and each.state == "ACTIVE"]
    if not active:
        return
    at = frames.moment(sent)
    text = f'{{"event_timestamp":"{service.time_text(at)}","type":"{kind}","payload":{frame},"version":"{_VERSION}"}}'
    start = ctx.store.log_records.end(room.arn)
    ctx.store.log_records.append(room.arn, LogRecord(at, text, tuple(each.arn for each in active)))
    for configuration in active:
        key = f"{room.arn} {configuration.arn}"
        if key not in ctx.store.log_batches:
            destination = configuration.destination_configuration
            ctx.store.log_batches[key] = Batch(room.arn, configuration.arn, destination, start)
            ctx.soon(max(map(SECONDS_TO_COLLECT.__getitem__, destination), default=0), _logs_collected, key)


def arrived(ctx: Context, room_arn: str) -> dict[str, list[dict[str, Any]]]:
    """Return the records that arrived, by the ARN of their configuration; those attached now are there in any case."""
    room = ctx.store.rooms.get(room_arn)
    found: dict[str, list[dict[str, Any]]] = {
        arn: [] for arn in (room.logging_configuration_identifiers if room else None) or ()
    }
    for arn, start, end in ctx.store.log_deliveries[room_arn]:
        records = _records(ctx, room_arn, arn, start, end)
        found.setdefault(arn, []).extend(json.loads(record.text) for record in records)
    return found


@service.task
def _logs_collected(ctx: Context, key: str) -> None:
    delay = ctx.delay(LOG_DELIVERY)
    if delay:
        ctx.later(delay, _send_logs, key)
    else:
        _send_logs(ctx, key)


@service.task
def _send_logs(ctx: Context, key: str) -> None:
    batch = ctx.store.log_batches[key]
    del ctx.store.log_batches[key]
    room_arn, arn = batch.room_arn, batch.configuration_arn
    end = ctx.store.log_records.end(room_arn)
    fault = ctx.strike(LOG_DELIVERY, room_identifier=room_arn, logging_configuration_identifier=arn)
    if fault is not None:
        _logs_sent(ctx, room_arn, arn, batch.start, end, fault.error_code)
        return
    records = _records(ctx, room_arn, arn, batch.start, end)
    ctx.deliver(_parcels(ctx, batch, records), _logs_sent, room_arn, arn, batch.start, end)


@service.task
def _logs_sent(ctx: Context, room_arn: str, arn: str, start: int, end: int, error: str | None) -> None:
    if error is None:
        ctx.store.log_deliveries.append(room_arn, Delivery(arn, start, end))
    else:
        _log.warning("chat log of %s for %s is lost: %s", room_arn, arn, error)


def _records(ctx: Context, room_arn: str, arn: str, start: int, end: int) -> list[LogRecord]:
    records = ctx.store.log_records.part(room_arn, start, end)
    return [record for record in records if arn in record.configuration_arns]


def _parcels(ctx: Context, batch: Batch, records: list[LogRecord]) -> Iterable[Parcel]:
    """Return the parcels for a destination. They are made as they are carried; only names are chosen now."""
    room = f"room_{batch.room_arn.rpartition('/')[2]}"
    s3 = batch.destination.get("s3")
    logs = batch.destination.get("cloud_watch_logs")
    firehose = batch.destination.get("firehose")
    if s3:
        hours = groupby(records, lambda record: f"{record.at:%Y/%m/%d/%H}")
        groups = {hour: list(its) for hour, its in hours}
        objects = [(_key(ctx, room, hour, its), its) for hour, its in groups.items()]
        return (S3Object(s3["bucket_name"], key, _gzip(its), "application/gzip") for key, its in objects)
    if logs:
        stream = f"aws/IVSChatLogs/{_VERSION}/{room}"
        return (LogEvent(logs["log_group_name"], stream, record.at, record.text) for record in records)
    if firehose:
        name = firehose["delivery_stream_name"]
        return (FirehoseRecord(name, f"{record.text}\n".encode()) for record in records)
    return ()  # not strict, it may lead nowhere


def _key(ctx: Context, room: str, hour: str, records: list[LogRecord]) -> str:
    """Return the key of an object with the records of an hour, made from the time of the first of them."""
    account, region, logs = ctx.account, ctx.region, f"IVSChatLogs/{_VERSION}"
    name = f"{account}_{logs.replace('/', '_')}_{region}_{room}_{records[0].at:%Y%m%dT%H%MZ}_{ctx.ids.uuid()[:8]}"
    return f"AWSLogs/{account}/{logs}/{region}/{room}/{hour}/{name}.log.gz"


def _gzip(records: list[LogRecord]) -> bytes:
    return gzip.compress("".join(f"{record.text}\n" for record in records).encode(), mtime=0)
