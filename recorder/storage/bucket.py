"""A bucket of an S3-compatible store: files go up verified, and come down by ranges.

The object-store library (obstore, ADR 10) does the requests in threads of its own, so the event
loop neither hashes nor copies. Methods that are no coroutines block, until `close` breaks them off.
"""

from __future__ import annotations

import errno
import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, NoReturn

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from recorder.storage.bucket_errors import as_os_error, is_lasting
from recorder.storage.location import BucketLocation, Credentials
from recorder.storage.multipart import MultipartUploads, Upload
from recorder.storage.requests import Requests
from recorder.storage.sums import PART_BYTES, Sums, parts_of

PARTS_AT_ONCE = 2  # so an upload holds some 40 MB at most
RANGE_BYTES = 4 * 1024 * 1024  # of one request for a reader
_LISTED_AT_ONCE = 1000
_MAX_DELETED_AT_ONCE = 1000
_STORE_ERRORS = (BaseError, OSError, ValueError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Times for which the store is waited for.

    Attributes:
        upload_s: s; for one part. 8 MiB in 300 s are 224 kbit/s.
        answer_s: s; for any other request. 4 MiB in 30 s are 1.1 Mbit/s.
        retries: of one request that the store could not answer.
        attempts: to bring one file up, the first included.
        pause_s: s; between two attempts.
        piece_s: s; for a piece of a lesson that runs. 2 MiB in 20 s are 840 kbit/s.
        look_s: s; for one page of a list that a lesson waits for.
    """

    upload_s: float = 300.0
    answer_s: float = 30.0
    retries: int = 3
    attempts: int = 3
    pause_s: float = 2.0
    piece_s: float = 20.0
    look_s: float = 3.0


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """Facts that the store tells of an object."""

    size: int
    etag: str
    modified_ns: int


class NotWanted(Exception):
    """The upload was broken off, because nobody wants it any more."""


class Bucket:
    """One place in one store."""

    def __init__(
        self,
        location: BucketLocation,
        credentials: Credentials,
        patience: Patience = Patience(),
    ) -> None:
        self.location = location
        self._patience = patience
        self._writing = _store(location, credentials, patience.upload_s, patience.retries)
        self._reading = _store(location, credentials, patience.answer_s, patience.retries)
        self._shipping = _store(location, credentials, patience.piece_s)
        self._looking = _store(location, credentials, patience.look_s)
        self._signing = self._reading
        if location.public is not None:
            self._signing = _store(location, credentials, endpoint=location.public)
        self._uploads = MultipartUploads(location, credentials)
        self._requests = Requests()

    @property
    def under_way(self) -> int:
        """The number of requests that threads wait for."""
        return self._requests.under_way + self._uploads.under_way

    def close(self) -> None:
        """Break off what threads wait for: they get OSError (ECANCELED). Does not block."""
        self._requests.close()
        self._uploads.close()

    # --- looking ---

    def objects(self, prefix: str, *, soon: bool = False) -> dict[str, ObjectFacts]:
        """List the objects below a prefix that ends in a slash, by the rest of their name.

        Args:
            prefix: what their keys begin with.
            soon: a lesson waits for it, so ask once and wait only for a moment.

        Raises:
            OSError: the store does not answer.
        """
        found: dict[str, ObjectFacts] = {}
        store = self._looking if soon else self._reading

        async def ask() -> None:
            async for some in obstore.list(store, prefix, chunk_size=_LISTED_AT_ONCE):
                for meta in some:
                    found[meta["path"].removeprefix(prefix)] = _facts(meta)

        try:
            self._requests.wait(ask)
        except _STORE_ERRORS as error:
            raise as_os_error(error, prefix) from None
        return found

    def folders(self, prefix: str) -> list[str]:
        """List the names of what looks like folders below a prefix. Raises OSError."""
        try:
            listed = self._requests.wait(
                lambda: obstore.list_with_delimiter_async(self._reading, prefix)
            )
        except _STORE_ERRORS as error:
            raise as_os_error(error, prefix) from None
        return sorted(path.rsplit("/", 1)[-1] for path in listed["common_prefixes"])

    async def facts(self, key: str) -> ObjectFacts | None:
        """Tell of one object; None if it is not there. Raises OSError."""
        try:
            return _facts(await obstore.head_async(self._reading, key))
        except _STORE_ERRORS as error:
            found = as_os_error(error, key)
            if not isinstance(found, FileNotFoundError):
                raise found from None
        await self._demand_bucket(key)
        return None

    async def _demand_bucket(self, key: str) -> None:
        """Raise OSError where there is no bucket: to HEAD that looks like a missing object."""
        try:
            async for _ in obstore.list(self._reading, f"{key}/", chunk_size=1):
                return
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None

    # --- reading ---

    async def piece(self, key: str, start: int, stop: int, etag: str) -> bytes:
        """Read a range of an object that must still have that tag. Raises OSError."""
        options: obstore.GetOptions = {"range": (start, stop), "if_match": f'"{etag}"'}
        try:
            answer = await obstore.get_async(self._reading, key, options=options)
            data = bytes(await answer.bytes_async())
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None
        if len(data) != stop - start:
            raise OSError(errno.EIO, f"{key}: {len(data)} of {stop - start} bytes came")
        return data

    def read(self, key: str, limit: int) -> bytes:
        """Read an object, at most `limit` bytes. Raises OSError."""

        async def ask() -> tuple[int, bytes]:
            size = min((await obstore.head_async(self._reading, key))["size"], limit)
            if not size:
                return 0, b""
            found = await obstore.get_range_async(self._reading, key, start=0, end=size)
            return size, bytes(found)

        try:
            size, data = self._requests.wait(ask)
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None
        if len(data) != size:
            raise OSError(errno.EIO, f"{key}: {len(data)} of {size} bytes came")
        return data

    def get(self, key: str, most: int) -> bytes:
        """Read an object of at most `most` bytes with one request. Raises OSError."""

        async def ask() -> bytes:
            answer = await obstore.get_async(self._reading, key)
            if answer.meta["size"] > most:
                raise OSError(errno.EFBIG, f"{key}: {answer.meta['size']} bytes")
            return bytes(await answer.bytes_async())

        try:
            return self._requests.wait(ask)
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None

    def pieces(self, key: str, facts: ObjectFacts) -> Iterator[bytes]:
        """Read a whole object piece by piece. Raises OSError."""
        for start in range(0, facts.size, RANGE_BYTES):
            stop = min(start + RANGE_BYTES, facts.size)
            ask = functools.partial(self.piece, key, start, stop, facts.etag)
            yield self._requests.wait(ask)

    def url(self, key: str) -> str | None:
        """Sign an address for players; None if they are not sent away. Does not block."""
        if self.location.redirect_s is None:
            return None
        return obstore.sign(self._signing, "GET", key, timedelta(seconds=self.location.redirect_s))

    # --- writing ---

    def upload(
        self, source: Path | bytes, key: str, mime: str, wanted: Callable[[], bool] = lambda: True
    ) -> ObjectFacts:
        """Bring a file up, and make sure that the store has the same bytes.

        Args:
            source: a path, or the bytes themselves.
            key: its name in the bucket; an object there is replaced.
            mime: how it is served to those who are sent there.
            wanted: asked between two parts; the upload is broken off when it says no.

        Raises:
            NotWanted: `wanted` said no.
            OSError: it could not be brought up, or is not there as it was sent.
        """
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return self._attempt(source, key, mime, wanted)
            except OSError as error:
                if attempt == self._patience.attempts or is_lasting(error):
                    raise
                _log.warning("storage_upload_retried", key=key, reason=str(error), attempt=attempt)
                self._requests.pause(self._patience.pause_s)
        raise AssertionError("attempts is at least 1")

    def put(self, key: str, data: bytes) -> None:
        """Bring a few bytes up, once. The store itself compares them with their signed SHA-256.

        Raises:
            OSError: nobody knows whether they are there.
        """
        put = functools.partial(obstore.put_async, self._shipping, key, use_multipart=False)
        try:
            self._requests.wait(functools.partial(put, data))
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None

    def holds(self, path: Path, key: str, facts: ObjectFacts) -> bool:
        """Tell whether an object is the same as a file: by its tag, else by reading it.

        Raises:
            OSError: one of them cannot be read.
        """
        sums = Sums()
        for _ in parts_of(path, sums):
            pass
        return self._is_same(key, facts, sums)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; they may be gone already. Raises OSError."""
        for start in range(0, len(keys), _MAX_DELETED_AT_ONCE):
            some = list(keys[start : start + _MAX_DELETED_AT_ONCE])
            ask = functools.partial(obstore.delete_async, self._reading, some)
            try:
                self._requests.wait(ask)
            except _STORE_ERRORS as error:
                found = as_os_error(error, keys[start])
                if not isinstance(found, FileNotFoundError):
                    raise found from None

    def abort_uploads(self, prefix: str, which: Callable[[Upload], bool] = lambda _: True) -> int:
        """Abort multipart uploads below a prefix that nobody completes; count them.

        Raises:
            OSError: the store does not answer, or does not allow it.
        """
        found = [one for one in self._uploads.under(prefix) if which(one)]
        for one in found:
            self._uploads.abort(one)
        return len(found)

    # --- inside ---

    def _attempt(
        self, source: Path | bytes, key: str, mime: str, wanted: Callable[[], bool]
    ) -> ObjectFacts:
        sums = Sums()
        pieces = _wanted(parts_of(source, sums), wanted)
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        # Players that were sent here shall not show a recording to the next user of the browser.
        attributes: dict[Any, str] = {"Content-Type": mime, "Cache-Control": "no-store"}
        put = functools.partial(obstore.put_async, self._writing, key, attributes=attributes)
        try:
            if size <= PART_BYTES:
                ask = functools.partial(put, b"".join(pieces), use_multipart=False)
            else:
                ask = functools.partial(
                    put, pieces, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
                )
            self._requests.wait(ask)
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None
        try:
            facts = _facts(self._requests.wait(lambda: obstore.head_async(self._reading, key)))
        except FileNotFoundError:
            raise OSError(errno.EBADMSG, f"{key}: the store has not kept it") from None
        except _STORE_ERRORS as error:
            raise as_os_error(error, key) from None
        if facts.size != sums.size or not self._is_same(key, facts, sums):
            raise OSError(errno.EBADMSG, f"{key}: the store has other bytes than were sent")
        return facts

    def _is_same(self, key: str, facts: ObjectFacts, sums: Sums) -> bool:
        if facts.size != sums.size:
            return False
        if facts.etag == sums.etag():
            return True
        # Stores that encrypt, or are no S3 at heart, have tags of their own: read it back.
        digest = hashlib.sha256()
        for piece in self.pieces(key, facts):
            digest.update(piece)
        return bool(digest.digest() == sums.whole.digest())


def _store(
    location: BucketLocation,
    credentials: Credentials,
    timeout_s: float = 30.0,
    retries: int = 0,
    endpoint: str | None = None,
) -> S3Store:
    client: dict[str, Any] = {
        "allow_http": True,  # an address with http:// is the operator's choice
        "timeout": timedelta(seconds=timeout_s),
        "connect_timeout": timedelta(seconds=min(timeout_s, 5.0)),
    }
    if location.ca is not None:
        client["root_certificate"] = location.ca.read_bytes()
    options: dict[str, Any] = {
        "region": location.region,
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "virtual_hosted_style_request": location.virtual_host,
        # Each request's own SHA-256 is signed, so a store refuses bytes that were changed on the
        # way. Further checksums are what many stores do not know.
        "unsigned_payload": False,
        # Several stores have no request for many.
        "disable_bulk_delete": True,
    }
    if (address := endpoint or location.endpoint) is not None:
        options["endpoint"] = address
    if credentials.session_token is not None:
        options["session_token"] = credentials.session_token
    return S3Store(
        location.bucket,
        prefix=location.prefix or None,
        config=options,  # type: ignore[arg-type]  # a dictionary, built by conditions
        client_options=client,  # type: ignore[arg-type]
        retry_config={
            "max_retries": retries,
            "retry_timeout": timedelta(seconds=timeout_s),
            "backoff": {"max_backoff": timedelta(seconds=2)},
        },
    )


def _facts(meta: obstore.ObjectMeta) -> ObjectFacts:
    moment = meta["last_modified"].astimezone(UTC)
    modified_ns = int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000
    return ObjectFacts(meta["size"], (meta["e_tag"] or "").strip('"'), modified_ns)


def _wanted(pieces: Iterator[bytes], wanted: Callable[[], bool]) -> Iterator[bytes]:
    for piece in pieces:
        if not wanted():
            _break_off()
        yield piece


def _break_off() -> NoReturn:
    raise NotWanted
