"""Build the site: `build/site`, of the pages in `build/docs`. What is wrong with it ends this with a status of 1."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from ivsim import __version__

from . import built, pages

BUILD = pages.ROOT / "build"


def main() -> str | None:
    """Build it; return what is wrong."""
    pages.make(BUILD, __version__)
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--clean", "--strict"]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=BUILD)
    print(run.stdout, end="")
    if run.returncode or re.search(r"\bwarning\b", run.stdout, re.IGNORECASE):
        return "The site is not built without warnings."
    return "\n".join(built.faults(BUILD / "site")) or None


sys.exit(main())
