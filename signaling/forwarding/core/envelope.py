"""The envelope around a forwarded request: who sent it, when, for whom, and what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import msgspec

WINDOW_MS = 30_000  # how far the clocks of two machines may be apart, with the way between them

HeaderPairs = Sequence[tuple[str, str]]


class Refusal(StrEnum):
    """Reasons for which a door stays closed. For logs: a client never sees one."""

    UNSIGNED = "unsigned"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    OTHER_CELL = "other_cell"
    OUT_OF_TIME = "out_of_time"
    OTHER_REQUEST = "other_request"  # another method, path, query or header
    OTHER_BODY = "other_body"
    REPLAYED = "replayed"
    CROWDED = "crowded"  # so many requests that replays could not be told
    NOT_HELD = "not_held"  # another cell has the lesson now
    NO_ROUTE = "no_route"  # nothing of a lesson


class Refused(Exception):
    """The door stays closed."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


class Envelope(msgspec.Struct, frozen=True):
    """What a web process signs.

    Attributes:
        key: the id of the key that signs.
        at: Unix milliseconds.
        nonce: random; one request only.
        cell: the id of the cell that is meant.
        request: `request_digest` of the request.
        body: SHA-256 of the body, hex.
        session: the hash of the caller's session, None without.
        remote: the client's address.
        port: at which the client reached the web process.
    """

    key: str
    at: int
    nonce: str
    cell: str
    request: str
    body: str
    session: str | None
    remote: str
    port: int | None


def request_digest(method: str, target: str, headers: HeaderPairs) -> str:
    """SHA-256 of a request line and of the headers that handlers may see, hex.

    `target` is the path with its query as it goes over the line.

    Raises:
        UnicodeEncodeError: a header is not UTF-8.
    """
    parts = (method, target, [(name.lower(), value) for name, value in headers])
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def body_digest(body: bytes) -> str:
    """SHA-256 of a body, hex."""
    return hashlib.sha256(body).hexdigest()


def is_timely(at_ms: int, now_ms: int, opened_ms: int) -> bool:
    """Tell whether an envelope may still, or already, be taken.

    What was signed before the door opened is refused: the nonces of that time are forgotten.
    """
    return abs(now_ms - at_ms) <= WINDOW_MS and at_ms >= opened_ms
