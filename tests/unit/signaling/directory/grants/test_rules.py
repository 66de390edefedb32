"""Who may give which role, where, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from signaling.access.roles import Role
from signaling.directory.grants.rules import CannotGive, longest
from signaling.directory.records import GrantRecord

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
COUNTY, SCHOOL = "/cn/a/", "/cn/a/s/"
MONTH = NOW + timedelta(days=30)


def admin(path: str, until: datetime | None = None) -> GrantRecord:
    return GrantRecord(Role.COUNTY_ADMIN, path, until)


def test_an_admin_gives_roles_in_the_own_branch_for_good() -> None:
    assert longest([admin(COUNTY)], Role.INSPECTOR, SCHOOL, NOW) is None
    assert longest([admin(COUNTY)], Role.COUNTY_ADMIN, COUNTY, NOW) is None


@pytest.mark.parametrize(
    ("held", "role", "path"),
    [
        ([admin(SCHOOL)], Role.ASSISTANT, COUNTY),
        ([admin("/cn/b/")], Role.ASSISTANT, SCHOOL),
        ([admin(COUNTY, NOW)], Role.ASSISTANT, SCHOOL),
        ([admin(COUNTY)], Role.RECEIVE_ROOM, SCHOOL),
        ([GrantRecord(Role.RESEARCHER, COUNTY)], Role.RESEARCHER, SCHOOL),
        ([], Role.ASSISTANT, SCHOOL),
    ],
)
def test_nobody_gives_a_role_without_the_right_to(
    held: list[GrantRecord], role: Role, path: str
) -> None:
    with pytest.raises(CannotGive):
        longest(held, role, path, NOW)


def test_the_own_right_is_not_given_for_longer_than_it_is_held() -> None:
    held = [admin(COUNTY, MONTH), admin(SCHOOL, MONTH + timedelta(days=1))]
    assert longest(held, Role.COUNTY_ADMIN, COUNTY, NOW) == MONTH
    assert longest(held, Role.COUNTY_ADMIN, SCHOOL, NOW) == MONTH + timedelta(days=1)
    assert longest([*held, admin("/cn/")], Role.COUNTY_ADMIN, COUNTY, NOW) is None
    assert longest(held, Role.LEAD_TEACHER, SCHOOL, NOW) is None  # no right to give others any
