"""Amazon IVS, IVS Chat and IVS Real-Time in memory: go live in your tests, without AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .core.saved import UnreadableState
    from .emulator import Emulator
    from .ivs.live_stream import Admission, LiveStream, StreamRefused
    from .ivs.playback.edge import PlaybackResponse
    from .ivschat.chat import ChatConnection
    from .ivschat.conversation import ChatRefused
    from .ivsrealtime.live_participant import LiveParticipant, StageRefused
    from .ivsrealtime.news import StageNews
    from .mock import current, mock_ivs
    from .participant_tokens import participant_token
    from .playback_tokens import playback_token
    from .recordings.recordings import Recording
    from .server.run import Server as Server  # for annotations; not for `import *`, as it needs `ivsim[server]`
    from .wire.http import Request, Response

__all__ = [
    "Admission",
    "ChatConnection",
    "ChatRefused",
    "Emulator",
    "LiveParticipant",
    "LiveStream",
    "PlaybackResponse",
    "Recording",
    "Request",
    "Response",
    "StageNews",
    "StageRefused",
    "StreamRefused",
    "UnreadableState",
    "__version__",
    "current",
    "mock_ivs",
    "participant_token",
    "playback_token",
]

_HOMES = {
    "Admission": "ivs.live_stream",
    "ChatConnection": "ivschat.chat",
    "ChatRefused": "ivschat.conversation",
    "Emulator": "emulator",
    "LiveParticipant": "ivsrealtime.live_participant",
    "LiveStream": "ivs.live_stream",
    "PlaybackResponse": "ivs.playback.edge",
    "Recording": "recordings.recordings",
    "Request": "wire.http",
    "Response": "wire.http",
    "Server": "server.run",
    "StageNews": "ivsrealtime.news",
    "StageRefused": "ivsrealtime.live_participant",
    "StreamRefused": "ivs.live_stream",
    "UnreadableState": "core.saved",
    "current": "mock",
    "mock_ivs": "mock",
    "participant_token": "participant_tokens",
    "playback_token": "playback_tokens",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that importing ivsim, as pytest does, costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as late as what it imports

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
