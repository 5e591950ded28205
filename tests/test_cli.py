from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ivsim import __version__
from ivsim.cli import main
from ivsim.dispatcher import SERVICES

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"


def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """`ivsim coverage` lists every operation of the installed botocore, service by service."""
    assert main(["coverage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for service in SERVICES.values():
        number = len(service.model.operations)
        assert f"{service.name}: {number} of {number} operations" in lines
    assert "  yes  CreateChannel" in lines


def test_coverage_of_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not emulated is said, operation and member."""
    handlers = SERVICES["ivs"].handlers
    monkeypatch.delitem(handlers, "get_channel")
    parameters = handlers["list_channels"].parameters - {"filter_by_name", "max_results"}
    monkeypatch.setitem(handlers, "list_channels", handlers["list_channels"]._replace(parameters=parameters))
    main(["coverage"])
    text = capsys.readouterr().out
    number = len(SERVICES["ivs"].model.operations)
    assert f"ivs: {number - 1} of {number} operations" in text
    assert "  no   GetChannel\n" in text
    assert "  yes  ListChannels, without filterByName, maxResults\n" in text
    main(["coverage", "--markdown"])
    text = capsys.readouterr().out
    assert "| `GetChannel` | no |" in text
    assert "| `ListChannels` | yes, without filterByName, maxResults |" in text


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_coverage_page(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/coverage.md is what the registry says; `make coverage-page` writes it."""
    main(["coverage", "--markdown"])
    assert capsys.readouterr().out == PAGE.read_text()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`ivsim --version` prints the version."""
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"ivsim {__version__}\n"


def test_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command there is a usage line, and status 2."""
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_as_a_module() -> None:
    """`python -m ivsim` is the same command, and passes on its status."""
    shown = subprocess.run([sys.executable, "-m", "ivsim", "coverage"], check=True, capture_output=True, text=True)
    assert "ivschat: 17 of 17 operations" in shown.stdout
    assert subprocess.run([sys.executable, "-m", "ivsim"], check=False, capture_output=True).returncode == 2
