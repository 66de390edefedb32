"""Answers about sound: Opus, RED, levels."""

import pytest

from relay.api import MediaKind
from relay.core.wire.sdp_answer import PublishAnswer, WatchAnswer
from tests.unit.relay.core.wire.answers import publish, watch
from tests.unit.relay.core.wire.offers import golden


class TestSound:
    """RED (RFC 2198), in-band FEC, DTX and retransmission of Opus."""

    def sound(self, answer: PublishAnswer | WatchAnswer) -> list[str]:
        sections = answer.sdp.split("\r\nm=")[1:]
        return next(one for one in sections if one.startswith("audio")).split("\r\n")

    def with_fmtp(self, *formats: str) -> str:
        """Chromium's offer with other RED parameters; no line at all for none."""
        lines = "".join(f"a=fmtp:63 {one}\r\n" for one in formats)
        text = golden("chromium_publish_simulcast")
        assert "a=fmtp:63 111/111\r\n" in text
        return text.replace("a=fmtp:63 111/111\r\n", lines)

    def test_a_publisher_is_asked_to_repeat_its_sound(self) -> None:
        answer = publish(golden("chromium_publish_simulcast"))
        lines = self.sound(answer)
        assert lines[0] == "audio 9 UDP/TLS/RTP/SAVPF 63 111", "libwebrtc sends RED if it leads"
        assert "a=rtpmap:63 red/48000/2" in lines
        assert "a=fmtp:63 111/111" in lines
        opus = answer.tracks[0].codecs
        assert [(codec.name, codec.payload_type, codec.red_payload_type) for codec in opus] == [
            ("opus", 111, 63)
        ]
        assert all(codec.red_payload_type is None for codec in answer.tracks[1].codecs)

    def test_a_viewer_takes_both_plain_and_repeated_sound(self) -> None:
        answer = watch(golden("chromium_watch"))
        assert self.sound(answer)[0] == "audio 9 UDP/TLS/RTP/SAVPF 111 63"
        slots = [slot for slot in answer.slots if slot.kind is MediaKind.AUDIO]
        assert {slot.codecs[0].red_payload_type for slot in slots} == {63}
        assert all(len(slot.codecs) == 1 for slot in slots)

    def test_sound_is_sent_again_where_the_peer_is_a_browser(self) -> None:
        for answer in (
            publish(golden("chromium_publish_simulcast")),
            watch(golden("chromium_watch")),
        ):
            assert "a=rtcp-fb:111 nack" in self.sound(answer)
        assert "a=rtcp-fb:111 nack" not in publish(golden("obs_publish")).sdp

    def test_fec_is_agreed_on_and_dtx_is_the_offers_choice(self) -> None:
        text = golden("chromium_publish_simulcast")
        assert "a=fmtp:111 minptime=10;useinbandfec=1" in self.sound(publish(text))
        saving = text.replace("useinbandfec=1", "useinbandfec=1;usedtx=1")
        assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1" in self.sound(publish(saving))

    @pytest.mark.parametrize(
        "formats",
        [
            (),
            ("",),
            ("111/0",),
            ("0/0",),
            ("99/99",),
            ("63/63",),
            ("/",),
            ("x/x",),
            ("-1",),
            ("128/128",),
        ],
    )
    def test_red_of_anything_but_this_opus_is_left_out(self, formats: tuple[str, ...]) -> None:
        answer = publish(self.with_fmtp(*formats))
        assert answer.tracks[0].codecs[0].red_payload_type is None
        assert "red/48000" not in answer.sdp
        assert self.sound(answer)[0] == "audio 9 UDP/TLS/RTP/SAVPF 111"

    def test_more_repetitions_are_agreed_on_as_well(self) -> None:
        answer = publish(self.with_fmtp("111/111/111"))
        assert answer.tracks[0].codecs[0].red_payload_type == 63

    def test_red_under_a_number_that_looks_like_rtcp_is_left_out(self) -> None:
        text = golden("chromium_publish_simulcast").replace("SAVPF 111 63", "SAVPF 111 64")
        text = text.replace("a=rtpmap:63 ", "a=rtpmap:64 ").replace("a=fmtp:63 ", "a=fmtp:64 ")
        assert publish(text).tracks[0].codecs[0].red_payload_type is None

    def test_a_player_without_it_gets_plain_sound(self) -> None:
        answer = watch(golden("whep_player"))
        assert all(codec.red_payload_type is None for s in answer.slots for codec in s.codecs)
        assert "red/" not in answer.sdp
