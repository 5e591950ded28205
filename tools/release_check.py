"""Checks what a release would put on PyPI, after `python -m build` made it: `make release-check`.

The wheel and the source distribution hold what git tracks and nothing else, each can be installed and used, and the
version is that of the changelog and of the tag, if there is one.
"""

from __future__ import annotations

import argparse
import re
import runpy
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "src/ivsim/"

PLACEHOLDER = "https://example.com/"
"""Stands for the repository's address until there is one."""

LINKS = {"Changelog", "Documentation", "Issues", "Source"}
"""What a page on PyPI leads to."""

SMOKE = """
import sys
from importlib.util import find_spec
from urllib.request import urlopen

import boto3
import ivsim

assert ivsim.__file__.startswith(sys.prefix), ivsim.__file__
with ivsim.mock_ivs() as sim:
    ivs = boto3.client("ivs", region_name="us-west-2")
    arn = ivs.create_channel()["channel"]["arn"]
    with sim.streams.start(arn):
        assert ivs.get_stream(channelArn=arn)["stream"]["state"] == "LIVE"
    assert ivs.list_streams()["streams"] == []
if find_spec("uvicorn"):
    with ivsim.Emulator().serve() as server, urlopen(server.url) as page:
        assert b"<html" in page.read()
"""
"""A broadcast and, where the server is installed, its console, which takes files that are not Python."""


def wheel_problems(names: Iterable[str], tracked: Iterable[str], version: str) -> Iterator[str]:
    """Tell what is in a wheel that should not be, or is not although it should: it has the package, and metadata."""
    about = f"ivsim-{version}.dist-info/"
    package = {path.removeprefix("src/") for path in tracked if path.startswith(PACKAGE)}
    metadata = {about + name for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    yield from differences("the wheel", set(names), package | metadata)


def sdist_problems(names: Iterable[str], tracked: Iterable[str], version: str) -> Iterator[str]:
    """Tell the same of a source distribution: it has what git tracks, but what serves the repository alone."""
    top = f"ivsim-{version}/"
    wanted = {top + path for path in tracked if not path.startswith(".")} | {top + "PKG-INFO"}
    yield from differences("the sdist", set(names) - {top + ".gitignore"}, wanted)  # which the build always adds


def differences(what: str, found: set[str], wanted: set[str]) -> Iterator[str]:
    """Tell which names are missing, and which are too many."""
    for name in sorted(wanted - found):
        yield f"{what} lacks {name}"
    for name in sorted(found - wanted):
        yield f"{what} has {name}, which git does not track there"


def version_problems(version: str, changelog: str, tags: Iterable[str]) -> Iterator[str]:
    """Tell where a version is not that of the changelog or of a tag, under which nothing is unreleased."""
    sections = re.findall(r"^## (.+)$", changelog, re.MULTILINE)
    if not any(re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", section) for section in sections):
        yield f"CHANGELOG.md has no section '## {version} - ' and a date"
    for tag in tags:
        if tag != f"v{version}":
            yield f"the tag is {tag}, the version {version}"
        if not sections or sections[0].split()[0] != version:
            yield f"CHANGELOG.md does not begin with {version}, but with {''.join(sections[:1])!r}"


def metadata_problems(metadata: Message, version: str, *, is_released: bool) -> Iterator[str]:
    """Tell what the metadata lacks; for a release, the repository's own address too."""
    if metadata["Version"] != version:
        yield f"the metadata has version {metadata['Version']}, the source {version}"
    links = dict(link.split(", ", 1) for link in metadata.get_all("Project-URL", []))
    for name in sorted(LINKS - links.keys()):
        yield f"the metadata has no link {name}"
    if not metadata["Author"]:
        yield "the metadata has no author"
    if is_released and PLACEHOLDER in metadata.as_string():
        yield f"the metadata still leads to {PLACEHOLDER}: set the repository's address in pyproject.toml"


def use(distribution: str, folder: Path, version: str) -> None:
    """Install a distribution into an environment of its own, and use it there.

    Raises:
        CalledProcessError: It cannot be installed or used; the reason has been printed.
        ValueError: It says that it is another version.

    """
    venv.create(folder, with_pip=True)
    python, ivsim = str(folder / "bin" / "python"), str(folder / "bin" / "ivsim")
    subprocess.run([python, "-m", "pip", "-q", "--disable-pip-version-check", "install", distribution], check=True)
    said = subprocess.run([ivsim, "--version"], check=True, capture_output=True, text=True).stdout
    if said.strip() != f"ivsim {version}":
        raise ValueError(f"{distribution} says {said.strip()!r}, not 'ivsim {version}'")
    subprocess.run([python, "-I", "-c", SMOKE], check=True, cwd=folder)


def git(*arguments: str) -> list[str]:
    """Return the lines that git answers."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()


def problems(folder: Path, version: str, tags: list[str]) -> Iterator[str]:
    """Tell what is wrong with the distributions in a folder."""
    wheel, sdist = folder / f"ivsim-{version}-py3-none-any.whl", folder / f"ivsim-{version}.tar.gz"
    found = {path.name for path in folder.iterdir()}
    if found != {wheel.name, sdist.name}:
        yield f"{folder} holds {sorted(found)}, not one wheel and one sdist of {version}"
        return
    tracked = git("ls-files")
    with zipfile.ZipFile(wheel) as archive:
        yield from wheel_problems(archive.namelist(), tracked, version)
        metadata = Parser().parsestr(archive.read(f"ivsim-{version}.dist-info/METADATA").decode())
    with tarfile.open(sdist) as tar:
        yield from sdist_problems((each.name for each in tar if not each.isdir()), tracked, version)
    yield from version_problems(version, (ROOT / "CHANGELOG.md").read_text(), tags)
    yield from metadata_problems(metadata, version, is_released=bool(tags))


def main() -> None:
    """Check; exit with status 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="release_check", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the wheel and the sdist are")
    parser.add_argument("--tag", help="the tag of the release (those of HEAD)")
    given = parser.parse_args()
    version: str = runpy.run_path(str(ROOT / PACKAGE / "_version.py"))["__version__"]
    tags = [given.tag] if given.tag else git("tag", "--points-at", "HEAD", "v*")
    if wrong := list(problems(given.folder, version, tags)):
        sys.exit("\n".join(wrong))
    with tempfile.TemporaryDirectory() as environments:
        for kind, name in ("wheel", f"ivsim-{version}-py3-none-any.whl[server]"), ("sdist", f"ivsim-{version}.tar.gz"):
            use(str(given.folder / name), Path(environments).resolve() / kind, version)
    print(f"ivsim {version} {f'is {tags[0]}' if tags else 'has no tag'}: wheel and sdist are as they should be")


if __name__ == "__main__":
    main()
