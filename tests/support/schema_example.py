"""A value of the shape that a JSON schema of the OpenAPI document describes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TEXTS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T02:00:00Z",
    "time": "08:00:00",
}
# Texts of which one fits each pattern of the API; a new pattern may need a new one.
_SHAPED = ("08:00", "12345678", "2026-11-23", "2026-11", "2026-W48", "1")


def example(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """Return the least value of a schema: only what is required, and nothing where null will do.

    Args:
        schema: of the value.
        schemas: the components that a `$ref` names.
    """
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return example(schema[several][0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: example(properties[name], schemas) for name in schema.get("required", ())}
    if kind == "array":
        return [example(schema["items"], schemas)] * schema.get("minItems", 0)
    if kind == "string":
        return _text(schema)
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return False if kind == "boolean" else None


def _text(schema: Schema) -> str:
    if "format" in schema:
        return _TEXTS[schema["format"]]
    plain = "x" * max(schema.get("minLength", 1), 1)
    fitting = (one for one in (plain, *_SHAPED) if re.search(schema.get("pattern", ""), one))
    return next(fitting)
