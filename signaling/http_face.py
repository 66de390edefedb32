"""The HTTP face of the services: every route, and who answers it."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.metadata import version
from urllib.parse import urlsplit

from signaling.audit import routes as audit_routes
from signaling.audit.routes import AuditHandlers
from signaling.audit.service import AuditReader
from signaling.audit.store import AuditStore
from signaling.audit_exports import routes as audit_export_routes
from signaling.audit_exports.routes import AuditExportHandlers
from signaling.catalogue import routes as catalogue_routes
from signaling.catalogue.routes import CatalogueHandlers
from signaling.classroom.inner import routes as inner_routes
from signaling.classroom.inner.routes import InnerHandlers
from signaling.classroom.metrics import LinkFigures, LiveFigures
from signaling.classroom.notices import routes as notice_routes
from signaling.classroom.notices.routes import NoticeHandlers
from signaling.classroom.socket import ControlChannels
from signaling.classroom.stills import routes as still_routes
from signaling.classroom.stills.routes import StillHandlers
from signaling.classroom.wire import MAX_MESSAGE_BYTES
from signaling.consent import routes as consent_routes
from signaling.directory import routes as directory_routes
from signaling.exchange import package_routes
from signaling.exchange import routes as oai_routes
from signaling.exchange.harvests import routes as harvest_routes
from signaling.exchange.harvests.routes import HarvestHandlers
from signaling.exchange.package_routes import PackageHandlers
from signaling.exchange.routes import OaiHandlers
from signaling.files import routes as file_routes
from signaling.files.routes import FileHandlers
from signaling.forwarding import figures as figure_routes
from signaling.forwarding.door import DoorKeeper
from signaling.forwarding.figures import FiguresHandlers
from signaling.forwarding.forwarder import Forwarder
from signaling.forwarding.places import CellAddress
from signaling.identity import routes as identity_routes
from signaling.identity.arrived_logins import ArrivedLogins
from signaling.identity.session_cookies import SessionLogins
from signaling.jobs import routes as job_routes
from signaling.jobs.routes import JobHandlers
from signaling.ledger import county_routes
from signaling.ledger import routes as ledger_routes
from signaling.lessons import routes as lesson_routes
from signaling.lessons.routes import LessonHandlers
from signaling.library import resource_routes
from signaling.library import routes as library_routes
from signaling.library.metrics import StorageFigures
from signaling.library.routes import LibraryHandlers
from signaling.links import routes as link_routes
from signaling.links.routes import LinkHandlers
from signaling.media import routes as media_routes
from signaling.media.routes import MediaHandlers
from signaling.nodes import routes as node_routes
from signaling.nodes.routes import NodeHandlers
from signaling.resource_push import routes as push_routes
from signaling.resource_push.routes import ResourcePushHandlers
from signaling.timetable import routes as timetable_routes
from signaling.timetable import setting_routes
from signaling.timetable.feeds import routes as feed_routes
from signaling.timetable.feeds.routes import FeedHandlers
from signaling.timetable.imports import routes as import_routes
from signaling.timetable.imports.routes import ImportHandlers
from signaling.timetable.proposals import routes as proposal_routes
from signaling.timetable.proposals.routes import ProposalHandlers
from signaling.timetable.routes import TimetableHandlers
from signaling.tracing.metrics import TraceFigures
from signaling.web import health as health_routes
from signaling.web import openapi
from signaling.web.app import Face
from signaling.web.at_cell import OPENS_AT_CELL
from signaling.web.connections import Gate
from signaling.web.health import HealthHandlers
from signaling.web.listeners import bind_all, bind_unix
from signaling.web.metrics import ConnectionFigures, Figures, Metrics, RequestMetrics
from signaling.web.openapi import OpenApiHandlers
from signaling.web.process_figures import HealthFigures, LoopFigures
from signaling.web.routes import AnyRoute, Endpoint, Socket, bind
from signaling.web.server import HttpServer, make_door_gate, make_gate
from signaling.wiring import Services

ROUTES: tuple[AnyRoute, ...] = (
    *identity_routes.ROUTES,
    *audit_routes.ROUTES,
    *audit_export_routes.ROUTES,
    *lesson_routes.ROUTES,
    *push_routes.ROUTES,
    *directory_routes.ROUTES,
    *job_routes.ROUTES,
    *file_routes.ROUTES,
    *link_routes.ROUTES,
    *library_routes.ROUTES,
    *catalogue_routes.ROUTES,
    *consent_routes.ROUTES,
    *oai_routes.ROUTES,
    *package_routes.ROUTES,
    *harvest_routes.ROUTES,
    *node_routes.ROUTES,
    *resource_routes.ROUTES,
    *setting_routes.ROUTES,
    *timetable_routes.ROUTES,
    *proposal_routes.ROUTES,
    *feed_routes.ROUTES,
    *import_routes.ROUTES,
    *media_routes.ROUTES,
    *still_routes.ROUTES,
    *notice_routes.ROUTES,
    *ledger_routes.ROUTES,
    *county_routes.ROUTES,
    *health_routes.ROUTES,
    *openapi.ROUTES,
)


@cache
def _openapi() -> OpenApiHandlers:
    """The document of all routes, made once; tests make many servers."""
    return OpenApiHandlers(ROUTES, version("tongke"))


def server_of(services: Services) -> HttpServer:
    """The server of a process, by its roles: the door of a cell, or the pages."""
    cluster = services.cluster
    if cluster is None:
        return http_server(services)
    if cluster.door is not None:
        return door_server(services, cluster.door, cluster.door_address, cluster.set_drain)
    return http_server(services, cluster.forwarder)


def http_server(services: Services, forwarder: Forwarder | None = None) -> HttpServer:
    """The HTTP face of the services; with a forwarder, that of a web process before the cells."""
    gate = make_gate(services.config)
    logins = SessionLogins(services.identity)
    requests = RequestMetrics()
    figures: Figures = _metrics(services, requests, gate)
    if services.cluster is not None:
        figures = services.cluster.all_figures(figures)
    face = Face(
        endpoints=_endpoints(services, figures),
        sockets=_sockets(services, logins),
        logins=logins,
        metrics=requests,
        headers={
            "/whip/": media_routes.CORS,
            "/whep/": media_routes.CORS,
            "/api/files": file_routes.HEADERS,
        },
        elsewhere=forwarder,
        tracing=services.tracing,
    )

    def goodbye() -> None:
        services.say_goodbye()
        if forwarder is not None:
            forwarder.say_goodbye()

    return HttpServer(services.config, face, gate, goodbye)


async def _no_drain(_on: bool) -> None:
    """A cell by itself: it has nobody to hand its lessons to."""


def door_server(
    services: Services,
    door: DoorKeeper,
    address: CellAddress,
    set_drain: Callable[[bool], Awaitable[None]] = _no_drain,
) -> HttpServer:
    """The door of a cell: what belongs to its lessons, for web processes and other cells only."""
    gate = make_door_gate(services.config)
    logins = ArrivedLogins(services.identity)
    requests = RequestMetrics()
    figures = _metrics(services, requests, gate)
    endpoints = _endpoints(services, figures)
    inner = InnerHandlers(services.classroom.local, services.classroom.taker.take, set_drain)
    face = Face(
        endpoints=(
            *(one for one in endpoints if one.route.at_cell is not None),
            *bind(inner_routes.ROUTES, inner),
            *bind(figure_routes.ROUTES, FiguresHandlers(figures)),
        ),
        sockets=(
            *(one for one in _sockets(services, logins) if one.at_cell is not None),
            *_edge_sockets(services),
        ),
        logins=logins,
        metrics=requests,
        headers={},
        door=door,
        tracing=services.tracing,
    )
    return HttpServer(
        services.config, face, gate, services.say_goodbye, lambda: _bind_door(address)
    )


def _edge_sockets(services: Services) -> tuple[Socket, ...]:
    """The sockets by which other cells reach this one as an edge of their lessons."""
    edges = None if services.cluster is None else services.cluster.edges
    return () if edges is None else (edges.socket,)


def _bind_door(address: CellAddress) -> list[socket.socket]:
    """Bound sockets at a cell's address. Raises OSError."""
    if address.unix_path is not None:
        return bind_unix(address.unix_path)
    url = urlsplit(address.base)
    return bind_all((url.hostname or "",), url.port or 80)


def _sockets(services: Services, logins: SessionLogins | ArrivedLogins) -> tuple[Socket, ...]:
    channels = ControlChannels(
        *(services.classroom.entry, services.hub, services.seat_watch),
        *(logins, services.clock, services.config),
        tracing=services.tracing,
    )
    path = "/ws/lessons/{lesson_id}"
    return (Socket(path, channels.connect, OPENS_AT_CELL, MAX_MESSAGE_BYTES),)


def _metrics(services: Services, requests: RequestMetrics, gate: Gate) -> Metrics:
    return Metrics(
        requests,
        (
            LiveFigures(services.hub, services.media_sessions, services.relay),
            ConnectionFigures(gate),
            LinkFigures(services.hub, services.link_history, services.stills),
            StorageFigures(services.recorder),
            HealthFigures(services.health),
            LoopFigures(services.loop_watch),
            TraceFigures(services.tracing),
            *(() if services.cluster is None else services.cluster.figures),
        ),
    )


def _endpoints(services: Services, metrics: Figures) -> tuple[Endpoint, ...]:
    s, t = services, services.timetable
    config, clock = services.config, services.clock
    return (
        *identity_routes.endpoints(s.identity_desk, config),
        *bind(
            audit_routes.ROUTES,
            AuditHandlers(AuditReader(AuditStore(s.database)), clock, config),
        ),
        *bind(audit_export_routes.ROUTES, AuditExportHandlers(s.jobs, config)),
        *bind(lesson_routes.ROUTES, LessonHandlers(s.lessons, clock, config)),
        *bind(push_routes.ROUTES, ResourcePushHandlers(s.pushes, s.lessons)),
        *directory_routes.endpoints(s.directory, s.directory_desk, s.directory_workbooks),
        *bind(job_routes.ROUTES, JobHandlers(s.jobs)),
        *bind(file_routes.ROUTES, FileHandlers(s.files, config.path_prefix)),
        *bind(link_routes.ROUTES, LinkHandlers(s.link_history, s.lessons, s.people, clock, config)),
        *bind(library_routes.ROUTES, LibraryHandlers(s.library)),
        *bind(catalogue_routes.ROUTES, CatalogueHandlers(s.catalogue)),
        *bind(consent_routes.ROUTES, s.consents),
        *bind(oai_routes.ROUTES, OaiHandlers(s.oai, clock, config)),
        *bind(package_routes.ROUTES, PackageHandlers(s.shared_records, s.jobs, config)),
        *bind(harvest_routes.ROUTES, HarvestHandlers(s.harvests)),
        *bind(node_routes.ROUTES, NodeHandlers(s.nodes)),
        *resource_routes.endpoints(s.resources),
        *bind(setting_routes.ROUTES, t.settings),
        *bind(timetable_routes.ROUTES, TimetableHandlers(t.plans, t.changes, t.weeks, t.board)),
        *bind(proposal_routes.ROUTES, ProposalHandlers(t.proposals)),
        *bind(feed_routes.ROUTES, FeedHandlers(t.feeds, config.path_prefix)),
        *bind(import_routes.ROUTES, ImportHandlers(t.imports, t.workbooks)),
        *bind(media_routes.ROUTES, MediaHandlers(s.media, s.seat_watch, s.lessons, config)),
        *bind(still_routes.ROUTES, StillHandlers(s.lessons, s.stills)),
        *bind(notice_routes.ROUTES, NoticeHandlers(s.lessons, s.notices)),
        *bind(ledger_routes.ROUTES, s.ledger.pages),
        *bind(county_routes.ROUTES, s.ledger.county),
        *bind(health_routes.ROUTES, HealthHandlers(s.health, metrics, config)),
        *bind(openapi.ROUTES, _openapi()),
    )
