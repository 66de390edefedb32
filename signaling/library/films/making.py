"""Makes the film of a version. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Callable

from recorder.api import FilmFailed, FilmMaker, FilmOrder, NothingLeft, RecordingNotFound
from recorder.api import Span as RecordedSpan
from signaling.base.errors import NotFound, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.kinds import Handler, JobContext
from signaling.library.films.kind import FilmResult, FilmTask
from signaling.library.renditions import NothingToPlay


class FilmNotMade(SignalingError):
    """A film that could not be made; another run may fare better."""

    status = 503
    code = ProblemCode.FILM_FAILED
    title = "the film could not be made"


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
        return FilmResult(film.recording_id, film.film_id, film.duration_s, film.size)

    return handler
