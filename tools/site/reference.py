"""Which page of the API reference has what. The text is that of the docstrings, which mkdocstrings puts there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

INTERNAL: Mapping[str, str] = {
    "ivsim.Emulator": "compose_by courier deliver_aside deliver_to record_by saved",
    "ivsim.ivs.live_streams.Streams": "hang_up_lost",
    "ivsim.LiveStream": "drop_pushed judge_bitrate metadata_from pushed record report session",
    "ivsim.Admission": "push",
    "ivsim.ivs.playback.edge.Playback": "handle",
    "ivsim.ivschat.chat.Chat": "close_all feed post_with restore snapshot transcripts",
    "ivsim.ChatConnection": "latency take_frame",
    "ivsim.ivsrealtime.live_stages.Stages": (
        "composed end_lost_media feed hold is_held latency let_in recorded release take_recorded with_addresses"
    ),
    "ivsim.LiveParticipant": "announce begin come_back describe lose_media offer ping source",
    "ivsim.core.events.Events": "drop_oldest emit latest restore since snapshot",
    "ivsim.core.calls.Calls": "drop_oldest record restore since snapshot",
    "ivsim.core.hints.Hints": "age drop_oldest is_born restore since snapshot tell_of_mistake tell_of_region",
    "ivsim.core.clock.Clock": "acting after cancel clear microseconds perform restore run_due setting snapshot",
    "ivsim.core.faults.Faults": "delay restore snapshot take_fault",
    "ivsim.core.faults.Fault": "strikes",
    "ivsim.core.quotas.Quotas": "restore snapshot",
    "ivsim.Server": "is_open_to_others run start",
    "ivsim.Request": "content_type",
    "ivsim.ivsrealtime.tracks.VideoTrack": "problem",
}
"""Members for the rest of ivsim alone, which the reference leaves out: users would take them for a promise."""

WITH_FIELDS = {
    "ivsim.ChatRefused",
    "ivsim.PlaybackResponse",
    "ivsim.Recording",
    "ivsim.Request",
    "ivsim.Response",
    "ivsim.StageNews",
    "ivsim.StageRefused",
    "ivsim.StreamRefused",
    "ivsim.core.calls.Call",
    "ivsim.core.faults.Fault",
    "ivsim.core.hints.Hint",
    "ivsim.ivs.stream_sessions.TimedMetadata",
    "ivsim.ivs.viewer_sessions.ViewerSession",
    "ivsim.ivsrealtime.tracks.VideoTrack",
}
"""What has fields that the text about the whole explains, so that they have none of their own."""


class Page(NamedTuple):
    """A page of the reference: what it says first, and the objects on it, each with its heading."""

    file: str
    title: str
    intro: str
    objects: dict[str, str]
    signatures: bool = True


PAGES = [
    Page(
        "reference/mock.md",
        "The mock",
        "`mock_ivs` leads the calls of every client in a process to an emulator. "
        "Its options are those of [Options](#ivsim.core.options.Options).",
        {
            "ivsim.mock_ivs": "mock_ivs",
            "ivsim.current": "current",
            "ivsim.core.options.Options": "Options",
        },
    ),
    Page(
        "reference/pytest.md",
        "Fixtures of pytest",
        "What a test gets by naming it as a parameter, as soon as ivsim is installed. "
        "[Use it with pytest](../howto/pytest.md) shows them at work.",
        {
            "ivsim.pytest_plugin.ivsim_fixture": "ivsim",
            "ivsim.pytest_plugin.ivs_client": "ivs_client",
            "ivsim.pytest_plugin.ivschat_client": "ivschat_client",
            "ivsim.pytest_plugin.ivsrealtime_client": "ivsrealtime_client",
            "ivsim.pytest_plugin.ivsim_server": "ivsim_server",
        },
        signatures=False,  # pytest calls them
    ),
    Page(
        "reference/emulator.md",
        "The emulator",
        "The object that a test holds: `with mock_ivs() as sim`, or the fixture `ivsim`. "
        "Its properties lead to what the other pages have.",
        {"ivsim.Emulator": "Emulator", "ivsim.UnreadableState": "UnreadableState"},
    ),
    Page(
        "reference/streams.md",
        "Streams",
        "Encoders: what takes a channel live, and what may go wrong with it. "
        "[Take a channel live](../howto/streams.md) shows it at work.",
        {
            "ivsim.ivs.live_streams.Streams": "sim.streams",
            "ivsim.LiveStream": "LiveStream",
            "ivsim.Admission": "Admission",
            "ivsim.StreamRefused": "StreamRefused",
            "ivsim.ivs.stream_sessions.TimedMetadata": "TimedMetadata",
            "ivsim.media.meter.Measured": "Measured",
        },
    ),
    Page(
        "reference/playback.md",
        "Playback",
        "Viewers: what a player would get, and the tokens that let it in. "
        "[Test playback](../howto/playback.md) shows it at work.",
        {
            "ivsim.ivs.playback.edge.Playback": "sim.playback",
            "ivsim.PlaybackResponse": "PlaybackResponse",
            "ivsim.ivs.viewer_sessions.ViewerSession": "ViewerSession",
            "ivsim.playback_token": "playback_token",
        },
    ),
    Page(
        "reference/recordings.md",
        "Recordings",
        "What was recorded of channels, participants and compositions, down to the objects. "
        "[Test recordings](../howto/recordings.md) shows it at work.",
        {"ivsim.recordings.recordings.Recordings": "sim.recordings", "ivsim.Recording": "Recording"},
    ),
    Page(
        "reference/chat.md",
        "Chat",
        "Chat rooms from the inside: who joins, writes and moderates. "
        "[Test a chat](../howto/chat.md) shows it at work.",
        {
            "ivsim.ivschat.chat.Chat": "sim.chat",
            "ivsim.ChatConnection": "ChatConnection",
            "ivsim.ChatRefused": "ChatRefused",
        },
    ),
    Page(
        "reference/stages.md",
        "Stages",
        "Stages from the inside: who joins, publishes and subscribes. "
        "[Let people join stages](../howto/stages.md) shows it at work.",
        {
            "ivsim.ivsrealtime.live_stages.Stages": "sim.stages",
            "ivsim.LiveParticipant": "LiveParticipant",
            "ivsim.StageNews": "StageNews",
            "ivsim.ivsrealtime.tracks.VideoTrack": "VideoTrack",
            "ivsim.StageRefused": "StageRefused",
            "ivsim.participant_token": "participant_token",
        },
    ),
    Page(
        "reference/events.md",
        "Events",
        "What IVS would have sent to EventBridge, to read and to subscribe to. [Events](../events.md) lists them all.",
        {
            "ivsim.core.events.Events": "sim.events",
            "ivsim.core.weather.Disturbance": "Disturbance",
            "ivsim.core.weather.Disturbed": "Disturbed",
            "ivsim.core.log.LogPage": "LogPage",
        },
    ),
    Page(
        "reference/calls.md",
        "Calls and hints",
        "The calls that code has made, and what of them would not do at AWS. Both are sequences, oldest first.",
        {
            "ivsim.core.calls.Calls": "sim.calls",
            "ivsim.core.calls.Call": "Call",
            "ivsim.core.hints.Hints": "sim.hints",
            "ivsim.core.hints.Hint": "Hint",
        },
    ),
    Page(
        "reference/clock.md",
        "The clock",
        "The one clock that everything takes its time from. "
        "[Decide what time it is](../howto/clock.md) shows it at work.",
        {"ivsim.core.clock.Clock": "sim.clock"},
    ),
    Page(
        "reference/faults.md",
        "Faults and quotas",
        "Errors, delays and full accounts on demand. [Make things go wrong](../howto/faults.md) shows them at work.",
        {
            "ivsim.core.faults.Faults": "sim.faults",
            "ivsim.core.faults.Fault": "Fault",
            "ivsim.core.quotas.Quotas": "sim.quotas",
        },
    ),
    Page(
        "reference/doors.md",
        "Servers and HTTP",
        "The doors by which other processes and languages come in. "
        "[Start the server](../server.md) shows them at work.",
        {
            "ivsim.Server": "Server",
            "ivsim.server.rules.sending.RuleStatus": "RuleStatus",
            "ivsim.server.rules.sending.Retry": "Retry",
            "ivsim.server.rules.sending.Undelivered": "Undelivered",
            "ivsim.wsgi.Application": "wsgi.Application",
            "ivsim.Request": "Request",
            "ivsim.Response": "Response",
        },
    ),
]


def markdown(page: Page) -> str:
    """Return a page as mkdocstrings reads it."""
    return "\n".join([f"# {page.title}\n", f"{page.intro}\n", *(_block(page, path) for path in page.objects)])


def _block(page: Page, path: str) -> str:
    filters = ["!^_", *(f"!^{name}$" for name in INTERNAL.get(path, "").split())]
    return (
        f"::: {path}\n    options:\n      heading: {page.objects[path]}\n      toc_label: {page.objects[path]}\n"
        f"      show_signature: {json.dumps(page.signatures)}\n"
        f"      separate_signature: {json.dumps(page.signatures)}\n"
        f"      filters: {json.dumps(filters)}\n"
        f"      show_if_no_docstring: {json.dumps(path in WITH_FIELDS)}\n"
        f"      show_attribute_values: {json.dumps(path.endswith('Options'))}\n"
    )
