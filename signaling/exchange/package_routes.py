"""Routes: LOM packages of published resources, and reading those of others."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.config import Config
from signaling.base.errors import NotFound
from signaling.exchange.core.answers import identifier_of
from signaling.exchange.core.records import PublishedRecords
from signaling.exchange.package_kind import LOM_PACKAGE
from signaling.exchange.packages import PackagedFile, write_package
from signaling.exchange.routes import domain_of
from signaling.exchange.wire import LomPackageAsk
from signaling.jobs.routes import shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.web.routes import Access, Call, Content, Route


@dataclass(frozen=True, slots=True)
class PackageHandlers:
    """LOM packages."""

    records: PublishedRecords
    jobs: JobService
    config: Config

    async def package(self, call: Call) -> web.Response:
        """Return the package of a resource that is published to anybody; it links to its page."""
        record = await self.records.one(call.path("resource_id"))
        if record is None or record.metadata is None:
            raise NotFound()
        metadata, made = record.metadata, io.BytesIO()
        files = [PackagedFile(metadata.page_url)] if metadata.page_url else []
        identifier = identifier_of(domain_of(self.config), record.resource_id)
        write_package(made, metadata, identifier, files)
        name = quote(f"{metadata.title}.zip", safe="")
        response = web.Response(body=made.getvalue(), content_type="application/zip")
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        response.headers["Cache-Control"] = "no-store"
        return response

    async def may_read(self, call: Call) -> None:
        """Raise Forbidden unless the caller makes resources."""
        demand_somewhere(call.actor, Action.EDIT_RESOURCE)

    async def read(self, call: Call) -> Job:
        """Have a job read an uploaded package; what it says is in the result (`LomPackageRead`)."""
        ask: LomPackageAsk = call.body
        branch = own_branch(call.actor)
        record = await self.jobs.submit(call.actor, LOM_PACKAGE, ask, branch=branch)
        return shown(record, call.actor)


ROUTES = (
    Route(
        "GET",
        "/oai/packages/{resource_id}",
        PackageHandlers.package,
        "公开资源的 LOM 资源包",
        Content("application/zip", "imsmanifest.xml and lom.xml; the media are linked"),
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/lom-packages",
        PackageHandlers.read,
        "读取上传的 LOM 资源包",
        Job,
        LomPackageAsk,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=PackageHandlers.may_read,
    ),
)
