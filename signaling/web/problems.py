"""Errors as problem+json (RFC 9457): the one place that maps exceptions to statuses and codes."""

from __future__ import annotations

import re

import msgspec
import structlog
from aiohttp import web

from recorder.api import (
    BadCursor,
    EditionFailed,
    EditionNotFound,
    FilmFailed,
    FilmNotFound,
    NothingLeft,
    RecorderError,
    RecordingNotFound,
    RecordingNotReady,
    SoundUnreadable,
    StorageUnavailable,
)
from relay.api import OfferError, RelayError, RelayFull, SessionNotFound, StaleSession
from signaling.base.errors import CellAway, Invalid, Malformed, SignalingError, TooManyRequests
from signaling.base.failures import failure_of
from signaling.base.fences import LeaseLost
from signaling.base.problem_codes import ProblemCode
from signaling.web.wire import Problem

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED_FIELD = re.compile(r"field `(?P<name>[^`]*)`")

_PACKAGE_ERRORS: tuple[tuple[type[Exception], int, ProblemCode, str], ...] = (
    (OfferError, 400, ProblemCode.BAD_OFFER, "the SDP offer cannot be taken"),
    (SessionNotFound, 404, ProblemCode.SESSION_NOT_FOUND, "no such media session"),
    (StaleSession, 412, ProblemCode.STALE_SESSION, "the session has changed"),
    (RelayFull, 503, ProblemCode.RELAY_FULL, "the relay is full"),
    (RecordingNotFound, 404, ProblemCode.RECORDING_NOT_FOUND, "no such recording or file"),
    (RecordingNotReady, 409, ProblemCode.RECORDING_NOT_READY, "the recording is not finished"),
    (EditionNotFound, 404, ProblemCode.RECORDING_NOT_FOUND, "no such edition or file"),
    (FilmNotFound, 404, ProblemCode.RECORDING_NOT_FOUND, "no such film"),
    (FilmFailed, 503, ProblemCode.FILM_FAILED, "the film could not be made"),
    (NothingLeft, 422, ProblemCode.NOTHING_LEFT, "the edit leaves nothing to play"),
    (EditionFailed, 503, ProblemCode.RENDITIONS_FAILED, "the renditions could not be made"),
    (SoundUnreadable, 503, ProblemCode.CAPTIONS_FAILED, "the sound could not be decoded"),
    (StorageUnavailable, 503, ProblemCode.STORAGE_UNAVAILABLE, "the storage is not available"),
    (BadCursor, 400, ProblemCode.BAD_CURSOR, "the cursor is none of this list"),
    (RelayError, 500, ProblemCode.RELAY_ERROR, "the relay failed"),
    (RecorderError, 500, ProblemCode.RECORDER_ERROR, "the recorder failed"),
)
_HTTP_CODES = {
    404: ProblemCode.NOT_FOUND,
    405: ProblemCode.METHOD_NOT_ALLOWED,
    413: ProblemCode.TOO_LARGE,
}
_HTTP_TITLES = {404: "not found", 405: "method not allowed", 413: "the body is too large"}


def invalid_body(error: msgspec.MsgspecError) -> SignalingError:
    """A body that did not decode, with the field as a dotted path where there is one."""
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(str(error))
    text = str(error)
    at = _PATH.search(text)
    path = at["path"] if at else ""
    message = _PATH.sub("", text)
    named = _NAMED_FIELD.search(message)
    if named:
        path = f"{path}.{named['name']}" if path else named["name"]
    return Invalid(message, field=path or None)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for; unknown ones reveal nothing."""
    if isinstance(error, SignalingError):
        problem = _problem(error.status, error.code, error.title, error.detail, error.field)
        return msgspec.structs.replace(problem, facts=error.facts)
    if isinstance(error, web.HTTPException):
        title = _HTTP_TITLES.get(error.status, error.reason)
        return _problem(error.status, _HTTP_CODES.get(error.status, ProblemCode.HTTP_ERROR), title)
    for kind, status, code, title in _PACKAGE_ERRORS:
        if isinstance(error, kind):
            detail = error.detail if isinstance(error, OfferError) else str(error)
            field = _field_of(error)
            return _problem(status, code, title, detail, field)
    failure = failure_of(error)
    if failure is not None:
        return problem_of(failure)
    return _problem(500, ProblemCode.INTERNAL, SignalingError.title)


def _field_of(error: Exception) -> str | None:
    """The input at fault, where another package's error has exactly one."""
    if isinstance(error, OfferError):
        return error.field
    return "before" if isinstance(error, BadCursor) else None


def _problem(
    status: int, code: ProblemCode, title: str, detail: str = "", field: str | None = None
) -> Problem:
    return Problem(f"urn:tongke:problem:{code}", title, status, code, detail[:500], field)


def problem_response(error: Exception) -> web.Response:
    """The response for an exception."""
    problem = problem_of(error)
    response = web.Response(
        status=problem.status, body=msgspec.json.encode(problem), content_type=CONTENT_TYPE
    )
    if problem.status == 401:
        # RFC 6750 §3 for media tokens; a cookie session has no scheme of its own to name.
        response.headers["WWW-Authenticate"] = f'Bearer error="{problem.code}"'
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    elif isinstance(error, (CellAway, LeaseLost)):
        response.headers["Retry-After"] = "1"  # the lesson is between two cells, for a moment
    elif problem.status in {503, 507}:
        response.headers["Retry-After"] = "5"
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return response
