"""What all tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools.record.door import PLUGIN

import ivsim
from ivsim.services import SERVICES

pytest_plugins = ["pytester"]

TO_INSTALL = {
    "Chromium": "Chromium or Chrome",
    "Playwright": "Playwright (pip install playwright)",
    "Node.js with npm": "Node.js with npm",
    "the AWS CLI": "the AWS CLI (pip install awscli)",
    "ffmpeg": "ffmpeg (pip install imageio-ffmpeg)",
    "aiortc": "aiortc (pip install 'ivsim[webrtc]', with Python 3.11 or later)",
}
"""What to install for the tests that say "... is not installed" of a tool."""


HERE = Path(__file__).parent

WINGS = ("ivs/ingest", "ivs/playback", "ivs/recording", "ivschat/messaging", "ivsrealtime/recording")

FILES = ("architecture", "courier", "neighbours", "newer_botocore", "retention", "threads")

ONCE = [
    HERE / name
    for name in (
        "cli",
        "core",
        "media",
        "record",
        "recorded",
        "recordings",
        *WINGS,
        *(f"test_{name}.py" for name in FILES),
    )
]
"""The folders and files whose tests one botocore will do for, beside the state machines."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make test` does not run as the others, as far as their folder tells."""
    for item in items:
        if item.path.stem.endswith("_machine") or any(place in (item.path, *item.path.parents) for place in ONCE):
            item.add_marker(pytest.mark.once)
        if HERE / "interceptors" in item.path.parents:
            item.add_marker(pytest.mark.interceptors)


def pytest_configure() -> None:
    """Let what the tests start be interrupted, also where a shell runs them in the background, and ignores SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell in one line what was skipped for want of a tool, and what to install."""
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    missing = {tool: sum(f"{tool} is not installed" in reason for reason in reasons) for tool in TO_INSTALL}
    told = [f"{count} for want of {TO_INSTALL[tool]}" for tool, count in missing.items() if count]
    if told:
        line = f"Skipped: {', '.join(told)}. They run once that is installed."
        terminalreporter.write_line(line)
        if "IVSIM_SKIPPED" in os.environ:
            Path(os.environ["IVSIM_SKIPPED"]).write_text(f"{line}\n")


@pytest.fixture(autouse=True)
def _no_aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own AWS settings reach a test, and what leaves the process fails at once, but in `make record`."""
    if request.config.pluginmanager.has_plugin(PLUGIN):
        return
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _nothing_left_active() -> Iterator[None]:
    """A test that leaves a mock behind fails, rather than the one after it."""
    around = ivsim.current()
    yield
    assert ivsim.current() is around
    assert around or os.environ.get("AWS_ACCESS_KEY_ID") != "ivsim"


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    """Skip what the installed botocore does not know yet: `@pytest.mark.needs("CreateAdConfiguration")`."""
    for marker in request.node.iter_markers("needs"):
        for name in marker.args:
            operation, _, member = name.partition(".")
            known = [service.model.operations.get(operation) for service in SERVICES.values()]
            if not any(each and (not member or member in each.members) for each in known):
                pytest.skip(f"the installed botocore has no {name}")


@pytest.fixture
def sim() -> ivsim.Emulator:
    """An emulator that no client library leads to."""
    return ivsim.Emulator(seed=1)


@pytest.fixture(scope="session")
def make_public_key() -> Callable[[], str]:
    """A maker of public keys on the curve that IVS wants."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def make() -> str:
        key = ec.generate_private_key(ec.SECP384R1()).public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    return make
