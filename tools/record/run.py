"""A run: what goes through it is recorded, and what it makes is deleted, however it ends."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from typing import Any

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ivsim import mock_ivs
from ivsim.services import SERVICES

from .cleaning import Cleaner, made, survey
from .door import PLUGIN, Door
from .recorder import About, Call, Recorder, Recording
from .redaction import Redactor
from .tour import CHAPTERS
from .tour.tour import Tour

CONFIG = Config(parameter_validation=False, retries={"mode": "standard", "max_attempts": 10})
"""Values that are wrong have to get as far as AWS; rates are a few calls a second, and whoever exceeds them waits."""


class Run:
    """Clients by `make_client(service, config=…)`; `problems` tells which chapters of the tour ended early."""

    def __init__(self, make_client: Callable[..., Any], *, pause: Callable[[float], object] = time.sleep) -> None:
        self.problems: list[str] = []
        self._recorder = Recorder()
        self._pause = pause
        self._clients = {service: make_client(service, config=CONFIG) for service in SERVICES}
        self._cleaner = Cleaner(self.client, pause)
        for client in self._clients.values():
            self._recorder.watch(client)

    @property
    def calls(self) -> list[Call]:
        """What was recorded, secrets included."""
        return self._recorder.calls

    @property
    def left(self) -> list[str]:
        """What could not be deleted, with the reason."""
        return [f"{thing.arn}: {reason}" for thing, reason in self._cleaner.left.items()]

    @property
    def endpoints(self) -> dict[str, str]:
        """Who is asked, by service."""
        return {service: client.meta.endpoint_url for service, client in self._clients.items()}

    def client(self, service: str) -> Any:
        """Return the run's client for a service."""
        return self._clients[service]

    def there(self) -> list[str]:
        """Return the ARNs of everything that is there, the run's own or not."""
        return [thing.arn for thing, _ in survey(self.client)]

    @contextmanager
    def scenario(self, name: str) -> Iterator[None]:
        """Record what is called meanwhile, then delete what it made, also when it raises or is interrupted."""
        before = len(self.calls)
        try:
            with self._recorder.scenario(name):
                yield
        finally:
            self._cleaner.clean(made(self.calls[before:]))

    def tour(self, bucket: str = "") -> None:
        """Go through the chapters; one that ends early is a problem, and the next one begins."""
        unrecorded = partial(self._recorder.scenario, "")
        tour = Tour(self.client, bucket=bucket, pause=self._pause, unrecorded=unrecorded)
        for chapter in CHAPTERS:
            try:
                with self.scenario(f"tour: {chapter.__name__}"):
                    chapter(tour)
            except (ClientError, BotoCoreError) as error:
                self.problems.append(f"the chapter {chapter.__name__} ended early: {error}")

    def contract(self, arguments: list[str]) -> None:
        """Run the contract suite. A test that fails is what a recording is for. Raises KeyboardInterrupt."""
        plugin = _Registering(Door(self.client, self.scenario))
        options = [
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]  # ivsim is imported here
        status = pytest.main([*options, *arguments], plugins=[plugin])
        if status == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.problems.append(f"the contract suite ended with status {int(status)} of pytest")

    def sweep(self) -> list[str]:
        """Try again what is left, and what bears the tour's tag though no answer told of it.

        Returns the ARNs of what else is there, which somebody else may have made.
        """
        found = list(survey(self.client))
        others = [thing.arn for thing, is_tagged in found if not is_tagged and thing not in self._cleaner.left]
        self._cleaner.clean(thing for thing, is_tagged in found if is_tagged)
        return others

    def recording(self, known: Mapping[str, str]) -> Recording:
        """Return what may be shown of the calls; `known` has stand-ins for what the caller knows of themselves."""
        about = About(
            date=datetime.now(timezone.utc).date().isoformat(),
            region=self.client("ivs").meta.region_name,
            botocore=botocore.__version__,
            endpoints=self.endpoints,
        )
        return Recording(about=about, calls=Redactor(known, secrets.token_bytes()).redacted(self.calls))


class _Registering:
    """Puts the door under its name, which a list of plugins cannot."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the door before tests are collected."""
        config.pluginmanager.register(self._door, PLUGIN)


def rehearse(region: str, bucket: str = "") -> list[Call]:
    """Return the calls of a tour through ivsim: what it would make, and that it gets through."""
    with mock_ivs(region=region):
        run = Run(partial(offline, region))
        run.tour(bucket)
    return run.calls


def offline(region: str, service: str, config: Config) -> Any:
    """Return a client with AWS's own address, wherever the reader's settings lead, to be used inside of a mock."""
    nowhere_else = config.merge(Config(ignore_configured_endpoint_urls=True))
    session = boto3.Session(aws_access_key_id="ivsim", aws_secret_access_key="ivsim", region_name=region)
    return session.client(service, config=nowhere_else)
