"""`make release-check` says what is wrong with a release, before it is one."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path
from types import SimpleNamespace

import pytest
from tools import release_check
from tools.release_check import (
    main,
    metadata_problems,
    problems,
    sdist_problems,
    use,
    version_problems,
    wheel_problems,
)

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent

TRACKED = [".github/workflows/ci.yml", ".gitignore", "README.md", "src/ivsim/__init__.py", "src/ivsim/py.typed"]
ABOUT = [
    f"ivsim-1.2.3.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
]
WHEEL = ["ivsim/__init__.py", "ivsim/py.typed", *ABOUT]
SDIST = [
    f"ivsim-1.2.3/{name}"
    for name in (".gitignore", "PKG-INFO", "README.md", "src/ivsim/__init__.py", "src/ivsim/py.typed")
]
CHANGELOG = "# Changelog\n\n## 1.2.3 - 2026-11-29\n\n### Added\n\n- It.\n\n## 1.2.2 - 2026-11-01\n"
METADATA = """\
Version: 1.2.3
Author: Somebody
Project-URL: Changelog, https://code.example/it/changes
Project-URL: Documentation, https://code.example/it/docs
Project-URL: Issues, https://code.example/it/issues
Project-URL: Source, https://code.example/it
"""


def told(metadata: str, *, is_released: bool = False) -> list[str]:
    return list(metadata_problems(Parser().parsestr(metadata), "1.2.3", is_released=is_released))


def test_a_wheel_has_the_package_and_nothing_else() -> None:
    """A wheel has each file of the package that git tracks; one that is missing, and one too many, is named."""
    assert list(wheel_problems(WHEEL, TRACKED, "1.2.3")) == []
    assert list(wheel_problems([*WHEEL[1:], "ivsim/state.json"], TRACKED, "1.2.3")) == [
        "the wheel lacks ivsim/__init__.py",
        "the wheel has ivsim/state.json, which git does not track there",
    ]


def test_an_sdist_has_all_but_what_serves_the_repository() -> None:
    """A source distribution has what git tracks, without workflows and the like; the build may add .gitignore."""
    assert list(sdist_problems(SDIST, TRACKED, "1.2.3")) == []
    assert list(sdist_problems(SDIST[1:], TRACKED, "1.2.3")) == []
    assert list(sdist_problems([*SDIST[:-1], "ivsim-1.2.3/.github/workflows/ci.yml"], TRACKED, "1.2.3")) == [
        "the sdist lacks ivsim-1.2.3/src/ivsim/py.typed",
        "the sdist has ivsim-1.2.3/.github/workflows/ci.yml, which git does not track there",
    ]


@pytest.mark.parametrize("tags", [[], ["v1.2.3"]])
def test_one_version(tags: list[str]) -> None:
    """A version that the changelog begins with is well, with its tag and without."""
    assert list(version_problems("1.2.3", CHANGELOG, tags)) == []


def test_a_version_without_a_section() -> None:
    """The changelog has a section for the version, with a date, tag or no tag."""
    for changelog in ("", CHANGELOG.replace(" - 2026-11-29", ""), CHANGELOG.replace("1.2.3", "1.2.30")):
        assert list(version_problems("1.2.3", changelog, [])) == [
            "CHANGELOG.md has no section '## 1.2.3 - ' and a date"
        ]


def test_a_tag_of_another_version() -> None:
    """A tag that is not the version's is named, with both."""
    assert list(version_problems("1.2.3", CHANGELOG, ["v1.2.4"])) == ["the tag is v1.2.4, the version 1.2.3"]
    assert list(version_problems("1.2.3", CHANGELOG, ["1.2.3"])) == ["the tag is 1.2.3, the version 1.2.3"]


def test_changes_that_no_version_has() -> None:
    """Under a tag nothing is unreleased; before it, something may be."""
    open_still = CHANGELOG.replace("## 1.2.3", "## Unreleased\n\n## 1.2.3")
    assert list(version_problems("1.2.3", open_still, [])) == []
    assert list(version_problems("1.2.3", open_still, ["v1.2.3"])) == [
        "CHANGELOG.md does not begin with 1.2.3, but with 'Unreleased'"
    ]
    assert "CHANGELOG.md does not begin with 1.2.3, but with ''" in list(version_problems("1.2.3", "", ["v1.2.3"]))


def test_metadata() -> None:
    """The metadata has the version, an author and the four links; what is missing is named."""
    assert told(METADATA, is_released=True) == []
    assert told("Version: 1.2.4\n") == [
        "the metadata has version 1.2.4, the source 1.2.3",
        "the metadata has no link Changelog",
        "the metadata has no link Documentation",
        "the metadata has no link Issues",
        "the metadata has no link Source",
        "the metadata has no author",
    ]


def test_no_release_leads_nowhere() -> None:
    """The address that stands for the repository's own will do until there is a tag, in the links and in README."""
    for metadata in (
        METADATA.replace("code.example", "example.com"),
        f"{METADATA}\nSee https://example.com/it/docs.\n",
    ):
        assert told(metadata) == []
        assert told(metadata, is_released=True) == [
            "the metadata still leads to https://example.com/: set the repository's address in pyproject.toml"
        ]


def test_pyproject_leads_into_one_repository() -> None:
    """The links of the package and those of README lead to one address, which is set once and for all."""
    text = (ROOT / "pyproject.toml").read_text()
    source = re.search(r'^Source = "([^"]+)"$', text, re.MULTILINE)
    assert source
    addresses = re.findall(r"https://[^\s\"'()]+", text)
    assert len(addresses) == 5
    assert all(address == source[1] or address.startswith(f"{source[1]}/") for address in addresses)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project under git, and what was built of it, in `dist`."""
    (tmp_path / "src" / "ivsim").mkdir(parents=True)
    (tmp_path / "src" / "ivsim" / "_version.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    for setting in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):  # which may want signatures
        monkeypatch.setenv(setting, os.devnull)
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@code.example"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "All"], ["tag", "v1.2.3"]):
        subprocess.run(["git", *command], check=True, cwd=tmp_path)
    dist = tmp_path / "dist"
    dist.mkdir()
    with zipfile.ZipFile(dist / "ivsim-1.2.3-py3-none-any.whl", "w") as wheel:
        for name in ("ivsim/_version.py", *ABOUT):
            wheel.writestr(name, METADATA if name.endswith("METADATA") else "")
    with tarfile.open(dist / "ivsim-1.2.3.tar.gz", "w:gz") as sdist:
        for path in ("src/ivsim/_version.py", "CHANGELOG.md"):
            sdist.add(tmp_path / path, f"ivsim-1.2.3/{path}")
        sdist.addfile(tarfile.TarInfo("ivsim-1.2.3/PKG-INFO"))
        sdist.add(dist, "ivsim-1.2.3/src", recursive=False)
    monkeypatch.setattr(release_check, "ROOT", tmp_path)
    return dist


def test_what_was_built(built: Path) -> None:
    """A wheel and a source distribution that are as they should be have no problems, and each is looked into."""
    assert list(problems(built, "1.2.3", ["v1.2.3"])) == []
    (built.parent / "src" / "ivsim" / "more.py").write_text("")
    subprocess.run(["git", "add", "."], check=True, cwd=built.parent)
    assert {"the wheel lacks ivsim/more.py", "the sdist lacks ivsim-1.2.3/src/ivsim/more.py"} < {
        *problems(built, "1.2.3", [])
    }


def test_one_wheel_and_one_sdist(built: Path) -> None:
    """What an earlier build left is named before anything is looked into."""
    (built / "ivsim-1.2.2.tar.gz").touch()
    (problem,) = problems(built, "1.2.3", [])
    assert "ivsim-1.2.2.tar.gz" in problem
    assert problem.endswith("not one wheel and one sdist of 1.2.3")


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The distributions that were installed, instead of installing them."""
    names: list[str] = []
    monkeypatch.setattr(release_check, "use", lambda distribution, *_: names.append(distribution))
    return names


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["release_check", *map(str, arguments)])
    main()


def test_what_is_well_is_used(
    built: Path, used: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wheel with the server and the source distribution without are used, on the tag of HEAD or without one."""
    run(monkeypatch, built)
    assert used == [f"{built}/ivsim-1.2.3-py3-none-any.whl[server]", f"{built}/ivsim-1.2.3.tar.gz"]
    assert capsys.readouterr().out == "ivsim 1.2.3 is v1.2.3: wheel and sdist are as they should be\n"
    subprocess.run(["git", "tag", "-d", "v1.2.3"], check=True, cwd=built.parent, capture_output=True)
    run(monkeypatch, built)
    assert capsys.readouterr().out == "ivsim 1.2.3 has no tag: wheel and sdist are as they should be\n"


def test_what_is_wrong_is_not_used(built: Path, used: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A problem ends it with status 1 and the reason; a tag that is given goes before that of HEAD."""
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, built, "--tag", "v2")
    assert ended.value.code == "the tag is v2, the version 1.2.3"
    assert used == []


def test_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As a program it says what it takes."""
    monkeypatch.setattr(sys, "argv", ["release_check", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(release_check.__file__, run_name="__main__")
    assert ended.value.code == 0
    assert "--tag TAG" in capsys.readouterr().out


def test_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution is installed, asked for its version, and used away from the tree; another version is refused."""
    ran: list[list[str]] = []

    def record(command: list[str], **_: object) -> SimpleNamespace:
        ran.append(command)
        return SimpleNamespace(stdout="ivsim 1.2.3\n")

    monkeypatch.setattr(venv, "create", lambda *_, **__: None)
    monkeypatch.setattr(subprocess, "run", record)
    use("it.whl", tmp_path, "1.2.3")
    assert [command[-1] for command in ran] == ["it.whl", "--version", release_check.SMOKE]
    assert {Path(command[0]).parent for command in ran} == {tmp_path / "bin"}
    with pytest.raises(ValueError, match=r"it.whl says 'ivsim 1\.2\.3', not 'ivsim 1\.2\.4'"):
        use("it.whl", tmp_path, "1.2.4")


def test_smoke() -> None:
    """The program that uses an installed ivsim runs with the one that is here."""
    program = release_check.SMOKE.replace("assert ivsim.__file__.startswith(sys.prefix), ivsim.__file__\n", "")
    assert program != release_check.SMOKE
    subprocess.run([sys.executable, "-c", program], check=True)
