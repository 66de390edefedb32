"""LOM packages: a ZIP file with metadata, a list of files, and those that are small enough.

`imsmanifest.xml` follows IMS Content Packaging 1.1.4, `lom.xml` holds the metadata alone. Reading
takes a package from a stranger: nothing is unpacked to a path, and everything has a bound.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote, unquote

from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.exchange.core.bounds import bounded, web_address
from signaling.exchange.core.lom import LOM, lom_of, read_lom
from signaling.exchange.core.markup import DECLARATION, Markup, tag
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.reading import UnreadableXml, read_xml

PACKAGING = "http://www.imsglobal.org/xsd/imscp_v1p1"
MANIFEST = "imsmanifest.xml"
METADATA = "lom.xml"
MAX_ENTRIES = 1000
MAX_XML_BYTES = 4 * 1024 * 1024  # of a manifest
MAX_UNPACKED_BYTES = 8 * 1024**3  # of all files together; the largest upload
MAX_RATIO = 200  # of unpacked to packed bytes; XML of zeros reaches 1,000
MAX_NAME_CHARS = 200
_SMALL_BYTES = 1024 * 1024  # a ratio of less says nothing
_ENCRYPTED = 0x1  # flag bit of a ZIP entry (APPNOTE 4.4.4)
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_MOMENT = (1980, 1, 1, 0, 0, 0)  # of every entry, so that equal packages have equal bytes


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file of a package.

    Attributes:
        name: its path in the package, or the address of a file that is not in it.
        size: in bytes; 0 where nobody knows.
        data: its content; None for one that is not in the package.
    """

    name: str
    size: int = 0
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class LomPackage:
    """A package that was read.

    Attributes:
        metadata: of the resource, as ours may be.
        files: what the package holds beside its XML. A caller copies one by `content_of`.
        linked: addresses of files on the Web that the manifest names.
    """

    metadata: SharedMetadata
    files: tuple[PackagedFile, ...]
    linked: tuple[str, ...]


# --- writing -------------------------------------------------------------------------------------


def write_package(
    target: BinaryIO, metadata: SharedMetadata, identifier: str, files: Sequence[PackagedFile]
) -> None:
    """Write a package.

    Args:
        target: a file that is open for writing.
        metadata: of the resource.
        identifier: under which others know the resource.
        files: of the resource. Large ones are named by their address only.
    """
    lom = lom_of(metadata, identifier, schema=False)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        _add(package, MANIFEST, (DECLARATION + _manifest(lom, identifier, files)).encode())
        _add(package, METADATA, (DECLARATION + lom).encode())
        for file in files:
            if file.data is not None:
                _add(package, _demand_name(file.name), file.data)


def _add(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    package.writestr(entry, data)


def _manifest(lom: Markup, identifier: str, files: Sequence[PackagedFile]) -> Markup:
    hrefs = [one.name if one.data is None else quote(one.name) for one in files]
    return tag(
        "manifest",
        tag(
            "metadata",
            tag("schema", "IMS Content"),
            tag("schemaversion", "1.1.4"),
            lom,
        ),
        tag("organizations"),
        tag(
            "resources",
            tag(
                "resource",
                *(tag("file", href=href) for href in hrefs),
                identifier="resource",
                type="webcontent",
                **({"href": hrefs[0]} if hrefs else {}),
            ),
        ),
        xmlns=PACKAGING,
        identifier="manifest-" + re.sub(r"[^A-Za-z0-9.\-]", "-", identifier),
    )


# --- reading -------------------------------------------------------------------------------------


def read_package(source: BinaryIO) -> LomPackage:
    """Read the metadata and the list of files of a package.

    Raises:
        Invalid: it is refused; the code says why, `package` is the field.
    """
    try:
        with zipfile.ZipFile(source) as package:
            entries = _demand_harmless(package.infolist())
            roots = _documents(package, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
        raise _refused(ProblemCode.PACKAGE_DAMAGED) from None
    metadata = next(filter(None, map(_metadata, roots)), None)
    if metadata is None:
        raise _refused(ProblemCode.PACKAGE_NO_METADATA)
    files = [
        PackagedFile(name, entry.file_size)
        for name, entry in entries.items()
        if name not in {MANIFEST, METADATA} and not entry.is_dir()
    ]
    return LomPackage(metadata, tuple(files), tuple(_linked(roots)))


def content_of(source: BinaryIO, name: str, most: int) -> Iterator[bytes]:
    """Yield the bytes of a file of a package that was read, at most so many. Raises Invalid."""
    try:
        with zipfile.ZipFile(source) as package, package.open(name) as entry:
            total = 0
            while piece := entry.read(64 * 1024):
                total += len(piece)
                if total > most:
                    raise _refused(ProblemCode.PACKAGE_TOO_LARGE)
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError):
        raise _refused(ProblemCode.PACKAGE_DAMAGED) from None


def _demand_harmless(infos: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name. Raises Invalid."""
    if len(infos) > MAX_ENTRIES:
        raise _refused(ProblemCode.PACKAGE_TOO_LARGE)
    if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise _refused(ProblemCode.PACKAGE_ZIP_BOMB)
    entries: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    for info in infos:
        name = _demand_name(info.filename)
        if name.casefold() in folded or _is_special(info):
            raise _refused(ProblemCode.PACKAGE_FILE_NAMES)
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise _refused(ProblemCode.PACKAGE_DAMAGED)
        if info.file_size > max(_SMALL_BYTES, info.compress_size * MAX_RATIO):
            raise _refused(ProblemCode.PACKAGE_ZIP_BOMB)
        folded.add(name.casefold())
        entries[name] = info
    return entries


def _demand_name(name: str) -> str:
    """Return a path that stays inside of the package. Raises Invalid."""
    parts = name.removesuffix("/").split("/")
    usable = all(part and part.strip(". ") and part == part.strip() for part in parts)
    if not usable or len(name) > MAX_NAME_CHARS or _FORBIDDEN.search(name):
        raise _refused(ProblemCode.PACKAGE_FILE_NAMES)
    return name


def _is_special(info: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is a link, a device or the like."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind not in {0, stat.S_IFREG, stat.S_IFDIR}


def _documents(package: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> list[Node]:
    """Read what describes the package, the metadata alone first."""
    found = []
    for name in (METADATA, MANIFEST):
        if name in entries:
            with package.open(entries[name]) as entry:
                data = entry.read(MAX_XML_BYTES + 1)
            if len(data) > MAX_XML_BYTES:
                raise _refused(ProblemCode.PACKAGE_TOO_LARGE)
            try:
                found.append(read_xml(data))
            except UnreadableXml:
                raise _refused(ProblemCode.PACKAGE_XML) from None
    return found


def _metadata(root: Node) -> SharedMetadata | None:
    """Return the first usable LOM of a document: its own, or that of a part."""
    if root.space == LOM and root.name == "lom":
        read = read_lom(root)
        shown = None if read is None else bounded(read)
        return shown if shown is not None and shown.title else None
    return next(filter(None, map(_metadata, root.children)), None)


def _linked(roots: Sequence[Node]) -> Iterator[str]:
    for root in roots:
        for file in root.all("resources", "resource", "file"):
            address = web_address(unquote(file.attributes.get("href", "")))
            if address:
                yield address


def _refused(code: ProblemCode) -> Invalid:
    return Invalid(code=code, field="package")
