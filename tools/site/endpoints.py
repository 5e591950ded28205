"""The control endpoints as a page, of what docs/openapi.json says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def markdown(document: Json) -> str:
    """Return the page."""
    return "\n".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    info = document["info"]
    yield f"# Control endpoints\n\n{info['description']}\n"
    yield "This page is made from the [OpenAPI document](openapi.json), which a server also answers at"
    yield "`/_ivsim/openapi.json`. [The server](server.md#control-endpoints) shows the endpoints in use.\n"
    nouns: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            nouns.setdefault(path.split("/")[2], []).append((method.upper(), path, operation))
    for noun, operations in sorted(nouns.items()):
        yield f"## {noun.removesuffix('.json').replace('-', ' ').capitalize()}\n"
        for method, path, operation in operations:
            yield from _operation(method, path, operation)
    yield "## Schemas\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"### {name}\n"
        yield from _schema(schema)


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### `{method} {path}`\n\n{operation['summary']}\n"
    if "description" in operation:
        yield f"{operation['description']}\n"
    if parameters := operation.get("parameters"):
        yield "| parameter | in | type |\n|---|---|---|"
        for each in parameters:
            needed = "" if each["required"] else ", optional"
            yield f"| `{each['name']}` | {each['in']} | {_type(each['schema'])}{needed} |"
        yield ""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body: {_type(media.get('schema', {}))}, `{kind}`\n"
        if "example" in media:
            yield f"```json\n{json.dumps(media['example'], indent=2)}\n```\n"
    yield "| status | answer |\n|---|---|"
    for status, answer in operation["responses"].items():
        bodies = [f"{_type(media.get('schema', {}))}, `{kind}`" for kind, media in answer.get("content", {}).items()]
        yield f"| {'otherwise' if status == 'default' else status} | {'; '.join([answer['description'], *bodies])} |"
    yield ""


def _schema(schema: Json) -> Iterator[str]:
    if "description" in schema:
        yield f"{schema['description']}\n"
    if not schema.get("properties"):
        yield f"{_type(schema)}\n"
        return
    yield "| member | type | required |\n|---|---|---|"
    for name, member in schema["properties"].items():
        yield f"| `{name}` | {_type(member)} | {'yes' if name in schema.get('required', ()) else 'no'} |"
    yield ""


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if "items" in schema else "list"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "anything"))
