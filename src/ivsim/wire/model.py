"""Operations and shapes from the installed botocore: patched, then compiled when first used, and kept."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, cast

from botocore import xform_name
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from .loader import ModelLoader
from .parse import Converter, converter
from .patches import patched
from .serialize import Serializer, TimeFormat, header_reader, serializer
from .validate import Check, check

_ARN_IN_PATTERN = re.compile(r"arn:aws:(?P<service>[a-z]+|\[is\]vs):\[[^/]*:(?P<kind>[a-z-]+)/")
"""The way models write an ARN; older ones of IVS let its service be `svs` too."""

_ARN = "arn:aws:"


class Operation:
    """One operation: its method and path, its input, its answer."""

    def __init__(self, model: OperationModel, time_format: TimeFormat) -> None:
        self.name: str = model.name
        self.python_name: str = xform_name(model.name)
        self.method: str = model.http["method"]
        self.path: str = model.http["requestUri"].partition("?")[0]
        self.status: int = model.http.get("responseCode", 200)
        self.input = cast("StructureShape | None", model.input_shape)
        self.output = cast("StructureShape | None", model.output_shape)
        self.errors: tuple[str, ...] = tuple(shape.name for shape in model.error_shapes)
        self.members: Mapping[str, Shape] = self.input.members if self.input else {}
        self.python_members: Mapping[str, str] = {name: xform_name(name) for name in self.members}
        self.arn_members = tuple(name for name, shape in self.members.items() if _ARN in _pattern(shape))
        self._time_format = time_format

    @cached_property
    def arn_kind(self) -> str:
        """The resource type in the first input member that is an ARN; empty for an operation without one."""
        found = [_ARN_IN_PATTERN.search(_pattern(self.members[name])) for name in self.arn_members[:1]]
        return found[0]["kind"] if found and found[0] else ""

    @cached_property
    def listed_kind(self) -> str:
        """The resource type in the ARNs of the items that it lists; empty where it lists nothing."""
        for shape in self.output.members.values() if self.output else ():
            arn = getattr(shape.member, "members", {}).get("arn") if isinstance(shape, ListShape) else None
            match = _ARN_IN_PATTERN.search(_pattern(arn)) if arn else None
            if match:
                return match["kind"]
        return ""

    @cached_property
    def check(self) -> Check:
        """A check of every constraint of the input."""
        return check(self.input, strict=True)

    @cached_property
    def check_loosely(self) -> Check:
        """A check of the input's required members and types alone."""
        return check(self.input, strict=False)

    @cached_property
    def convert(self) -> Converter:
        """The function from members as they were sent to the keyword arguments of a handler."""
        return converter(self.input) or dict

    @cached_property
    def serialize(self) -> Serializer:
        """The function from what a handler returned to the body's bytes."""
        return serializer(self.output, self._time_format)

    @cached_property
    def headers(self) -> Callable[[Any], dict[str, str]]:
        """The function from what a handler returned to the headers that its output has."""
        return header_reader(self.output)

    def wire_path(self, python_path: str) -> list[str]:
        """Spell a dotted Python path to an input member as the wire does."""
        names: list[str] = []
        shape: Any = self.input
        for part in python_path.split("."):
            members = getattr(shape, "members", {})
            name = next(name for name in members if xform_name(name) == part)
            names.append(name)
            shape = members[name]
        return names


def _pattern(shape: Shape) -> str:
    """Return the pattern of a string, or of a list's strings."""
    return str((shape.member if isinstance(shape, ListShape) else shape).metadata.get("pattern", ""))


class ErrorShape:
    """One modelled exception: its status, its text when nobody gives one, its body."""

    def __init__(self, shape: StructureShape, time_format: TimeFormat) -> None:
        self.code: str = shape.name
        self.status: int = shape.metadata["error"]["httpStatusCode"]
        self.text = html.unescape(re.sub(r"<[^>]*>", "", shape.documentation or "")).strip() or shape.name
        self.serialize = serializer(shape, time_format)


class Model:
    """One service as the installed botocore describes it."""

    def __init__(self, name: str, time_format: TimeFormat) -> None:
        self.name = name
        self._service = ServiceModel(patched(name, _published(name)), name)
        self.operations: Mapping[str, Operation] = {
            each: Operation(self._service.operation_model(each), time_format) for each in self._service.operation_names
        }
        self.errors: Mapping[str, ErrorShape] = {
            shape.name: ErrorShape(shape, time_format) for shape in self._service.error_shapes
        }

    @cached_property
    def by_python_name(self) -> Mapping[str, Operation]:
        """The operations by their names in snake_case."""
        return {operation.python_name: operation for operation in self.operations.values()}

    @cached_property
    def resource_types(self) -> frozenset[tuple[str, str]]:
        """The service part and the resource type of every ARN that this service's shapes have as its own."""
        found = (_ARN_IN_PATTERN.search(shape.metadata.get("pattern", "")) for shape in self._shapes())
        return frozenset(
            (match["service"], match["kind"])
            for match in found
            if match and match["service"] == self._service.signing_name
        )

    def values_of(self, shape_name: str) -> tuple[str, ...]:
        """Return the values of an enum, in the model's order."""
        return tuple(self._service.shape_for(shape_name).metadata["enum"])

    def _shapes(self) -> Iterator[Shape]:
        return (self._service.shape_for(name) for name in self._service.shape_names)


@cache
def load(name: str, time_format: TimeFormat) -> Model:
    """Return the model of a service, which is read once in a process."""
    return Model(name, time_format)


def _published(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", ModelLoader().load_service_model(name, "service-2"))
