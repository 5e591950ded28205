"""Compares answers of AWS with ivsim's: ids, tokens and the like need not be the same, but stand for the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeAlias

import regex
from botocore.model import Shape
from dateutil.parser import isoparse

from .recorder import Call
from .redaction import JWT, is_secret, jwt_parts, members, output_shape

MISSING = "nothing"
"""Stands where one of the two has no such member, in words."""

SLACK = 5
"""Seconds by which times may differ: a call takes a while, and the clock of the replay shows when it was answered."""

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

TIMES_IN_TOKENS = ("exp", "iat")

GENERATED = regex.compile(
    r"(?<=\barn:[\w-]+:ivs(?:chat)?:[\w-]*:\d*:[\w-]+/)[\w-]+"  # an ARN's id
    r"|(?<=\.channel\.)\w+(?=\.m3u8)"  # the same in a playback URL
    r"|(?<![\w.-])[\w-]+(?=(?:\.[\w-]+)*\.live-video\.net)"  # a host's first label
)
"""What is generated inside of a text."""

WORTH_FINDING = 8
"""Characters of an id or token that is looked for inside of other texts."""


@dataclass(frozen=True)
class Difference:
    """Where the two differ: in which call of which scenario, at which path of the answer."""

    scenario: str
    number: int
    operation: str
    path: str
    aws: Any
    ivsim: Any

    def __str__(self) -> str:
        return (
            f"{self.scenario}, call {self.number}, {self.operation} {self.path}: AWS {_shown(self.aws)}, "
            f"ivsim {_shown(self.ivsim)}"
        )


def _shown(value: Any) -> str:
    return value if value is MISSING else json.dumps(value, ensure_ascii=False)


_Found: TypeAlias = Iterator[tuple[str, Any, Any]]
"""Paths of an answer, with AWS's value and ivsim's."""


@dataclass
class Comparison:
    """What the values of one scenario stand for, on both sides."""

    _ours: dict[str, str] = field(default_factory=dict)
    _theirs: dict[str, str] = field(default_factory=dict)

    def asked(self, parameters: Any) -> Any:
        """Return parameters with ivsim's values where there are AWS's."""
        if isinstance(parameters, dict):
            return {key: self.asked(item) for key, item in parameters.items()}
        if isinstance(parameters, list):
            return [self.asked(item) for item in parameters]
        return self._asked(parameters) if isinstance(parameters, str) else parameters

    def _asked(self, text: str) -> str:
        if text not in self._ours:
            found = sorted((each for each in self._ours if len(each) >= WORTH_FINDING), key=len, reverse=True)
            known = re.compile("|".join(map(re.escape, found)) or r"(?!)")
            asked = known.sub(lambda match: self._ours[match[0]], text)
            self._pair(text, asked)
            return asked
        return self._ours[text]

    def differences(self, number: int, real: Call, ours: Call) -> Iterator[Difference]:
        """Yield where two answers to the same call differ; two different errors are one difference."""
        found: list[tuple[str, Any, Any]] = []
        if real.error != ours.error:
            found.append(("error", _refusal(real), _refusal(ours)))
        else:
            if real.status != ours.status:
                found.append(("status", real.status, ours.status))
            found += self._walk("", real.answer, ours.answer, output_shape(real), "")
        for path, aws, ivsim in found:
            yield Difference(real.scenario, number, real.operation, path, aws, ivsim)

    def _walk(self, path: str, real: Any, ours: Any, shape: Shape | None, name: str) -> _Found:
        """Yield the paths at which two values differ, with both; the shape and the name are those of the member."""
        if isinstance(real, dict) and isinstance(ours, dict):
            for key, its, _ in members({**ours, **real}, shape):
                yield from self._both(f"{path}/{key}", real.get(key, MISSING), ours.get(key, MISSING), its, key)
        elif isinstance(real, list) and isinstance(ours, list):
            item = next((its for _, its, _ in members([None], shape)), None)
            for index, (one, other) in enumerate(zip_longest(real, ours, fillvalue=MISSING)):
                yield from self._both(f"{path}/{index}", one, other, item, name)
        elif isinstance(real, str) and isinstance(ours, str) and JWT.fullmatch(real) and JWT.fullmatch(ours):
            self._pair(real, ours)
            for part, one, other in zip(("header", "claims"), jwt_parts(real), jwt_parts(ours), strict=False):
                yield from self._walk(f"{path}/{part}", json.loads(one), json.loads(other), None, "")
        elif not self._is_alike(real, ours, shape, name):
            yield path, real, ours

    def _both(self, path: str, real: Any, ours: Any, shape: Shape | None, name: str) -> _Found:
        if real is MISSING or ours is MISSING:
            yield path, real, ours
        else:
            yield from self._walk(path, real, ours, shape, name)

    def _is_alike(self, real: Any, ours: Any, shape: Shape | None, name: str) -> bool:
        """Return whether two values say the same."""
        if isinstance(real, str) and isinstance(ours, str):
            return self._is_alike_text(real, ours, shape, name)
        if name in TIMES_IN_TOKENS and isinstance(real, int) and isinstance(ours, int):
            return abs(real - ours) <= SLACK
        return bool(real == ours and isinstance(real, bool) is isinstance(ours, bool))

    def _is_alike_text(self, real: str, ours: str, shape: Shape | None, name: str) -> bool:
        """Return whether two texts say the same. An id that is seen for the first time is taken to be the other's."""
        times = TIME.fullmatch(real), TIME.fullmatch(ours)
        if times[0] and times[1]:
            return _is_soon_after(times[0], times[1])
        if is_secret(name, shape):
            return self._pair(real, ours) and (name == "nextToken" or _form(real) == _form(ours))
        if real in self._ours or ours in self._theirs or _is_id(name):
            return self._pair(real, ours) and _form(real) == _form(ours)
        generated = list(zip(GENERATED.findall(real), GENERATED.findall(ours), strict=False))
        pairs = [self._pair(*each) and _form(each[0]) == _form(each[1]) for each in generated]
        return all(pairs) and GENERATED.sub("\0", real) == GENERATED.sub("\0", ours)

    def _pair(self, real: str, ours: str) -> bool:
        """Take one for the other from now on, unless either stands for something else already."""
        if real not in self._ours and ours not in self._theirs:
            self._ours[real], self._theirs[ours] = ours, real
        return self._ours.get(real) == ours


def _is_id(name: str) -> bool:
    return name in ("id", "jti") or name.endswith("Id")


def _is_soon_after(real: re.Match[str], ours: re.Match[str]) -> bool:
    """Return whether two times are of one form and nearly the same."""
    moments = [isoparse(each[0]) for each in (real, ours)]
    return len(real[1] or "") == len(ours[1] or "") and abs((moments[0] - moments[1]).total_seconds()) <= SLACK


def _form(text: str) -> str:
    """Return what a generated text looks like; base64, and what is made of several parts, may be of any length."""
    return re.sub(r"[A-Za-z0-9]", "x", text) if re.fullmatch(r"[\w-]*", text) else ""


def _refusal(call: Call) -> str:
    text = call.answer.get("message") or call.answer.get("exceptionMessage") or ""
    return f"{call.error}: {text}" if call.error else MISSING
