"""A page's media on their way to a channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.media.h264 import Format

from ..live.viewer import Viewer
from ..waiting import until

pytest.importorskip("aiortc", reason="aiortc is not installed")

from ..stages.peers import FORM, Pictures

if TYPE_CHECKING:
    from .conftest import Broadcast

    Watch = Callable[..., Viewer]

WIDE = Format(640, 360, 15, "avc1.42E01F")


class Changing(Pictures):
    """Pictures that get larger after a second."""

    async def recv(self) -> Any:
        """Return the next picture when it is time for it."""
        if self._number == FORM.framerate:
            self.form = WIDE
        return await super().recv()


def test_another_form(sim: Emulator, created: Any, broadcast: Broadcast, watch: Watch) -> None:
    """Pictures of another size begin a segment that does not follow on the one before, as browsers change theirs."""
    broadcast(Changing(FORM))
    until(lambda: sim.streams.live)
    viewer = watch(created)
    until(lambda: "#EXT-X-DISCONTINUITY\n" in viewer.text())


def test_times(sim: Emulator, created: Any, broadcast: Broadcast, watch: Watch) -> None:
    """Segments are as long as the pictures say, from one key frame to the next."""
    broadcast()
    until(lambda: sim.streams.live)
    viewer = watch(created)
    until(lambda: len(viewer.playlist().segments) > 2)
    assert [round(each.duration, 1) for each in viewer.playlist().segments][:2] == [1.0, 1.0]


def test_refused_media(
    sim: Emulator, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Media that cannot be read end the connection, with a line in the log."""
    monkeypatch.setattr("ivsim.media.avc.record_of", lambda *_: b"?")
    page = broadcast()
    until(lambda: page.state == "closed")
    assert "a browser is refused: the decoder configuration of the video cannot be read" in caplog.text
    assert not sim.streams.live


def test_key_frames(sim: Emulator, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is asked for key frames, as browsers send none by themselves."""
    asked = []

    def request(*sources: int) -> bytes:
        asked.append(sources)
        return bytes(12)

    monkeypatch.setattr("ivsim.server.stages.rtp.key_frame_request", request)
    broadcast()
    until(lambda: sim.streams.live)
    until(lambda: len(asked) > 1)


def test_gone_without_a_word(sim: Emulator, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of which nothing is heard any more has gone."""
    page = broadcast()
    until(lambda: sim.streams.live)
    monkeypatch.setattr("ivsim.server.web_broadcast.broadcast.SILENCE", -1)
    until(lambda: page.state == "closed")
    assert not sim.streams.live
