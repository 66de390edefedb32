"""Errors of a bucket as errors of the operating system, without what the store wrote beside them.

Stores answer with XML that may hold the key's id and the text that was signed. Only codes are kept.
"""

from __future__ import annotations

import errno
import re

from obstore.exceptions import (
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

# Words of AWS, MinIO, Ceph, Garage, versitygw, OSS and COS for a bucket that takes no more.
_FULL = re.compile(
    r"QuotaExceeded|StorageFull|InsufficientStorage|InsufficientCapacity|NoSpaceLeft|"
    r"BucketQuota|ExceedsQuota|TooManyBytes|status code: 507"
)
_CHANGED = re.compile(
    r"XAmzContentSHA256Mismatch|BadDigest|InvalidDigest|ContentMD5|ChecksumMismatch|IncompleteBody"
)
_NO_BUCKET = re.compile(r"NoSuchBucket")
_LATE = re.compile(r"kind: Timeout|TimedOut|timed out|RequestTimeout")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_KIND = re.compile(r"kind: (\w{1,40})")
_LASTING = frozenset((errno.EACCES, errno.ENODEV, errno.ENOSPC, errno.EINVAL, errno.ECANCELED))


def as_os_error(error: Exception, key: str) -> OSError:
    """Turn an error of the object-store library into an `OSError` that names the key and a code."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return error  # of the local file
    message = f"{key}: {_short(error, text)}"
    if _NO_BUCKET.search(text):
        return OSError(errno.ENODEV, message)
    if _FULL.search(text):
        return OSError(errno.ENOSPC, message)
    if _CHANGED.search(text):
        return OSError(errno.EBADMSG, message)
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, message)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return PermissionError(errno.EACCES, message)
    if isinstance(error, PreconditionError):
        return OSError(errno.ESTALE, message)
    if _LATE.search(text):
        return TimeoutError(errno.ETIMEDOUT, message)
    return OSError(errno.EIO, message)


def is_lasting(error: OSError) -> bool:
    """Tell whether another attempt at once is useless: no right, no bucket, no room, or closed."""
    return error.errno in _LASTING or isinstance(error, FileNotFoundError)


def _short(error: Exception, text: str) -> str:
    for pattern in (_CODE, _STATUS, _KIND):
        if found := pattern.search(text):
            return found.group(1)
    return type(error).__name__
