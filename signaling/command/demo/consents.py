"""Consents of the demo county: most classes agreed, and some show what else there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from signaling.command.demo.term import admin_of
from signaling.consent.reading import Question
from signaling.consent.wire import (
    ConsentLine,
    ConsentPurpose,
    ConsentRecord,
    ConsentTerm,
    ConsentWithdraw,
    SeatingRemedy,
    WithdrawalReason,
)
from signaling.wiring import Services

_PUPILS = 28  # of a class for which nobody counted
_PAGE = 200
_SHOWN = timedelta(days=3 * 365)  # after the term
_PLAIN: Mapping[str, Any] = MappingProxyType(
    {"purposes": (ConsentPurpose.LIVE, ConsentPurpose.SHOW_COUNTY)}
)
# Of every so many classes, those that differ, by their place.
_ROUND = 10
_OTHERS: Mapping[int, Mapping[str, Any]] = MappingProxyType(
    {
        2: {"purposes": (ConsentPurpose.LIVE, ConsentPurpose.SHOW_PUBLIC)},
        4: {**_PLAIN, "refusals": 2, "remedy": SeatingRemedy.OFF_CAMERA},
        6: {**_PLAIN, "refusals": 1},
    }
)
_WITHDRAWN, _UNASKED = 8, 9


async def give(services: Services) -> None:
    """Record the consents of the present term."""
    admin = await admin_of(services)
    reader = services.consents.reader
    place, after = 0, None
    while True:
        page = await reader.listed(admin, Question(after=after), _PAGE)
        if page.term is None:
            return
        for line in page.lines:
            if place % _ROUND != _UNASKED:
                await _record(services, page.term, line, place % _ROUND)
            place += 1
        after = page.next
        if after is None:
            return


async def _record(services: Services, term: ConsentTerm, line: ConsentLine, turn: int) -> None:
    admin, desk = await admin_of(services), services.consents.desk
    today = services.consents.reader.today()
    wish = ConsentRecord(
        class_id=line.class_id,
        term_id=term.term_id,
        given_on=min(term.first, today),
        pupils=line.pupils or _PUPILS,
        covers_from=term.first,
        covers_to=term.last,
        until=term.last + _SHOWN,
        **_OTHERS.get(turn, _PLAIN),
    )
    made = await desk.record(admin, wish)
    if turn == _WITHDRAWN:
        gone = ConsentWithdraw(made.version, today, WithdrawalReason.GUARDIAN)
        await desk.withdraw(admin, made.consent_id, gone)
