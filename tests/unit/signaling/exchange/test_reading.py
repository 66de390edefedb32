"""XML from strangers is read within bounds or refused with a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.exchange import reading
from signaling.exchange.reading import UnreadableXml, read_xml

BOMB = b"""<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;</a>"""
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
REMOTE = b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>'
PARAMETER = b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]><a/>'
REFUSED = {
    "bomb": (BOMB, "xml_doctype"),
    "external": (EXTERNAL, "xml_doctype"),
    "remote": (REMOTE, "xml_doctype"),
    "parameter": (PARAMETER, "xml_doctype"),
    "html": (b"<!doctype html><p>", "xml_malformed"),
    "deep": (b"<a>" * 40 + b"</a>" * 40, "xml_too_deep"),
    "wide": (b"<a>" + b"<b/>" * 300_000 + b"</a>", "xml_too_large"),
    "cut": (b"<a><b>", "xml_malformed"),
    "empty": (b"", "xml_malformed"),
    "unknown entity": (b"<a>&x;</a>", "xml_malformed"),
    "encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "xml_malformed"),
    "prefix": (b"<a:b/>", "xml_malformed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_document_is_refused(name: str) -> None:
    document, code = REFUSED[name]
    with pytest.raises(UnreadableXml) as caught:
        read_xml(document)
    assert caught.value.code == code


def test_elements_are_found_by_local_names() -> None:
    root = read_xml('<a:x xmlns:a="urn:a" b="1"><a:y>浮<z/>力</a:y></a:x>'.encode())
    assert (root.space, root.name, root.attributes, root.says("y")) == (
        "urn:a",
        "x",
        {"b": "1"},
        "浮力",
    )
    assert root.first("n") is None


@given(st.binary(max_size=200) | st.text('<>&;![]ax"=/ %', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_xml(data)
    except UnreadableXml as error:
        assert error.code.startswith("xml_")


def test_the_bounds_leave_room_for_the_largest_page_of_our_own() -> None:
    assert reading.MAX_ELEMENTS > 60 * 1000  # 1,000 LOM records
