"""Plays channels of ivsim in the Amazon IVS player, and checks what it says: `make check-ivs-player`.

The package is AWS's and not open source. So it is installed here alone, at the wish of whoever runs this, and used
through its documented methods.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator, playback_token

from . import stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from ivsim import LiveStream

HEADING = "Amazon IVS player"
"""The section of the how-to that has the page."""

NOTICE = """\
This installs the npm package amazon-ivs-player into a temporary folder. It is not open source: it is AWS Content under
the AWS Customer Agreement (https://aws.amazon.com/agreement/). By going on you use it under that agreement.
"""

QUALITIES = ["720p", "480p", "360p", "160p"]
"""What is made of 1280x720 for viewers of a STANDARD channel."""

OFF_BY = 0.7
"""The seconds by which the player's own latency may differ from that of the picture it shows."""


class Checks:
    """One line for each check, and whether all held."""

    def __init__(self) -> None:
        self.failed = 0

    def __call__(self, claim: str, holds: object, found: object = "") -> None:
        """Tell whether a claim holds, with what was found."""
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {claim}{f': {found}' if found != '' else ''}", flush=True)


def main() -> None:
    """Run the checks; exit with status 1 when one fails."""
    parser = argparse.ArgumentParser(prog="check_ivs_player", description=__doc__)
    parser.add_argument("--version", default="latest", help="of amazon-ivs-player (latest)")
    given = parser.parse_args()
    print(NOTICE, flush=True)
    checks = Checks()
    sim = Emulator()
    with tempfile.TemporaryDirectory(prefix="ivsim-player-") as name:
        folder = Path(name)
        stage.install(folder, f"amazon-ivs-player@{given.version}", "events@3", "esbuild@0")
        (folder / "player.html").write_text(stage.block(HEADING, "html"))
        (folder / "player.js").write_text(stage.block(HEADING, "js"))
        esbuild = str(folder / "node_modules" / ".bin" / "esbuild")
        bundle = [esbuild, "player.js", "--bundle", "--outfile=bundle.js", "--log-level=error"]
        subprocess.run(bundle, cwd=folder, check=True)
        with (
            sim.serve(rtmp_port=0) as server,
            stage.client(server) as ivs,
            stage.site(folder) as site,
            stage.chromium() as browser,
        ):
            here = Stage(sim, ivs, browser, f"{site}/player.html", checks)
            for latency_mode in ("LOW", "NORMAL"):
                here.plays(latency_mode, *stage.go_live(sim, ivs, latencyMode=latency_mode), qualities=QUALITIES)
                with stage.pushed(sim, ivs, server, folder, latencyMode=latency_mode) as pushed:
                    here.plays(f"pushed, {latency_mode}", *pushed, qualities=["720p"])
            here.refuses()
    sys.exit(1 if checks.failed else 0)


class Stage:
    """A server, a browser and the page, in which channels are played."""

    def __init__(self, sim: Emulator, ivs: Any, browser: Browser, page: str, checks: Checks) -> None:
        self._sim = sim
        self._ivs = ivs
        self._browser = browser
        self._page = page
        self._check = checks

    def plays(self, kind: str, channel: dict[str, Any], live: LiveStream, *, qualities: list[str]) -> None:
        """Play a broadcast from its middle to its end."""

        def check(claim: str, holds: object, found: object = "") -> None:
            self._check(f"{kind}: {claim}", holds, found)

        with stage.opened(self._browser, f"{self._page}#{channel['playbackUrl']}") as page:
            stage.holds(page, "player.getVersion()")
            is_playing = stage.holds(page, "player.getState() === 'Playing'")
            check("reaches the state Playing", is_playing, f"version {page.evaluate('player.getVersion()')}")
            names = page.evaluate("player.getQualities().map(({ name }) => name)")
            check("offers the qualities", names == qualities, ", ".join(names))
            self._latency(check, page, live, is_low=channel["latencyMode"] == "LOW")
            if qualities[-1] == "160p":
                page.select_option("#quality", label="160p")
                is_small = stage.holds(page, f"(({stage.READING})() ?? {{}}).height === 160", 30)
                check("shows no better quality than is chosen", is_small, "160p")
            self._ivs.put_metadata(channelArn=channel["arn"], metadata="goal!")
            check("tells the text of PutMetadata", stage.holds(page, _tells("metadata: goal!")))
            self._ivs.stop_stream(channelArn=channel["arn"])
            check("reaches the state Ended after StopStream", stage.holds(page, _tells("the stream has ended"), 30))
            check("meets no error", not stage.holds(page, _tells("error"), 1))

    def refuses(self) -> None:
        """Meet what viewers are refused."""
        offline = self._ivs.create_channel()["channel"]
        with stage.opened(self._browser, f"{self._page}#{offline['playbackUrl']}") as page:
            expected = "error: ErrorNotAvailable 404"
            self._check("an offline channel is refused", stage.holds(page, _tells(expected)), expected)
        key = ec.generate_private_key(ec.SECP384R1())
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        self._ivs.import_playback_key_pair(publicKeyMaterial=pem)
        private, _ = stage.go_live(self._sim, self._ivs, authorized=True)
        with stage.opened(self._browser, f"{self._page}#{private['playbackUrl']}") as page:
            expected = "error: ErrorAuthorization 7"  # as AWS's service has it, by posts of its advocates
            self._check("a private channel without a token is refused", stage.holds(page, _tells(expected)), expected)
        token = playback_token(key, private["arn"], origins=["*"], now=self._sim.clock.now())
        with stage.opened(self._browser, f"{self._page}#{private['playbackUrl']}?token={token}") as page:
            is_playing = stage.holds(page, "player.getState() === 'Playing'")
            self._check("a private channel plays with a token", is_playing)

    def _latency(self, check: Any, page: Page, live: LiveStream, *, is_low: bool) -> None:
        mode = page.evaluate("player.isLiveLowLatency()")
        check(f"isLiveLowLatency() is {str(is_low).lower()}", mode is is_low, str(mode).lower())
        read = stage.latencies(self._sim, live, page)
        check("shows a picture whose strip can be read", read)
        if read:
            shown, told = median(read), page.evaluate("player.getLiveLatency()")
            said = f"{told:.1f} s, and the picture is {shown:.1f} s behind ({read[0]:.1f} to {read[-1]:.1f} s)"
            check("getLiveLatency() is that of the picture", abs(told - shown) <= OFF_BY, said)


def _tells(text: str) -> str:
    """Return the condition that the page has told something."""
    return f"document.querySelector('pre').textContent.includes({text!r})"


if __name__ == "__main__":
    main()
