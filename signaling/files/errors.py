"""Errors of uploads, beside those that any request can meet (tus 1.0)."""

from __future__ import annotations

from signaling.base.errors import Invalid, SignalingError
from signaling.base.problem_codes import ProblemCode


class WrongOffset(SignalingError):
    """The bytes begin elsewhere than the upload ends; `facts` name where: `offset`."""

    status = 409
    code = ProblemCode.UPLOAD_OFFSET
    title = "the upload continues at another byte"


class UploadExpired(SignalingError):
    """The upload was left alone for too long."""

    status = 410
    code = ProblemCode.UPLOAD_EXPIRED
    title = "the upload has expired"


class WrongUploadVersion(SignalingError):
    """`Tus-Resumable` names no version that is spoken here."""

    status = 412
    code = ProblemCode.UPLOAD_VERSION
    title = "this version of tus is not spoken"


class UploadInUse(SignalingError):
    """Another request is writing to the upload."""

    status = 423
    code = ProblemCode.UPLOAD_IN_USE
    title = "another request writes to the upload"


class UploadDamaged(SignalingError):
    """The bytes do not add up to their checksum; none of them were kept."""

    status = 460  # of tus; no RFC has it
    code = ProblemCode.UPLOAD_DAMAGED
    title = "the bytes do not match their checksum"


class IntakeBroken(SignalingError):
    """The process that reads the upload broke off; another try may fare better."""

    status = 503
    code = ProblemCode.FILE_CHECK_FAILED
    title = "the upload could not be read to its end"


class FileTooLarge(Invalid):
    """More than the purpose allows; `facts` name the `most` bytes."""

    code = ProblemCode.FILE_TOO_LARGE
    title = "the file is too large for its purpose"


class FileKindRefused(Invalid):
    """The bytes are of a kind that the purpose does not take; `facts` name the `kind`."""

    code = ProblemCode.FILE_KIND_REFUSED
    title = "files of this kind are not taken for the purpose"


class FileMixed(Invalid):
    """The bytes are two files in one, such as a picture that is an archive, too."""

    code = ProblemCode.FILE_MIXED
    title = "the file is two files in one"


class QuotaReached(SignalingError):
    """The owner's files have all the bytes that they may have; `facts` name `most_gb`."""

    status = 409
    code = ProblemCode.FILE_QUOTA
    title = "the owner has no room for the file"


class FileInUse(SignalingError):
    """Something uses the file; `facts` name how many do: `count`."""

    status = 409
    code = ProblemCode.FILE_IN_USE
    title = "the file is in use"
