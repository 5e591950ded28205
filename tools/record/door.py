"""The door `aws` of the contract suite: a plugin of pytest that `make record` brings, and nothing else does.

Without it, tests/contract has no such door, and whatever else the environment says, no test can reach AWS.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

PLUGIN = "ivsim-record"
"""The name under which tests/conftest.py and tests/contract/conftest.py find the plugin, if it is there."""

COSTLY = {"ivs-realtime": {"StartComposition": "a composition is billed by the hour"}}
"""What tests may not call at AWS. The test is skipped there."""


class Door:
    """Clients for contract tests. Each test is a scenario, after which what it made is deleted."""

    def __init__(self, client: Callable[[str], Any], scenario: Callable[[str], AbstractContextManager[object]]) -> None:
        self.client = client
        self.scenario = scenario
        for service, operations in COSTLY.items():
            for operation, reason in operations.items():
                event = f"before-parameter-build.{service}.{operation}"
                client(service).meta.events.register_first(event, _skipping(f"{operation}: {reason}"))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out tests that call nothing."""
        items[:] = [item for item in items if "aws" in getattr(item, "fixturenames", ())]


def _skipping(reason: str) -> Callable[..., None]:
    def skip(**_: Any) -> None:
        pytest.skip(reason)

    return skip
