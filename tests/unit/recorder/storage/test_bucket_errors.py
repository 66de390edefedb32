"""Errors of stores as errors of the system: by their codes, and without what stands beside them."""

import errno

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError, PreconditionError

from recorder.storage.bucket_errors import as_os_error, is_lasting

SECRET = "<AWSAccessKeyId>an-id</AWSAccessKeyId><StringToSign>text</StringToSign>"


def answer(status: str, code: str) -> str:
    return f"Server returned non-2xx status code: {status}: <Error><Code>{code}</Code>{SECRET}"


@pytest.mark.parametrize(
    ("error", "number", "said", "lasts"),
    [
        (GenericError(answer("507 X", "XMinioStorageFull")), errno.ENOSPC, "XMinio", True),
        (PermissionDeniedError(answer("403 X", "QuotaExceeded")), errno.ENOSPC, "Quota", True),
        (GenericError("status code: 507 Insufficient Storage: "), errno.ENOSPC, "507", True),
        (GenericError(answer("400", "XAmzContentSHA256Mismatch")), errno.EBADMSG, "SHA256", False),
        (GenericError(answer("400", "BadDigest")), errno.EBADMSG, "BadDigest", False),
        (FileNotFoundError(answer("404", "NoSuchBucket")), errno.ENODEV, "NoSuchBucket", True),
        (FileNotFoundError(answer("404", "NoSuchKey")), errno.ENOENT, "NoSuchKey", True),
        (
            PermissionDeniedError(answer("403", "SignatureDoesNotMatch")),
            errno.EACCES,
            "SignatureDoesNotMatch",
            True,
        ),
        (PreconditionError(answer("412", "PreconditionFailed")), errno.ESTALE, "Precond", False),
        (GenericError("inner: Http(HttpError { kind: Timeout, "), errno.ETIMEDOUT, "Time", False),
        (GenericError("inner: Http(HttpError { kind: Connect, "), errno.EIO, "Connect", False),
        (ValueError("text"), errno.EIO, "ValueError", False),
    ],
)
def test_codes_decide(error: Exception, number: int, said: str, lasts: bool) -> None:
    found = as_os_error(error, "recordings/r1/a.webm")
    assert found.errno == number
    assert str(found).count("recordings/r1/a.webm") == 1
    assert said in str(found)
    assert is_lasting(found) == lasts
    assert "an-id" not in str(found)
    assert "text" not in str(found)


def test_an_error_of_the_local_file_stays_as_it_is() -> None:
    error = OSError(errno.EIO, "the disk", "/data/a.webm")
    assert as_os_error(error, "a.webm") is error
