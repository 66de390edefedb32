"""Reading and writing the codes by which terminals are bound, and the terminals of rooms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update

from signaling.access.signing import fingerprint
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import Busy, Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.base.search import mentions
from signaling.directory.branches import in_branches
from signaling.directory.tables import PersonRow, RoomRow, SchoolRow
from signaling.directory.wire import RoomRef
from signaling.identity.bindings.wire import RoomTerminals, Terminal
from signaling.identity.store import DeviceOrigin
from signaling.identity.tables import DeviceTokenRow, SessionRow, TerminalCodeRow

MAX_ASKING = 500  # terminals that show a code and wait
MAX_ASKING_PER_ADDRESS = 32  # a school's terminals behind one address


@dataclass(frozen=True, slots=True)
class BindingRecord:
    """A code: of which room (None: no room yet), and whether a terminal asked for it."""

    room_id: str | None
    asked: bool
    remote: str
    bound_by: str | None
    created_at: datetime
    expires_at: datetime


class BindingStore:
    """Codes by which terminals are bound, and the terminals of rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- codes -----------------------------------------------------------------------------------

    async def by_code(self, code: str) -> BindingRecord | None:
        """Return a code's record."""
        return await self._one(TerminalCodeRow.code_hash == fingerprint(code))

    async def by_secret(self, secret: str) -> BindingRecord | None:
        """Return the record of the code that the terminal with this secret asked for."""
        return await self._one(TerminalCodeRow.secret_hash == fingerprint(secret))

    async def put_for_room(
        self, work: Work, code: str, room_id: str, by: str, times: tuple[datetime, datetime]
    ) -> None:
        """Keep a code of a room, made and ending at these times; the room's last one is void."""
        await work.session.execute(
            delete(TerminalCodeRow).where(
                TerminalCodeRow.room_id == room_id, TerminalCodeRow.secret_hash.is_(None)
            )
        )
        work.session.add(_row(code, times, room_id=room_id, bound_by=by))
        await work.session.flush()

    async def put_asked(
        self, code: str, secret: str, remote: str, times: tuple[datetime, datetime]
    ) -> None:
        """Keep a code that a terminal asked for; it is nobody's action yet.

        Raises:
            Busy: too many terminals are asking.
        """
        waits = (TerminalCodeRow.secret_hash.is_not(None), TerminalCodeRow.expires_at > times[0])
        count = select(func.count()).select_from(TerminalCodeRow).where(*waits)
        async with self._database.write() as session:
            own = await session.scalar(count.where(TerminalCodeRow.remote == remote)) or 0
            if own >= MAX_ASKING_PER_ADDRESS or (await session.scalar(count) or 0) >= MAX_ASKING:
                raise Busy("too many terminals are asking")
            session.add(_row(code, times, secret_hash=fingerprint(secret), remote=remote))

    async def confirm(self, work: Work, code: str, room_id: str, by: str, now: datetime) -> bool:
        """Note the room of a terminal that asked; False if it asks no more, or has its room."""
        confirmed = await work.session.scalars(
            update(TerminalCodeRow)
            .where(
                TerminalCodeRow.code_hash == fingerprint(code),
                TerminalCodeRow.secret_hash.is_not(None),
                TerminalCodeRow.room_id.is_(None),
                TerminalCodeRow.expires_at > now,
            )
            .values(room_id=room_id, bound_by=by)
            .returning(TerminalCodeRow.code_hash)
        )
        return confirmed.first() is not None

    async def take(self, work: Work, *, code: str | None = None, secret: str | None = None) -> bool:
        """Use a code up, by itself or by its terminal's secret; False if it is used already."""
        by_code = TerminalCodeRow.code_hash == fingerprint(code or "")
        by_secret = TerminalCodeRow.secret_hash == fingerprint(secret or "")
        taken = await work.session.scalars(
            delete(TerminalCodeRow)
            .where(by_code if secret is None else by_secret)
            .returning(TerminalCodeRow.code_hash)
        )
        return taken.first() is not None

    async def drop_expired(self, now: datetime) -> None:
        """Forget codes whose time is over."""
        async with self._database.write() as session:
            await session.execute(delete(TerminalCodeRow).where(TerminalCodeRow.expires_at <= now))

    async def _one(self, condition: ColumnElement[bool]) -> BindingRecord | None:
        async with self._database.read() as session:
            row = await session.scalar(select(TerminalCodeRow).where(condition))
        if row is None:
            return None
        return BindingRecord(
            row.room_id,
            row.secret_hash is not None,
            row.remote,
            row.bound_by,
            row.created_at,
            row.expires_at,
        )

    # --- terminals -------------------------------------------------------------------------------

    async def of_room(self, room_id: str, in_use: Collection[str]) -> tuple[Terminal, ...]:
        """Return the terminals of a room, the one used last first.

        Args:
            room_id: the room.
            in_use: hashes of the sessions in use.
        """
        used = func.coalesce(DeviceTokenRow.last_used_at, DeviceTokenRow.created_at)
        query = (
            select(DeviceTokenRow, PersonRow.name)
            .outerjoin(PersonRow, PersonRow.person_id == DeviceTokenRow.bound_by)
            .where(DeviceTokenRow.room_id == room_id)
            .order_by(used.desc(), DeviceTokenRow.token_hash)
        )
        sessions = select(SessionRow.device_hash, SessionRow.id_hash).where(
            SessionRow.room_id == room_id
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            logins = (await session.execute(sessions)).all()
        busy = {device for device, login in logins if login in in_use}
        return tuple(
            Terminal(
                row.token_hash,
                DeviceOrigin(row.origin),
                row.created_at,
                row.last_used_at,
                by,
                row.remote,
                row.token_hash in busy,
            )
            for row, by in rows
        )

    async def room_of(self, terminal_id: str) -> str | None:
        """Return the id of the room of a terminal."""
        query = select(DeviceTokenRow.room_id).where(DeviceTokenRow.token_hash == terminal_id)
        async with self._database.read() as session:
            return await session.scalar(query)

    async def unbind(self, work: Work, terminal_id: str) -> frozenset[str]:
        """Forget a terminal and the token that takes its place; returns the sessions that end."""
        hashes = await work.session.scalars(
            delete(DeviceTokenRow)
            .where(
                or_(
                    DeviceTokenRow.token_hash == terminal_id, DeviceTokenRow.replaces == terminal_id
                )
            )
            .returning(DeviceTokenRow.token_hash)
        )
        ended = await work.session.scalars(
            delete(SessionRow)
            .where(SessionRow.device_hash.in_(hashes.all()))
            .returning(SessionRow.id_hash)
        )
        return frozenset(ended)

    async def rooms(
        self, branches: Collection[str], words: str, limit: int, after: str | None
    ) -> tuple[Sequence[RoomTerminals], str | None]:
        """Return a page of the rooms in the branches by school, and the place of the next page.

        Raises:
            Invalid: `after` is no room of this list.
        """
        place = (SchoolRow.name, RoomRow.name, RoomRow.room_id)
        visible = in_branches(RoomRow.school_id, branches)
        found = (
            select(*place, func.count(DeviceTokenRow.token_hash), func.max(_USED))
            .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
            .outerjoin(DeviceTokenRow, DeviceTokenRow.room_id == RoomRow.room_id)
            .where(visible, RoomRow.active, *mentions(words, (SchoolRow.name, RoomRow.name)))
            .group_by(*place)
            .order_by(*place)
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            if after is not None:
                last = await session.execute(
                    select(*place)
                    .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
                    .where(visible, RoomRow.room_id == after)
                )
                row = last.first()
                if row is None:
                    raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
                found = found.where(tuple_(*place) > tuple_(*row))
            rows = (await session.execute(found)).all()
        shown = [
            RoomTerminals(RoomRef(room_id, name, school), count, used)
            for school, name, room_id, count, used in rows[:limit]
        ]
        return shown, shown[-1].room.room_id if len(rows) > limit else None


_USED = DeviceTokenRow.last_used_at


def _row(
    code: str,
    times: tuple[datetime, datetime],
    *,
    room_id: str | None = None,
    secret_hash: str | None = None,
    remote: str = "",
    bound_by: str | None = None,
) -> TerminalCodeRow:
    return TerminalCodeRow(
        code_hash=fingerprint(code),
        room_id=room_id,
        secret_hash=secret_hash,
        remote=remote,
        bound_by=bound_by,
        created_at=times[0],
        expires_at=times[1],
    )
