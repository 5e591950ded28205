"""Whatever encoders do, and in whatever order: what holds of every broadcast."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime, timezone
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from ivsim import Emulator, LiveStream, StreamRefused

from ..calling import call

STREAMS, VIEWS = 3, 50

LIFE = re.compile(
    r"Session Created"
    r"(, Stream Takeover( Failure)?)*"
    r"(, Stream Start(, (Stream Takeover( Failure)?|Starvation Start|Starvation End))*)?"
    r"(, (Ingest Bitrate|Ingest Resolution|Stream Failure))?"
    r"(, Session Ended(, Stream End)?)?"
)
"""What can happen to a stream, in which order."""


class Broadcasts(RuleBasedStateMachine):
    """Four channels, encoders that come and go, and a clock."""

    encoders = Bundle("encoders")

    @initialize(transitions=st.sampled_from(["immediate", "realistic"]))
    def begin(self, transitions: Any) -> None:
        quotas = {"Concurrent streams": STREAMS, "Concurrent views": VIEWS}
        self.is_prompt = transitions == "immediate"
        self.sim = Emulator(seed=1, transitions=transitions, quotas=quotas)
        self.sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
        self.channels = [call(self.sim, "CreateChannel", name=str(index)).body["channel"]["arn"] for index in range(4)]

    @rule(
        target=encoders,
        number=st.integers(0, 3),
        viewers=st.integers(0, 60),
        priority=st.none() | st.integers(0, 4),
        bitrate=st.sampled_from([1_000_000, 9_000_000]),
        height=st.sampled_from([720, 1080]),
    )
    def start(self, number: int, viewers: int, priority: int | None, bitrate: int, height: int) -> Any:
        video = {"targetBitrate": bitrate, "videoHeight": height}
        try:
            return self.sim.streams.start(self.channels[number], viewers=viewers, priority=priority, video=video)
        except StreamRefused:
            return multiple()

    @rule(encoder=encoders, what=st.sampled_from(["starve", "recover", "fail", "breach", "set_viewers", "end"]))
    def act(self, encoder: LiveStream, what: str) -> None:
        arguments: dict[str, tuple[Any, ...]] = {"breach": ("Ingest Bitrate",), "set_viewers": (40,)}
        before = len(self.sim.events)
        try:
            getattr(encoder, what)(*arguments.get(what, ()))
        except StreamRefused:
            assert what != "end"
            assert len(self.sim.events) == before

    @rule(target=encoders, encoder=consumes(encoders))
    def reconnect(self, encoder: LiveStream) -> Any:
        try:
            return encoder.reconnect()
        except StreamRefused:
            return multiple()

    @rule(number=st.integers(0, 3), operation=st.sampled_from(["StopStream", "PutMetadata", "DeleteChannel"]))
    def call_api(self, number: int, operation: str) -> None:
        arn = self.channels[number]
        if operation == "DeleteChannel":
            is_connected = any(session.get("endTime") is None for session in self.sessions(arn))
            assert (call(self.sim, operation, arn=arn).status == 409) == is_connected
            if not is_connected:
                self.channels[number] = call(self.sim, "CreateChannel").body["channel"]["arn"]
        else:
            was_live = arn in self.live_channels()
            text = {"metadata": "x"} if operation == "PutMetadata" else {}
            assert (call(self.sim, operation, channelArn=arn, **text).status < 300) == was_live

    @rule(seconds=st.sampled_from([0.5, 4, 15, 29, 30, 31, 60, 3600, 48 * 3600]))
    def wait(self, seconds: float) -> None:
        self.sim.clock.advance(seconds)

    @invariant()
    def one_session_at_a_time(self) -> None:
        """Never two live sessions on a channel; the live one is the newest, and no more stream than the quota says."""
        for arn in self.channels:
            running = [session for session in self.sessions(arn) if "endTime" not in session]
            assert len(running) <= 1
            assert running == self.sessions(arn)[: len(running)]
        assert len(set(self.live_channels())) == len(self.live_channels()) <= STREAMS

    @invariant()
    def what_is_shown(self) -> None:
        """GetStream answers for the channels that ListStreams has, and no more is watched than the quota says."""
        streams = call(self.sim, "ListStreams").body["streams"]
        for arn in self.channels:
            answer = call(self.sim, "GetStream", channelArn=arn)
            assert (answer.status == 200) == (arn in self.live_channels())
        assert all(stream["viewerCount"] >= 0 for stream in streams)
        if self.is_prompt:  # else who left is still counted
            assert sum(stream["viewerCount"] for stream in streams) <= VIEWS

    @invariant()
    def order_of_events(self) -> None:
        """Time goes on, each stream's events are a life in the right order, and its session tells them backwards."""
        times = [event["time"] for event in self.sim.events]
        assert times == sorted(times)
        lives = defaultdict(list)
        for event in self.sim.events:
            detail = event["detail"]
            if "stream_id" in detail:
                lives[detail["stream_id"]].append(detail.get("event_name") or detail["limit_name"])
        for names in lives.values():
            assert LIFE.fullmatch(", ".join(names)), names
            health = [name for name in names if name.startswith("Starvation")]
            assert (
                health == ["Starvation Start", "Starvation End"] * (len(health) // 2) + health[len(health) // 2 * 2 :]
            )
            assert ("Stream End" in names) == ("Stream Start" in names and "Session Ended" in names)
        for arn in self.channels:
            for session in self.sessions(arn):
                shown = call(self.sim, "GetStreamSession", channelArn=arn, streamId=session["streamId"]).body
                events = [event["name"] for event in reversed(shown["streamSession"]["truncatedEvents"])]
                own = [name for name in events if name != "Concurrent Viewers"]
                assert own == lives[session["streamId"]]
                assert session["hasErrorEvent"] == any(
                    name in ("Stream Failure", "Ingest Bitrate", "Ingest Resolution", "Concurrent Viewers")
                    for name in events
                )

    def sessions(self, arn: str) -> list[Any]:
        return list(call(self.sim, "ListStreamSessions", channelArn=arn).body["streamSessions"])

    def live_channels(self) -> list[str]:
        return [stream["channelArn"] for stream in call(self.sim, "ListStreams").body["streams"]]


TestBroadcasts = Broadcasts.TestCase
TestBroadcasts.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
