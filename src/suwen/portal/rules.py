"""Pure parts of the portal: the API document as rows to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One row of the reference. `body` and `answer` are names of structs, or what they are made of."""

    method: str
    path: str
    summary: str
    who: tuple[str, ...]
    parameters: tuple[tuple[str, str, bool, str], ...]  # name, where, required, kind
    body: str
    answer: str
    anchor: str


def operations(
    document: Mapping[str, Any], who: Mapping[tuple[str, str], Any], wanted: str
) -> list[tuple[str, list[Operation]]]:
    """Operations by the noun of their path, in order; only those that contain `wanted`."""
    groups: dict[str, list[Operation]] = {}
    for path, item in sorted(document.get("paths", {}).items()):
        for method in METHODS:
            if method in item and wanted.casefold() in f"{method} {path} {item[method].get('summary', '')}".casefold():
                groups.setdefault(_noun(path), []).append(_operation(path, method, item[method], who))
    return sorted(groups.items())


def structs(document: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Every struct with its fields: name, kind, required."""
    found = document.get("components", {}).get("schemas", {})
    return [
        (name, [(field, kind(of), field in shape.get("required", ())) for field, of in shape["properties"].items()])
        for name, shape in sorted(found.items())
        if "properties" in shape
    ]


def kind(schema: Mapping[str, Any] | None) -> str:
    """'string', 'AppointmentView', '[SlotView]', 'integer or null'."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema or "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(part) for part in schema.get("oneOf") or schema["anyOf"]))
    if schema.get("type") == "array":
        return f"[{kind(schema.get('items'))}]"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    named = schema.get("type", "any")
    return " or ".join(named) if isinstance(named, list) else str(schema.get("format") or named)


def _operation(path: str, method: str, of: Mapping[str, Any], who: Mapping[tuple[str, str], Any]) -> Operation:
    good: Mapping[str, Any] = next(
        (answer for code, answer in sorted(of.get("responses", {}).items()) if code.startswith("2")), {}
    )
    parameters = tuple(
        (one["name"], one["in"], bool(one.get("required")), kind(one.get("schema"))) for one in of.get("parameters", ())
    )
    allowed = tuple(sorted(who.get((path, method), ())))
    anchor = f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"
    summary = of.get("description") or of.get("summary") or ""
    return Operation(
        method.upper(), path, summary, allowed, parameters, _content(of.get("requestBody")), _content(good), anchor
    )


def _content(part: Mapping[str, Any] | None) -> str:
    content = (part or {}).get("content", {})
    return next((kind(one.get("schema")) for one in content.values()), "")


def _noun(path: str) -> str:
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return parts[2] if len(parts) > 2 else parts[-1]
