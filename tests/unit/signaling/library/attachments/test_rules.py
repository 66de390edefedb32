"""Attachments: what their bytes are, and what their names say."""

from __future__ import annotations

import pytest

from signaling.files.core.sniffing import MEDIA_TYPES, FileKind
from signaling.files.rules import PURPOSES
from signaling.files.wire import FilePurpose
from signaling.library.attachments.rules import other_content


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("教案.pdf", FileKind.PDF, None),
        ("教案.PDF", FileKind.PDF, None),
        ("教案.pdf", FileKind.ZIP, "zip"),
        ("教案.pdf", FileKind.HTML, ""),
        ("教案.pdf.docx", FileKind.PDF, "pdf"),
        ("课件.docx", FileKind.ZIP, "zip"),
        ("课件.zip", FileKind.DOCX, None),
        ("课件.doc", FileKind.OLE, None),
        ("课件.doc", FileKind.DOCX, "docx"),
        ("成绩.xls", FileKind.XLS, None),
        ("成绩.xls", FileKind.OLE, None),
        ("图.png", FileKind.JPEG, "jpeg"),
        ("图.jpg", FileKind.JPEG, None),
        ("练习.html", FileKind.HTML, None),
        ("练习.html", FileKind.TEXT, None),
        ("说明.txt", FileKind.TEXT, None),
        ("说明.txt", FileKind.HTML, ""),
        ("说明", FileKind.ZIP, None),  # it says nothing
        ("说明.xyz", FileKind.ZIP, None),
    ],
)
def test_a_name_says_what_the_bytes_are_or_something_else(
    name: str, kind: FileKind, told: str | None
) -> None:
    assert other_content(name, MEDIA_TYPES[kind]) == told


def test_of_a_file_that_was_not_looked_at_nothing_is_said() -> None:
    assert other_content("教案.pdf", None) is None


def test_each_kind_that_is_taken_has_a_name_that_fits() -> None:
    ends = ("pdf", "docx", "pptx", "xlsx", "zip", "doc", "xls", "txt", "html", "svg")
    ends += ("png", "jpg", "gif", "webp")
    for kind in PURPOSES[FilePurpose.ATTACHMENT].kinds:
        told = [other_content(f"a.{end}", MEDIA_TYPES[kind]) for end in ends]
        assert None in told, kind
