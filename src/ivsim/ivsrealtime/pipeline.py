"""The pipeline of a composition: it waits for somebody who publishes, sends to the destinations, and ends.

Sources: *Overview of IVS Server-Side Composition* and *Using Amazon EventBridge*, IVS Real-Time User Guide;
docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Literal

from msgspec.structs import replace

from ..core.broadcasting import BroadcastRefused, Layout
from . import participants
from ._service import Context, service
from .destinations import ENDED, Destination, Video
from .layouts import Seen, seen
from .recording import composites

COMPOSITION_CHANGE = service.detail_type("IVS Composition State Change")

START = service.incident("CompositionStart", "SessionFailure", about=("arn", "stage_arn"))
"""The incident of a composition that begins to compose."""

DESTINATION = service.incident("CompositionDestination", "DestinationFailure", about=("arn", "name"))
"""The incident of a destination that is opened; it has the composition's ARN, and a name of its own."""

SECONDS_TO_START = 3.0
"""The seconds from the first publisher to ACTIVE when transitions are realistic; AWS's are not known."""

SECONDS_TO_STOP = 5.0
"""The duration of STOPPING when transitions are realistic; likewise."""

MOST_SECONDS_ALONE = 60
"""The seconds after which a composition ends if nobody publishes."""

MOST_SECONDS = 24 * 60 * 60
"""The longest duration of a composition."""

SECONDS_TO_RECONNECT = 5.0
MOST_ATTEMPTS = 12
"""How long a destination that was lost waits before it is opened again, and how often that is tried."""

KEPT = timedelta(minutes=5)
"""The time for which a composition that has ended can be looked up."""

_ENCODER = {"encoder": "Amazon IVS", "codec": "avc1.4D401F", "avc_profile": "Main", "profile": "Main"}
"""What a composition's encoder reports of itself to its channel, beside size, rate and bitrate."""


def start(ctx: Context, arn: str) -> None:
    """Let a composition that is new wait for publishers; those who are there count."""
    ctx.later(MOST_SECONDS, _stop_long, arn)
    _follow(ctx, arn)


def follow(ctx: Context, stage_arn: str) -> None:
    """Let the compositions of a stage do what they do as somebody publishes, or not any more, or looks different."""
    for each in _running(ctx, stage_arn):
        _follow(ctx, each)


def stop(ctx: Context, arn: str) -> None:
    """Let a composition stop, with all its destinations; one that stops already, or has ended, is left alone."""
    if ctx.store.compositions[arn].state in ("STARTING", "ACTIVE"):
        for each in _open_destinations(ctx, arn):
            _change(ctx, arn, each, state="STOPPING")
        ctx.store.compositions.become(arn, "STOPPING")
        ctx.soon(SECONDS_TO_STOP, _stopped, arn)


def fail_those_of(ctx: Context, stage_arn: str) -> None:
    """Let the compositions of a stage fail, as it is deleted."""
    for each in _running(ctx, stage_arn):
        _end(ctx, each, "FAILED")


def composed(ctx: Context, stream_id: str) -> tuple[list[participants.Participant], list[Seen]] | None:
    """Return who publishes on the stage of the composition that sends a stream, and who of them is seen, and where."""
    for composition in ctx.store.compositions.values():
        for each in composition.destinations:
            if each.stream_id == stream_id:
                publishers, video = _publishers(ctx, composition.arn), _video(ctx, each)
                return publishers, seen(composition.layout, publishers, video.width, video.height)
    return None


def _running(ctx: Context, stage_arn: str) -> list[str]:
    there = ctx.store.compositions.values()
    return [each.arn for each in there if each.stage_arn == stage_arn and each.state in ("STARTING", "ACTIVE")]


def _follow(ctx: Context, arn: str) -> None:
    composition, publishers = ctx.store.compositions[arn], _publishers(ctx, arn)
    if not publishers:
        if composition.alone_since is None:
            now = ctx.now  # once, as the clock may be running
            ctx.store.compositions[arn] = replace(composition, alone_since=now)
            ctx.later(MOST_SECONDS_ALONE, _stop_alone, arn, now.timestamp())
    elif composition.alone_since is not None:
        ctx.store.compositions[arn] = replace(composition, alone_since=None)
    if composition.state == "STARTING" and publishers:
        ctx.soon(SECONDS_TO_START, _begin, arn, incident=START)
    for each in composition.destinations:
        if each.state == "ACTIVE":
            _show(ctx, arn, each, publishers)


def _publishers(ctx: Context, arn: str) -> list[participants.Participant]:
    """Return who publishes on the stage of a composition, in the order in which they came."""
    stage = ctx.store.stages[ctx.store.compositions[arn].stage_arn]
    return [each for each in participants.connected(ctx, stage.active_session_id) if each.is_publishing]


@service.task
def _begin(ctx: Context, arn: str) -> None:
    """Begin to compose, unless that has begun, or nobody publishes any more."""
    composition = ctx.store.compositions.get(arn)  # which may be forgotten, where a test lets it begin late
    if composition is None or composition.state != "STARTING" or not _publishers(ctx, arn):
        return
    if ctx.strike(START, arn=arn, stage_arn=composition.stage_arn):
        _end(ctx, arn, "FAILED")
        return
    ctx.store.compositions.become(arn, "ACTIVE")
    _announce(ctx, arn, "Session Start")
    for each in composition.destinations:
        if ctx.strike(DESTINATION, arn=arn, name=each.configuration.name):
            _fail(ctx, arn, each)
        elif each.configuration.s3:
            name = ctx.store.stages[composition.stage_arn].name or composition.stage_arn.rpartition("/")[2]
            composites.begin_composite(ctx, composition, each, _taken, title=name)
        elif not (each.configuration.channel and _connect(ctx, arn, each)):
            _fail(ctx, arn, each)


def _connect(ctx: Context, arn: str, destination: Destination) -> bool:
    """Begin to send to a channel; return whether it takes that."""
    channel, video = destination.configuration.channel, _video(ctx, destination)
    assert channel
    sent = {
        **_ENCODER,
        "video_width": video.width,
        "video_height": video.height,
        "target_framerate": max(round(video.framerate), 1),
        "target_bitrate": video.bitrate,
    }
    is_real = any(participants.has_client(ctx, each) for each in _publishers(ctx, arn))
    then = ctx.task(_lose, (arn, destination.id))
    try:
        stream_id = ctx.broadcaster.begin(channel.channel_arn, video=sent, is_real=is_real, then=then)
    except BroadcastRefused:
        return False
    _change(ctx, arn, destination, stream_id=stream_id)
    _taken(ctx, arn, destination.id, None)
    return True


@service.task
def _taken(ctx: Context, arn: str, destination_id: str, error: str | None) -> None:
    """A destination takes what is sent, or cannot; where it was stopped in the meantime, neither matters."""
    destination = _found(ctx, arn, destination_id, states=("STARTING", "RECONNECTING"))
    if destination is not None and error is not None:
        _fail(ctx, arn, destination)
    elif destination is not None:
        destination = _change(ctx, arn, destination, state="ACTIVE", start_time=destination.start_time or ctx.now)
        _show(ctx, arn, destination, _publishers(ctx, arn))
        _announce(ctx, arn, "Destination Start")


def _fail(ctx: Context, arn: str, destination: Destination) -> None:
    """Let a destination fail, and the composition with the last one."""
    _change(ctx, arn, destination, state="FAILED", end_time=ctx.now)
    _announce(ctx, arn, "Destination Failure")
    if not _open_destinations(ctx, arn):
        _end(ctx, arn, "FAILED")


def _show(ctx: Context, arn: str, destination: Destination, publishers: Sequence[participants.Participant]) -> None:
    """Let the pictures of a destination show who publishes now."""
    composition, video = ctx.store.compositions[arn], _video(ctx, destination)
    cells = [each.cell for each in seen(composition.layout, publishers, video.width, video.height)]
    if destination.stream_id is not None:
        ctx.broadcaster.show(destination.stream_id, cells)
    else:
        assert destination.recording_prefix
        ctx.store.layouts.append(destination.recording_prefix, Layout(ctx.now, tuple(cells)))


@service.task
def _lose(ctx: Context, arn: str, destination_id: str) -> None:
    """Wait before a destination is opened again, which is not connected any more."""
    destination = _found(ctx, arn, destination_id, states=("ACTIVE",))
    if destination is not None:
        _change(ctx, arn, destination, state="RECONNECTING", stream_id=None)
        _announce(ctx, arn, "Destination Reconnecting")
        ctx.later(SECONDS_TO_RECONNECT, _reopen, arn, destination_id, MOST_ATTEMPTS)


@service.task
def _reopen(ctx: Context, arn: str, destination_id: str, attempts: int) -> None:
    destination = _found(ctx, arn, destination_id, states=("RECONNECTING",))
    if destination is None:
        return
    is_struck = ctx.strike(DESTINATION, arn=arn, name=destination.configuration.name) is not None
    if not is_struck and _connect(ctx, arn, destination):
        return
    if attempts > 1:
        ctx.later(SECONDS_TO_RECONNECT, _reopen, arn, destination_id, attempts - 1)
    else:
        _fail(ctx, arn, destination)


@service.task
def _stop_alone(ctx: Context, arn: str, alone_since: float) -> None:
    """Stop a composition, as nobody publishes, unless somebody has in between."""
    composition = ctx.store.compositions.get(arn)
    if composition and composition.alone_since and composition.alone_since.timestamp() == alone_since:
        stop(ctx, arn)


@service.task
def _stop_long(ctx: Context, arn: str) -> None:
    if arn in ctx.store.compositions:
        stop(ctx, arn)


@service.task
def _stopped(ctx: Context, arn: str) -> None:
    _end(ctx, arn, "STOPPED")


def _end(ctx: Context, arn: str, state: Literal["STOPPED", "FAILED"]) -> None:
    """End a composition, after those of its destinations that have not ended: recordings are written first."""
    composition = replace(ctx.store.compositions[arn], ends_as=state)
    ctx.store.compositions[arn] = composition
    if not _open_destinations(ctx, arn):
        _conclude(ctx, arn)
        return
    ctx.store.compositions.become(arn, "STOPPING")
    for each in _open_destinations(ctx, arn):
        if each.stream_id is not None:
            ctx.broadcaster.end(each.stream_id)
        stopping = _change(ctx, arn, each, state="STOPPING", stream_id=None)
        if each.configuration.s3:
            composites.finish_composite(ctx, composition, stopping, _finished)
        else:
            _finished(ctx, arn, each.id, None)


@service.task
def _finished(ctx: Context, arn: str, destination_id: str, error: str | None) -> None:
    """A destination has got everything, or not all of it; with the last one the composition ends."""
    destination = _found(ctx, arn, destination_id, states=("STOPPING",))
    assert destination is not None, f"{destination_id} of {arn} was not stopping"
    _change(ctx, arn, destination, state="FAILED" if error else "STOPPED", end_time=ctx.now)
    if error or destination.start_time is not None:
        _announce(ctx, arn, "Destination Failure" if error else "Destination End")
    if not _open_destinations(ctx, arn):
        _conclude(ctx, arn)


def _conclude(ctx: Context, arn: str) -> None:
    """Let a composition be over, whose destinations have ended."""
    state = ctx.store.compositions[arn].ends_as
    ctx.store.compositions.become(arn, state, end_time=ctx.now)
    _announce(ctx, arn, "Session End" if state == "STOPPED" else "Session Failure")
    ctx.later(KEPT.total_seconds(), _forget, arn)


@service.task
def _forget(ctx: Context, arn: str) -> None:
    del ctx.store.compositions[arn]


def _open_destinations(ctx: Context, arn: str) -> list[Destination]:
    return [each for each in ctx.store.compositions[arn].destinations if each.state not in ENDED]


def _found(ctx: Context, arn: str, destination_id: str, *, states: Collection[str]) -> Destination | None:
    """Return a destination of a composition, where it is in one of some states."""
    composition = ctx.store.compositions.get(arn)
    its = composition.destinations if composition else ()
    return next((each for each in its if each.id == destination_id and each.state in states), None)


def _change(ctx: Context, arn: str, destination: Destination, **changes: Any) -> Destination:
    """Put a changed destination in the place of the one of the same id, and return it."""
    composition = ctx.store.compositions[arn]
    changed = replace(destination, **changes)
    its = tuple(changed if each.id == destination.id else each for each in composition.destinations)
    ctx.store.compositions[arn] = replace(composition, destinations=its)
    return changed


def _video(ctx: Context, destination: Destination) -> Video:
    """Return the size, rate and bitrate of the picture of a destination; those of its encoder, or the usual ones."""
    arn = next(iter(destination.configuration.encoders), None)
    encoder = ctx.store.encoder_configurations.get(arn) if arn else None
    return encoder.video if encoder else Video()


def _announce(ctx: Context, arn: str, name: str) -> None:
    ctx.emit(COMPOSITION_CHANGE, [arn], {"event_name": name, "stage_arn": ctx.store.compositions[arn].stage_arn})
