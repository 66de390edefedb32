"""Why units were missed, and how many pupils there were, said after the lesson."""

from collections.abc import Awaitable
from datetime import date

import pytest

from signaling.access.actions import Action
from signaling.access.roles import Actor, Role, held_in
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.base.errors import (
    ChangedMeanwhile,
    Forbidden,
    Invalid,
    LedgerRefused,
    NotFound,
    SignalingError,
)
from signaling.ledger.amending import Amending
from signaling.ledger.core.formula import FormulaSettings
from signaling.ledger.decision_wire import AmendHeadcount, ConfirmReason, GiveReason
from signaling.ledger.evidence import Evidence
from signaling.ledger.plays import NothingPlayed
from signaling.ledger.units import UnitFilter, UnitReader, shown
from signaling.ledger.wire import MissedCause, UnitOutcome
from signaling.lessons.reasons import MissedReason
from tests.integration.signaling.ledger.county import ADMIN, TEACHER, LedgerCounty

DAY = date(2026, 9, 15)
ROOM = Actor("r3", "教室3", frozenset({Role.RECEIVE_ROOM}), "p3", "r3", county="/cn/c1/")
OTHER_ROOM = Actor("r1", "教室1", frozenset({Role.RECEIVE_ROOM}), "p1", "r1", county="/cn/c1/")
ASSISTANT = Actor(
    "zhu", "朱助教", frozenset({Role.ASSISTANT}), "p3",
    grants=held_in("/cn/c1/p3/", (Role.ASSISTANT,)), county="/cn/c1/",
)  # fmt: skip
RESEARCHER = Actor(
    "chen", "陈教研", frozenset({Role.RESEARCHER}), grants=held_in("/cn/c1/", (Role.RESEARCHER,))
)
NEIGHBOUR = Actor(
    "n", "邻县", frozenset({Role.COUNTY_ADMIN}), grants=held_in("/cn/c2/", (Role.COUNTY_ADMIN,))
)


@pytest.fixture
async def county(database: Database) -> LedgerCounty:
    """One lesson: r1 and r2 came, r3 did not."""
    opened = await LedgerCounty.open(database, DAY)
    await opened.lesson(DAY, came={"r1": 40, "r2": 40})
    await opened.counter.settle()
    return opened


def amending(county: LedgerCounty) -> Amending:
    audit = AuditLog(county.database, county.clock)
    return Amending(county.database, county.counting, county.facts, audit, county.clock)


async def refusal(asking: Awaitable[object]) -> type[SignalingError]:
    with pytest.raises(SignalingError) as caught:
        await asking
    return type(caught.value)


async def test_the_point_explains_and_the_county_confirms_or_corrects(county: LedgerCounty) -> None:
    desk = amending(county)
    unit = await desk.explain(ROOM, "l0001", "r3", GiveReason(MissedReason.POWER_FAULT, 0))
    assert (unit.cause, unit.reason, unit.confirmed) == (
        MissedCause.EXCUSED,
        MissedReason.POWER_FAULT,
        False,
    )
    unit = await desk.confirm(ADMIN, "l0001", "r3", ConfirmReason(unit.version))
    assert (unit.reason, unit.confirmed) == (MissedReason.POWER_FAULT, True)
    given = GiveReason(MissedReason.ROOM_CLOSED, unit.version)
    assert await refusal(desk.explain(TEACHER, "l0001", "r3", given)) is Forbidden
    corrected = ConfirmReason(unit.version, MissedReason.LEAD_ABSENT, "查过记录")
    unit = await desk.confirm(ADMIN, "l0001", "r3", corrected)
    assert (unit.cause, unit.confirmed) == (MissedCause.UNEXCUSED, True)
    evidence = await Evidence(county.database, county.plans, NothingPlayed(), FormulaSettings()).of(
        ROOM, "l0001", "r3"
    )
    said = [(one.by, one.reason, one.note, one.confirms) for one in evidence.reasons]
    assert said == [
        ("教室3", MissedReason.POWER_FAULT, "", False),
        ("李管理员", MissedReason.POWER_FAULT, "", True),
        ("李管理员", MissedReason.LEAD_ABSENT, "查过记录", True),
    ]
    audited = [e.action for e in await AuditLog(county.database).entries()]
    assert sorted(audited) == ["missed_confirm", "missed_confirm", "missed_explain", "test"]


@pytest.mark.parametrize(
    ("who", "room", "error"),
    [
        (OTHER_ROOM, "r3", NotFound),
        (NEIGHBOUR, "r3", NotFound),
        (RESEARCHER, "r3", Forbidden),
        (ROOM, "r9", NotFound),
        (OTHER_ROOM, "r1", LedgerRefused),
    ],
)
async def test_nobody_else_explains(
    county: LedgerCounty, who: Actor, room: str, error: type[SignalingError]
) -> None:
    given = GiveReason(MissedReason.POWER_FAULT, 0)
    assert await refusal(amending(county).explain(who, "l0001", room, given)) is error


async def test_two_who_explain_the_same_unit_do_not_overwrite_each_other(
    county: LedgerCounty,
) -> None:
    desk = amending(county)
    await desk.explain(TEACHER, "l0001", "r3", GiveReason(MissedReason.TEACHER_LEAVE, 0))
    late = GiveReason(MissedReason.NETWORK_FAULT, 0)
    assert await refusal(desk.explain(ASSISTANT, "l0001", "r3", late)) is ChangedMeanwhile
    assert await refusal(desk.confirm(ADMIN, "l0001", "r3", ConfirmReason(0))) is ChangedMeanwhile


async def test_a_reason_must_say_something(county: LedgerCounty) -> None:
    desk = amending(county)
    other = GiveReason(MissedReason.OTHER, 0)
    assert await refusal(desk.explain(ROOM, "l0001", "r3", other)) is Invalid
    assert await refusal(desk.confirm(ADMIN, "l0001", "r3", ConfirmReason(0))) is Invalid


async def test_a_headcount_is_entered_after_the_lesson_and_keeps_its_trace(
    county: LedgerCounty,
) -> None:
    desk = amending(county)
    unit = await desk.count(OTHER_ROOM, "l0001", "r1", AmendHeadcount(13, 0))
    unit = await desk.count(ADMIN, "l0001", "r1", AmendHeadcount(12, unit.version))
    assert (unit.headcount, unit.version) == (12, 2)
    assert await refusal(desk.count(ROOM, "l0001", "r3", AmendHeadcount(5, 0))) is LedgerRefused
    stale = AmendHeadcount(9, 0)
    assert await refusal(desk.count(OTHER_ROOM, "l0001", "r1", stale)) is ChangedMeanwhile
    assert await refusal(desk.count(ROOM, "l0001", "r1", stale)) is NotFound
    evidence = await Evidence(county.database, county.plans, NothingPlayed(), FormulaSettings()).of(
        ADMIN, "l0001", "r1"
    )
    trace = [(one.by_id, one.by, one.former, one.pupils) for one in evidence.headcounts]
    assert trace == [("room-r1", "教室1", None, 13), ("person-admin", "李管理员", 13, 12)]
    assert evidence.unit.headcount == 12
    assert [(p.participant_id, p.exact) for p in evidence.presence] == [("room-r1", True)]
    assert evidence.seen_seconds == 40 * 60 - 30


async def test_everybody_finds_the_own_missed_units(county: LedgerCounty) -> None:
    reader = UnitReader(county.database)
    missed = UnitFilter(outcomes=(UnitOutcome.MISSED,))

    async def find(who: Actor) -> list[str]:
        rows, following = await reader.page(who, missed, None, Action.EXPLAIN_MISSED)
        assert following is None
        return [row.room_id for row in rows]

    for who, rooms in (
        (ROOM, ["r3"]),
        (ASSISTANT, ["r3"]),
        (TEACHER, ["r3"]),
        (ADMIN, ["r3"]),
        (OTHER_ROOM, []),
        (NEIGHBOUR, []),
        (RESEARCHER, []),
    ):
        assert await find(who) == rooms, who.actor_id
    unit = next(u for u in await county.units() if u.room_id == "r3")
    offered = {who.actor_id: shown(unit, who) for who in (ROOM, ADMIN, RESEARCHER)}
    assert {k: (o.may_explain, o.may_confirm) for k, o in offered.items()} == {
        "r3": (True, False),
        "admin": (True, True),
        "chen": (False, False),
    }
