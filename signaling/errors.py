"""The signaling service's errors; `http.problems` alone turns them into bytes."""

from __future__ import annotations


class SignalingError(Exception):
    """Root of what goes wrong in a way that the caller is told.

    Attributes:
        status: the HTTP status.
        code: stable, for programs.
        title: for people, Chinese.
        detail: one sentence about this occurrence.
        field: the input at fault, as a dotted path.
    """

    status = 500
    code = "internal"
    title = "服务器内部错误"

    def __init__(self, detail: str = "", *, field: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.field = field


class Malformed(SignalingError):
    """The request cannot be read at all."""

    status = 400
    code = "malformed"
    title = "请求无法识别"


class Invalid(SignalingError):
    """A field has a value that cannot be."""

    status = 422
    code = "invalid"
    title = "填写有误"


# Why a text cannot be taken (`core.text.BadText`), for the terminal; pages have their own words.
TEXT_WORDS = {
    "text_control": "含有不可见的控制字符或不允许的空格",
    "text_invisible": "没有任何可见的字符",
    "text_too_long": "过长",
    "text_too_short": "过短",
}


class UnusableText(Invalid):
    """A text that cannot be taken; each one's `code` says why, as in `TEXT_WORDS`."""

    code = "text_unusable"

    def __init__(self, code: str, field: str | None) -> None:
        super().__init__(TEXT_WORDS[code], field=field)
        self.code = code


class NotSignedIn(SignalingError):
    """No session, or one that has ended."""

    status = 401
    code = "not_signed_in"
    title = "请先登录"


class BadCredentials(SignalingError):
    """Login, password, join code or device token are wrong."""

    status = 401
    code = "bad_credentials"
    title = "账号或密码不正确"


class BadToken(SignalingError):
    """The bearer token is missing, forged or expired (RFC 6750 §3.1)."""

    status = 401
    code = "invalid_token"
    title = "令牌无效或已过期"


class Forbidden(SignalingError):
    """Signed in, but not permitted."""

    status = 403
    code = "forbidden"
    title = "没有权限"


class CsrfFailed(SignalingError):
    """An unsafe request without the session's CSRF token, or from another site."""

    status = 403
    code = "csrf"
    title = "页面已过期,请刷新后重试"


class NotFound(SignalingError):
    """No such thing, or none that the caller may know of."""

    status = 404
    code = "not_found"
    title = "未找到"


class NotAcceptable(SignalingError):
    """The answer has no form that the caller accepts."""

    status = 406
    code = "not_acceptable"
    title = "不支持所要求的格式"


class RequestTimeout(SignalingError):
    """The request did not come whole in time (RFC 9110 §15.5.9)."""

    status = 408
    code = "request_timeout"
    title = "请求未按时送达"


class WrongLessonState(SignalingError):
    """The lesson's state does not allow it."""

    status = 409
    code = "wrong_state"
    title = "课堂当前状态不允许此操作"


class Clash(SignalingError):
    """A room or the teacher is taken at that time."""

    status = 409
    code = "clash"
    title = "时间冲突"


class TooManyLogins(SignalingError):
    """All logins that there may be are in use."""

    status = 409
    code = "too_many_logins"
    title = "同时登录数已达上限,请先在其他设备上退出"


class TooManyDevices(SignalingError):
    """All device tokens that a room may have are in use."""

    status = 409
    code = "too_many_devices"
    title = "本教室记住的终端已达上限,请不勾选“记住本机”,或请管理员作废旧令牌"

    def __init__(self) -> None:
        super().__init__(field="remember")


class StalePrecondition(SignalingError):
    """`If-Match` names a generation that is past (RFC 9110 §13.1.1)."""

    status = 412
    code = "stale_session"
    title = "会话已更新"


class TooLarge(SignalingError):
    """The body is larger than anything sensible."""

    status = 413
    code = "too_large"
    title = "请求过大"


class UnsupportedMediaType(SignalingError):
    """The body has another content type than the one expected."""

    status = 415
    code = "unsupported_media_type"
    title = "不支持的内容类型"


class UnknownHost(SignalingError):
    """The request was meant for another server (RFC 9110 §15.5.20)."""

    status = 421
    code = "unknown_host"
    title = "服务器不使用这个域名(请联系管理员设置 public_url 或 allowed_hosts)"


class PreconditionRequired(SignalingError):
    """`If-Match` is missing (RFC 6585 §3, RFC 9725 §4.3.1)."""

    status = 428
    code = "precondition_required"
    title = "缺少 If-Match"


class TooManyRequests(SignalingError):
    """Too many failed attempts."""

    status = 429
    code = "too_many_requests"
    title = "尝试次数过多,请稍后再试"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class Busy(SignalingError):
    """A bound of the server is reached; worth another try."""

    status = 503
    code = "busy"
    title = "服务器繁忙,请稍后再试"


class OutOfMemory(SignalingError):
    """The machine has no memory left for this; worth another try."""

    status = 503
    code = "out_of_memory"
    title = "服务器内存不足,请稍后再试"


class DatabaseUnavailable(SignalingError):
    """The database does not answer, or its disk fails."""

    status = 503
    code = "database_unavailable"
    title = "数据库暂时无法使用"


class ReadOnly(SignalingError):
    """Database or disk can be read but not written."""

    status = 503
    code = "read_only"
    title = "服务器的存储处于只读状态,无法保存"


class StorageFull(SignalingError):
    """The disk is full (RFC 4918 §11.5)."""

    status = 507
    code = "storage_full"
    title = "服务器磁盘已满,无法保存"
