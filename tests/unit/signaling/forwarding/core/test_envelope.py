"""The digest of a request, and the time in which an envelope is good."""

import pytest

from signaling.forwarding.core.envelope import WINDOW_MS, is_timely, request_digest

GIVEN = ("POST", "/whip/a/lead.camera?x=1", [("Accept", "*/*"), ("If-Match", '"a"')])


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", GIVEN[1], GIVEN[2]),
        ("POST", "/whip/a/lead.camera", GIVEN[2]),
        ("POST", "/whip/a/lead.camera?x=2", GIVEN[2]),
        ("POST", GIVEN[1], GIVEN[2][:1]),
        ("POST", GIVEN[1], [*GIVEN[2], ("Range", "bytes=0-")]),
        ("POST", GIVEN[1], [("Accept", "*/*"), ("If-Match", '"b"')]),
        ("POST", GIVEN[1], [("Accept", '*/*"'), ("If-Match", "a")]),  # a shifted border
    ],
)
def test_whatever_differs_changes_the_digest(other: tuple[str, str, list[tuple[str, str]]]) -> None:
    assert request_digest(*GIVEN) != request_digest(*other)


def test_the_case_of_a_headers_name_does_not_matter() -> None:
    lower = [(name.lower(), value) for name, value in GIVEN[2]]
    assert request_digest(*GIVEN) == request_digest(GIVEN[0], GIVEN[1], lower)


def test_a_header_that_is_not_text_has_no_digest() -> None:
    with pytest.raises(UnicodeEncodeError):
        request_digest("POST", "/", [("If-Match", '"\udcff"')])


@pytest.mark.parametrize(
    ("signed", "good"),
    [(0, True), (WINDOW_MS, True), (WINDOW_MS + 1, False), (-WINDOW_MS, True)],
)
def test_an_envelope_is_good_for_thirty_seconds_either_way(signed: int, good: bool) -> None:
    now = 1_000_000
    assert is_timely(now - signed, now, opened_ms=0) is good


def test_what_was_signed_before_the_door_opened_is_not_taken() -> None:
    """Its nonces of that time are forgotten, so that it could have come before."""
    assert not is_timely(999, 1000, opened_ms=1000)
    assert is_timely(1000, 1000, opened_ms=1000)
