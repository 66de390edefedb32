"""Place of the recordings: a folder or a bucket, out of one address; and the bucket's keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

ENVIRONMENT_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
DEFAULT_REGION = "us-east-1"  # what servers that know no regions expect
DEFAULT_KEEP_HOURS = 24.0  # h; most recordings are watched on their day
MAX_REDIRECT_S = 300  # s; such an address works until then, also after 下架
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")  # S3's rules for bucket names
_PREFIX = re.compile(r"[A-Za-z0-9._\-]+(/[A-Za-z0-9._\-]+)*")
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_SECONDS = re.compile(r"[0-9]{1,4}")
_OTHERS = 0o077  # the bits of group and others


class BadLocation(ValueError):
    """The address of a storage cannot be used. The message names the part, and has no secret."""


@dataclass(frozen=True, slots=True)
class BucketLocation:
    """A place in an S3-compatible store.

    Attributes:
        prefix: what comes before every name, without slashes at its ends; may be empty.
        endpoint: the store's URL; None for AWS.
        public: the store's URL as browsers reach it, for redirects; None if it is the same.
        redirect_s: players are sent to the store, with addresses that hold so long. None if
            the server itself passes the bytes on.
        keep_hours: how long a copy stays on this machine after the store has all of it.
        virtual_host: the bucket stands in the host's name, as AWS wants it. Other stores mostly
            want it in the path.
        ca: certificates to trust, PEM.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    public: str | None = None
    region: str = DEFAULT_REGION
    redirect_s: int | None = None
    keep_hours: float = DEFAULT_KEEP_HOURS
    virtual_host: bool = False
    ca: Path | None = None

    @property
    def identity(self) -> str:
        """The place by name, to tell whether two addresses mean the same."""
        return f"{self.endpoint or self.region}|{self.bucket}|{self.prefix}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A pair of keys. No representation shows them."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class _CredentialsFile(msgspec.Struct, forbid_unknown_fields=True):
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


def parse_location(address: str) -> Path | BucketLocation:
    """Read an address: a folder's path, ``file://…`` or ``s3://bucket/prefix?endpoint=…``.

    Raises:
        BadLocation: it is none.
    """
    try:
        url = urlsplit(address)
    except ValueError:
        raise BadLocation("the address of the storage is no URL") from None
    if url.scheme == "file":
        if url.netloc or url.query or url.fragment or not url.path.startswith("/"):
            raise BadLocation("a folder is given as file:///path")
        return Path(unquote(url.path))
    if "://" not in address:
        return Path(address).expanduser()
    if url.scheme != "s3":
        raise BadLocation("the storage must be a folder or an s3:// address")
    if "@" in url.netloc:
        raise BadLocation("keys do not belong into the address of the storage")
    if not _BUCKET.fullmatch(url.netloc):
        raise BadLocation("bucket: 3 to 63 lower-case letters, digits, dots and hyphens")
    prefix = url.path.strip("/")
    if url.fragment or (prefix and not _PREFIX.fullmatch(prefix)) or ".." in prefix:
        raise BadLocation("prefix: letters, digits, . _ - and slashes")
    return _with_options(url.netloc, prefix, url.query)


def read_credentials(file: Path | None, environment: Mapping[str, str]) -> Credentials:
    """Take the keys from a file of TOML, or from the variables that all S3 programs know.

    Raises:
        BadLocation: there are none.
    """
    if file is not None:
        try:
            found = msgspec.toml.decode(file.read_bytes(), type=_CredentialsFile)
        except OSError as error:
            raise BadLocation(f"the file of the storage's keys: {error.strerror}") from None
        except (msgspec.DecodeError, UnicodeDecodeError):  # their messages may quote the file
            raise BadLocation(
                "the file of the storage's keys must have access_key_id and secret_access_key"
            ) from None
        return Credentials(found.access_key_id, found.secret_access_key, found.session_token)
    values = [environment.get(name) for name in ENVIRONMENT_KEYS]
    if not values[0] or not values[1]:
        raise BadLocation(f"{ENVIRONMENT_KEYS[0]} and {ENVIRONMENT_KEYS[1]} are not set")
    return Credentials(values[0], values[1], values[2])


def others_may_read(file: Path) -> bool:
    """Tell whether group or others have any right to a file."""
    return bool(file.stat().st_mode & _OTHERS)


def _with_options(bucket: str, prefix: str, query: str) -> BucketLocation:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise BadLocation("the options of the storage are no name=value&…") from None
    options = dict(pairs)
    if len(options) != len(pairs):
        raise BadLocation("an option of the storage is given twice")
    ca = options.pop("ca", None)
    location = BucketLocation(
        bucket,
        prefix,
        endpoint=_endpoint("endpoint", options.pop("endpoint", None)),
        public=_endpoint("public", options.pop("public", None)),
        region=options.pop("region", DEFAULT_REGION),
        redirect_s=_seconds(options.pop("redirect", None)),
        keep_hours=_hours(options.pop("keep_hours", None)),
        virtual_host=_style(options.pop("style", "path")),
        ca=None if ca is None else Path(ca),
    )
    if options:
        raise BadLocation(f"unknown option of the storage: {min(options)[:40]}")
    return location


def _endpoint(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.netloc):
        raise BadLocation(f"{name}: expected http(s)://host:port")
    if url.path.strip("/") or url.query or url.fragment:
        raise BadLocation(f"{name}: expected nothing after the host")
    return f"{url.scheme}://{url.netloc}"


def _seconds(value: str | None) -> int | None:
    if value is None:
        return None
    if not _SECONDS.fullmatch(value) or not 1 <= int(value) <= MAX_REDIRECT_S:
        raise BadLocation(f"redirect: 1…{MAX_REDIRECT_S} seconds")
    return int(value)


def _hours(value: str | None) -> float:
    if value is None:
        return DEFAULT_KEEP_HOURS
    try:
        hours = float(value)
    except ValueError:
        hours = -1.0
    if not 0.0 <= hours <= 24 * 3660:
        raise BadLocation("keep_hours: a number of hours, 0 or more")
    return hours


def _style(value: str) -> bool:
    if value not in {"path", "virtual"}:
        raise BadLocation("style: path or virtual")
    return value == "virtual"
