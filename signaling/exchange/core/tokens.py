"""Content of resumption tokens: all that the next page needs, so that the server keeps nothing.

The caller signs it (`signaling.access.signing`): a token survives a restart, and nobody makes one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from signaling.exchange.core.records import Key
from signaling.exchange.core.requests import OaiRequest, Prefix, Verb

LIFETIME = timedelta(days=2)  # a harvester may pause over a night and a day
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadToken(ValueError):
    """A token that continues no list."""


class ListPlace(msgspec.Struct, frozen=True, array_like=True):
    """A place in a list. Times are microseconds since 1970.

    Attributes:
        given: how many records the pages before have had.
        at: the datestamp of the last of them, exact to the microsecond, and its `resource_id`.
        expires: when the token ends.
    """

    verb: Verb
    prefix: Prefix
    since: int | None
    before: int | None
    spec: str
    at: int
    resource_id: str
    given: int
    expires: int

    @property
    def key(self) -> Key:
        """The key behind which the next page begins."""
        return Key(_moment(self.at), self.resource_id)


def place_after(request: OaiRequest, last: Key, given: int, now: datetime) -> ListPlace:
    """Return the place behind a page of a list."""
    return ListPlace(
        request.verb,
        request.prefix,
        None if request.since is None else _number(request.since),
        None if request.before is None else _number(request.before),
        request.spec,
        _number(last.datestamp),
        last.resource_id,
        given,
        _number(now + LIFETIME),
    )


def pack(place: ListPlace) -> bytes:
    """Write a place as the payload of a token."""
    return msgspec.json.encode(place)


def unpack(payload: bytes, request: OaiRequest, now: datetime) -> tuple[OaiRequest, ListPlace]:
    """Return the list's first request again, and the place. Raises BadToken."""
    try:
        place = msgspec.json.decode(payload, type=ListPlace)
        since = None if place.since is None else _moment(place.since)
        before = None if place.before is None else _moment(place.before)
        _ = place.key
    except (msgspec.MsgspecError, OverflowError, ValueError):
        raise BadToken from None
    if place.verb is not request.verb or place.expires <= _number(now):
        raise BadToken
    resumed = OaiRequest(
        request.verb, request.arguments, "", place.prefix, since, before, place.spec, request.token
    )
    return resumed, place


def expiry(place: ListPlace) -> datetime:
    """Return when a token ends."""
    return _moment(place.expires)


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND
