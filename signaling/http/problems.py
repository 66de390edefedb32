"""Errors as problem+json (RFC 9457): the one place that maps exceptions to statuses and codes."""

from __future__ import annotations

import re

import msgspec
import structlog
from aiohttp import web

from recorder.api import BadCursor, RecorderError, RecordingNotFound, StorageUnavailable
from relay.api import OfferError, RelayError, RelayFull, SessionNotFound, StaleSession
from signaling.core.resources import Problem
from signaling.db.failures import failure_of
from signaling.errors import Invalid, Malformed, SignalingError, TooManyRequests

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_NAMED_FIELD = re.compile(r"field `(?P<name>[^`]*)`")

_PACKAGE_ERRORS: tuple[tuple[type[Exception], int, str], ...] = (
    (OfferError, 400, "媒体协商信息(SDP)有误"),
    (SessionNotFound, 404, "媒体会话不存在或已结束"),
    (StaleSession, 412, "会话已更新"),
    (RelayFull, 503, "媒体服务已满,请稍后再试"),
    (RecordingNotFound, 404, "没有这个录像或文件"),
    (StorageUnavailable, 503, "存储不可用"),
    (BadCursor, 400, "翻页游标有误"),
    (RelayError, 500, "媒体服务错误"),
    (RecorderError, 500, "录制服务错误"),
)
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_HTTP_TITLES = {404: "未找到", 405: "不支持的请求方法", 413: "请求过大"}


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
        return _problem(error.status, error.code, error.title, error.detail, error.field)
    if isinstance(error, web.HTTPException):
        title = _HTTP_TITLES.get(error.status, error.reason)
        return _problem(error.status, _HTTP_CODES.get(error.status, "http_error"), title)
    for kind, status, title in _PACKAGE_ERRORS:
        if isinstance(error, kind):
            detail = error.detail if isinstance(error, OfferError) else str(error)
            field = _field_of(error)
            return _problem(status, getattr(error, "code", "internal"), title, detail, field)
    failure = failure_of(error)
    if failure is not None:
        return problem_of(failure)
    return _problem(500, "internal", SignalingError.title)


def _field_of(error: Exception) -> str | None:
    """The input at fault, where another package's error has exactly one."""
    if isinstance(error, OfferError):
        return error.field
    return "before" if isinstance(error, BadCursor) else None


def _problem(
    status: int, code: str, title: str, detail: str = "", field: str | None = None
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
    elif problem.status in {503, 507}:
        response.headers["Retry-After"] = "5"
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return response
