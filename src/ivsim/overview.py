"""Everything that an emulator has, in every account and region, as the API shows it, without a call on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .core.journal import Journal
from .core.names import wire_name
from .core.service import Contexts, Service

Item = dict[str, Any]


class _Kind(NamedTuple):
    """A kind of resources: its name in the plural, and the operation that gets one by its ARN."""

    name: str
    resource_type: str
    getter: str
    member: str


def overview(*everything: tuple[Service[Any], Contexts[Any]]) -> dict[str, list[Item]]:
    """Return every resource by the name of its kind, each as its Get operation shows it, with account and region.

    It includes the further members that a service adds (`Service.overview()`).
    """
    return {
        kind.name: list(_items(kind, service, contexts)) for service, contexts in everything for kind in _kinds(service)
    }


def _items(kind: _Kind, service: Service[Any], contexts: Contexts[Any]) -> Iterator[Item]:
    for ctx in contexts:
        more = service.abouts.get(kind.resource_type, _nothing_more)(ctx)
        place = {"accountId": ctx.account, "region": ctx.region}
        for row in ctx.store.tables[kind.resource_type].rows_after(None):
            shown = ctx.look(kind.getter, **{kind.member: row.key}) or {}
            besides = {wire_name(name): value for name, value in more(row.record).items()}
            yield {**shown, **place, **besides}


def _kinds(service: Service[Any]) -> Iterator[_Kind]:
    """Yield the kinds of a service: those that ivsim keeps a table of and gets by their ARN and nothing else it needs.

    The model names them by the operations that list them, and may know more of both than ivsim.
    """
    operations = sorted(service.model.operations.items())
    tables = service.make_store(Journal()).tables
    known = [each for each in operations if each[1].python_name in service.handlers]
    listing = [each for each in (*operations, *known) if each[0].startswith("List")]  # of two, the one that is known
    names = {operation.listed_kind: name.removeprefix("List") for name, operation in listing}
    for name, operation in known:
        needed = operation.input.required_members if operation.input else []
        is_getter = name.startswith("Get") and needed in (["arn"], ["identifier"])
        if is_getter and operation.arn_kind in tables:
            member = operation.python_members[needed[0]]
            plural = names[operation.arn_kind]
            yield _Kind(plural[0].lower() + plural[1:], operation.arn_kind, operation.python_name, member)


def _nothing_more(_: object) -> Callable[[Any], Mapping[str, object]]:
    return lambda _: {}
