"""Roles that hold at a time, as conditions on rows: a role whose time is over counts no more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from signaling.access.roles import Role
from signaling.directory.tables import GrantRow, PersonRow


def holds_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition on roles that hold at a time."""
    return or_(GrantRow.until.is_(None), GrantRow.until > now)


def may_lead(now: datetime) -> ColumnElement[bool]:
    """Return the condition on people who may lead lessons at a time."""
    leads = select(GrantRow.person_id).where(GrantRow.role == Role.LEAD_TEACHER, holds_at(now))
    return and_(PersonRow.active, PersonRow.person_id.in_(leads))
