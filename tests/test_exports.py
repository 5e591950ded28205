from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

import ivsim

PUBLIC = [
    "Admission",
    "ChatConnection",
    "ChatRefused",
    "Emulator",
    "LiveParticipant",
    "LiveStream",
    "PlaybackResponse",
    "Recording",
    "Request",
    "Response",
    "StageNews",
    "StageRefused",
    "StreamRefused",
    "UnreadableState",
    "__version__",
    "current",
    "mock_ivs",
    "participant_token",
    "playback_token",
]


def test_public_names() -> None:
    """These names are public, and each is there."""
    assert sorted(ivsim.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(ivsim, name) is not None


def test_server() -> None:
    """What `sim.serve()` returns has a public name, which `import *` leaves out: it needs the extra."""
    with ivsim.Emulator().serve() as server:
        assert type(server) is ivsim.Server
    assert "Server" not in ivsim.__all__


def test_no_other_name() -> None:
    """A name that is not there is an AttributeError, as for any module."""
    with pytest.raises(AttributeError, match="has no attribute 'mock_ivsx'"):
        ivsim.mock_ivsx  # noqa: B018


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import ivsim", ["botocore", "boto3", "requests", "responses", "werkzeug", "cryptography", "regex"]),
        ("import ivsim.pytest_plugin", ["botocore", "boto3", "requests", "cryptography", "regex", "ivsim.emulator"]),
        (
            "from ivsim import mock_ivs, Emulator",
            ["boto3", "aiobotocore", "requests", "cryptography", "regex", "pytest", "uvicorn", "unittest.mock"],
        ),
        ("from ivsim import mock_ivs", ["botocore", "msgspec", "ivsim.emulator", "ivsim.ivs"]),
        ("from ivsim import mock_ivs; mock_ivs().start()", ["boto3", "aiobotocore", "responses", "cryptography"]),
    ],
)
def test_imports_are_light(program: str, absent: list[str]) -> None:
    """Importing ivsim imports nothing that it does not need yet."""
    if find_spec("OpenSSL"):  # aiortc brings it, and where it is botocore imports it, which takes cryptography
        absent = [name for name in absent if name != "cryptography"]
    check = f"import sys; {program}; print([name for name in {absent} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "[]"
