"""ivsim on a port, and one for encoders."""

from __future__ import annotations

import json
import resource
import time

from ivsim import Emulator, Request


class Contender:
    """A server with channels to push to."""

    def serve(self, channels: int) -> tuple[str, str | None, list[str], list[str]]:
        """Serve; return its URL, that for encoders, the channels' stream keys, and the targets of their playlists."""
        sim = Emulator()
        made = [json.loads(sim.handle(Request("POST", "/CreateChannel", {}, b"{}")).body) for _ in range(channels)]
        keys = [each["streamKey"]["value"] for each in made]
        targets = ["/" + each["channel"]["playbackUrl"].split("/", 3)[3] for each in made]
        self._server = sim.serve(rtmp_port=0)
        return self._server.url, self._server.rtmp_url, keys, targets

    def spent(self) -> float:
        """Return the seconds of processor time that the process has taken."""
        return time.process_time()

    def memory(self) -> int:
        """Return the most bytes that the process has had."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def close(self) -> None:
        """End."""
        self._server.close()
