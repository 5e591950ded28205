"""Which page of the API reference has what. The text is that of the docstrings, which mkdocstrings puts there."""

from __future__ import annotations

from typing import NamedTuple


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
            "ivsim.StageRefused": "StageRefused",
            "ivsim.participant_token": "participant_token",
        },
    ),
    Page(
        "reference/events.md",
        "Events",
        "What IVS would have sent to EventBridge, to read and to subscribe to. [Events](../events.md) lists them all.",
        {"ivsim.core.events.Events": "sim.events"},
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
            "ivsim.wsgi.Application": "wsgi.Application",
            "ivsim.Request": "Request",
            "ivsim.Response": "Response",
        },
    ),
]


def markdown(page: Page) -> str:
    """Return a page as mkdocstrings reads it."""
    blocks = [
        f"::: {path}\n    options:\n      heading: {heading}\n      toc_label: {heading}\n"
        f"      show_signature: {str(page.signatures).lower()}\n"
        for path, heading in page.objects.items()
    ]
    return "\n".join([f"# {page.title}\n", f"{page.intro}\n", *blocks])
