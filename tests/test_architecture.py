"""Imports run one way, and the tree keeps its promises."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ivsim"

# Each may import what stands after it, and itself.
LAYERS = [
    ["__main__"],
    ["cli", "pytest_plugin", "tokens"],
    ["commands"],
    ["client"],
    ["mock", "wsgi", "server"],
    ["interceptors", "emulator", "web"],
    ["dispatcher", "courier", "overview"],
    ["ivs", "ivschat"],
    ["core"],
    ["wire"],
]
SIBLINGS = {
    "mock": {"server"},
    "wsgi": {"server"},
    "server": {"mock", "interceptors"},
    "interceptors": {"emulator", "web"},
    "emulator": {"web"},
    "web": {"interceptors", "emulator"},
    "ivs": {"ivschat"},
    "ivschat": {"ivs"},
}
"""Of one layer, and yet strangers."""

FILES = sorted(SOURCE.rglob("*.py"))


def part(path: Path) -> str:
    """Return the layer's name for a file: a folder, or a module at the top."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> Iterator[str]:
    """Yield what a file imports of ivsim, as names of layers; imports for type checkers alone do not count."""
    tree = ast.parse(path.read_text())
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    package = ["ivsim", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and node not in for_types:
            base = package[: len(package) - node.level + 1] + (node.module or "").split(".")
            names = [name for name in base[1:] if name] or [alias.name for alias in node.names]
            yield names[0]
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("ivsim") for alias in node.names), f"{path}: imports are relative"


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SOURCE)) for path in FILES])
def test_imports_run_one_way(path: Path) -> None:
    """What a file imports is of its own layer or one below."""
    own = part(path)
    if own in ("__init__", "_version"):
        assert set(imported_parts(path)) <= {"_version"}
        return
    rank = next(index for index, layer in enumerate(LAYERS) if own in layer)
    allowed = {name for layer in LAYERS[rank:] for name in layer} - SIBLINGS.get(own, set()) | {"_version"}
    if own in ("pytest_plugin", "mock"):
        allowed |= {"__init__", "mock_ivs", "current"}
    if own == "emulator":
        allowed |= {"server"}  # inside `serve()`, for whoever has it installed
    assert set(imported_parts(path)) <= allowed


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SOURCE)) for path in FILES])
def test_no_threads(path: Path) -> None:
    """Nothing in process starts a thread, sleeps or opens a socket; the server does, and WSGI answers late."""
    if part(path) in ("server", "wsgi"):
        return
    tree = ast.parse(path.read_text())
    used = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not used & {"threading.Thread", "Thread", "time.sleep", "sleep", "socket.socket", "ThreadPoolExecutor"}


def wire_names() -> set[str]:
    """Return every member of the services' models that is spelled otherwise in Python."""
    from ivsim.dispatcher import SERVICES

    names: set[str] = set()
    for service in SERVICES.values():
        for shape in service.model._shapes():
            names |= {name for name in getattr(shape, "members", {}) if name.lower() != name}
    return names


@pytest.mark.parametrize("folder", ["ivs", "ivschat"])
def test_no_wire_names_in_services(folder: str) -> None:
    """No wire name is a key or an attribute in a service's file: the model knows them."""
    names = wire_names()
    for path in (SOURCE / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path.name}:{node.lineno} spells {node.value!r}"


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_one_class_per_modelled_exception() -> None:
    """wire/errors.py has a class for each modelled exception, and else only what comes before a service."""
    from ivsim.dispatcher import SERVICES
    from ivsim.wire import errors

    modelled = {code for service in SERVICES.values() for code in service.model.errors}
    classes = {
        name: each
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, errors.ServiceError) and each is not errors.ServiceError
    }
    assert {name for name, each in classes.items() if each.status is None} == modelled
    assert {name for name, each in classes.items() if each.status is not None} == {
        "UnknownOperationException",
        "RequestEntityTooLarge",
        "NotEmulated",
    }


def test_every_patch_is_needed() -> None:
    """A patch that changes nothing any more, because botocore has mended its model, is to be deleted."""
    from botocore.loaders import Loader

    from ivsim.wire.patches import EXCEPTION_MEMBERS, PATCHES

    for service, patches in PATCHES.items():
        shapes = Loader().load_service_model(service, "service-2")["shapes"]
        for shape, traits in patches.items():
            for trait, value in traits.items():
                assert shapes[shape].get(trait) != value, f"{service} {shape}.{trait}"
        for member in EXCEPTION_MEMBERS.get(service, {}):
            exceptions = [shape for shape in shapes.values() if shape.get("exception")]
            assert any(member not in shape["members"] for shape in exceptions)
