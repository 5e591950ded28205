"""Servers and clients for the tests of the port."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from ivsim import Emulator
from ivsim.server.run import Server

from .control_client import Control

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NODE = Path(__file__).parent / "node"

RunNode = Callable[..., Any]

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
]
"""What keeps Chromium from anything but what it is told to do, and gives it a camera and a microphone."""

BESIDE_BOTOCORE = {"test_python.py", "test_app.py", "test_playback.py"}
"""The files here whose tests drive a client of botocore's, or depend on its models."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the port to which botocore is nothing, so that one run of them will do."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.name not in BESIDE_BOTOCORE:
            item.add_marker(pytest.mark.port)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def server(sim: Emulator) -> Iterator[Server]:
    """The emulator `sim` on a port."""
    with sim.serve() as server:
        yield server


@pytest.fixture
def control(server: Server) -> Control:
    """The control endpoints of `sim` on a port."""
    return Control(server)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of a file: while it is there, no other event loop can run in this thread.

    Skips where it is missing.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the packages from npm that tests use. Skips where Node or npm is missing."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("Node.js with npm is not installed")
    _install(npm)
    return NODE / "node_modules"


@pytest.fixture(scope="session")
def node(packages: Path) -> RunNode:
    """A function that runs a script of `tests/server/node` with arguments and returns the JSON it prints.

    Skips where Node or npm is missing.
    """
    assert packages.is_dir()

    def run(script: str, *arguments: str, timeout: float = 120) -> Any:
        command = ["node", str(NODE / script), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        assert ran.returncode == 0, f"{script}:\n{ran.stdout}\n{ran.stderr}"
        return json.loads(ran.stdout)

    return run


def _install(npm: str) -> None:
    wanted, folder = (NODE / "package.json").read_text(), NODE / "node_modules"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock"):  # runs of the suite go on at once
        installed = folder / ".installed"
        if not installed.exists() or installed.read_text() != wanted:
            command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=NODE, check=True, capture_output=True, timeout=300)
            installed.write_text(wanted)
