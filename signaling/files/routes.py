"""Routes: uploads by tus 1.0, and the caller's files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TypeVar

from aiohttp import web

from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid, Malformed, UnsupportedMediaType, UnusableText
from signaling.base.text import BadText, TextKind, clean
from signaling.files.core import tus
from signaling.files.errors import WrongUploadVersion
from signaling.files.records import FileRecord
from signaling.files.rules import PURPOSES
from signaling.files.sending import send
from signaling.files.service import FileService
from signaling.files.wire import FileInfo, FileList, FilePurpose, FileState
from signaling.web.bodies import body_pieces
from signaling.web.routes import Call, Content, Query, Route

T = TypeVar("T")

PAGE_FILES = 25  # shown in one step of the loop
MAX_NAME_BYTES = 1000  # of the name that a browser sends; it is shortened
HEADERS: Mapping[str, str] = {"Tus-Resumable": tus.VERSION}  # of every answer below the path


@dataclass(frozen=True, slots=True)
class FileHandlers:
    """Uploads and downloads. `prefix` is what a proxy puts before every path."""

    service: FileService
    prefix: str = ""

    async def describe(self, call: Call) -> web.Response:
        """Tell which tus this server speaks: version, extensions, largest size, checksums."""
        most = max(rule.most_bytes for rule in PURPOSES.values() if rule.upload is not None)
        return web.Response(
            status=204,
            headers={
                "Tus-Version": tus.VERSION,
                "Tus-Extension": tus.EXTENSIONS,
                "Tus-Max-Size": str(most),
                "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUM_ALGORITHMS),
            },
        )

    async def create(self, call: Call) -> web.Response:
        """Begin an upload: `Upload-Length`, and `Upload-Metadata` with `filename` and `purpose`."""
        size, told = _read(call, lambda h: (tus.number(h, "Upload-Length"), _metadata(h)))
        try:
            purpose = FilePurpose(told.get("purpose", ""))
        except ValueError:
            raise Invalid("unknown purpose", field="Upload-Metadata") from None
        try:
            name = clean(told.get("filename", ""), TextKind.LINE, MAX_NAME_BYTES, 1)
        except BadText as error:
            raise UnusableText(error.code, "Upload-Metadata") from None
        record = await self.service.create(call.actor, purpose, name, size)
        location = f"{self.prefix}/api/files/{record.file_id}"
        return web.Response(status=201, headers={"Location": location, **_state(record)})

    async def offset(self, call: Call) -> web.Response:
        """Tell how much of an upload is there."""
        _demand_version(call)
        record = await self.service.get(call.actor, call.path("file_id"))
        return web.Response(headers={"Cache-Control": "no-store", **_state(record)})

    async def append(self, call: Call) -> web.Response:
        """The next bytes of an upload. What came before a break stays."""
        if call.request.content_type != tus.MEDIA_TYPE:
            raise UnsupportedMediaType(f"expected {tus.MEDIA_TYPE}", field="Content-Type")
        offset, checksum = _read(
            call,
            lambda h: (tus.number(h, "Upload-Offset"), tus.checksum(h.get("Upload-Checksum"))),
        )
        file_id = call.path("file_id")
        async with aclosing(body_pieces(call.request)) as pieces:
            record = await self.service.append(call.actor, file_id, offset, pieces, checksum)
        return web.Response(status=204, headers=_state(record))

    async def delete(self, call: Call) -> web.Response:
        """Delete a file, or end its upload."""
        await self.service.delete(call.actor, call.path("file_id"))
        return web.Response(status=204)

    async def list_files(self, call: Call) -> FileList:
        """The caller's files, newest first."""
        records, following = await self.service.listed(
            call.actor, limit=PAGE_FILES, cursor=call.query.get("before")
        )
        return FileList(tuple(record.info for record in records), following)

    async def get_file(self, call: Call) -> FileInfo:
        """One file of the caller's."""
        return (await self.service.get(call.actor, call.path("file_id"))).info

    async def content(self, call: Call) -> web.StreamResponse:
        """The bytes of a file, to be saved and never shown by the browser."""
        record, local = await self.service.content(call.actor, call.path("file_id"))
        return await send(call.request, record, local, self.service.pieces(record))


def _read(call: Call, reader: Callable[[Mapping[str, str]], T]) -> T:
    """Read headers of tus. Raises WrongUploadVersion, Malformed."""
    _demand_version(call)
    try:
        return reader(call.request.headers)
    except tus.BadHeader as error:
        raise Malformed(str(error), field=error.header) from None


def _metadata(headers: Mapping[str, str]) -> dict[str, str]:
    return tus.metadata(headers.get("Upload-Metadata", ""))


def _demand_version(call: Call) -> None:
    if call.request.headers.get("Tus-Resumable") != tus.VERSION:
        raise WrongUploadVersion(field="Tus-Resumable")


def _state(record: FileRecord) -> dict[str, str]:
    """The headers that tell how far an upload is."""
    is_coming = record.state is FileState.COMING
    length = record.size if is_coming else record.received  # a clean copy has another size
    headers = {"Upload-Offset": str(record.received), "Upload-Length": str(length)}
    if is_coming:
        headers["Upload-Expires"] = _http_date(record.expires_at)
    return headers


def _http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


_PATH = "/api/files"
_FILE = "/api/files/{file_id}"
ROUTES = (
    Route("OPTIONS", _PATH, FileHandlers.describe, "上传协议 (tus 1.0)", status=204),
    Route(
        "POST",
        _PATH,
        FileHandlers.create,
        "开始上传",
        status=201,
        headers=("Tus-Resumable", "Upload-Length", "Upload-Metadata"),
        audited=AuditAction.FILE_UPLOAD,
    ),
    Route("HEAD", _FILE, FileHandlers.offset, "已上传多少", headers=("Tus-Resumable",)),
    Route(
        "PATCH",
        _FILE,
        FileHandlers.append,
        "续传",
        body=Content(tus.MEDIA_TYPE, "the bytes from Upload-Offset on"),
        status=204,
        headers=("Tus-Resumable", "Upload-Offset"),
    ),
    Route(
        "DELETE",
        _FILE,
        FileHandlers.delete,
        "删除文件",
        status=204,
        audited=AuditAction.FILE_DELETE,
    ),
    Route(
        "GET",
        _PATH,
        FileHandlers.list_files,
        "我的文件",
        FileList,
        query=(Query("before", "the `next` of the page before"),),
    ),
    Route("GET", _FILE, FileHandlers.get_file, "一个文件", FileInfo),
    Route(
        "GET",
        f"{_FILE}/content",
        FileHandlers.content,
        "下载文件",
        Content("application/octet-stream", "the bytes"),
    ),
)
