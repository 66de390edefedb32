"""The REST API's bodies about accounts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from signaling.access.roles import Role
from signaling.base.fields import Name
from signaling.base.text import Word, line, secret, word
from signaling.directory.wire import OrgLevel
from signaling.identity.wire import QrCode

MAX_ACCOUNTS = 200  # made, or given slips, by one request

Login = Annotated[str, word(64)]
Password = Annotated[str, secret(256)]
Code = Annotated[str, line(64)]


class AccountState(StrEnum):
    """States of an account."""

    WAITING = "waiting"  # a slip is out; the person has not chosen a password yet
    NO_SLIP = "no_slip"  # no password, and no code that is good
    OPEN = "open"
    CLOSED = "closed"
    LEFT = "left"  # 离职


class Account(msgspec.Struct, frozen=True):
    """An account of a person of the reader's branches.

    ``code_until`` is the end of the slip's time. Whoever has roles outside the reader's branches is
    shown, but not ``manageable``.
    """

    person_id: str
    login: str
    name: str
    staff_no: str | None
    home: str
    home_level: OrgLevel
    roles: tuple[Role, ...]
    state: AccountState
    code_until: datetime | None
    left_at: datetime | None
    manageable: bool
    version: int


class AccountList(msgspec.Struct, frozen=True):
    """A page of accounts, and the place of the next one."""

    accounts: tuple[Account, ...]
    next: str | None


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be made; the roles are held at the node where the person belongs."""

    login: Login
    name: Name
    node_id: Word
    staff_no: Annotated[str, word(40)] | None = None
    roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=len(Role))] = ()


class AccountsCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make accounts, all of them or none."""

    accounts: Annotated[tuple[NewAccount, ...], msgspec.Meta(min_length=1, max_length=MAX_ACCOUNTS)]


class SlipsWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Make new slips for accounts: their passwords are void, and their sessions end."""

    person_ids: Annotated[tuple[Word, ...], msgspec.Meta(min_length=1, max_length=MAX_ACCOUNTS)]


class Slip(msgspec.Struct, frozen=True):
    """A slip for one person; the code is told this once."""

    person_id: str
    name: str
    login: str
    home: str
    code: str
    url: str
    qr: QrCode
    until: datetime


class Slips(msgspec.Struct, frozen=True):
    """Slips to be printed."""

    slips: tuple[Slip, ...]


class AccountVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Change an account that the reader saw in this version."""

    version: int


class AccountEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Close an account, knowing that the person still leads so many lessons ahead."""

    version: int
    lessons: Annotated[int, msgspec.Meta(ge=0)] = 0


class LessonAhead(msgspec.Struct, frozen=True):
    """A lesson that a person is still to lead."""

    lesson_id: str
    title: str
    starts_at: datetime


class LessonsAhead(msgspec.Struct, frozen=True):
    """The next lessons that a person is to lead, and how many there are in all."""

    lessons: tuple[LessonAhead, ...]
    total: int


class ActivationLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """激活账号, first step: whose is this code?"""

    code: Code


class ActivationOffer(msgspec.Struct, frozen=True):
    """The answer to `ActivationLookup`."""

    name: str
    login: str
    home: str


class ActivationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """激活账号: the code and the first password."""

    code: Code
    password: Password


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Change the own password."""

    current: Password
    password: Password
