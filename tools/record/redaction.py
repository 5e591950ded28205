"""Takes out of recorded calls what is nobody's business, and puts the same stand-in in each of its places."""

from __future__ import annotations

import hmac
import json
import random
import re
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from msgspec.structs import replace

from ivsim.services import SERVICES

from .recorder import Call

ACCOUNT = "111122223333"
"""Stands for the account. Tests name 123456789012 where they mean somebody else's."""

SHORTEST = 8
"""Characters that a secret has at least. What is shorter, such as a bucket's name, is taken for one as a whole word."""

JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*")

HOST_LABEL = re.compile(r"(?<![\w.-])(?!global\b)[\w-]+(?=(?:\.[\w-]+)*\.live-video\.net)")
"""The first label of a host, which is an account's own unless it is AWS's "global"."""

PATTERNS = {
    re.compile(r"arn:aws[\w-]*:(?:iam|sts)::\d*:[\w+=,.@/-]+"): f"arn:aws:iam::{ACCOUNT}:user/somebody",
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"): "AKIAIOSFODNN7EXAMPLE",
    re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----", re.DOTALL): "a private key",
}
"""What is known by its looks, wherever it stands: who called, and keys that no answer should hold."""

STREAM_KEY = re.compile(r"sk_[a-z0-9-]+_[A-Za-z0-9]+_")
"""A stream key up to its secret: the region, and an id that is in its ARN too."""


def is_secret(name: str, shape: Shape | None) -> bool:
    """Return whether a member's text is for its receiver alone: the model says so, or it is a place in a list."""
    return name == "nextToken" or bool(shape is not None and shape.metadata.get("sensitive"))


def output_shape(call: Call) -> Shape | None:
    """Return the shape of a call's answer; errors have none, as their members are texts and names."""
    operation = SERVICES[call.service].model.operations.get(call.operation)
    return None if call.error or operation is None else operation.output


def members(value: Any, shape: Shape | None, name: str = "") -> Iterator[tuple[str, Shape | None, Any]]:
    """Yield the members of an object, or the items of a list, each with its name and the shape that the model has."""
    if isinstance(value, list):
        yield from ((name, shape.member if isinstance(shape, ListShape) else None, item) for item in value)
    elif isinstance(shape, MapShape):
        yield from ((key, shape.value, item) for key, item in value.items())
    else:
        known = shape.members if isinstance(shape, StructureShape) else {}
        yield from ((key, known.get(key), item) for key, item in value.items())


def jwt_parts(token: str) -> tuple[str, str, str]:
    """Return the header and the claims of a token, as text, and its signature as it stands there."""
    header, claims, signature = token.split(".")
    return _decoded(header), _decoded(claims), signature


def _decoded(part: str) -> str:
    return urlsafe_b64decode(part + "==").decode()


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


class Redactor:
    """Stand-ins for one recording. A stand-in looks like what it stands for, and says nothing of it without the key.

    `known` has stand-ins for what the caller knows of themselves: the account, a bucket, credentials.
    """

    def __init__(self, known: Mapping[str, str], key: bytes) -> None:
        self._stand_ins = {secret: stand_in for secret, stand_in in known.items() if secret}
        self._key = key

    def redacted(self, calls: Iterable[Call]) -> list[Call]:
        """Return the calls without what the answers showed to be secret, in any of them."""
        calls = list(calls)
        for call in calls:
            for secret in [*_secrets(call.answer, output_shape(call)), *_secrets(call.parameters, None)]:
                if len(secret) >= SHORTEST and not JWT.fullmatch(secret):
                    self._stand_ins.setdefault(secret, self._of_secret(secret))
        longest_first = sorted(self._stand_ins, key=len, reverse=True)
        self._any = re.compile("|".join(map(_finding, longest_first)) or r"(?!)")
        return [
            replace(
                call,
                parameters=self._inside(call.parameters),
                answer=self._inside(call.answer, output_shape(call), is_answer=not call.error),
            )
            for call in calls
        ]

    def _inside(self, value: Any, shape: Shape | None = None, *, is_answer: bool = False) -> Any:
        """Return a value without secrets. A text in an answer for which the model has no member may be anything."""
        if isinstance(value, dict):
            inside = {key: self._inside(item, its, is_answer=is_answer) for key, its, item in members(value, shape)}
            return {self._text(key): item for key, item in inside.items()}
        if isinstance(value, list):
            return [self._inside(item, its, is_answer=is_answer) for _, its, item in members(value, shape)]
        if not isinstance(value, str):
            return value
        is_unknown = is_answer and shape is None and len(value) >= SHORTEST
        return self._scrambled(value) if is_unknown else self._text(value)

    def _text(self, text: str) -> str:
        text = JWT.sub(lambda found: self._jwt(found[0]), text)
        for pattern, stand_in in PATTERNS.items():
            text = pattern.sub(stand_in, text)
        text = self._any.sub(lambda found: self._stand_ins[found[0]], text)
        return HOST_LABEL.sub(lambda found: self._scrambled(found[0]), text)

    def _jwt(self, token: str) -> str:
        """Return a token that says the same of stand-ins, with a signature that nobody made."""
        try:
            header, claims, signature = jwt_parts(token)
            said = json.loads(claims)
        except ValueError:
            return self._scrambled(token)
        redacted = json.dumps(self._inside(said), separators=(",", ":"), ensure_ascii=False)
        return ".".join((_encoded(self._text(header)), _encoded(redacted), self._scrambled(signature)))

    def _of_secret(self, secret: str) -> str:
        start = STREAM_KEY.match(secret)
        kept = start[0] if start else secret[:2]  # the beginning of a token is the same for everybody
        return kept + self._scrambled(secret[len(kept) :])

    def _scrambled(self, text: str) -> str:
        """Return as many characters of the same kinds."""
        lower = "abcdef" if re.fullmatch("[0-9a-f]+", text) else string.ascii_lowercase
        chance = random.Random(hmac.digest(self._key, text.encode(), "sha256"))
        kinds = (string.digits, lower, string.ascii_uppercase)
        return "".join(next((chance.choice(kind) for kind in kinds if each in kind), each) for each in text)


def _finding(secret: str) -> str:
    return re.escape(secret) if len(secret) >= SHORTEST else rf"(?<![\w-]){re.escape(secret)}(?![\w-])"


def _secrets(value: Any, shape: Shape | None, name: str = "") -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for key, its, item in members(value, shape, name):
            yield from _secrets(item, its, key)
    elif isinstance(value, str) and is_secret(name, shape):
        yield value
