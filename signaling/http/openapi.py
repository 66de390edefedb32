"""The OpenAPI document, made of the route table and the structs: it cannot drift from either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from signaling.core.resources import Problem
from signaling.core.text import MAX_PARAMETER_CHARS
from signaling.http.problems import CONTENT_TYPE
from signaling.http.routes import Access, Content, Route

_PATH_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The document for a route table (OpenAPI 3.1)."""
    structs: set[type] = {Problem}
    for route in routes:
        structs |= {part for part in (route.body, route.answer) if isinstance(part, type)}
    ordered = sorted(structs, key=lambda struct: struct.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tongke 同课", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "tongke_session"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": (route.handler.__doc__ or "").strip(),
        "parameters": _parameters(route),
        "responses": {
            str(route.status): _response(route),
            "default": {
                "description": "problem+json",
                "content": {CONTENT_TYPE: {"schema": _ref(Problem)}},
            },
        },
        "security": _security(route),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.body)}
    return operation


def _operation_id(route: Route) -> str:
    path = re.sub(r"[^a-z0-9]+", "_", route.path).strip("_")
    return f"{route.method.lower()}_{path}"


def _parameters(route: Route) -> list[dict[str, Any]]:
    string = {"type": "string", "maxLength": MAX_PARAMETER_CHARS}
    path = [
        {"name": name, "in": "path", "required": True, "schema": string}
        for name in _PATH_PARAMETER.findall(route.path)
    ]
    query = [
        {"name": q.name, "in": "query", "description": q.description, "schema": string}
        for q in route.query
    ]
    headers = [
        {"name": name, "in": "header", "required": True, "schema": string} for name in route.headers
    ]
    return [*path, *query, *headers]


def _response(route: Route) -> dict[str, Any]:
    response: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        response["content"] = _content(route.answer)
    return response


def _content(part: type | Content) -> dict[str, Any]:
    if isinstance(part, Content):
        return {part.media_type: {"schema": {"type": "string"}}}
    return {"application/json": {"schema": _ref(part)}}


def _ref(struct: type) -> dict[str, str]:
    return {"$ref": _REF.format(name=struct.__name__)}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.access is Access.OPEN:
        return []
    if route.access is Access.BEARER:
        return [{"bearer": []}]
    unsafe = route.method not in {"GET", "HEAD", "OPTIONS"}
    return [{"session": [], "csrf": []} if unsafe else {"session": []}]
