"""Makes the film of a version. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Callable

from recorder.api import FilmFailed, FilmMaker, FilmOrder, NothingLeft, RecordingNotFound
from recorder.api import Span as RecordedSpan
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM
from signaling.base.errors import NotFound, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.kinds import Handler, JobContext
from signaling.library.films import store
from signaling.library.films.kind import FilmResult, FilmTask
from signaling.library.films.wire import MOST_READY_FILMS
from signaling.library.renditions import NothingToPlay
from signaling.library.versions.store import load


class FilmNotMade(SignalingError):
    """A film that could not be made; another run may fare better."""

    status = 503
    code = ProblemCode.FILM_FAILED
    title = "the film could not be made"


async def make_room(context: JobContext) -> None:
    """End the oldest films of a person who has as many as there may be: one more is coming.

    Upkeep deletes their files a minute later.
    """
    while True:
        async with context.audit.work(SYSTEM, AuditAction.FILM_REMOVE) as work:
            now = context.clock.now()
            ready = await store.ready_of(work.session, context.actor.actor_id, now)
            if len(ready) < MOST_READY_FILMS:
                work.nothing_to_do()
                return
            row = ready[0]
            held = await load(work.session, row.resource_id)
            row.expires_at = now
            work.target = row.resource_id
            work.detail = detail_of(version=row.number)
            if held is not None:
                work.concerns(held.path, held.row.title)


def film_handler(open_studio: Callable[[], FilmMaker]) -> Handler[FilmTask, FilmResult]:
    """Return the handler; `open_studio` is called once for each job."""

    async def handler(context: JobContext, task: FilmTask) -> FilmResult:
        wanted = FilmOrder(
            task.recording_id,
            tuple(RecordedSpan(span.start_s, span.end_s) for span in task.keep),
            task.hidden_sources,
            task.hidden_pictures,
            task.title,
            task.author,
            task.chapters,
            task.card,
        )
        try:
            film = await open_studio().make(wanted, context.progress)
        except RecordingNotFound as error:
            raise NotFound(str(error), code=ProblemCode.RECORDING_NOT_FOUND) from error
        except NothingLeft as error:
            raise NothingToPlay(str(error)) from error
        except FilmFailed as error:
            raise FilmNotMade(str(error)) from error
        await make_room(context)
        return FilmResult(film.recording_id, film.film_id, film.duration_s, film.size)

    return handler
