"""Stage sessions: a stage has one after another, each from when the first participant comes until the last one goes."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ResourceNotFoundException
from ._service import Context, service

DEFAULT_PAGE = 50


class StageSession(Struct, frozen=True):
    """A session of a stage, with the numbers of those who are there, who publish and who subscribe now."""

    session_id: str
    stage_arn: str
    start_time: datetime
    end_time: datetime | None = None
    present: int = 0
    publishers: int = 0
    subscribers: int = 0


@service.operation(rate=5)
def get_stage_session(ctx: Context, stage_arn: str, session_id: str) -> dict[str, object]:
    ctx.store.stages[stage_arn]
    session = find(ctx, stage_arn, session_id)
    if session is None:
        raise ResourceNotFoundException(f"Resource: {session_id} not found", resource=stage_arn)
    return {"stage_session": session}


@service.operation(rate=5)
def list_stage_sessions(
    ctx: Context, stage_arn: str, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    sessions = ctx.store.sessions_of[stage_arn] if stage_arn in ctx.store.stages else ()
    page = ctx.page(
        ctx.store.stage_sessions, max_results, next_token, among=sessions, filters=stage_arn, newest_first=True
    )
    return {"stage_sessions": page.items, "next_token": page.next_token}


def find(ctx: Context, stage_arn: str, session_id: str | None) -> StageSession | None:
    """Return a session of a stage that is there, None where the stage has none of that id."""
    session = ctx.store.stage_sessions.get(session_id) if session_id and stage_arn in ctx.store.stages else None
    return session if session and session.stage_arn == stage_arn else None


def begin(ctx: Context, stage_arn: str) -> StageSession:
    """Return the active session of a stage, a new one where it has none."""
    stage = ctx.store.stages[stage_arn]
    if stage.active_session_id:
        return ctx.store.stage_sessions[stage.active_session_id]
    session = StageSession(f"st-{ctx.ids.alphanumeric(13)}", stage_arn, ctx.now)
    ctx.store.stage_sessions[session.session_id] = session
    ctx.store.sessions_of.append(stage_arn, session.session_id)
    ctx.store.stages[stage_arn] = replace(stage, active_session_id=session.session_id)
    return session


def count(ctx: Context, session_id: str, *, present: int = 0, publishers: int = 0, subscribers: int = 0) -> None:
    """Add to the numbers of a session. A session in which nobody is present any more is over."""
    before = ctx.store.stage_sessions[session_id]
    session = ctx.store.stage_sessions[session_id] = replace(
        before,
        present=before.present + present,
        publishers=before.publishers + publishers,
        subscribers=before.subscribers + subscribers,
    )
    if not session.present:
        end(ctx, session_id)


def end(ctx: Context, session_id: str) -> None:
    """End the active session of a stage, which then has none."""
    session = ctx.store.stage_sessions[session_id]
    ctx.store.stage_sessions[session_id] = replace(session, end_time=ctx.now)
    ctx.store.stages[session.stage_arn] = replace(ctx.store.stages[session.stage_arn], active_session_id=None)
