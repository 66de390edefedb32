"""Multipart uploads that nobody completes: found and aborted by signed requests (SigV4).

The object-store library completes and aborts its own, but not those of a process that was killed.
They are invisible, and are paid for. It cannot list them, so these two requests are made here.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import html
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from recorder.storage.location import BucketLocation, Credentials

TIMEOUT_S = 30.0  # s; of one wait for an answer
CONNECT_S = 5.0  # s; of one connection, which cannot be broken off
MAX_PAGES = 50  # of a listing, 1000 uploads each
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_UPLOAD = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload under way, or left over. `key` is without the location's prefix."""

    key: str
    upload_id: str
    begun: datetime


class MultipartUploads:
    """Lists and aborts multipart uploads. All methods but `close` block."""

    def __init__(self, location: BucketLocation, credentials: Credentials) -> None:
        self._location = location
        self._credentials = credentials
        endpoint = location.endpoint or f"https://s3.{location.region}.amazonaws.com"
        self._url = urlsplit(endpoint)
        self._tls: ssl.SSLContext | None = None
        if self._url.scheme == "https":
            self._tls = ssl.create_default_context()
            if location.ca is not None:
                self._tls.load_verify_locations(location.ca)
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()
        self._closed = False

    @property
    def under_way(self) -> int:
        """The number of requests that threads wait for."""
        return len(self._open)

    def close(self) -> None:
        """Break off what threads wait for: they get OSError. Does not block."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                with contextlib.suppress(OSError):
                    if connection.sock is not None:
                        connection.sock.shutdown(socket.SHUT_RDWR)

    def under(self, prefix: str) -> list[Upload]:
        """List those whose key begins with `prefix`. Raises OSError."""
        start = f"{self._location.prefix}/" if self._location.prefix else ""
        asked = {"uploads": "", "max-uploads": "1000", "prefix": start + prefix}
        found: list[Upload] = []
        for _ in range(MAX_PAGES):
            answer = self._ask("GET", "", asked)
            for one in _UPLOAD.findall(answer):
                key = _field(one, "Key")
                if key.startswith(start + prefix):
                    begun = datetime.fromisoformat(_field(one, "Initiated"))
                    found.append(Upload(key[len(start) :], _field(one, "UploadId"), begun))
            if _field(answer, "IsTruncated") != "true":
                break
            asked["key-marker"] = _field(answer, "NextKeyMarker")
            asked["upload-id-marker"] = _field(answer, "NextUploadIdMarker")
        return found

    def abort(self, upload: Upload) -> None:
        """Abort one; it may be gone already. Raises OSError."""
        start = f"{self._location.prefix}/" if self._location.prefix else ""
        self._ask("DELETE", start + upload.key, {"uploadId": upload.upload_id})

    def _ask(self, method: str, key: str, query: Mapping[str, str]) -> str:
        host, bucket = self._url.netloc, self._location.bucket
        path = f"/{quote(key)}"
        if self._location.virtual_host:  # an endpoint given has the bucket in its name already
            host = host if self._location.endpoint else f"{bucket}.{host}"
        else:
            path = f"/{bucket}{path if key else ''}"
        words = "&".join(f"{_escaped(k)}={_escaped(v)}" for k, v in sorted(query.items()))
        headers = signed_headers(
            method,
            host,
            path,
            words,
            credentials=self._credentials,
            region=self._location.region,
            now=datetime.now(UTC),
        )
        connection = (
            http.client.HTTPConnection(host, timeout=CONNECT_S)
            if self._tls is None
            else http.client.HTTPSConnection(host, timeout=CONNECT_S, context=self._tls)
        )
        with self._lock:
            self._open.add(connection)
        try:
            connection.connect()
            connection.sock.settimeout(TIMEOUT_S)
            if self._closed:  # while it was connected
                raise OSError(errno.ECANCELED, "the storage was closed")
            connection.request(method, f"{path}?{words}", headers=headers)
            answer = connection.getresponse()
            text = answer.read(_MAX_ANSWER_BYTES).decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(f"multipart uploads: {type(error).__name__}") from None
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
        # An upload that is gone is gone; a listing that is not found has no bucket.
        if answer.status >= 300 and not (answer.status == 404 and method == "DELETE"):
            raise OSError(f"multipart uploads: {answer.status} {_field(text, 'Code')}")
        return text


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: str,
    *,
    credentials: Credentials,
    region: str,
    now: datetime,
) -> dict[str, str]:
    """Sign a request without a body (AWS Signature Version 4).

    `path` and `query` are escaped as they are sent; the names of the query are in order.
    """
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": stamp}
    if credentials.session_token is not None:
        headers["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join((method, path, query, lines, names, _EMPTY_SHA256))
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join(
        ("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest())
    )
    key = f"AWS4{credentials.secret_access_key}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return headers


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _field(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return html.unescape(found.group(1)) if found else ""
