"""The command `ivsim`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .._version import __version__
from ..emulator import Emulator
from ..web import HOST, PORT, RTMP_PORT
from . import commands
from .control import RequestFailed
from .coverage import coverage_list, coverage_page

if TYPE_CHECKING:
    from ..server.run import Server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="ivsim", description="Amazon IVS and IVS Chat in memory.")
    parser.add_argument("--version", action="version", version=f"ivsim {__version__}")
    subcommands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = "put the emulator on a port, for every AWS SDK and chat client"
    _add_serve(subcommands.add_parser("serve", help=serve, description=commands.sentence(serve)))
    commands.add_to(subcommands)
    which = "print which operations of the installed botocore are emulated"
    coverage = subcommands.add_parser("coverage", help=which, description=commands.sentence(which))
    coverage.add_argument("--markdown", action="store_true", help="print the page docs/coverage.md")
    coverage.set_defaults(lines=lambda options: coverage_page() if options.markdown else coverage_list())
    options = parser.parse_args(arguments)
    try:
        for line in options.lines(options):
            print(line, flush=True)
    except (CommandFailed, RequestFailed) as failed:
        sys.stderr.write(f"ivsim: {failed}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has had enough; nor shall Python try to write what is left, as it exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


class CommandFailed(Exception):
    """A command failed. The text tells a person why."""


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help="the address to listen at (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=PORT, help="the port to listen at; 0 takes a free one (%(default)s)"
    )
    parser.add_argument(
        "--rtmp-port",
        type=int,
        default=RTMP_PORT,
        metavar="PORT",
        help="the port to which encoders push by RTMP; 0 for none (%(default)s)",
    )
    parser.add_argument("--seed", metavar="TEXT", help="make ids and keys the same in every run")
    parser.add_argument(
        "--account-id",
        default="123456789012",
        metavar="ID",
        help="the account of calls whose access key is not an account of 12 digits itself (%(default)s)",
    )
    parser.add_argument("--state", metavar="FILE", help="keep everything in this file, and start from it if it exists")
    parser.add_argument(
        "--history",
        type=int,
        default=10_000,
        metavar="N",
        help="keep at least the newest N calls, events, messages and others that only accumulate (%(default)s)",
    )
    parser.add_argument(
        "--aws-urls", action="store_true", help="leave playback URLs as AWS has them; else they are the server's own"
    )
    parser.add_argument("--rate-limits", action="store_true", help="enforce the documented calls per second")
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument("--quiet", action="store_true", help="print no line for each call")
    how_much.add_argument(
        "--verbose", action="store_true", help="print a line also for each request of the commands and the console"
    )
    parser.set_defaults(lines=_serve)


def _serve(options: argparse.Namespace) -> Iterator[str]:
    try:
        from ..server.run import RtmpPortRefused, Server  # noqa: PLC0415 - an optional part
    except ModuleNotFoundError as missing:
        raise CommandFailed(str(missing)) from None
    try:
        sim = Emulator(
            seed=options.seed,
            account_id=options.account_id,
            rate_limits=options.rate_limits,
            history=options.history,
        )
        make = partial(
            Server, sim, host=options.host, port=options.port, state=options.state, aws_urls=options.aws_urls
        )
        try:
            server = make(rtmp_port=options.rtmp_port or None)
        except RtmpPortRefused as refused:
            sys.stderr.write(f"ivsim: no encoder can push by RTMP: {refused}; choose another with --rtmp-port\n")
            server = make()
    except (OSError, ValueError) as error:
        raise CommandFailed(str(error)) from None
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("ivsim")
    log.addHandler(handler)
    log.setLevel(logging.WARNING if options.quiet else logging.DEBUG if options.verbose else logging.INFO)
    try:
        server.run(lambda: print("\n".join(_welcome(server)), flush=True))
    except (OSError, ValueError) as error:  # of the last time that the state was to be saved
        raise CommandFailed(f"the state could not be saved: {error}") from None
    return iter(())


def _welcome(server: Server) -> Iterator[str]:
    yield f"ivsim {__version__} serves Amazon IVS and IVS Chat"
    yield ""
    yield f"  export AWS_ENDPOINT_URL_IVS={server.url} AWS_ENDPOINT_URL_IVSCHAT={server.url}"
    yield f"  chat     {server.chat_url}"
    if server.rtmp_url:
        yield f"  encoder  {server.rtmp_url} and a stream key"
    yield f"  console  {server.url}/"
    yield ""
    if server.is_open_to_others:
        yield "Whoever reaches this address can do everything: the emulator has no authentication."
        yield ""
