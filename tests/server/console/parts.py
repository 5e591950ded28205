"""What tests of the console look for on the page, and what they make for it to show."""

from __future__ import annotations

import re
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


def sideways(page: Page) -> list[str]:
    """Return what is wider than the page."""
    found: list[str] = page.evaluate(
        "() => [document.documentElement, ...document.querySelectorAll('#top, #list, #detail, #activity, #panes')]"
        ".filter((each) => each.scrollWidth > innerWidth).map((each) => each.id || each.tagName)"
    )
    return found


def assert_readable(page: Page) -> None:
    """Assert that every text on a page can be read (WCAG 2, contrast of 4.5)."""
    found = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((each) => [...each.childNodes].some(
            (node) => node.nodeType === Node.TEXT_NODE && node.data.trim()) && each.checkVisibility()).map((each) => {
            let under = each;
            while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
            return [each.textContent, getComputedStyle(each).color, getComputedStyle(under).backgroundColor];
        })"""
    )
    assert len(found) > 30
    for text, ink, below in found:
        lighter, darker = sorted((luminance(ink), luminance(below)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ink, below)


def luminance(colour: str) -> float:
    """Return the relative luminance of `rgb(…)`, as WCAG defines it."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
