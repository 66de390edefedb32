"""Counting use: limits first, then sums in memory, which are written every now and then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from secrets import token_urlsafe

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from signaling.access.signing import InvalidToken, Keyring, Purpose, sign, unsign
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.library.tables import ResourceRow
from signaling.library.uses.limits import Counted, UseLimits
from signaling.library.uses.tables import ResourceUseRow
from signaling.library.uses.wire import UseReport

COOKIE = "tongke_viewer"
MAX_SUMS = 10_000  # pairs of resource and day between two writings
_STEP = 200  # rows of one transaction
_TOKEN_BYTES = 12

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of a report: the viewer's cookie, if it is a new one."""

    cookie: str | None


class UseCounter:
    """Counts use. What was not written yet is lost with the process: half a minute at most."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring, zone: tzinfo) -> None:
        """Make it; days are those of the county's time zone."""
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._zone = zone
        self._limits = UseLimits()
        self._sums: dict[tuple[str, date], Counted] = {}

    def note(self, cookie: str | None, address: str, resource_id: str, report: UseReport) -> Noted:
        """Count a report of somebody who sees the resource."""
        viewer, now = self._viewer(cookie), self._clock.monotonic()
        fresh = viewer is None
        if viewer is None:
            if not self._limits.may_begin(address, now):
                return Noted(None)
            viewer = token_urlsafe(_TOKEN_BYTES)
        counted = self._limits.counted(
            viewer,
            resource_id,
            now,
            seconds=report.seconds,
            began=report.began,
            downloaded=report.downloaded,
        )
        self._add(resource_id, counted)
        return Noted(sign(self._keyring, Purpose.VIEWER, viewer.encode()) if fresh else None)

    async def write(self) -> None:
        """Write the sums; what fails is tried again with the next ones."""
        sums, self._sums = self._sums, {}
        entries = list(sums.items())
        for start in range(0, len(entries), _STEP):
            step = dict(entries[start : start + _STEP])
            try:
                await self._write(step)
            except Exception:
                log.exception("uses_not_written", rows=len(entries) - start)
                for (resource_id, day), counted in entries[start:]:
                    self._put(resource_id, day, counted)
                return

    async def _write(self, sums: Mapping[tuple[str, date], Counted]) -> None:
        row = ResourceUseRow
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        async with self._database.write() as session:
            ids = {resource_id for resource_id, _ in sums}
            query = select(ResourceRow.resource_id).where(ResourceRow.resource_id.in_(ids))
            present = frozenset(await session.scalars(query))
            for (resource_id, day), one in sorted(sums.items()):
                if resource_id not in present:  # deleted meanwhile
                    continue
                added = insert(row).values(
                    resource_id=resource_id,
                    day=day,
                    plays=one.plays,
                    seconds=one.seconds,
                    downloads=one.downloads,
                )
                await session.execute(
                    added.on_conflict_do_update(
                        index_elements=["resource_id", "day"],
                        set_={
                            "plays": row.plays + added.excluded.plays,
                            "seconds": row.seconds + added.excluded.seconds,
                            "downloads": row.downloads + added.excluded.downloads,
                        },
                    )
                )

    def _viewer(self, cookie: str | None) -> str | None:
        if not cookie:
            return None
        try:
            return unsign(self._keyring, Purpose.VIEWER, cookie).decode()
        except (InvalidToken, UnicodeDecodeError):
            return None

    def _add(self, resource_id: str, counted: Counted) -> None:
        if counted != Counted():
            day = self._clock.now().astimezone(self._zone).date()
            self._put(resource_id, day, counted)

    def _put(self, resource_id: str, day: date, counted: Counted) -> None:
        key = (resource_id, day)
        before = self._sums.get(key)
        if before is None and len(self._sums) >= MAX_SUMS:
            return
        before = before or Counted()
        self._sums[key] = Counted(
            before.plays + counted.plays,
            before.seconds + counted.seconds,
            before.downloads + counted.downloads,
        )
