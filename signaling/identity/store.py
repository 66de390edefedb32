"""Reading and writing logins: sessions, and the device tokens of classroom terminals.

Both are bounded. Nothing in use goes to make room: no login of an open channel or media session,
and no terminal that was here lately. If nothing may go, the new one is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.errors import TooManyDevices, TooManyLogins
from signaling.directory.tables import PersonRow
from signaling.identity.tables import DeviceTokenRow, SessionRow, TerminalCodeRow

MAX_PERSON_SESSIONS = 32  # logins of one person; the one used longest ago goes
MAX_DEVICE_SESSIONS = 8  # logins by one device token; the one used longest ago goes
MAX_CODE_SESSIONS = 32  # logins of one room by 课程码 without 记住本机
CODE_SESSION_RECENT = timedelta(minutes=30)  # such a login is in use for so long after it was seen
DEVICE_RECENT = timedelta(days=14)  # a terminal with one lesson a week, and a week's holiday
TOUCH_EVERY = timedelta(minutes=10)  # how exactly use is noted: one small write per login
_CHUNK = 500  # ids in one query


class DeviceOrigin(StrEnum):
    """Origin of a device token. Each kind has a bound of its own per room."""

    ISSUED = "issued"  # by an admin
    EXCHANGED = "exchanged"  # a terminal's own, for an issued one that was typed in
    REMEMBERED = "remembered"  # 记住本机 after a login by 课程码: whoever knows one can make some
    ROTATED = "rotated"  # takes the place of an older one
    BOUND = "bound"  # by a one-time code that an admin made or confirmed


MAX_DEVICES: Mapping[DeviceOrigin, int] = MappingProxyType(
    {
        DeviceOrigin.ISSUED: 16,
        DeviceOrigin.EXCHANGED: 32,
        DeviceOrigin.REMEMBERED: 32,  # a browser that forgets its cookies makes one a day
        DeviceOrigin.ROTATED: 32,
        DeviceOrigin.BOUND: 16,
    }
)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session: exactly one of person and room is set."""

    id_hash: str
    person_id: str | None
    room_id: str | None
    expires_at: datetime
    device_hash: str | None = None
    last_seen_at: datetime | None = None

    def is_touch_due(self, now: datetime) -> bool:
        """True if its use is to be noted again."""
        return self.last_seen_at is None or now - self.last_seen_at >= TOUCH_EVERY


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device token: whose terminal's, and since when."""

    room_id: str
    created_at: datetime
    bound_by: str | None = None
    remote: str | None = None


class SessionStore:
    """Sessions and device tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sessions --------------------------------------------------------------------------------

    async def add_session(
        self, work: Work, record: SessionRecord, now: datetime, in_use: Collection[str] | None = ()
    ) -> None:
        """Keep a new session, within the bound of its kind.

        Those `in_use` stay; None says that any may be in use.

        Raises:
            TooManyLogins: none may go.
        """
        owner, most = _owner(record)
        used = func.coalesce(SessionRow.last_seen_at, SessionRow.created_at)
        rows = await work.session.execute(
            select(SessionRow.id_hash, SessionRow.last_seen_at).where(owner).order_by(used)
        )
        kept = rows.all()
        surplus = len(kept) - most + 1
        if surplus > 0:
            weak = record.room_id is not None and record.device_hash is None
            idle_since = now - CODE_SESSION_RECENT
            doomed = [
                id_hash
                for id_hash, seen_at in kept
                if _is_free(id_hash, in_use) and not (weak and seen_at and seen_at > idle_since)
            ][:surplus]
            if len(doomed) < surplus:
                raise TooManyLogins()
            await work.session.execute(delete(SessionRow).where(SessionRow.id_hash.in_(doomed)))
        work.session.add(
            SessionRow(
                id_hash=record.id_hash,
                person_id=record.person_id,
                room_id=record.room_id,
                created_at=now,
                expires_at=record.expires_at,
                device_hash=record.device_hash,
            )
        )

    async def session(self, id_hash: str) -> SessionRecord | None:
        """A session, by the hash of its id."""
        async with self._database.read() as session:
            row = await session.get(SessionRow, id_hash)
        if row is None:
            return None
        return SessionRecord(
            row.id_hash,
            row.person_id,
            row.room_id,
            row.expires_at,
            row.device_hash,
            row.last_seen_at,
        )

    async def touch(self, record: SessionRecord, now: datetime) -> None:
        """Note that a session is used, and with it the device token it came by."""
        async with self._database.write() as session:
            await session.execute(
                update(SessionRow)
                .where(SessionRow.id_hash == record.id_hash)
                .values(last_seen_at=now)
            )
            if record.device_hash is not None:
                await session.execute(
                    update(DeviceTokenRow)
                    .where(_is_or_replaces(record.device_hash))
                    .values(last_used_at=now)
                )

    async def drop_session(self, work: Work, id_hash: str) -> None:
        """End a session."""
        await work.session.execute(delete(SessionRow).where(SessionRow.id_hash == id_hash))

    async def good_sessions(self, id_hashes: Collection[str]) -> frozenset[str]:
        """Return the sessions that were not ended. A closed account ends its sessions."""
        wanted, good = list(id_hashes), set[str]()
        async with self._database.read() as session:
            for start in range(0, len(wanted), _CHUNK):
                good.update(
                    await session.scalars(
                        select(SessionRow.id_hash)
                        .outerjoin(PersonRow, PersonRow.person_id == SessionRow.person_id)
                        .where(
                            SessionRow.id_hash.in_(wanted[start : start + _CHUNK]),
                            or_(SessionRow.room_id.is_not(None), PersonRow.active),
                        )
                    )
                )
        return frozenset(good)

    async def of_person(self, person_id: str) -> frozenset[str]:
        """Return the hashes of a person's sessions."""
        query = select(SessionRow.id_hash).where(SessionRow.person_id == person_id)
        async with self._database.read() as session:
            return frozenset(await session.scalars(query))

    async def drop_expired_sessions(self, now: datetime, spare: Collection[str] = ()) -> None:
        """Forget sessions past their time, but for some."""
        async with self._database.write() as session:
            expired = set(
                await session.scalars(
                    select(SessionRow.id_hash).where(SessionRow.expires_at <= now)
                )
            )
            doomed = list(expired.difference(spare))
            for start in range(0, len(doomed), _CHUNK):
                chunk = doomed[start : start + _CHUNK]
                await session.execute(delete(SessionRow).where(SessionRow.id_hash.in_(chunk)))

    # --- device tokens ---------------------------------------------------------------------------

    async def add_device(
        self,
        work: Work,
        token_hash: str,
        room_id: str,
        origin: DeviceOrigin,
        now: datetime,
        *,
        in_use: Collection[str] | None = (),
        replaces: str | None = None,
        bound_by: str | None = None,
        remote: str | None = None,
    ) -> None:
        """Keep a device token's hash, within the bound of its kind.

        One that `replaces` another leaves that one good until itself is used: the answer that
        brings it to the terminal may be lost.

        Raises:
            TooManyDevices: all of this kind are in use, or were lately.
        """
        if replaces is not None:  # an earlier answer that was lost
            await work.session.execute(
                delete(DeviceTokenRow).where(DeviceTokenRow.replaces == replaces)
            )
        await self._make_room(work.session, room_id, origin, now, in_use)
        work.session.add(
            DeviceTokenRow(
                token_hash=token_hash,
                room_id=room_id,
                origin=origin,
                created_at=now,
                replaces=replaces,
                bound_by=bound_by,
                remote=remote,
            )
        )

    @staticmethod
    async def _make_room(
        session: AsyncSession,
        room_id: str,
        origin: DeviceOrigin,
        now: datetime,
        in_use: Collection[str] | None,
    ) -> None:
        used = func.coalesce(DeviceTokenRow.last_used_at, DeviceTokenRow.created_at)
        kept = (
            await session.execute(
                select(DeviceTokenRow.token_hash, used)
                .where(DeviceTokenRow.room_id == room_id, DeviceTokenRow.origin == origin)
                .order_by(used)
            )
        ).all()
        surplus = len(kept) - MAX_DEVICES[origin] + 1
        if surplus <= 0:
            return
        logins = await session.execute(
            select(SessionRow.id_hash, SessionRow.device_hash).where(SessionRow.room_id == room_id)
        )
        busy = {device_hash for id_hash, device_hash in logins if not _is_free(id_hash, in_use)}
        # What an admin handed out is nobody's but an admin's to take back.
        may_go = origin is not DeviceOrigin.ISSUED and in_use is not None
        doomed = [
            token_hash
            for token_hash, used_at in kept
            if may_go and token_hash not in busy and used_at < now - DEVICE_RECENT
        ][:surplus]
        if len(doomed) < surplus:
            raise TooManyDevices()
        await session.execute(delete(DeviceTokenRow).where(DeviceTokenRow.token_hash.in_(doomed)))

    async def device(self, token_hash: str, unused_since: datetime) -> DeviceRecord | None:
        """A device token; None for one that nobody used for so long."""
        async with self._database.read() as session:
            row = await session.get(DeviceTokenRow, token_hash)
        if row is None or (row.last_used_at or row.created_at) < unused_since:
            return None
        return _device(row)

    async def use_device(
        self, work: Work, token_hash: str, now: datetime, unused_since: datetime
    ) -> DeviceRecord | None:
        """A device token, noting that it was used; None for one that nobody used for so long."""
        row = await work.session.get(DeviceTokenRow, token_hash)
        if row is None or (row.last_used_at or row.created_at) < unused_since:
            return None
        if row.replaces is not None:
            await work.session.execute(
                delete(DeviceTokenRow).where(DeviceTokenRow.token_hash == row.replaces)
            )
        row.replaces, row.last_used_at = None, now
        return _device(row)

    async def drop_device(self, work: Work, token_hash: str, room_id: str) -> None:
        """Forget a device token of a room, and the one that was to take its place."""
        await work.session.execute(
            delete(DeviceTokenRow).where(
                _is_or_replaces(token_hash), DeviceTokenRow.room_id == room_id
            )
        )

    async def drop_unused_devices(self, unused_since: datetime) -> None:
        """Forget device tokens that nobody used for so long."""
        used = func.coalesce(DeviceTokenRow.last_used_at, DeviceTokenRow.created_at)
        async with self._database.write() as session:
            await session.execute(delete(DeviceTokenRow).where(used < unused_since))

    async def shut_room_out(self, work: Work, room_id: str) -> frozenset[str]:
        """Forget every token, session and open code of a room's terminals; returns the sessions."""
        session = work.session
        await session.execute(delete(DeviceTokenRow).where(DeviceTokenRow.room_id == room_id))
        await session.execute(delete(TerminalCodeRow).where(TerminalCodeRow.room_id == room_id))
        ended = await work.session.scalars(
            delete(SessionRow).where(SessionRow.room_id == room_id).returning(SessionRow.id_hash)
        )
        return frozenset(ended)


def _device(row: DeviceTokenRow) -> DeviceRecord:
    return DeviceRecord(row.room_id, row.created_at, row.bound_by, row.remote)


def _is_free(id_hash: str, in_use: Collection[str] | None) -> bool:
    return in_use is not None and id_hash not in in_use


def _owner(record: SessionRecord) -> tuple[ColumnElement[bool], int]:
    """The sessions that share a bound with this one, and the bound."""
    if record.person_id is not None:
        return SessionRow.person_id == record.person_id, MAX_PERSON_SESSIONS
    if record.device_hash is not None:
        return SessionRow.device_hash == record.device_hash, MAX_DEVICE_SESSIONS
    by_code = SessionRow.device_hash.is_(None)
    return (SessionRow.room_id == record.room_id) & by_code, MAX_CODE_SESSIONS


def _is_or_replaces(token_hash: str) -> ColumnElement[bool]:
    return or_(DeviceTokenRow.token_hash == token_hash, DeviceTokenRow.replaces == token_hash)
