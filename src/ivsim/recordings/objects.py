"""The objects of a recording by their keys in the bucket, each made when it is read, and on their way to there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ..core.deliveries import S3Object

CONTENT_TYPES = {
    "json": "application/json",
    "m3u8": "application/x-mpegURL",
    "ts": "video/MP2T",
    "mp4": "video/mp4",
    "jpg": "image/jpeg",
}


class Files(NamedTuple):
    """A file, or as many alike as are counted from `first` where the path has its star.

    `make` is called with how many are before it. What `is_elsewhere` is in the bucket already, and read from there.
    """

    path: str
    make: Callable[[int], bytes]
    total: int = 1
    first: int = 0
    is_elsewhere: bool = False

    def paths(self) -> Iterator[str]:
        """Return the path of each."""
        return (self.path.replace("*", str(self.first + index)) for index in range(self.total))

    def index_of(self, path: str) -> int | None:
        """Return how many are before the one with a path, None when none of them has it."""
        match = re.fullmatch(re.escape(self.path).replace(r"\*", "(0|[1-9][0-9]{0,9})"), path)
        index = int(match[1]) - self.first if match and match.lastindex else 0
        return index if match and 0 <= index < self.total else None


def text_file(path: str, make: Callable[[], str]) -> Files:
    """Return a file of text."""
    return Files(path, lambda _index: make().encode())


class RecordedObjects(Mapping[str, bytes]):
    """The objects of a recording at a moment, by their keys in the bucket.

    To count them, list them or look for one costs next to nothing, however long the recording is.
    """

    def __init__(self, key_prefix: str, files: Iterable[Files]) -> None:
        self._key_prefix = key_prefix
        self._files = list(files)

    def __getitem__(self, key: str) -> bytes:
        files, index = self._find(key)
        return files.make(index)

    def __contains__(self, key: object) -> bool:
        try:
            return bool(self._find(key))
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return (f"{self._key_prefix}/{path}" for files in self._files for path in files.paths())

    def __len__(self) -> int:
        return sum(files.total for files in self._files)

    def __repr__(self) -> str:
        return f"<{len(self)} objects under {self._key_prefix}>"

    def is_elsewhere(self, key: str) -> bool:
        """Return whether an object is in the bucket already, as what encoders push is sent there as it comes."""
        return self._find(key)[0].is_elsewhere

    def playlists(self) -> list[str]:
        """Return the keys of the playlists."""
        return [key for key in self if key.endswith(".m3u8")]

    def parcels(self, bucket: str, keys: Iterable[str]) -> Iterator[S3Object]:
        """Return some of them to be carried to S3, each made as its turn comes."""
        for key in keys:
            yield S3Object(bucket, key, self[key], CONTENT_TYPES[key.rpartition(".")[2]])

    def some_parcels(self, bucket: str, which: slice) -> Iterator[S3Object]:
        """Return some of them, by where they stand, to be carried to S3, but for those that are there already."""
        return self.parcels(bucket, [key for key in list(self)[which] if not self.is_elsewhere(key)])

    def _find(self, key: object) -> tuple[Files, int]:
        prefix, path = self._key_prefix, str(key)
        if path.startswith(f"{prefix}/"):
            for files in self._files:
                index = files.index_of(path[len(prefix) + 1 :])
                if index is not None:
                    return files, index
        raise KeyError(key)
