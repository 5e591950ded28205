"""What tests of the console look for on the page, and what they make for it to show."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ivsim.server.run import Server

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect

Open = Callable[..., "Page"]
"""What `open_console` is."""


def client(service: str, server: Server, region: str = "us-east-1", account: str = "123456789012") -> Any:
    made = boto3.client(
        service,
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="secret",
    )
    return closing(made)


def make_channel(server: Server, name: str = "evening-show", **more: Any) -> str:
    with client("ivs", server) as ivs:
        arn: str = ivs.create_channel(name=name, **more)["channel"]["arn"]
    return arn


def make_room(server: Server, name: str = "evening-chat") -> str:
    with client("ivschat", server) as chat:
        arn: str = chat.create_room(name=name)["arn"]
    return arn


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def state(page: Page) -> Locator:
    return page.locator("h1 + p [data-state]")
