"""Services together."""

from __future__ import annotations

import pytest

from ivsim.core.registry import Registry
from ivsim.core.service import Service
from ivsim.core.stores import Store
from ivsim.services import SERVICES
from ivsim.wire.validate import smithy_text


def service(name: str, namespace: str = "") -> Service[Store]:
    """Return a service without operations."""
    return Service(name, Store, namespace=namespace, time_format="seconds", problem_text=smithy_text)


def test_three_names() -> None:
    """Name, namespace and source follow from each other, or are told."""
    plain, shared = service("ivschat"), service("ivs-realtime", "ivs")
    assert (plain.name, plain.namespace, plain.source) == ("ivschat", "ivschat", "aws.ivschat")
    assert (shared.name, shared.namespace, shared.source) == ("ivs-realtime", "ivs", "aws.ivs")
    assert Registry(plain, shared, service("ivs")).namespaces == {"ivs", "ivschat"}


def test_a_name_is_there_once() -> None:
    """Two services of one name are refused, and so are two quotas: a test could not tell which it sets."""
    with pytest.raises(ValueError, match="2 services have the name 'ivs'"):
        Registry(service("ivs"), service("ivs"))
    one, other = service("ivs"), service("ivschat")
    for each in (one, other):
        each.quota("Channels", 20)
    with pytest.raises(ValueError, match="2 services have the quota 'Channels'"):
        Registry(one, other)


def test_a_mapping() -> None:
    """The registry is a mapping of names to services, in the order in which they were registered."""
    assert list(SERVICES) == ["ivs", "ivschat", "ivs-realtime"]
    assert len(SERVICES) == 3
    assert SERVICES["ivs"].name == "ivs"
