"""The command `ivsim`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._version import __version__
from ..courier import from_environment
from ..emulator import Emulator
from ..web import HOST, PORT, RTMP_PORT
from . import commands
from .control import RequestFailed
from .coverage import coverage_list, coverage_page

if TYPE_CHECKING:
    from ..server.run import Server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="ivsim", description="Amazon IVS, IVS Chat and IVS Real-Time in memory.")
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
    parser.add_argument(
        "--rtmps-port",
        type=int,
        default=0,
        metavar="PORT",
        help="the port to which they push by RTMPS, with --tls-cert; 0 for none (%(default)s)",
    )
    parser.add_argument(
        "--https-port",
        type=int,
        default=0,
        metavar="PORT",
        help="the port to which browsers broadcast, with --tls-cert; 0 for none (%(default)s)",
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="the certificate for RTMPS and HTTPS, in PEM format")
    parser.add_argument("--tls-key", metavar="FILE", help="its key, unless that is in the same file")
    parser.add_argument(
        "--insecure-ingest",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="take RTMP on every channel; with --no-insecure-ingest, on those alone whose insecureIngest is true",
    )
    parser.add_argument(
        "--recordings",
        metavar="DIR",
        help="write recordings to this folder, as {bucket}/{key}; else they go to the S3 of AWS_ENDPOINT_URL_S3",
    )
    parser.add_argument("--rules", metavar="FILE", help="send events to the targets of the rules in this JSON file")
    parser.add_argument(
        "--event-weather",
        metavar="SEED",
        help="lose, double, delay and swap one event in eight or so on its way, the same ones for a seed",
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
        "--aws-urls",
        action="store_true",
        help="leave playback URLs, and addresses of stages, as AWS has them; else they are the server's own",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of the server by which console and commands may reach it, beside local ones; may be repeated",
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
        sim = Emulator(
            seed=options.seed,
            account_id=options.account_id,
            rate_limits=options.rate_limits,
            event_weather=options.event_weather,
            history=options.history,
        )
        own_services = from_environment()
        if own_services is not None:
            sim.deliver_to(own_services)
        server = _server(sim, options)
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


def _server(sim: Emulator, options: argparse.Namespace) -> Server:
    """Return the server; without a port for encoders that cannot be had, as it is of use without."""
    try:
        from ..server.live.ports import RtmpPortRefused  # noqa: PLC0415 - an optional part
        from ..server.run import Server  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as missing:
        raise CommandFailed(str(missing)) from None
    names = ("rtmp_port", "rtmps_port", "https_port")
    ports: dict[str, Any] = {name: getattr(options, name) or None for name in names}
    while True:
        try:
            return Server(
                sim,
                host=options.host,
                port=options.port,
                state=options.state,
                aws_urls=options.aws_urls,
                tls_cert=options.tls_cert,
                tls_key=options.tls_key,
                insecure_ingest=options.insecure_ingest,
                recordings=options.recordings,
                rules=() if options.rules is None else options.rules,
                allow_hosts=options.allow_host,
                **ports,
            )
        except RtmpPortRefused as refused:
            ports[refused.argument] = None
            option = "--" + refused.argument.replace("_", "-")
            name = refused.argument.partition("_")[0].upper()
            sys.stderr.write(f"ivsim: no encoder can push by {name}: {refused}; choose another with {option}\n")


def _welcome(server: Server) -> Iterator[str]:
    yield f"ivsim {__version__} serves Amazon IVS, IVS Chat and IVS Real-Time"
    yield ""
    variables = (f"AWS_ENDPOINT_URL_{service}={server.url}" for service in ("IVS", "IVSCHAT", "IVS_REALTIME"))
    yield f"  export {' '.join(variables)}"
    yield f"  chat     {server.chat_url}"
    for url in filter(None, (server.rtmp_url, server.rtmps_url)):
        yield f"  encoder  {url} and a stream key"
    if server.https_url:
        yield f"  browser  {server.https_url}"
    yield f"  console  {server.url}/"
    yield ""
    if server.is_open_to_others:
        yield "Whoever reaches this address can do everything: the emulator has no authentication."
        yield ""
