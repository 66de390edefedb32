"""All routes together."""

from signaling.http_face import ROUTES
from signaling.web.routes import Access


def test_what_is_open_to_anybody_is_a_short_and_known_list() -> None:
    assert {route.path for route in ROUTES if route.access is Access.OPEN} == {
        "/api/login",
        "/api/terminal/lookup",
        "/api/terminal/login",
        "/api/terminal/resume",
        "/api/terminal/ask",  # a kiosk shows a code that the admin confirms
        "/api/terminal/claim",
        "/api/terminal/redeem",
        "/api/activation",  # with the code of a slip
        "/api/activation/lookup",
        "/calendar/{secret}.ics",  # the secret is the key
        "/oai",  # what is published to anybody
        "/oai/packages/{resource_id}",  # likewise
        "/api/openapi.json",
        "/healthz",
        "/metrics",
        "/whip/{lesson_id}/{source_id}",
        "/whep/{lesson_id}",
        "/whip/{lesson_id}/sessions/{session_id}",
        "/whep/{lesson_id}/sessions/{session_id}",
    }
    media = [r for r in ROUTES if r.path.startswith(("/whip", "/whep")) and r.method != "OPTIONS"]
    assert media
    assert all(route.access is Access.BEARER for route in media)
