"""LOM packages: what is written is read again, and hostile ones are refused with a code."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.base.errors import Invalid
from signaling.exchange import packages
from signaling.exchange.core.bounds import bounded
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.packages import PackagedFile, content_of, read_package, write_package
from tests.support.oai_records import made_up
from tests.unit.signaling.exchange.core.test_lom import METADATA

(_, RECORD) = made_up(2)
assert RECORD.metadata is not None
LOM = b'<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string>a</string></title></general></lom>'
BOMB = b'<!DOCTYPE lom [<!ENTITY a "aaaaaaaaaa">]><lom>&a;</lom>'


def written(metadata: SharedMetadata, *files: PackagedFile) -> io.BytesIO:
    target = io.BytesIO()
    write_package(target, metadata, "oai:tongke.example:r1", files)
    return target


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as package:
        for name, data in entries:
            package.writestr(name, data)
    return target


@given(METADATA)
def test_what_is_written_is_read_again(metadata: SharedMetadata) -> None:
    assert read_package(written(metadata)).metadata == bounded(metadata)


def test_files_are_in_it_or_linked() -> None:
    video = "https://tongke.example/media/1.mp4?a=b"
    package = written(
        RECORD.metadata or SharedMetadata(title=""),
        PackagedFile("教案/浮力 1.docx", 5, b"hello"),
        PackagedFile(video),
    )
    read = read_package(package)
    assert read.files == (PackagedFile("教案/浮力 1.docx", 5),)
    assert read.linked == (video,)
    assert b"".join(content_of(package, "教案/浮力 1.docx", 5)) == b"hello"
    with pytest.raises(Invalid) as caught:
        list(content_of(package, "教案/浮力 1.docx", 4))
    assert caught.value.code == "package_too_large"


def test_equal_packages_have_equal_bytes() -> None:
    metadata = SharedMetadata(title="a")
    assert written(metadata).getvalue() == written(metadata).getvalue()


def test_metadata_may_stand_in_the_manifest_alone() -> None:
    manifest = b'<manifest xmlns="x"><metadata>' + LOM + b"</metadata></manifest>"
    assert read_package(packed(("imsmanifest.xml", manifest))).metadata.title == "a"


def _link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def _encrypted() -> io.BytesIO:
    data = bytearray(packed(("lom.xml", LOM)).getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return io.BytesIO(bytes(data))


def _lying() -> io.BytesIO:
    """The directory says 10 bytes; the entry holds 10 million."""
    data = bytearray(packed(("lom.xml", b" " * 10_000_000)).getvalue())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    return io.BytesIO(bytes(data))


TWICE = [("lom.xml", LOM), ("LOM.XML", LOM)]
HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    "no zip": (lambda: io.BytesIO(b"hello"), "package_damaged"),
    "empty": (lambda: io.BytesIO(b""), "package_damaged"),
    "cut": (lambda: io.BytesIO(packed(("lom.xml", LOM)).getvalue()[:60]), "package_damaged"),
    "encrypted": (_encrypted, "package_damaged"),
    "lzma": (lambda: packed(("lom.xml", LOM), method=14), "package_damaged"),
    "lying": (_lying, "package_damaged"),
    "nothing": (packed, "package_no_metadata"),
    "no metadata": (lambda: packed(("a.txt", b"a")), "package_no_metadata"),
    "no title": (lambda: packed(("lom.xml", b"<lom/>")), "package_no_metadata"),
    "entities": (lambda: packed(("lom.xml", BOMB)), "package_xml"),
    "broken xml": (lambda: packed(("lom.xml", b"<lom>")), "package_xml"),
    "large xml": (
        lambda: packed(("lom.xml", bytes(range(256)) * 20_000), method=0),
        "package_too_large",
    ),
    "bomb": (lambda: packed(("lom.xml", LOM), ("a", bytes(50_000_000))), "package_zip_bomb"),
    "many": (
        lambda: packed(*((f"{n}", b"") for n in range(packages.MAX_ENTRIES + 1))),
        "package_too_large",
    ),
    "link": (lambda: packed(("lom.xml", LOM), (_link("a"), b"/etc/passwd")), "package_file_names"),
    "twice": (lambda: packed(*TWICE), "package_file_names"),
}
NAMES = ("../a", "a/../../b", "/etc/passwd", "C:\\a", "a\\b", "a//b", "./a", "a/.", "a\nb", " a")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused(name: str) -> None:
    make, code = HOSTILE[name]
    with pytest.raises(Invalid) as caught:
        read_package(make())
    assert (caught.value.code, caught.value.field) == (code, "package")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leaves_the_package_is_refused(name: str) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = name
    with pytest.raises(Invalid) as caught:
        read_package(packed(("lom.xml", LOM), (info, b"a")))
    assert caught.value.code == "package_file_names"


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_damage_is_refused_or_read(noise: bytes, at: int) -> None:
    data = bytearray(packed(("lom.xml", LOM)).getvalue())
    data[at : at + len(noise)] = noise
    try:
        assert read_package(io.BytesIO(bytes(data))).metadata.title
    except Invalid as error:
        assert error.code.startswith("package_")
