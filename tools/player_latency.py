"""Prints how far hls.js and video.js are behind a stream, as rows for docs/howto/player.md: `make player-latency`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ivsim import Emulator

from . import stage

if TYPE_CHECKING:
    from ivsim import LiveStream

SETTLED = 10
"""Seconds after which a player has found its place."""


class Setting(NamedTuple):
    """A player, as its page in the how-to has it, and the options that are put in place of none."""

    player: str
    options: str = ""

    @property
    def page(self) -> str:
        """The page with the options."""
        code = stage.block(self.player, "html")
        return code.replace("new Hls()", f"new Hls({self.options})") if self.options else code


SETTINGS = [
    Setting("hls.js"),
    Setting("hls.js", "{ liveSyncDurationCount: 2 }"),
    Setting("hls.js", "{ liveSyncDurationCount: 1 }"),
    Setting("video.js"),
]


def main() -> None:
    """Play one stream with each setting, in turn."""
    versions = json.loads((stage.ROOT / "tests" / "server" / "node" / "package.json").read_text())["dependencies"]
    sim = Emulator()
    with tempfile.TemporaryDirectory(prefix="ivsim-player-") as name:
        folder = Path(name)
        stage.install(folder, *(f"{player}@{versions[player]}" for player in ("hls.js", "video.js")))
        with (
            sim.serve(rtmp_port=0) as server,
            stage.client(server) as ivs,
            stage.site(folder) as site,
            stage.chromium() as browser,
        ):
            print("| broadcast | player | settings | behind, in seconds |\n|---|---|---|---|", flush=True)

            def measure(kind: str, channel: Any, live: LiveStream) -> None:
                for setting in SETTINGS:
                    (folder / "player.html").write_text(setting.page)
                    with stage.opened(browser, f"{site}/player.html#{channel['playbackUrl']}") as page:
                        stage.holds(page, f"({stage.READING})()")
                        page.wait_for_timeout(SETTLED * 1000)
                        read = stage.latencies(sim, live, page)
                    _print(kind, f"{setting.player} {versions[setting.player]}", setting.options, read)

            measure("simulated", *stage.go_live(sim, ivs))
            with stage.pushed(sim, ivs, server, folder) as pushed:
                measure("pushed", *pushed)


def _print(kind: str, player: str, options: str, read: list[float]) -> None:
    shown = f"{median(read):.1f} ({read[0]:.1f} to {read[-1]:.1f})" if read else "nothing to be read"
    print(f"| {kind} | {player} | {f'`{options}`' if options else 'none'} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
