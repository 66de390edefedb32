"""How each audited action on consents is done, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol

from signaling.command import seed
from signaling.directory.tables import ClassRow
from signaling.wiring import Services
from tests.support.consents import PNG
from tests.support.server import Client
from tests.support.uploads import upload

BASE = "/api/consents"
CLASS = "audited-class"
TERM = {
    "county_id": seed.COUNTY[0],
    "name": "2026秋",
    "starts_on": "2026-08-31",
    "weeks": 20,
}
FORM = {
    "given_on": "2026-09-01",
    "purposes": ["show_county"],
    "pupils": 30,
    "covers_from": "2026-09-01",
    "covers_to": "2027-01-15",
    "until": "2028-01-15",
}


class County(Protocol):
    """Who acts; `kept` is what was prepared."""

    services: Services
    admin: Client
    kept: dict[str, Any]


async def _class(c: County) -> None:
    async with c.services.database.write() as session:
        session.add(
            ClassRow(class_id=CLASS, school_id=seed.CENTER_SCHOOL, name="一年级1班", grade="一年级")
        )
    c.kept["term"] = await c.admin.call("POST", "/api/timetable/terms", TERM)


async def _record(c: County) -> None:
    wish = FORM | {"class_id": CLASS, "term_id": c.kept["term"]["term_id"]}
    c.kept["consent"] = await c.admin.call("POST", BASE, wish)


async def _recorded(c: County) -> None:
    await _class(c)
    await _record(c)


async def _with_page(c: County) -> None:
    await _class(c)
    c.kept["page"] = await upload(c.admin, PNG, "同意书.png", "consent_form")
    wish = FORM | {"class_id": CLASS, "term_id": c.kept["term"]["term_id"]}
    c.kept["consent"] = await c.admin.call("POST", BASE, wish | {"file_ids": [c.kept["page"]]})


async def _read_page(c: County) -> None:
    url = f"{c.admin.base}{_consent(c)}/files/{c.kept['page']}"
    async with c.admin.http.get(url) as answer:
        answer.raise_for_status()


def _consent(c: County) -> str:
    return f"{BASE}/{c.kept['consent']['consent_id']}"


ACTS = {
    "consent_record": _record,
    "consent_change": lambda c: c.admin.call("PUT", _consent(c), FORM | {"version": 1}),
    "consent_withdraw": lambda c: c.admin.call(
        "POST", f"{_consent(c)}/withdraw", {"version": 1, "on": "2026-11-20", "reason": "guardian"}
    ),
    "consent_page_read": _read_page,
}
PREPARED_BY = {
    "consent_record": _class,
    "consent_change": _recorded,
    "consent_withdraw": _recorded,
    "consent_page_read": _with_page,
}
BRANCHES = dict.fromkeys(ACTS, seed.CENTER_SCHOOL)
TABLES = ("consents", "consent_files")
