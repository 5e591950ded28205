"""Build the site: `build/site`, of the pages in `build/docs`. What is wrong with it ends this with a status of 1.

SITE_URL in the environment is where it is going to stand, for the map of the site and the page for what is not found.
All other pages go by relative links.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from ivsim import __version__

from . import built, pages

BUILD = pages.ROOT / "build"


def main() -> str | None:
    """Build it; return what is wrong."""
    url = os.environ.get("SITE_URL", "")
    pages.make(BUILD, __version__, url)
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--clean", "--strict"]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=BUILD)
    print(run.stdout, end="")
    if run.returncode or re.search(r"\bwarning\b", run.stdout, re.IGNORECASE):
        return "The site is not built without warnings."
    return "\n".join(built.faults(BUILD / "site", url)) or None


sys.exit(main())
