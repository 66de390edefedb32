"""Reading offers and fragments: what is refused, and which line is named."""

import pytest

from relay.api import OfferError
from relay.core.wire.sdp import (
    MAX_SDP_BYTES,
    MAX_SDP_LINES,
    Direction,
    parse_fragment,
    parse_offer,
    read_transport,
)
from tests.unit.relay.core.wire.offers import golden

FRAGMENT = (
    "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
    "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n"
    "a=end-of-candidates\r\n"
)


def refused(text: str) -> str:
    with pytest.raises(OfferError) as caught:
        offer = parse_offer(text)
        read_transport(offer, offer.sections[0])
    return caught.value.field


def test_a_chromium_offer_is_read() -> None:
    offer = parse_offer(golden("chromium_publish_simulcast"))
    assert offer.bundle == ("0", "1")
    assert [section.media for section in offer.sections] == ["audio", "video"]
    assert all(section.direction is Direction.SENDONLY for section in offer.sections)
    transport = read_transport(offer, offer.sections[0])
    assert transport.setup == "actpass"
    assert transport.fingerprints[0][0] == "sha-256"


def test_transport_may_stand_at_session_level() -> None:
    offer = parse_offer(golden("obs_publish"))
    assert read_transport(offer, offer.sections[0]).ice_ufrag == "xIZ0"


def test_bare_line_feeds_are_taken() -> None:
    assert parse_offer(golden("aiortc_publish").replace("\r\n", "\n")).bundle == ("0", "1")


def test_bundle_only_sections_are_live_and_other_port_zero_ones_are_not() -> None:
    text = golden("gstreamer_whipsink")
    assert [section.live for section in parse_offer(text).sections] == [True, True]
    text = text.replace("a=bundle-only\r\n", "")
    assert [section.live for section in parse_offer(text).sections] == [True, False]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("v=0\r\n", "", "v="),
        ("s=-", "hello", "line 3"),
        ("s=-", "s=\x00", "line 3"),
        ("a=ice-ufrag:abcd\r\n", "", "a=ice-ufrag"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:abc", "a=ice-ufrag"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:ab:cd", "a=ice-ufrag"),
        ("a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-pwd:short", "a=ice-pwd"),
        ("a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-pwd:" + "x" * 257, "a=ice-pwd"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ", "a=fingerprint"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-512 ", "a=fingerprint"),
        ("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 zz:", "a=fingerprint"),
        ("a=fingerprint:", "a=finger:", "a=fingerprint"),
        ("a=setup:actpass", "a=setup:holdconn", "a=setup"),
        ("m=audio 9 ", "m=audio 99999 ", "m="),
        ("m=audio 9 ", "m=audio ٣ ", "m="),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio", "m="),
        ("a=mid:1", "a=mid:0", "a=mid"),
        ("a=mid:1", "a=mid:" + "x" * 17, "a=mid"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(old: str, new: str, field: str) -> None:
    text = golden("whep_player")
    assert old in text
    assert refused(text.replace(old, new)) == field


def test_what_ice_lite_does_not_need_is_not_judged() -> None:
    odd = "a=candidate:oops\r\na=candidate:1 1 udp 1 a1b2.local 9 typ host\r\n"
    text = golden("whep_player")
    assert len(parse_offer(text.replace("a=mid:0\r\n", f"a=mid:0\r\n{odd}")).sections) == 2
    assert parse_fragment(FRAGMENT + odd).ice_ufrag == "EsAw"


def test_a_fault_inside_a_section_is_its_own() -> None:
    text = golden("whep_player").replace("a=recvonly", "a=recvonly\r\na=sendonly", 1)
    first, second = parse_offer(text).sections
    assert first.fault is not None and first.fault.field == "a=recvonly"
    assert second.fault is None


def test_sizes_are_bounded() -> None:
    text = golden("whep_player")
    assert refused(text + "a=x\r\n" * 10_000) == "sdp"
    assert refused(text + "a=x\r\n" * (MAX_SDP_LINES + 1)) == "sdp"
    assert refused(text + "a=" + "x" * MAX_SDP_BYTES + "\r\n") == "sdp"
    assert refused(text + "m=audio 9 RTP/AVP 0\r\n" * 64) == "m="
    assert refused(text + "m=audio 9 RTP/AVP" + " 0" * 129 + "\r\n") == "m=audio"


def test_a_fragment_gives_credentials() -> None:
    fragment = parse_fragment(FRAGMENT)
    assert (fragment.ice_ufrag, fragment.ice_pwd) == ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("a=ice-ufrag:EsAw\r\n", "", "a=ice-ufrag"),
        ("a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n", "", "a=ice-pwd"),
        ("a=mid:0", "a=ice-ufrag:other", "a=ice-ufrag"),
        ("a=mid:0", "nonsense", "line 4"),
    ],
)
def test_a_bad_fragment_is_named(old: str, new: str, field: str) -> None:
    with pytest.raises(OfferError) as caught:
        parse_fragment(FRAGMENT.replace(old, new))
    assert caught.value.field == field


def test_a_large_fragment_is_refused() -> None:
    with pytest.raises(OfferError) as caught:
        parse_fragment(FRAGMENT + "a=x\r\n" * 5000)
    assert caught.value.field == "sdp"
