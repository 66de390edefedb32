"""Routes: 授权同意."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.consent import wire as w
from signaling.consent.export_kind import CONSENT_EXPORT, ConsentExportOrder
from signaling.consent.reading import ConsentReader, Question
from signaling.consent.service import ConsentDesk
from signaling.files.keeping import Files
from signaling.files.sending import send
from signaling.jobs.routes import shown as job_shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.web.routes import Call, Content, Query, Route

PAGE_CLASSES = 50


@dataclass(frozen=True, slots=True)
class ConsentHandlers:
    """Consents."""

    reader: ConsentReader
    desk: ConsentDesk
    files: Files
    jobs: JobService

    async def listed(self, call: Call) -> w.ConsentPage:
        """The classes of a term that the caller may see, each with its consent."""
        return await self.reader.listed(call.actor, _question(call), PAGE_CLASSES)

    async def of_class(self, call: Call) -> w.ConsentOfClass:
        """One class in a term, with what was recorded before."""
        return await self.reader.of_class(call.actor, call.path("class_id"), call.query.get("term"))

    async def get(self, call: Call) -> w.Consent:
        """One consent."""
        return await self.reader.get(call.actor, call.path("consent_id"))

    async def effect(self, call: Call) -> w.ConsentEffect:
        """Lessons that a withdrawal would reach."""
        return await self.reader.effect(call.actor, call.path("consent_id"))

    async def page_file(self, call: Call) -> web.StreamResponse:
        """A scanned page, to be saved."""
        consent_id, file_id = call.path("consent_id"), call.path("file_id")
        await self.reader.note_page_read(call.actor, consent_id, file_id)
        record, local = await self.files.content(consent_id, file_id)
        return await send(call.request, record, local, self.files.pieces(record))

    async def may_keep(self, call: Call) -> None:
        """Raise Forbidden unless the caller keeps the consents of some class."""
        demand_somewhere(call.actor, Action.KEEP_CONSENT)

    async def record(self, call: Call) -> w.Consent:
        """Record the consent of a class in a term."""
        return await self.desk.record(call.actor, call.body)

    async def change(self, call: Call) -> w.Consent:
        """Change a consent that stands."""
        return await self.desk.change(call.actor, call.path("consent_id"), call.body)

    async def withdraw(self, call: Call) -> w.Consent:
        """撤回: end a consent for good."""
        return await self.desk.withdraw(call.actor, call.path("consent_id"), call.body)

    async def may_read(self, call: Call) -> None:
        """Raise Forbidden unless the caller reads the consents of some class."""
        demand_somewhere(call.actor, Action.READ_CONSENT)

    async def export(self, call: Call) -> Job:
        """Have a job make a workbook, whose file is in its result (`ConsentExported`)."""
        wish: w.ConsentExportWish = call.body
        found = await self.reader.term_to_export(call.actor, wish.term_id)
        order = ConsentExportOrder(found.term_id, found.name, found.county_id, wish.language)
        record = await self.jobs.submit(call.actor, CONSENT_EXPORT, order, branch=call.actor.county)
        return job_shown(record, call.actor)


def _question(call: Call) -> Question:
    told = call.query.get("state")
    try:
        state = None if told is None else w.ConsentState(told)
    except ValueError:
        raise Invalid(f"one of {', '.join(w.ConsentState)}", field="state") from None
    return Question(
        call.query.get("county"),
        call.query.get("term"),
        call.query.get("school"),
        state,
        call.query.get("q", ""),
        call.query.get("after"),
    )


_TERM = Query("term", "the id of a term; the present one of the county without")
_CONSENT = "/api/consents/{consent_id}"

ROUTES = (
    Route(
        "GET",
        "/api/consents",
        ConsentHandlers.listed,
        "一个学期各班的授权同意",
        w.ConsentPage,
        query=(
            _TERM,
            Query("county", "the id of a county, where no term is named; the own one without"),
            Query("school", "the id of a school"),
            Query("state", f"one of {', '.join(w.ConsentState)}"),
            Query("q", "words of school, grade or class"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route(
        "GET",
        "/api/consents/classes/{class_id}",
        ConsentHandlers.of_class,
        "一个班的授权同意",
        w.ConsentOfClass,
        query=(_TERM,),
    ),
    Route("GET", _CONSENT, ConsentHandlers.get, "一份授权同意", w.Consent),
    Route(
        "GET",
        f"{_CONSENT}/effect",
        ConsentHandlers.effect,
        "撤回同意会影响什么",
        w.ConsentEffect,
    ),
    Route(
        "GET",
        f"{_CONSENT}/files/{{file_id}}",
        ConsentHandlers.page_file,
        "授权同意书扫描件",
        Content("application/octet-stream", "the bytes"),
        audited=AuditAction.CONSENT_PAGE_READ,
    ),
    Route(
        "POST",
        "/api/consents",
        ConsentHandlers.record,
        "登记授权同意",
        w.Consent,
        w.ConsentRecord,
        status=201,
        audited=AuditAction.CONSENT_RECORD,
        permit=ConsentHandlers.may_keep,
    ),
    Route(
        "PUT",
        _CONSENT,
        ConsentHandlers.change,
        "修改授权同意",
        w.Consent,
        w.ConsentChange,
        audited=AuditAction.CONSENT_CHANGE,
        permit=ConsentHandlers.may_keep,
    ),
    Route(
        "POST",
        f"{_CONSENT}/withdraw",
        ConsentHandlers.withdraw,
        "撤回同意",
        w.Consent,
        w.ConsentWithdraw,
        audited=AuditAction.CONSENT_WITHDRAW,
        permit=ConsentHandlers.may_keep,
    ),
    Route(
        "POST",
        "/api/consents/exports",
        ConsentHandlers.export,
        "导出授权同意",
        Job,
        w.ConsentExportWish,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=ConsentHandlers.may_read,
    ),
)
