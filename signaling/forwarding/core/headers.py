"""Headers on their way between web process and cell: only what is named here passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ENVELOPE = "Tongke-Forwarded"
REFUSAL = "Tongke-Door"  # the door's refusal, and why; no handler sets it
REQUEST_ID = "X-Request-ID"
TRACEPARENT = "traceparent"  # as in `tracing.api`

# What handlers may see of a client's headers. All of it is signed. Whoever a client is, and from
# where it comes, stands in the envelope alone: no cookie, no CSRF token, no `X-Forwarded-For`.
PASSED = (
    "Accept",
    "Accept-Encoding",
    "Authorization",  # a media token, which the cell checks itself
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Range",
    "User-Agent",
    REQUEST_ID,
    TRACEPARENT,  # of a web process; a client's own never passes
)
_PASSED = frozenset(name.lower() for name in PASSED)
# What the line itself needs: the HTTP library has read or will read these.
_OF_THE_LINE = frozenset({
    "connection", "content-length", "host", "sec-websocket-extensions", "sec-websocket-key",
    "sec-websocket-protocol", "sec-websocket-version", "transfer-encoding", "upgrade",
})  # fmt: skip
# RFC 9110 §7.6.1, and what the web process says for itself. A cell sets no cookies.
_NOT_HANDED_ON = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", "date", "server", "set-cookie", "strict-transport-security",
    REFUSAL.lower(), REQUEST_ID.lower(),
})  # fmt: skip

Pairs = list[tuple[str, str]]


def passed(headers: Iterable[tuple[str, str]]) -> Pairs:
    """The headers of a request that go to a cell, by name.

    Those of one name keep their order.
    """
    found = [(name, value) for name, value in headers if name.lower() in _PASSED]
    return sorted(found, key=lambda pair: pair[0].lower())


def visible(headers: Iterable[tuple[str, str]]) -> Pairs:
    """The headers of a forwarded request that handlers of a cell may see."""
    return [
        (name, value) for name, value in headers if name.lower() in _PASSED or _is_of_line(name)
    ]


def handed_on(headers: Sequence[tuple[str, str]]) -> Pairs:
    """The headers of a cell's answer that a client gets."""
    named = {
        name.strip().lower()
        for header, value in headers
        if header.lower() == "connection"
        for name in value.split(",")
    }
    dropped = _NOT_HANDED_ON | named
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _is_of_line(name: str) -> bool:
    return name.lower() in _OF_THE_LINE
