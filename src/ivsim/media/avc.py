"""Pictures in H.264 as files have them: what a packager takes, made of NAL units.

Source: ISO/IEC 14496-15, 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .flv import Tag
from .h264 import record_of

_SEQUENCE, _PICTURE, _DELIMITER = 7, 8, 9


class PictureTags:
    """Makes tags of pictures. Parameter sets, which come between the NAL units, are told when they are others."""

    def __init__(self) -> None:
        self._sets: dict[int, bytes] = {}
        self._record = b""

    def of(self, units: Iterable[bytes], *, is_key: bool) -> Iterator[Tag]:
        """Yield the tag of a picture, by its NAL units, and before it what a decoder has to know, where that is new."""
        data = b""
        for unit in units:
            kind = unit[0] & 0x1F
            if kind in (_SEQUENCE, _PICTURE):
                self._sets[kind] = unit
            elif kind != _DELIMITER:
                data += len(unit).to_bytes(4, "big") + unit
        if is_key and len(self._sets) == 2:
            record = record_of(self._sets[_SEQUENCE], self._sets[_PICTURE])
            if record != self._record:
                self._record = record
                yield Tag(True, False, record)
        if data:
            yield Tag(False, is_key, data)
