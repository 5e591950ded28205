"""Records what AWS answers: `make record`, or `python -m tools.record`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .cleaning import made
from .recorder import is_aws
from .redaction import ACCOUNT
from .run import Run, rehearse

ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "recorded"

REGION = "us-west-2"
"""What tests/contract expects in ARNs."""

PRICES = "https://aws.amazon.com/ivs/pricing/"

SENT = ("SendEvent", "DeleteMessage", "DisconnectUser")
"""What a room that nobody is in is sent. AWS may count it as messages."""


def main(arguments: Sequence[str] | None = None, ask: Callable[[str], str] = input) -> int:
    """Ask, record, clean up and write. Return 0, or 1 where nothing was recorded or something was left behind."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.region != REGION and given.only != "tour":
        parser.error(f"the contract suite expects {REGION}: with another region, say --only tour")
    session = boto3.Session(region_name=given.region)
    try:
        identity = session.client("sts").get_caller_identity()
        run = Run(session.client)
        there = run.there()
    except (BotoCoreError, ClientError) as error:
        return _refuse(f"AWS does not let us in: {error}")
    if there:
        found = ", ".join(there[:3]) + (", …" if there[3:] else "")
        return _refuse(f"{given.region} has to be empty of IVS, so that lists show nothing else; there is {found}")
    print(question(given, identity, run.endpoints))
    if not given.yes and not _is_agreed(ask):
        return _refuse("you did not type yes")
    known = {  # root's user id is the account's
        identity["UserId"]: "AIDACKCEVSQ6C2EXAMPLE",
        identity["Account"]: ACCOUNT,
        given.bucket: "amzn-s3-demo-bucket",
    }
    return _record(run, given, known)


def _is_agreed(ask: Callable[[str], str]) -> bool:
    try:
        return ask("Type yes to go on: ").strip() == "yes"
    except (EOFError, KeyboardInterrupt):
        return False


def _record(run: Run, given: argparse.Namespace, known: dict[str, str]) -> int:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    is_whole = is_clean = False
    try:
        if given.only != "contract":
            run.tour(given.bucket)
        if given.only != "tour":
            run.contract(given.tests)
        is_whole = True
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    finally:
        try:
            is_clean = _is_clean(run)
        finally:
            if run.calls:
                path = run.recording(known).write(given.to)
                print(f"{len(run.calls)} calls are in {path}. Look through it before you send it.")
            signal.signal(signal.SIGTERM, before)
    return 0 if is_whole and is_clean else 1


def _is_clean(run: Run) -> bool:
    """Delete what is left, say what stays, and return whether that is nothing."""
    others: list[str] = []
    try:
        others = run.sweep()
    except KeyboardInterrupt:
        run.problems.append("interrupted while cleaning up")
    except (BotoCoreError, ClientError) as error:
        run.problems.append(f"could not look whether something is left: {error}")
    for problem in run.problems:
        print(problem, file=sys.stderr)
    for left in run.left:
        print(f"NOT DELETED, please do so: {left}", file=sys.stderr)
    for arn in others:
        print(f"There is now {arn}. If nobody else made it, please delete it.", file=sys.stderr)
    return not (run.problems or run.left or others)


def question(given: argparse.Namespace, identity: dict[str, Any], endpoints: dict[str, str]) -> str:
    """Return what is going to happen, where, and what it costs."""
    lines = [
        f"This records what AWS answers to {identity['Arn']},",
        f"in account {identity['Account']}, region {given.region}.",
    ]
    lines += [f"BUT {service} is at {url}, which is not AWS." for service, url in endpoints.items() if not is_aws(url)]
    if given.only != "contract":
        calls = rehearse(given.region, given.bucket)
        things, sent = len(list(made(calls))), sum(call.operation in SENT and not call.error for call in calls)
        bucket = f"in the bucket {given.bucket}; AWS may add a service-linked role and a bucket policy, which stay"
        lines += [
            f"The tour makes {len(calls)} calls, creates {things} resources and deletes each again, and sends",
            f"{sent} messages to a chat room that nobody is in. Configurations that need a bucket:",
            f"{bucket if given.bucket else 'left out, for want of --bucket'}.",
        ]
    if given.only != "tour":
        lines += [
            "The contract suite creates a few resources in each test, a hundred in some, and deletes them after it;",
            "it takes many minutes. Tests that need the emulator are skipped, and so are those that would cost.",
        ]
    return "\n".join(
        [
            *lines,
            "It costs nothing but chat messages, a few dozen, if AWS counts them: nothing goes live, nobody joins,",
            f"nothing is composed or stored, and IVS has no price for anything else. Prices: {PRICES}",
            "What is deleted is what this run made. Press Ctrl-C to stop; it cleans up all the same.",
        ]
    )


def _refuse(reason: str) -> int:
    print(f"Nothing is recorded: {reason}.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="record", description=__doc__)
    parser.add_argument("tests", nargs="*", default=["tests/contract"], help="of the contract suite (all of it)")
    parser.add_argument("--only", choices=("tour", "contract"), help="one of the two parts")
    parser.add_argument("--region", default=REGION, help=f"the contract suite expects {REGION}, the default")
    parser.add_argument("--bucket", default="", help="of yours, in that region, for configurations that need one")
    parser.add_argument("--to", type=Path, default=RECORDED, help="the folder for the file (tests/recorded)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
