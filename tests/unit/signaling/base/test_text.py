"""One text type for everything that is sent: visible, bounded, NFC, without control characters."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.base.text import BadText, TextKind, clean, cleaned, is_word, unbounded
from signaling.classroom import wire as m
from signaling.command.county_file import CountyFile
from signaling.http_face import ROUTES
from signaling.identity.wire import LoginRequest, TerminalLogin
from signaling.web.openapi import document

BODIES = {route.body for route in ROUTES if isinstance(route.body, type)}
SENT = sorted({*BODIES, CountyFile, *m.CLIENT_MESSAGES}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("struct", SENT, ids=lambda kind: kind.__name__)
def test_every_string_that_is_sent_is_of_a_kind_and_bounded(struct: type) -> None:
    assert list(unbounded(struct)) == []


def test_a_plain_string_would_be_found() -> None:
    class Loose(msgspec.Struct):
        title: str
        names: tuple[str, ...] = ()

    assert list(unbounded(Loose)) == ["Loose.title", "Loose.names[]"]


def test_every_parameter_of_the_openapi_document_is_bounded() -> None:
    for item in document(ROUTES, "0")["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                assert parameter["schema"]["maxLength"] <= 200


@given(st.text(), st.sampled_from(TextKind), st.integers(0, 1))
def test_what_is_taken_is_clean_and_stays_as_it_is(text: str, kind: TextKind, least: int) -> None:
    try:
        taken = clean(text, kind, 40, least)
    except BadText:
        return
    assert taken == clean(taken, kind, 40, least)
    assert taken == unicodedata.normalize("NFC", taken)
    assert len(taken) <= 40
    assert "\0" not in taken
    assert not least or any(unicodedata.category(c)[0] in "LNPS" for c in taken)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("a\0b", TextKind.LINE, "text_control"),
        ("a\nb", TextKind.LINE, "text_control"),
        ("a\x07b", TextKind.PARAGRAPH, "text_control"),
        ("\ud800", TextKind.LINE, "text_control"),
        ("abc\u202etxt.exe", TextKind.LINE, "text_control"),
        ("\u200b\u200d\ufeff", TextKind.LINE, "text_invisible"),
        ("\u3164", TextKind.LINE, "text_invisible"),
        ("\u0301\u0301", TextKind.LINE, "text_invisible"),
        ("  \u3000 ", TextKind.LINE, "text_invisible"),
        ("", TextKind.LINE, "text_invisible"),
        ("room 1", TextKind.WORD, "text_control"),
        ("room\u200b1", TextKind.WORD, "text_control"),
        ("12345678\n", TextKind.WORD, "text_control"),
        ("pass\0word", TextKind.SECRET, "text_control"),
        ("x" * 41, TextKind.LINE, "text_too_long"),
    ],
)
def test_what_cannot_be_taken(text: str, kind: TextKind, code: str) -> None:
    with pytest.raises(BadText) as refused:
        clean(text, kind, 40, 1)
    assert refused.value.code == code


def test_what_is_taken() -> None:
    assert clean(" 《小小的船》 ", TextKind.LINE, 40, 1) == "《小小的船》"
    assert clean("e\u0301", TextKind.LINE, 40, 1) == "\u00e9"
    assert clean("停电\n明天补", TextKind.PARAGRAPH, 40, 1) == "停电\n明天补"
    assert clean(" a b ", TextKind.SECRET, 40, 1) == " a b "
    assert clean("👩\u200d🏫 课", TextKind.LINE, 40, 1) == "👩\u200d🏫 课"
    assert is_word("lead.camera")
    assert not is_word("a b")


def test_a_struct_is_cleaned_in_all_its_parts_and_names_the_one_at_fault() -> None:
    request = LoginRequest(" wang ", " secret ")
    assert cleaned(request) == LoginRequest("wang", " secret ")
    with pytest.raises(BadText) as refused:
        cleaned(TerminalLogin(room_id="a\0b"))
    assert refused.value.field == "room_id"
    view = m.View(1, (m.SlotView(0, "lead.camera"), m.SlotView(1, "lead camera")))
    with pytest.raises(BadText) as refused:
        cleaned(view)
    assert refused.value.field == "slots[1].source_id"
