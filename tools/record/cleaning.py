"""Deletes what a run has made, as its answers tell, and looks what is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from ivsim.services import SERVICES

from .recorder import Call

OPPOSITES = {"Create": "Delete", "Import": "Delete", "Start": "Stop"}

PAUSES = (1.0, 5.0, 15.0, 30.0)
"""Seconds to wait, one after the other, while something cannot be deleted yet because something else goes on."""

TAG = "ivsim-record"
"""The tag of what the tour makes."""


class Thing(NamedTuple):
    """What was made, by the operation that takes it away: its service, that operation and the only member of it."""

    service: str
    operation: str
    member: str
    arn: str


def made(calls: Iterable[Call]) -> Iterator[Thing]:
    """Yield what calls have made, in order; what comes along with another, such as a first stream key, goes with it."""
    for call in calls:
        thing = None if call.error else _made(call)
        if thing:
            yield thing


def _made(call: Call) -> Thing | None:
    verb = next((verb for verb in OPPOSITES if call.operation.startswith(verb)), "")
    noun = call.operation.removeprefix(verb)
    arn = _arn(call.answer, noun)
    return _thing(call.service, OPPOSITES.get(verb, "") + noun, arn) if verb and arn else None


def _thing(service: str, operation: str, arn: str) -> Thing | None:
    model = SERVICES[service].model.operations.get(operation)
    required = list(model.input.required_members) if model and model.input else []
    return Thing(service, operation, required[0], arn) if len(required) == 1 else None


def _arn(answer: Mapping[str, Any], noun: str) -> str:
    """Return the ARN of what was made: IVS Chat answers with the resource itself, the others with a member for it."""
    own = answer.get(noun[:1].lower() + noun[1:])
    inner = [own, *answer.values()]
    arns = [each["arn"] for each in inner if isinstance(each, dict) and "arn" in each]
    return str(next(iter([*([answer["arn"]] if "arn" in answer else []), *arns]), ""))


class Cleaner:
    """Takes away what was made; `left` has what it could not, or not yet, with the reason."""

    def __init__(self, client: Callable[[str], Any], pause: Callable[[float], object] = time.sleep) -> None:
        self.left: dict[Thing, str] = {}
        self._client = client
        self._pause = pause

    def clean(self, things: Iterable[Thing]) -> None:
        """Take things away, the last one first; what is in use comes again after the others."""
        self.left |= dict.fromkeys(reversed(list(things)), "the run ended before it was deleted")
        if not self._pass():
            return
        for seconds in PAUSES:
            self._pause(seconds)
            if not self._pass():
                return

    def _pass(self) -> bool:
        """Try all of it, as long as that helps; return whether something is left."""
        before = len(self.left) + 1
        while self.left and len(self.left) < before:
            before = len(self.left)
            for thing in list(self.left):
                self._take_away(thing)
        return bool(self.left)

    def _take_away(self, thing: Thing) -> None:
        try:
            getattr(self._client(thing.service), xform_name(thing.operation))(**{thing.member: thing.arn})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":  # else somebody deleted it already
                self.left[thing] = str(error)
                return
        except BotoCoreError as error:
            self.left[thing] = str(error)
            return
        del self.left[thing]


def survey(client: Callable[[str], Any]) -> Iterator[tuple[Thing, bool]]:
    """Yield everything in the account and region that the services list, and whether it bears the tour's tag.

    A composition that has ended is listed for a while, and is nothing.
    """
    for service in SERVICES.values():
        for operation in service.model.operations.values():
            if not operation.name.startswith("List") or (operation.input and operation.input.required_members):
                continue
            for item in _listed(client(service.name), operation.name):
                arn = item.get("arn", "")
                noun = operation.name.removeprefix("List")
                singular = noun[:-3] + "y" if noun.endswith("ies") else noun[:-1]
                things = [_thing(service.name, verb + singular, arn) for verb in ("Delete", "Stop")]
                thing = next((each for each in things if each), None)
                if thing and arn and "endTime" not in item:
                    yield thing, TAG in item.get("tags", {})


def _listed(client: Any, operation: str) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = getattr(client, xform_name(operation))(**token)
        for items in page.values():
            yield from (items if isinstance(items, list) else ())
        if not page.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}
