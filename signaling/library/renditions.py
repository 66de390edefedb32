"""Makes the renditions of a published version. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Callable

from recorder.api import EditionFailed, EditionMaker, EditionOrder, NothingLeft, RecordingNotFound
from recorder.api import Span as RecordedSpan
from signaling.base.errors import NotFound, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.kinds import Handler, JobContext
from signaling.library.renditions_kind import RenditionOrder, RenditionsMade


class NothingToPlay(SignalingError):
    """An edit that leaves nothing."""

    status = 422
    code = ProblemCode.NOTHING_LEFT
    title = "the edit leaves nothing to play"


class RenditionsFailed(SignalingError):
    """Renditions that could not be made; another run may fare better."""

    status = 503
    code = ProblemCode.RENDITIONS_FAILED
    title = "the renditions could not be made"


def renditions_handler(
    open_maker: Callable[[], EditionMaker],
) -> Handler[RenditionOrder, RenditionsMade]:
    """Return the handler; `open_maker` is called once for each job."""

    async def handler(context: JobContext, order: RenditionOrder) -> RenditionsMade:
        wanted = EditionOrder(
            order.recording_id,
            tuple(RecordedSpan(span.start_s, span.end_s) for span in order.keep),
            order.hidden_sources,
            order.cover_s,
            order.hidden_pictures,
        )
        try:
            edition = await open_maker().make(wanted, context.progress)
        except RecordingNotFound as error:
            raise NotFound(str(error), code=ProblemCode.RECORDING_NOT_FOUND) from error
        except NothingLeft as error:
            raise NothingToPlay(str(error)) from error
        except EditionFailed as error:
            raise RenditionsFailed(str(error)) from error
        return RenditionsMade(
            edition.recording_id,
            edition.edition_id,
            edition.duration_s,
            len(edition.sources),
            len(edition.files),
        )

    return handler
