"""The OpenAPI document, made of the route table and the structs: it cannot drift from either."""

from __future__ import annotations

import gzip
import hashlib
import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from signaling.base.text import MAX_PARAMETER_CHARS
from signaling.web.problems import CONTENT_TYPE
from signaling.web.routes import Access, AnyRoute, Call, Content, Route
from signaling.web.wire import Problem

_PATH_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{name}"


def document(routes: Sequence[AnyRoute], version: str) -> dict[str, Any]:
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


def _operation(route: AnyRoute) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": (inspect.getdoc(route.handler) or "").strip(),
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


def _operation_id(route: AnyRoute) -> str:
    path = re.sub(r"[^a-z0-9]+", "_", route.path).strip("_")
    return f"{route.method.lower()}_{path}"


def _parameters(route: AnyRoute) -> list[dict[str, Any]]:
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


def _response(route: AnyRoute) -> dict[str, Any]:
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


def _security(route: AnyRoute) -> list[dict[str, list[str]]]:
    if route.access is Access.OPEN:
        return []
    if route.access is Access.BEARER:
        return [{"bearer": []}]
    if route.access is Access.GUEST:
        return [{}, {"session": []}]
    unsafe = route.method not in {"GET", "HEAD", "OPTIONS"}
    return [{"session": [], "csrf": []} if unsafe else {"session": []}]


class OpenApiHandlers:
    """Holds the document, plain and compressed: both are made once, before media flow."""

    def __init__(self, routes: Sequence[AnyRoute], version: str) -> None:
        self._plain = msgspec.json.encode(document(routes, version))
        self._compressed = gzip.compress(self._plain)
        self._etag = f'"{hashlib.sha256(self._plain).hexdigest()[:16]}"'

    async def document(self, call: Call) -> web.Response:
        """Answer with the OpenAPI document."""
        headers = {"Cache-Control": "no-cache", "ETag": self._etag, "Vary": "Accept-Encoding"}
        if call.request.headers.get("If-None-Match") == self._etag:
            return web.Response(status=304, headers=headers)
        body = self._plain
        if "gzip" in call.request.headers.get("Accept-Encoding", "").lower():
            headers["Content-Encoding"] = "gzip"
            body = self._compressed
        return web.Response(body=body, content_type="application/json", headers=headers)


ROUTES = (
    Route(
        "GET",
        "/api/openapi.json",
        OpenApiHandlers.document,
        "OpenAPI 文档",
        Content("application/json", "OpenAPI 3.1"),
        access=Access.OPEN,
    ),
)
