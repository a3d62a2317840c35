"""Examples for every operation of the API document: what one sends, and what comes back.

They are made from the document itself, so that they change with it; only the values are written down, by the name of
the field (`data/examples.json`). A required text without a value there is a KeyError, which a test finds.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
REFS = "#/components/schemas/"
NOTHING = object()
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,),
}  # fmt: skip


@cache
def _values() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("suwen.portal") / "data/examples.json").read_text("utf-8"))
    return found


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The same document; every body, JSON answer and parameter now has an example. Harmless to repeat."""
    schemas = document["components"]["schemas"]
    schemas["Problem"].setdefault("examples", [_values()["problem"]])
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                _operation(schemas, path, item[method])
    return document


def _operation(schemas: Mapping[str, Any], path: str, operation: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body and "example" not in body:
        body["example"] = Maker(schemas, sent=True).value(body["schema"], "", "")
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get(JSON)
        if status.startswith("2") and content and "example" not in content:
            content["example"] = Maker(schemas, sent=False).value(content["schema"], "", "")
    for one in operation.get("parameters", ()):
        found = _parameter(one["name"], path, one["schema"])
        if found is not NOTHING:
            one.setdefault("example", found)


def _parameter(name: str, path: str, schema: Mapping[str, Any]) -> Any:
    if name == "id":
        before = path.partition("/{id}")[0]
        return _identity(before.rpartition("/")[2].rstrip("s").replace("-", "_"))
    own = _values()["parameters"].get(name, NOTHING)
    return own if own is not NOTHING else Maker({}, sent=False).known(name, _alternatives(schema))


class Maker:
    """Makes one example. `sent`: of what may be left out only what the data names, as one would send it."""

    def __init__(self, schemas: Mapping[str, Any], *, sent: bool, inside: tuple[str, ...] = ()) -> None:
        self.schemas, self.sent, self.inside = schemas, sent, inside

    def value(self, schema: Mapping[str, Any], struct: str, field: str) -> Any:
        choices = _alternatives(schema)
        for one in choices:
            if "$ref" in one:
                name = one["$ref"].removeprefix(REFS)
                # what holds itself ends somewhere
                return Maker(self.schemas, sent=self.sent, inside=(*self.inside, name)).struct(name)
        found = self.known(field, choices)
        if found is not NOTHING:
            return found
        kind = next((one["type"] for one in choices if one["type"] != "null"), None)
        if kind == "array":
            return self._several(next(one for one in choices if one["type"] == "array"), struct, field)
        if kind == "object":
            return {}
        if kind == "boolean":
            return False
        if kind in ("integer", "number"):
            return int(schema.get("minimum", 0))
        if kind is None or any(one["type"] == "null" for one in choices):
            return None
        raise KeyError(f"data/examples.json has no value for {struct}.{field}")

    def struct(self, name: str) -> dict[str, Any]:
        shape = self.schemas[name]
        own: Mapping[str, Any] = _values()["structs"].get(name, {})
        needed = set(shape.get("required", ())) | set(own)
        return {
            field: own[field] if field in own else self.value(of, name, field)
            for field, of in shape.get("properties", {}).items()
            if field in needed or not self.sent
        }

    def known(self, field: str, choices: list[Mapping[str, Any]]) -> Any:
        """What the schema or the data says of a plain value."""
        for one in choices:
            if "examples" in one:
                return one["examples"][0]
            if "enum" in one:
                return next(value for value in one["enum"] if value is not None)
        kinds = {one.get("type") for one in choices}
        found = _values()["fields"].get(field, NOTHING)
        if any(isinstance(found, KINDS.get(str(kind), ())) for kind in kinds):
            return found
        if "string" in kinds and (field == "id" or field.endswith("_id")):
            return _identity(field.removesuffix("_id"))
        formats = {"date-time": "2030-01-07T01:00:00Z", "date": "2030-01-07"}
        return next((formats[one["format"]] for one in choices if one.get("format") in formats), NOTHING)

    def _several(self, schema: Mapping[str, Any], struct: str, field: str) -> list[Any]:
        item = schema.get("items", {})
        if any(one.get("$ref", "").removeprefix(REFS) in self.inside for one in _alternatives(item)):
            return []
        return [self.value(item, struct, field.removesuffix("s"))]


def _alternatives(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every schema has one kind, or several to choose from; what stands beside the choice holds for all."""
    beside = {key: of for key, of in schema.items() if key in ("examples", "enum")}
    if several := schema.get("oneOf") or schema.get("anyOf"):
        return [{**one, **beside} for one in several]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema if "$ref" in schema else {"type": "object", **schema}]


def _identity(noun: str) -> str:
    """The same thing has the same id in every example."""
    drawn = hashlib.sha256(noun.encode()).hexdigest()
    return f"01976f3c-5d2e-7{drawn[:3]}-9{drawn[3:6]}-{drawn[6:18]}"
