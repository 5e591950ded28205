"""`python -m benchmarks [--quick] [--only GROUP]`: run everything, or some of it, and print the table."""

from __future__ import annotations

import argparse
import os
import platform
from datetime import date
from importlib.metadata import version
from time import perf_counter

from . import report
from .calls import one_call, pages, stage_calls
from .chat import chat
from .chat_sockets import chat_sockets
from .composing import composing
from .days import day
from .footprint import memory
from .lifecycle import imports, plugin, tests
from .pictures import pictures
from .plan import FULL, QUICK
from .pushes import long_push, pushes
from .servers import servers
from .slow_media import slow_media
from .stage_media import stage_media
from .stages import crowded_stage, stage_day
from .threads import threads

_GROUPS = {
    measure.__name__: measure
    for measure in (
        *(one_call, pages, tests, imports, plugin, memory, threads, servers, slow_media),
        *(pictures, pushes, long_push, chat, chat_sockets, day),
        *(stage_calls, crowded_stage, stage_day, stage_media, composing),
    )
}

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="ivsim next to moto, and to boto3 alone.")
    parser.add_argument("--quick", action="store_true", help="see that it works, in seconds; the figures mean little")
    parser.add_argument("--only", action="append", choices=_GROUPS, metavar="GROUP", help=", ".join(_GROUPS))
    given = parser.parse_args()
    plan = QUICK if given.quick else FULL
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_ENVIRONMENT)  # every process inherits it, and no configuration of the user's
    began = perf_counter()
    _print_versions()
    report.head()
    for name in given.only or _GROUPS:
        _GROUPS[name](plan)
    print(f"\n{plan.rounds} rounds; took {perf_counter() - began:.0f} s")


def _print_versions() -> None:
    packages = ", ".join(f"{name} {version(name)}" for name in ("ivsim", "boto3", "botocore", "moto"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{date.today()}: {python}, {packages}")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs\n")


if __name__ == "__main__":
    main()
