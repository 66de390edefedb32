"""Every route of resources, and who answers it."""

from __future__ import annotations

from signaling.library.attachments import routes as attachment_routes
from signaling.library.captions import routes as caption_routes
from signaling.library.figures import routes as figures_routes
from signaling.library.films import routes as film_routes
from signaling.library.nominations import routes as nomination_routes
from signaling.library.overview import routes as overview_routes
from signaling.library.publishing import download_routes
from signaling.library.publishing import routes as publishing_routes
from signaling.library.recommending import routes as recommending_routes
from signaling.library.resource_desk import ResourceDesk
from signaling.library.retention import routes as retention_routes
from signaling.library.review import routes as review_routes
from signaling.library.series import routes as series_routes
from signaling.library.sharing import routes as sharing_routes
from signaling.library.uploads import routes as upload_routes
from signaling.library.uses import routes as use_routes
from signaling.library.versions import routes as version_routes
from signaling.web.routes import AnyRoute, Endpoint, bind

ROUTES: tuple[AnyRoute, ...] = (
    *version_routes.ROUTES,
    *review_routes.ROUTES,
    *publishing_routes.ROUTES,
    *retention_routes.ROUTES,
    *sharing_routes.ROUTES,
    *publishing_routes.PAGES,
    *download_routes.ROUTES,
    *attachment_routes.ROUTES,
    *film_routes.ROUTES,
    *caption_routes.ROUTES,
    *upload_routes.ROUTES,
    *recommending_routes.ROUTES,
    *series_routes.ROUTES,
    *nomination_routes.ROUTES,
    *overview_routes.ROUTES,
    *figures_routes.ROUTES,
    *use_routes.ROUTES,
)


def endpoints(desk: ResourceDesk) -> tuple[Endpoint, ...]:
    """The routes, each with its handlers."""
    return (
        *bind(version_routes.ROUTES, desk.work),
        *bind(review_routes.ROUTES, desk.reviews),
        *bind(publishing_routes.ROUTES, desk.publications),
        *bind(retention_routes.ROUTES, desk.retention),
        *bind(sharing_routes.ROUTES, desk.sharing),
        *bind(publishing_routes.PAGES, desk.pages),
        *bind(download_routes.ROUTES, desk.saved),
        *bind(attachment_routes.ROUTES, desk.attached),
        *bind(film_routes.ROUTES, desk.filmed),
        *bind(caption_routes.ROUTES, desk.captioned),
        *bind(upload_routes.ROUTES, desk.uploaded),
        *bind(recommending_routes.ROUTES, desk.recommendations),
        *bind(series_routes.ROUTES, desk.series),
        *bind(nomination_routes.ROUTES, desk.nominations),
        *bind(overview_routes.ROUTES, desk.overview),
        *bind(figures_routes.ROUTES, desk.figures),
        *bind(use_routes.ROUTES, desk.used),
    )
