"""The floor: boto3, and an answer that was there before. Nothing can answer a call of boto3's for less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import boto3
from botocore.awsrequest import AWSResponse

from . import Base, Place, three_calls


class Answer(NamedTuple):
    """An HTTP response, as ivsim gave it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


class Contender(Base):
    """Clients of one session, which is kept, with a `before-send` handler on each."""

    def __init__(self) -> None:
        super().__init__()
        self._session = boto3.Session()
        self._answers: Mapping[str, Answer] = {}
        self._measured = ""
        self._answers_at: dict[int, Mapping[str, Answer]] = {}

    def start(self) -> None:
        """Nothing has to begin."""

    def learn(
        self,
        size: int,
        answers: Mapping[str, Answer],
        arns: Sequence[str],
        token: str,
        session: Mapping[str, str] | None = None,
    ) -> None:
        """Take ivsim's answers, by operation and by call, where there are `size` channels; and what to call with."""
        self._answers = self._answers_at[size] = {what: Answer(*answer) for what, answer in answers.items()}
        self.places[size] = Place(self.client("us-east-1"), arns, token, session or {})

    def client(self, region: str) -> Any:
        """Return a client whose requests are answered before they are sent."""
        client = self._session.client(self.service, region_name=region)
        client.meta.events.register(f"before-send.{self.service}", self._answer)
        return client

    def time(self, call: str, size: int, seconds: float) -> float:
        """Return the seconds a call takes with the answers for `size` channels."""
        self._answers, self._measured = self._answers_at[size], call
        return super().time(call, size, seconds)

    def small_test(self) -> None:
        """Make a client and call, with nothing to begin or end."""
        three_calls(self.client("us-east-1"))

    def fill(self, region: str, count: int, every: int) -> list[str]:  # noqa: ARG002
        """There is nothing to fill."""
        return []

    def existing(self, region: str) -> set[str]:  # noqa: ARG002
        """Nothing exists."""
        return set()

    def clear(self) -> None:
        """There is nothing to forget."""

    def lost(self, region: str, made: list[str]) -> int:  # noqa: ARG002
        """Nothing is made, so nothing can be lost."""
        return 0

    def _answer(self, event_name: str, request: Any, **_: object) -> AWSResponse:
        status, headers, body = self._answers[self._measured or event_name.rpartition(".")[2]]
        return AWSResponse(request.url, status, headers, _Raw(body))
