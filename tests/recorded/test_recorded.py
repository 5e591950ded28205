"""What AWS answered, as the files in this folder have it, is what ivsim answers."""

from __future__ import annotations

from pathlib import Path

import botocore
import pytest
from tools.record.recorder import is_aws, read
from tools.record.replay import replay

NOBODY = pytest.param(None, marks=pytest.mark.skip(reason="nobody has recorded AWS yet: see tests/recorded/README.md"))
FILES = [pytest.param(path, id=path.stem) for path in sorted(Path(__file__).parent.glob("*.json"))] or [NOBODY]


def version(text: str) -> tuple[int, ...]:
    """Return a version of botocore as numbers."""
    return tuple(map(int, text.split(".")))


@pytest.mark.parametrize("path", FILES)
def test_ivsim_answers_as_aws_did(path: Path) -> None:
    """To everything that was asked of AWS, ivsim gives the same answer, but for what is generated."""
    recording = read(path)
    assert all(is_aws(url) for url in recording.about.endpoints.values()), "recorded elsewhere than at AWS"
    if version(botocore.__version__) < version(recording.about.botocore):
        pytest.skip(f"recorded with botocore {recording.about.botocore}, which may know more")
    differences = replay(recording)
    assert "\n".join(map(str, differences)) == ""


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("tests/recorded/README.md", "nobody has recorded AWS so far"),
        ("README.md", "nobody has done it yet"),
        ("CONTRIBUTING.md", "nobody has recorded it yet"),
        ("docs/fidelity.md", "There are none yet"),
    ],
)
def test_the_docs_say_whether_there_is_any(page: str, said: str) -> None:
    """The docs say that nobody has recorded AWS as long as there is no file, and no longer."""
    text = (Path(__file__).parent.parent.parent / page).read_text()
    assert (said in text) is (FILES == [NOBODY])
