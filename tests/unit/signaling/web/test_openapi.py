"""The OpenAPI document."""

import msgspec

from signaling.http_face import ROUTES
from signaling.web.openapi import document


def test_the_openapi_document_holds_every_route_and_only_them() -> None:
    paths = document(ROUTES, "0")["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}
    assert described == {(route.method, route.path) for route in ROUTES}


def test_the_openapi_documents_references_all_resolve() -> None:
    text = msgspec.json.encode(document(ROUTES, "0")).decode()
    schemas = document(ROUTES, "0")["components"]["schemas"]
    used = {part.split('"', 1)[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= set(schemas)
    assert {"Lesson", "Problem", "MediaAccess", "RecordingDetail"} <= used


def test_operation_ids_are_unique() -> None:
    paths = document(ROUTES, "0")["paths"]
    ids = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(set(ids)) == len(ids)
