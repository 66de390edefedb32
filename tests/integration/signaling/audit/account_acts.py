"""How each audited action on accounts, roles and terminals is done, and what has to be there."""

from __future__ import annotations

from typing import Any, Protocol

from signaling.command import seed
from tests.support.server import DEMO_PASSWORD, Client

TEACHER, CLERK = seed.LEAD_TEACHER, "resource-zhao"
ROOM = f"/api/rooms/{seed.RECEIVE_ROOMS[0]}/terminals"
PASSWORD = "Guanchao-1125"


class County(Protocol):
    """Who acts; `kept` is what was prepared."""

    teacher: Client
    admin: Client
    kiosk: Client
    kept: dict[str, Any]


async def _create(c: County) -> Any:
    wish = {"login": "lin", "name": "林老师", "node_id": seed.CENTER_SCHOOL}
    return await c.admin.call("POST", "/api/accounts", {"accounts": [wish]})


async def _reset(c: County) -> Any:
    return await c.admin.call("POST", "/api/accounts/slips", {"person_ids": [CLERK]})


async def _with_slip(c: County) -> None:
    (slip,) = (await _create(c))["slips"]
    c.kept["code"] = slip["code"]


async def _activate(c: County) -> None:
    body = {"code": c.kept["code"], "password": PASSWORD}
    await c.kiosk.call("POST", "/api/activation", body)


async def _change_password(c: County) -> None:
    await c.teacher.call("POST", "/api/password", {"current": DEMO_PASSWORD, "password": PASSWORD})


async def _know_version(c: County) -> None:
    (account,) = (await c.admin.call("GET", "/api/accounts?q=ziyuan"))["accounts"]
    c.kept["version"] = account["version"]


async def _end(c: County, how: str) -> Any:
    body = {"version": c.kept["version"]}
    return await c.admin.call("POST", f"/api/accounts/{CLERK}/{how}", body)


async def _closed(c: County) -> None:
    await _know_version(c)
    c.kept["version"] = (await _end(c, "close"))["version"]


async def _give(c: County) -> Any:
    wish = {"role": "assistant", "node_id": seed.CENTER_SCHOOL}
    return await c.admin.call("POST", f"/api/people/{TEACHER}/grants", wish)


async def _given(c: County) -> None:
    grants = (await _give(c))["grants"]
    c.kept["grant"] = next(one["grant_id"] for one in grants if one["role"] == "assistant")


async def _take(c: County) -> None:
    await c.admin.call("DELETE", f"/api/people/{TEACHER}/grants/{c.kept['grant']}")


async def _with_code(c: County) -> None:
    c.kept["code"] = (await c.admin.call("POST", f"{ROOM}/code"))["code"]


async def _redeem(c: County) -> None:
    await c.kiosk.call("POST", "/api/terminal/redeem", {"code": c.kept["code"]})


async def _asked(c: County) -> None:
    c.kept["code"] = (await c.kiosk.call("POST", "/api/terminal/ask"))["code"]


async def _bound(c: County) -> None:
    (terminal, *_) = (await c.admin.call("GET", ROOM))["terminals"]
    c.kept["terminal"] = terminal["terminal_id"]


ACTS = {
    "account_create": _create,
    "account_reset": _reset,
    "account_activate": _activate,
    "password_change": _change_password,
    "account_close": lambda c: _end(c, "close"),
    "account_leave": lambda c: _end(c, "leave"),
    "account_open": lambda c: _end(c, "reopen"),
    "grant_give": _give,
    "grant_take": _take,
    "terminal_code": lambda c: c.admin.call("POST", f"{ROOM}/code"),
    "terminal_confirm": lambda c: c.admin.call("POST", ROOM, {"code": c.kept["code"]}),
    "terminal_bind": _redeem,
    "terminal_unbind": lambda c: c.admin.call("DELETE", f"{ROOM}/{c.kept['terminal']}"),
}
PREPARED_BY = {
    "account_activate": _with_slip,
    "account_close": _know_version,
    "account_leave": _know_version,
    "account_open": _closed,
    "grant_take": _given,
    "terminal_confirm": _asked,
    "terminal_bind": _with_code,
    "terminal_unbind": _bound,
}
# The org node in whose branch the audit row of an action is found.
BRANCHES = dict.fromkeys(ACTS, seed.COUNTY[0]) | {
    "account_create": seed.CENTER_SCHOOL,
    "account_activate": seed.CENTER_SCHOOL,
    "password_change": seed.CENTER_SCHOOL,
    "grant_give": seed.CENTER_SCHOOL,
    "grant_take": seed.CENTER_SCHOOL,
    **dict.fromkeys(
        [one for one in ACTS if one.startswith("terminal_")], seed.SCHOOLS[1].school_id
    ),
}
TABLES = ("people", "grants", "activation_codes", "terminal_codes")
UNAUDITED = {
    ("POST", "/api/activation/lookup"): "reads",
    ("POST", "/api/terminal/asking"): "reads",
    ("POST", "/api/terminal/ask"): "a terminal asks; what an admin makes of it is audited",
}
