"""An ivsim stands for AWS, in an account of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3
import pytest
from tools.record.run import Run, offline

from ivsim import Emulator, mock_ivs
from ivsim.services import SERVICES

ACCOUNT = "998877665544"
REGION = "us-west-2"
BUCKET = "bucket-of-somebody"


NEWEST = ("CreateFailoverSlateConfiguration", "RevokeConnectionToken")
"""Operations that the tour calls, and that an older botocore does not know; whoever records has the newest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of this folder on an older botocore."""
    known = {operation for service in SERVICES.values() for operation in service.model.operations}
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skipif(not known.issuperset(NEWEST), reason="the tour needs a newer botocore"))


@pytest.fixture
def sim() -> Iterator[Emulator]:
    """What stands for AWS."""
    with mock_ivs(account_id=ACCOUNT) as emulator:
        yield emulator


@pytest.fixture
def waited() -> list[float]:
    """The seconds that were waited, had anybody waited."""
    return []


@pytest.fixture
def run(sim: Emulator, waited: list[float]) -> Run:
    """A run there, which never waits."""
    return Run(partial(offline, REGION), pause=waited.append)


@pytest.fixture(scope="session")
def toured() -> Run:
    """A run that went on the tour, through a server, and left nothing."""
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="any", region_name=REGION)
    with Emulator(account_id=ACCOUNT).serve(aws_urls=True) as server:
        run = Run(partial(session.client, endpoint_url=server.url))
        run.tour(BUCKET)
        assert (run.problems, run.left, run.there()) == ([], [], [])
    return run
