"""Imports run one way, and the tree keeps its promises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "ivsim"

LONGEST = 400
"""Lines that a source file may have."""

# Each may import what stands after it, and itself.
LAYERS = [
    ["__main__"],
    ["cli", "pytest_plugin", "playback_tokens", "participant_tokens"],
    ["signing"],
    ["mock", "wsgi", "server"],
    ["web", "decorating", "activation"],
    ["interceptors", "emulator"],
    ["dispatcher", "courier", "bus", "overview"],
    ["services"],
    ["ivs", "ivschat", "ivsrealtime"],
    ["recordings"],
    ["core"],
    ["wire", "media", "worker"],
]
SIBLINGS = {
    "mock": {"server", "web"},
    "wsgi": {"server"},
    "server": {"mock", "interceptors"},
    "web": {"interceptors"},
    "decorating": {"interceptors", "emulator"},
    "activation": {"web", "decorating"},
    "interceptors": {"emulator", "dispatcher", "services", "ivs", "ivschat", "ivsrealtime"},
    "ivs": {"ivschat", "ivsrealtime"},
    "ivschat": {"ivs", "ivsrealtime"},
    "ivsrealtime": {"ivs", "ivschat"},
    "core": {"media"},
    "wire": {"media"},
    "media": {"wire"},
}
"""What a part may not import although its layer might: strangers."""

# In a service: the nouns of the API stand on `_service`, the wings on the nouns. What is not named is one of the nouns.
FLOORS = {
    "ivs": [
        ["retention", "overview", "broadcaster", "live_streams", "live_stream"],
        ["playback"],
        ["streams"],
        ["broadcast"],
        ["recording"],
        ["views"],
        ["ingest"],
        ["nouns"],
        ["_service"],
    ],
    "ivschat": [
        ["retention", "overview", "chat"],
        ["news", "messages"],
        ["conversation"],
        ["messaging"],
        ["nouns"],
        ["_service"],
    ],
    "ivsrealtime": [
        ["retention", "overview"],
        ["live_stages"],
        ["feed"],
        ["live_participant"],
        ["ingest", "stages", "participant_replicas", "ingest_configurations", "connection_tokens"],
        ["token_exchanges"],
        ["presence", "compositions"],
        ["pipeline"],
        ["recording"],
        ["nouns"],
        ["_service"],
    ],
}

# One points up, and is made inside a function, for whoever has the server installed.
DECLARED = {("emulator", "server.run")}


class Import(NamedTuple):
    """One file imports another. `kind` is "start" for when the file is, "later" for inside a function, or "types"."""

    file: str
    imported: str
    kind: str
    line: int


def module_of(path: Path) -> str:
    """Return a file's module, dotted and below `ivsim`; that of an `__init__.py` is its folder's."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = sorted(SOURCE.rglob("*.py"))
MODULES = {module_of(path): path for path in FILES}
NAMES = sorted(MODULES)


@cache
def imports() -> list[Import]:
    """Return all imports of ivsim's own modules."""
    return [each for path in FILES for each in _imports_of(path)]


def _imports_of(path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text())
    kinds = dict.fromkeys(ast.walk(tree), "start")
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            kinds |= dict.fromkeys(ast.walk(node), "later")
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            kinds |= dict.fromkeys(ast.walk(node), "types")
    folder = path.relative_to(SOURCE).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("ivsim") for alias in node.names), f"{path}: imports are relative"
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(folder) + 1, f"{path}:{node.lineno} leaves the package"
            base = [*folder[: len(folder) + 1 - node.level], *(node.module or "").split(".")]
            for alias in node.names:
                longer = ".".join(filter(None, [*base, alias.name]))
                imported = longer if longer in MODULES else ".".join(filter(None, base))
                yield Import(module_of(path), imported or "__init__", kinds[node], node.lineno)


def place(module: str, *, inside: str = "") -> str:
    """Return the part of the tree that a module belongs to: a folder, or a file, at the top or inside of a folder."""
    return module.removeprefix(f"{inside}.").partition(".")[0]


def rank(part: str, order: list[list[str]]) -> int:
    """Return how far down a part stands."""
    return next(index for index, layer in enumerate(order) if part in layer)


def test_every_part_has_a_layer() -> None:
    """Nothing at the top of the tree is without a layer, and no layer is of what is gone."""
    parts = {place(module) for module in NAMES}
    assert parts == {name for layer in LAYERS for name in layer} | {"__init__", "_version"}


@pytest.mark.parametrize("module", NAMES)
def test_imports_run_one_way(module: str) -> None:
    """What a file imports, for types as well, is of its own layer or one below, and no stranger."""
    own = place(module)
    for each in imports():
        if each.file != module or (each.file, each.imported) in DECLARED:
            continue
        part = place(each.imported)
        if own in ("__init__", "_version"):
            assert part == "_version" or each.kind == "types", each
        elif part not in ("_version", "__init__"):
            assert rank(part, LAYERS) >= rank(own, LAYERS), each
            assert part not in SIBLINGS.get(own, set()), each
        elif part == "__init__":
            assert own in ("pytest_plugin", "cli"), each


@pytest.mark.parametrize("service", FLOORS)
def test_a_service_has_floors(service: str) -> None:
    """In a service no import runs up, for types neither but in `_service`: wings stand on nouns, never the reverse."""
    floors = FLOORS[service]
    named = {name for floor in floors for name in floor}
    for each in imports():
        if not (each.file.startswith(f"{service}.") and each.imported.startswith(f"{service}.")):
            continue
        above, below = (place(name, inside=service) for name in (each.file, each.imported))
        if above == "_service":
            assert each.kind == "types", each
            continue
        ranks = [rank(part if part in named else "nouns", floors) for part in (above, below)]
        assert ranks[0] <= ranks[1], each


@pytest.mark.parametrize("service", FLOORS)
def test_nouns_import_no_wing(service: str) -> None:
    """No file with operations imports a wing, not even one that stands above the wings."""
    wings = {path.name for path in (SOURCE / service).iterdir() if (path / "__init__.py").exists()}
    for path in (SOURCE / service).glob("*.py"):
        if "@service.operation" in path.read_text():
            imported = {place(each.imported, inside=service) for each in imports() if each.file == module_of(path)}
            assert not imported & wings, path


@pytest.mark.parametrize("kinds", [("start",), ("start", "later", "types")], ids=["at run time", "for types too"])
def test_no_circles(kinds: tuple[str, ...]) -> None:
    """No module needs itself, however many lie between; but for what `_service` and a declared arrow name."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for each in imports():
        is_exempt = (each.file, each.imported) in DECLARED or each.file == "__init__"
        if each.kind in kinds and not is_exempt and not (each.kind == "types" and each.file.endswith("._service")):
            graph[each.file].add(each.imported)
    for module in [name for name, needs in graph.items() if not MODULES[name].name.startswith("__init__")]:
        graph[module].discard("__init__")
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_media_knows_nothing() -> None:
    """`media` imports nothing of ivsim but itself."""
    assert {place(each.imported) for each in imports() if place(each.file) == "media"} <= {"media"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_hidden_imports(path: Path) -> None:
    """Modules are imported by name in two places alone: public names, and the records that a saved state may have."""
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    if module_of(path) not in ("__init__", "core.saved"):
        assert not calls & {"import_module", "importlib.import_module", "__import__"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_long_file(path: Path) -> None:
    """A file tells one story, and is short enough to be read."""
    assert len(path.read_text().splitlines()) <= LONGEST


def yields(call: ast.Call) -> bool:
    return ast.unparse(call) == "sleep(0)"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_threads(path: Path) -> None:
    """Nothing in process starts a thread, sleeps or opens a socket; the server does, and WSGI answers late.

    Giving up the interpreter, `sleep(0)`, is no sleep.
    """
    if place(module_of(path)) in ("server", "wsgi"):
        return
    tree = ast.parse(path.read_text())
    used = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and not yields(node)}
    assert not used & {"threading.Thread", "Thread", "time.sleep", "sleep", "socket.socket", "ThreadPoolExecutor"}


def wire_names() -> set[str]:
    """Return every member of the services' models that is spelled otherwise in Python."""
    from ivsim.services import SERVICES

    names: set[str] = set()
    for service in SERVICES.values():
        for shape in service.model._shapes():
            names |= {name for name in getattr(shape, "members", {}) if name.lower() != name}
    return names


@pytest.mark.parametrize("folder", FLOORS)
def test_no_wire_names_in_services(folder: str) -> None:
    """No wire name is a key or an attribute in a service's file: the model knows them."""
    names = wire_names()
    for path in (SOURCE / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path.name}:{node.lineno} spells {node.value!r}"


TREE_LINE = re.compile(r"(?P<indent>[│ ]*)[├└]── (?P<names>\w+(?:\.py|/)(?: +\w+\.py)*)(?: |$)")


def documented_tree() -> set[str]:
    """Return the files and folders in the drawing of docs/design.md, as paths below `src/ivsim`."""
    drawing = (ROOT / "docs" / "design.md").read_text().partition("src/ivsim/\n")[2].partition("```")[0]
    found: set[str] = set()
    folders: list[str] = []
    for line in drawing.splitlines():
        match = TREE_LINE.match(line)
        if match is None:
            assert not line.strip("│ "), f"not a line of the tree: {line!r}"
            continue
        del folders[len(match["indent"]) // 4 :]
        for name in match["names"].split():
            found.add("".join([*folders, name]))
        if match["names"].strip().endswith("/"):
            folders.append(match["names"].strip())
    return found


def test_the_documented_tree() -> None:
    """The tree in docs/design.md is the tree that is."""
    is_there = {
        str(path.relative_to(SOURCE)) + ("/" if path.is_dir() else "")
        for path in SOURCE.rglob("*")
        if (path.suffix == ".py" and path.name != "__init__.py") or (path.is_dir() and path.name != "__pycache__")
    }
    assert documented_tree() - {"__init__.py"} == is_there


MIRRORED = ["core", "ivs", "ivschat", "ivsrealtime", "media", "recordings", "wire"]
"""Folders each of whose files has its tests under its own name."""

UNTESTED = {
    "core/names.py": "declares a record; the names in it are the registry's",
}
"""Files without tests of their own name, and why."""


def is_tested_by_name(path: Path) -> bool:
    """Return whether there is a test file of a source file's name, in the folder that mirrors its own or in contract/.

    The contract is for nouns that have operations.
    """
    name = f"test_{path.stem.removeprefix('_')}.py"
    folder = ROOT / "tests" / path.relative_to(SOURCE).parent
    return (folder / name).is_file() or (ROOT / "tests" / "contract" / name).is_file()


@pytest.mark.parametrize("folder", MIRRORED)
def test_tests_are_where_one_looks(folder: str) -> None:
    """Each source file has a test file of its own name, but for the few that have a reason."""
    files = [path for path in (SOURCE / folder).rglob("*.py") if path.name != "__init__.py"]
    untested = {path.relative_to(SOURCE).as_posix() for path in files if not is_tested_by_name(path)}
    assert untested == {path for path in UNTESTED if path.startswith(f"{folder}/")}


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_one_class_per_modelled_exception() -> None:
    """wire/errors.py has a class for each modelled exception, and else only what comes before a service."""
    from ivsim.services import SERVICES
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


@pytest.mark.needs("CreateIngestConfiguration")
def test_every_patch_is_needed() -> None:
    """A patch that changes nothing any more, because botocore has mended its model, is to be deleted."""
    from botocore.loaders import Loader

    from ivsim.wire.patches import PATCHES, mended

    all_shapes = []
    for service, patches in PATCHES.items():
        shapes = Loader().load_service_model(service, "service-2")["shapes"]
        all_shapes += shapes.values()
        for shape, traits in patches.items():
            for trait, value in traits.items():
                published = shapes[shape].get(trait)
                assert published != value, f"{service} {shape}.{trait}"
                assert trait != "enum" or not set(value) <= set(published), f"{service} {shape}.{trait}"
    changed = [
        trait
        for shape in all_shapes
        for trait in ("pattern", "members")
        if mended(shape).get(trait) != shape.get(trait)
    ]
    assert set(changed) == {"pattern", "members"}
