"""Names that tell the content."""

from __future__ import annotations

from recorder.storage.hashed_names import hashed_name, source_stem


def test_another_content_has_another_name() -> None:
    one, other = hashed_name("a-x", b"1", ".jpg"), hashed_name("a-x", b"2", ".jpg")
    assert one != other
    assert one == hashed_name("a-x", b"1", ".jpg")
    assert one.startswith("a-x-")
    assert one.endswith(".jpg")


def test_files_of_a_source_share_their_stem() -> None:
    assert source_stem("lead.camera-12.webm") == "lead.camera"
