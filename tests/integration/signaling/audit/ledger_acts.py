"""How each audited action on the ledger is done, a notice too, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol, cast

from signaling.command import seed
from signaling.wiring import Services
from tests.integration.signaling.lessons.test_facts import enter
from tests.support.server import Client
from tests.support.services import ManualClock, new_lesson

BASE = "/api/ledger"
COUNTY_ID = seed.COUNTY[0]
CAME, ABSENT = seed.RECEIVE_ROOMS[:2]
DAYS = {"first": "2026-11-02", "last": None}
DUTY = {"node_id": COUNTY_ID, "grade": "一年级", "subject": "数学", "periods": 2} | DAYS
CELL = {"grade": "一年级", "subject": "数学", "periods": 2}
VERSION = {"node_id": COUNTY_ID, "first": "2026-11-02", "cells": [CELL]}
LAST_MONTH, A_MONTH_AGO_H = "2026-10", -30 * 24


class County(Protocol):
    """Who acts; `kept` is what was prepared."""

    services: Services
    teacher: Client
    admin: Client
    lesson_id: str
    kept: dict[str, Any]


async def _held(c: County) -> None:
    """The lesson is over; one of its two rooms came."""
    await c.teacher.call("POST", f"/api/lessons/{c.lesson_id}/start")
    await enter(c.services, c.lesson_id, CAME)
    cast(ManualClock, c.services.clock).advance(minutes=35)
    await c.teacher.call("POST", f"/api/lessons/{c.lesson_id}/end")
    await c.services.ledger.counter.settle()
    for room_id in (CAME, ABSENT):
        evidence = await c.admin.call("GET", _unit(c, room_id))
        c.kept[room_id] = evidence["unit"]["version"]


def _unit(c: County, room_id: str) -> str:
    return f"{BASE}/units/{c.lesson_id}/{room_id}"


async def _of_unit(client: Client, c: County, room_id: str, how: str, **body: Any) -> Any:
    path = f"{_unit(c, room_id)}/{how}"
    told = await client.call("POST", path, {"version": c.kept[room_id]} | body)
    c.kept[room_id] = told["version"]


async def _explain(c: County) -> None:
    await _of_unit(c.teacher, c, ABSENT, "reason", reason="network_fault")


async def _return(c: County) -> None:
    unit = {"lesson_id": c.lesson_id, "room_id": ABSENT, "version": c.kept[ABSENT]}
    wish = {"units": [unit], "note": "请写清楚"}
    told = await c.admin.call("POST", f"{BASE}/missed/return", wish)
    assert told["refused"] == []


async def _explained(c: County) -> None:
    await _held(c)
    await _explain(c)


async def _missed_last_month(c: County) -> None:
    await new_lesson(c.services, hours=A_MONTH_AGO_H)
    await c.services.ledger.counter.catch_up()
    await c.services.ledger.counter.settle()
    month = await c.admin.call("GET", f"{BASE}/months/{LAST_MONTH}?county={COUNTY_ID}")
    assert month["total"]["awaiting"] == 2


async def _require(c: County) -> None:
    c.kept["duty"] = await c.admin.call("POST", f"{BASE}/requirements", DUTY)


def _duty(c: County) -> str:
    return f"{BASE}/requirements/{c.kept['duty']['requirement_id']}"


ACTS = {
    "missed_explain": _explain,
    "missed_confirm": lambda c: _of_unit(c.admin, c, ABSENT, "confirm"),
    "missed_return": _return,
    "headcount_amend": lambda c: _of_unit(c.teacher, c, CAME, "headcount", pupils=12),
    "requirement_create": _require,
    "requirement_change": lambda c: c.admin.call(
        "PUT", _duty(c), DAYS | {"periods": 3, "version": 1}
    ),
    "requirement_version": lambda c: c.admin.call("POST", f"{BASE}/requirements/versions", VERSION),
    "requirement_remove": lambda c: c.admin.call("DELETE", f"{_duty(c)}?version=1"),
    "month_freeze": lambda c: c.admin.call(
        "POST",
        f"{BASE}/months/{LAST_MONTH}/freeze",
        {"county_id": COUNTY_ID, "unexplained": True},
    ),
    "notice_send": lambda c: c.admin.call(
        "POST", f"/api/lessons/{c.lesson_id}/notices", {"text": "请检查网络", "room_id": ABSENT}
    ),
}
PREPARED_BY = {
    "missed_explain": _held,
    "missed_confirm": _explained,
    "missed_return": _explained,
    "headcount_amend": _held,
    "requirement_change": _require,
    "requirement_remove": _require,
    "month_freeze": _missed_last_month,
}
BRANCHES = {
    "missed_explain": seed.SCHOOLS[2].school_id,
    "missed_confirm": seed.SCHOOLS[2].school_id,
    "missed_return": seed.SCHOOLS[2].school_id,
    "headcount_amend": seed.SCHOOLS[1].school_id,
    "requirement_create": COUNTY_ID,
    "requirement_change": COUNTY_ID,
    "requirement_remove": COUNTY_ID,
    "requirement_version": COUNTY_ID,
    "month_freeze": COUNTY_ID,
    "notice_send": seed.CENTER_SCHOOL,
}
TABLES = (
    "ledger_units",
    "ledger_days",
    "ledger_duties",
    "ledger_marks",
    "requirements",
    "missed_reasons",
    "ledger_months",
    "corrections",
    "headcounts",
    "fact_marks",
)
