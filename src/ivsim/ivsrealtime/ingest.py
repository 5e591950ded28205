"""Ingest: an encoder publishes to a stage with the stream key of an ingest configuration, as a participant of its own.

Source: *IVS RTMP Publishing*, IVS Real-Time User Guide; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from ..core.broadcasting import Tracks
from . import participants, presence, tracks
from ._service import Context
from .ingest_configurations import IngestConfiguration
from .participants import Participant
from .refusals import PUBLISH, Refusal

_PORTS = {"rtmp": 1935, "rtmps": 443}

_KEY = re.compile(r"rt_(?P<account>[0-9]{12})_(?P<region>[a-z0-9-]+)_(?P<id>[a-zA-Z0-9-]+)_.+")


class Connection(NamedTuple):
    """An encoder's setting: a stream key, and the protocol and host given around it, if any."""

    key: str
    protocol: str = ""
    host: str = ""


def connection(text: str) -> Connection | Refusal:
    """Return the connection for a stream key, bare or in a whole URL such as `rtmps://{host}:443/app/{key}`."""
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator:
        return Connection(text)
    if scheme not in _PORTS:
        return Refusal("INVALID_PROTOCOL", f"stream keys are for rtmp and rtmps, not {scheme}; WHIP takes a token")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Refusal("INVALID_STREAM_KEY", f"{text!r} is not a URL")
    if port not in (None, _PORTS[scheme]):
        return Refusal("INVALID_PROTOCOL", f"port {port} does not take {scheme}; port {_PORTS[scheme]} does")
    _, app, key = rest.partition("/app/")
    if not app or parts.path.count("/") != 2:
        return Refusal("INVALID_STREAM_KEY", f"{text!r} does not end in /app/ and a stream key")
    return Connection(key, scheme.upper(), host)


def configuration_of(key: str, contexts: Callable[[str, str], Context]) -> tuple[Context, IngestConfiguration] | None:
    """Return the ingest configuration that a stream key names, right or not, and where it is; None without one."""
    named = _KEY.fullmatch(key)
    if named is None:
        return None
    ctx = contexts(named["account"], named["region"])
    table = ctx.store.ingest_configurations
    configuration = table.get(ctx.arn(table.resource_type, named["id"]))
    return (ctx, configuration) if configuration else None


def admit(
    ctx: Context, configuration: IngestConfiguration, wanted: Connection, video: Tracks, audio: Tracks
) -> Participant | Refusal:
    """Let an encoder join the stage of its configuration and publish, unless what it sends is not taken.

    Whoever is refused has been there for a moment, if there is a stage: events tell why.
    """
    protocol = wanted.protocol or configuration.ingest_protocol
    sent = tracks.sent(protocol, video, audio)
    refused = _problem(ctx, configuration, wanted)
    if refused is not None:
        return refused
    stage_arn = configuration.stage_arn
    participant_id = configuration.participant_ids.get(wanted.key, configuration.participant_id)
    there = participants.find(ctx, stage_arn, ctx.store.stages[stage_arn].active_session_id, participant_id)
    refused = _problem_with_key(configuration, wanted.key, protocol)
    if there is not None and (there.state, there.ingest_configuration_arn) == ("CONNECTED", configuration.arn):
        rule = f"an encoder publishes with it already, as {participant_id}"
        refused = refused or Refusal("REUSE_OF_STREAM_KEY", rule)
        presence.refuse(ctx, there, refused.code)
        return refused
    joined = presence.enter(
        ctx,
        stage_arn,
        participant_id,
        user_id=configuration.user_id,
        attributes=configuration.attributes,
        capabilities=(PUBLISH,),
        protocol=protocol,
        ingest_protocol=protocol,
        redundant_ingest=configuration.redundant_ingest,
        ingest_configuration_arn=configuration.arn,
    )
    if refused is not None:
        presence.refuse(ctx, joined, refused.code)
    else:
        refused = presence.spoil(ctx, joined) or presence.publish(ctx, joined, sent)
    if refused is not None:
        presence.leave(ctx, joined)
        return refused
    ctx.store.ingest_configurations.become(configuration.arn, "ACTIVE")
    return joined


def _problem(ctx: Context, configuration: IngestConfiguration, wanted: Connection) -> Refusal | None:
    """Return why an encoder does not get as far as a stage, of which nothing tells."""
    if not configuration.stage_arn:
        return Refusal("INVALID_STREAM_KEY", f"{configuration.arn} is associated with no stage")
    stage = ctx.store.stages.get(configuration.stage_arn)
    if stage is None:
        return Refusal("STAGE_DELETED", f"there is no stage {configuration.stage_arn}")
    if wanted.protocol:
        host = urlsplit(stage.endpoints[wanted.protocol.lower()]).hostname
        if wanted.host != host:
            rule = f"{wanted.host or 'nothing'} is not where {stage.arn} is reached; that is {host}"
            return Refusal("INVALID_STREAM_KEY", rule)
    return None


def _problem_with_key(configuration: IngestConfiguration, key: str, protocol: str) -> Refusal | None:
    if key not in configuration.participant_ids:
        return Refusal("INVALID_STREAM_KEY", f"it is not a key of {configuration.arn}")
    if (configuration.ingest_protocol, protocol) == ("RTMPS", "RTMP"):
        return Refusal("INVALID_PROTOCOL", f"{configuration.arn} takes RTMPS alone")
    return None
