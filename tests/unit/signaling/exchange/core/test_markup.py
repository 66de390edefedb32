"""No text becomes markup."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from signaling.exchange.core.markup import Markup, is_legal, tag

ANY = st.text(st.characters(exclude_categories=()), max_size=60)


@given(ANY, ANY)
def test_a_text_comes_back_as_it_was_but_for_what_xml_cannot_hold(text: str, value: str) -> None:
    read = ET.fromstring(tag("a", tag("b", text), c=value).encode())
    shown = "".join(filter(is_legal, text))
    assert (read.findtext("b"), len(list(read.iter()))) == (shown, 2)
    assert read.get("c") == "".join(filter(is_legal, value))


def test_markup_is_written_as_it_is_and_text_is_not() -> None:
    assert tag("a", Markup("<b/>"), "<b/>") == "<a><b/>&lt;b/&gt;</a>"
