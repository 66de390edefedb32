"""The signaling service's errors; `web.problems` alone turns them into bytes."""

from __future__ import annotations

from collections.abc import Mapping

from signaling.base.problem_codes import ProblemCode


class SignalingError(Exception):
    """Root of what goes wrong in a way that the caller is told.

    Attributes:
        status: the HTTP status.
        code: what went wrong, for programs. Pages have the words for it.
        title: what went wrong, in English for developers.
        detail: one sentence about this occurrence, in English for developers.
        field: the input at fault, as a dotted path.
        facts: values that the words of a page may name, such as who is taken.
    """

    status = 500
    code: ProblemCode = ProblemCode.INTERNAL
    title = "internal error"

    def __init__(
        self,
        detail: str = "",
        *,
        code: ProblemCode | None = None,
        field: str | None = None,
        facts: Mapping[str, str | int] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.field = field
        self.facts = dict(facts or {})
        if code is not None:
            self.code = code


class Malformed(SignalingError):
    """The request cannot be read at all."""

    status = 400
    code = ProblemCode.MALFORMED
    title = "the request cannot be read"


class Invalid(SignalingError):
    """A field has a value that cannot be."""

    status = 422
    code = ProblemCode.INVALID
    title = "a field has a value that cannot be"


class UnusableText(Invalid):
    """A text that cannot be taken; the code says why (`base.text.BadText`)."""

    title = "a text cannot be taken"

    def __init__(self, code: str, field: str | None) -> None:
        super().__init__(code=ProblemCode(code), field=field)


class NotSignedIn(SignalingError):
    """No session, or one that has ended."""

    status = 401
    code = ProblemCode.NOT_SIGNED_IN
    title = "not signed in"


class BadCredentials(SignalingError):
    """Login, password, join code or device token are wrong."""

    status = 401
    code = ProblemCode.BAD_CREDENTIALS
    title = "login or password is wrong"


class BadToken(SignalingError):
    """The bearer token is missing, forged or expired (RFC 6750 §3.1)."""

    status = 401
    code = ProblemCode.INVALID_TOKEN
    title = "the token is invalid or expired"


class Forbidden(SignalingError):
    """Signed in, but not permitted."""

    status = 403
    code = ProblemCode.FORBIDDEN
    title = "not permitted"


class PasswordChangeDue(SignalingError):
    """Signed in by a password that has to be changed first."""

    status = 403
    code = ProblemCode.PASSWORD_CHANGE_DUE
    title = "the password has to be changed first"


class CsrfFailed(SignalingError):
    """An unsafe request without the session's CSRF token, or from another site."""

    status = 403
    code = ProblemCode.CSRF
    title = "the CSRF token is missing or wrong"


class NotFound(SignalingError):
    """No such thing, or none that the caller may know of."""

    status = 404
    code = ProblemCode.NOT_FOUND
    title = "not found"


class NotAcceptable(SignalingError):
    """The answer has no form that the caller accepts."""

    status = 406
    code = ProblemCode.NOT_ACCEPTABLE
    title = "no form of the answer is acceptable"


class RequestTimeout(SignalingError):
    """The request did not come whole in time (RFC 9110 §15.5.9)."""

    status = 408
    code = ProblemCode.REQUEST_TIMEOUT
    title = "the request did not come in time"


class WrongLessonState(SignalingError):
    """The lesson's state does not allow it."""

    status = 409
    code = ProblemCode.WRONG_STATE
    title = "the lesson's state does not allow this"


class Clash(SignalingError):
    """A room or the teacher is taken at that time; `facts` name `who`, and the other `lesson`."""

    status = 409
    code = ProblemCode.CLASH
    title = "a room or the teacher is taken"


class ChangedMeanwhile(SignalingError):
    """Somebody else changed it after the caller read it; `facts` name the present `version`."""

    status = 409
    code = ProblemCode.CHANGED_MEANWHILE
    title = "somebody else has changed it meanwhile"


class Refused(SignalingError):
    """A request that cannot be met as things are; the code says why."""

    status = 409
    title = "this cannot be as things are"


class LastAdmin(Refused):
    """A county would have no admin left; `facts` name the `county`."""

    code = ProblemCode.LAST_ADMIN


class Taken(SignalingError):
    """Another entry has this name or number already; `field` names it."""

    status = 409
    code = ProblemCode.TAKEN
    title = "another one has this already"


class InUse(SignalingError):
    """Others that are in use depend on it; `facts` name their `count`."""

    status = 409
    code = ProblemCode.IN_USE
    title = "others that are in use depend on it"


class LedgerRefused(SignalingError):
    """The state of a unit or month of the ledger does not allow it; the code says why."""

    status = 409
    code = ProblemCode.NOT_HELD
    title = "the state of the ledger does not allow this"


class TooManyLogins(SignalingError):
    """All logins that there may be are in use."""

    status = 409
    code = ProblemCode.TOO_MANY_LOGINS
    title = "all logins are in use"


class TooManyDevices(SignalingError):
    """All device tokens that a room may have are in use."""

    status = 409
    code = ProblemCode.TOO_MANY_DEVICES
    title = "all device tokens of the room are in use"

    def __init__(self) -> None:
        super().__init__(field="remember")


class TooManyJobs(SignalingError):
    """The owner has all the jobs under way that there may be; `facts` name the `most`."""

    status = 409
    code = ProblemCode.TOO_MANY_JOBS
    title = "the owner has too many jobs under way"


class JobOver(SignalingError):
    """The job has ended; `facts` name its `state`."""

    status = 409
    code = ProblemCode.JOB_OVER
    title = "the job has ended"


class TooManyFiles(SignalingError):
    """The owner has all the files, or bytes of files, that there may be."""

    status = 409
    code = ProblemCode.TOO_MANY_FILES
    title = "the owner has too many files"


class Gone(SignalingError):
    """A thing that existed and whose time is over."""

    status = 410
    code = ProblemCode.CODE_EXPIRED
    title = "its time is over"


class StalePrecondition(SignalingError):
    """`If-Match` names a generation that is past (RFC 9110 §13.1.1)."""

    status = 412
    code = ProblemCode.STALE_SESSION
    title = "the session has changed"


class TooLarge(SignalingError):
    """The body is larger than anything sensible."""

    status = 413
    code = ProblemCode.TOO_LARGE
    title = "the body is too large"


class UnsupportedMediaType(SignalingError):
    """The body has another content type than the one expected."""

    status = 415
    code = ProblemCode.UNSUPPORTED_MEDIA_TYPE
    title = "the content type is not supported"


class UnknownHost(SignalingError):
    """The request was meant for another server (RFC 9110 §15.5.20)."""

    status = 421
    code = ProblemCode.UNKNOWN_HOST
    title = "the server does not use this host name (public_url, allowed_hosts)"


class PreconditionRequired(SignalingError):
    """`If-Match` is missing (RFC 6585 §3, RFC 9725 §4.3.1)."""

    status = 428
    code = ProblemCode.PRECONDITION_REQUIRED
    title = "If-Match is missing"


class TooManyRequests(SignalingError):
    """Too many failed attempts."""

    status = 429
    code = ProblemCode.TOO_MANY_REQUESTS
    title = "too many attempts"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Busy(SignalingError):
    """A bound of the server is reached; worth another try."""

    status = 503
    code = ProblemCode.BUSY
    title = "a bound of the server is reached"


class LiveStateUnknown(SignalingError):
    """The live rooms did not answer in time; nothing was decided."""

    status = 503
    code = ProblemCode.LIVE_STATE_UNKNOWN
    title = "the live rooms did not answer in time"


class CellAway(SignalingError):
    """The process of the lesson's live room cannot be reached; it comes back, or another does."""

    status = 503
    code = ProblemCode.CELL_AWAY
    title = "the process that holds the lesson is away"


class DoorClosed(SignalingError):
    """A cell takes only requests that a web process has signed."""

    status = 401
    code = ProblemCode.DOOR_CLOSED
    title = "only for web processes of this installation"


class OutOfMemory(SignalingError):
    """The machine has no memory left for this; worth another try."""

    status = 503
    code = ProblemCode.OUT_OF_MEMORY
    title = "the machine has no memory left"


class DatabaseUnavailable(SignalingError):
    """The database does not answer, or its disk fails."""

    status = 503
    code = ProblemCode.DATABASE_UNAVAILABLE
    title = "the database does not answer"


class ReadOnly(SignalingError):
    """Database or disk can be read but not written."""

    status = 503
    code = ProblemCode.READ_ONLY
    title = "the storage is read-only"


class StorageFull(SignalingError):
    """The disk is full (RFC 4918 §11.5)."""

    status = 507
    code = ProblemCode.STORAGE_FULL
    title = "the disk is full"
