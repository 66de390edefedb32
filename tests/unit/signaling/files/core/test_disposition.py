"""Names of downloads, as browsers and other readers of headers take them."""

import pytest
from aiohttp import content_disposition_filename, parse_content_disposition
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.core.disposition import attachment


def _read(header: str) -> str | None:
    """The name that an independent reader of the header finds."""
    kind, parameters = parse_content_disposition(header)
    assert kind == "attachment"
    return content_disposition_filename(parameters)


@pytest.mark.parametrize("name", ["report.xlsx", "月报 2026-11.xlsx", "a'b(1).csv", "50%.csv"])
def test_the_name_arrives(name: str) -> None:
    header = attachment(name)
    assert header.startswith("attachment; ")
    assert header.isascii()
    assert _read(header) == name


def test_a_reader_without_rfc_8187_gets_a_plain_name() -> None:
    assert 'filename="__.xlsx"' in attachment("月报.xlsx")


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=50))
def test_no_name_leads_out_of_the_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    plain = header.split('filename="', 1)[1].split('"', 1)[0]
    assert "/" not in plain
    assert "\\" not in plain
    assert header.count('"') == 2


@pytest.mark.parametrize(
    "name", ['a"; filename="evil.html', "a\r\nSet-Cookie: x=1", "../../etc/passwd"]
)
def test_hostile_names_stay_names(name: str) -> None:
    header = attachment(name)
    assert "\r" not in header
    assert "\n" not in header
    assert header.count('"') == 2
    assert "/" not in header.replace("UTF-8''", "")
