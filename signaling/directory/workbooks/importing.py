"""Carrying out an import of a workbook; in a worker process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import demand
from signaling.audit.actions import AuditAction
from signaling.base.errors import ChangedMeanwhile, NotFound
from signaling.base.ids import new_id
from signaling.directory.entries.store import EntryStore
from signaling.directory.teachers.sessions import EndSessions
from signaling.directory.workbooks.checks import Outcome, faults
from signaling.directory.workbooks.forms import FORMS
from signaling.directory.workbooks.planning import Known, Plan, Planner
from signaling.directory.workbooks.stores import store_of
from signaling.directory.workbooks.surroundings import (
    Home,
    Stamp,
    Surroundings,
    home_of,
    read_stamp,
    read_surroundings,
)
from signaling.directory.workbooks.wire import (
    MAX_ISSUES,
    DirectoryImport,
    DirectoryImported,
    DirectoryNoun,
)
from signaling.files.workbooks.reading import read_workbook
from signaling.files.workbooks.refusals import WorkbookRefused
from signaling.jobs.kinds import JobContext


class DirectoryImports:
    """Takes workbooks over, or says what stands in the way."""

    def __init__(self, end_sessions: EndSessions) -> None:
        self._end_sessions = end_sessions

    async def carry_out(self, context: JobContext, wish: DirectoryImport) -> DirectoryImported:
        """Read a workbook, compare it with what is there, and with `apply` write the difference.

        Raises:
            NotFound: the file or the node is gone, or no longer the actor's.
            ChangedMeanwhile: somebody changed an entry while the sheet was read.
        """
        demand(context.actor, Action.MANAGE_DIRECTORY, branches=(context.branch,))
        data = await context.files.read(context.actor.actor_id, wish.file_id)
        try:
            workbook = read_workbook(data)
        except WorkbookRefused as refused:
            return DirectoryImported(
                wish.noun, applied=False, refused=refused.code, refused_facts=refused.facts
            )
        store = store_of(wish.noun, context.database, self._end_sessions)
        async with context.database.read() as session:
            home = await home_of(session, context.branch)
            if home is None:
                raise NotFound(field="node_id")
            around = await read_surroundings(session, wish.noun, store, home)
        planner = Planner(FORMS[wish.noun], _known(store, around, home))
        total = max((len(sheet.rows) for sheet in workbook.sheets), default=0)
        for number, row in enumerate(planner.rows(workbook)):
            planner.take(row)
            context.progress(number, total)
        plan = judged(planner.plan, wish.noun, store, around)
        return await self._ended(context, wish, store, plan, (home, around.stamp))

    async def _ended(
        self,
        context: JobContext,
        wish: DirectoryImport,
        store: EntryStore[Any],
        plan: Plan,
        seen: tuple[Home, Stamp],
    ) -> DirectoryImported:
        applied = wish.apply and not plan.issues
        result = _result(wish, plan, applied=applied)
        if not applied or not (plan.added or plan.changed):
            return result
        home, stamp = seen
        async with context.audit.work(
            context.actor, AuditAction.DIRECTORY_IMPORT, home.node_id, _detail(result)
        ) as work:
            work.concerns(home.path, home.name)
            await store.lock(work)
            if await read_stamp(work.session, store.noun, home.path) != stamp:
                raise ChangedMeanwhile()
            await store.add(work, plan.added)
            rows = await store.rows(work, tuple(plan.changed))
            await store.put(work, rows, plan.changed)
            for row in rows.values():
                row.version += 1
            context.finish(result)
        return result


def _known(store: EntryStore[Any], around: Surroundings, home: Home) -> Known:
    return Known(
        around.present,
        around.references,
        frozenset(store.noun.fixed),
        home.node_id,
        store.completed,
        new_id,
    )


def judged(plan: Plan, noun: DirectoryNoun, store: EntryStore[Any], around: Surroundings) -> Plan:
    """Return a plan with what its outcome breaks among the issues, in the order of the sheet."""
    outcome = Outcome(
        entries=_after(around.present, plan),
        touched=plan.added.keys() | plan.changed.keys(),
        idle=around.idle,
        kinds=around.kinds,
        others=around.others,
    )
    plan.issues += (
        plan.places[entry_id].issue(name, code)
        for entry_id, name, code in faults(noun, store.noun.unique, outcome)
    )
    plan.issues.sort(key=lambda one: (one.row, one.cell))
    return plan


def _after(present: Mapping[str, dict[str, Any]], plan: Plan) -> dict[str, dict[str, Any]]:
    """Return all entries as they would be."""
    changed = {key: {**present[key], **changes} for key, changes in plan.changed.items()}
    return {**present, **changed, **plan.added}


def _result(wish: DirectoryImport, plan: Plan, *, applied: bool) -> DirectoryImported:
    return DirectoryImported(
        wish.noun,
        applied,
        plan.rows,
        len(plan.added),
        len(plan.changed),
        plan.unchanged,
        tuple(plan.issues[:MAX_ISSUES]),
        len(plan.issues),
    )


def _detail(result: DirectoryImported) -> str:
    counts = {"noun": result.noun, "added": result.added, "changed": result.changed}
    return msgspec.json.encode(counts).decode()
