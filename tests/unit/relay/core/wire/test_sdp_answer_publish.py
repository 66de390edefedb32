"""Answers to publishers: pictures, layers, transport."""

import re

import pytest

from relay.api import Layer
from relay.core.wire.sdp import parse_offer
from relay.core.wire.sdp_media import MAX_SSRCS
from tests.unit.relay.core.wire.answers import (
    field_of,
    publish,
    rid_lines,
    section_lines,
    with_rids,
)
from tests.unit.relay.core.wire.offers import golden


class TestPublish:
    def test_chromium_simulcast(self) -> None:
        answer = publish(golden("chromium_publish_simulcast"))
        audio, video = answer.tracks
        assert (audio.kind, audio.codecs[0].name, audio.extensions.audio_level) == (
            "audio",
            "opus",
            1,
        )
        assert video.layers == {"h": Layer.HIGH, "m": Layer.MIDDLE, "l": Layer.LOW}
        assert not video.layers_guessed
        assert (video.extensions.mid, video.extensions.rid, video.extensions.repaired_rid) == (
            4,
            10,
            11,
        )
        vp8 = video.codecs[0]
        assert (vp8.name, vp8.payload_type, vp8.rtx_payload_type) == ("VP8", 96, 97)
        assert vp8.nack and vp8.pli and vp8.transport_cc
        assert not answer.dtls_active

    def test_a_publisher_that_can_tell_capture_times_is_asked_to(self) -> None:
        uri = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
        offer = golden("chromium_publish_simulcast")
        level = "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
        assert level in offer
        answer = publish(
            offer.replace(level, f"{level}a=extmap:14 {uri}\r\n").replace(
                "a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\n", ""
            )
        )
        assert answer.tracks[0].extensions.abs_capture_time == 14
        assert f"a=extmap:14 {uri}" in section_lines(answer.sdp, 0)
        assert uri not in publish(offer).sdp

    def test_simulcast_is_answered_for_receiving(self) -> None:
        assert rid_lines(publish(golden("chromium_publish_simulcast"))) == [
            "a=rid:h recv",
            "a=rid:m recv",
            "a=rid:l recv",
            "a=simulcast:recv h;m;l",
        ]

    def test_the_answer_takes_h264_in_mode_1_only_and_no_remb_beside_transport_cc(self) -> None:
        answer = publish(golden("chromium_publish_simulcast"))
        h264 = [codec for codec in answer.tracks[1].codecs if codec.name == "H264"]
        assert [codec.payload_type for codec in h264] == [102, 108, 116]
        assert "goog-remb" not in answer.sdp
        assert "packetization-mode=0" not in answer.sdp

    def test_the_answer_is_ice_lite_passive_and_itself_readable(self) -> None:
        answer = publish(golden("chromium_publish_simulcast"))
        assert "\r\na=ice-lite\r\n" in answer.sdp.split("\r\nm=")[0] + "\r\n"
        again = parse_offer(answer.sdp)
        assert again.bundle == ("0", "1")
        assert [section.attributes.first("setup") for section in again.sections] == ["passive"] * 2
        candidates = again.sections[0].attributes.all("candidate")
        assert candidates[0] == "1 1 udp 2130706431 192.0.2.7 5000 typ host"
        assert candidates[1].split()[4] == "2001:db8::7"
        assert "candidate" not in again.sections[1].attributes

    def test_obs(self) -> None:
        answer = publish(golden("obs_publish"))
        assert [track.mid for track in answer.tracks] == ["0", "1"]
        assert answer.tracks[1].ssrcs == {4097131375: None}
        assert answer.tracks[1].codecs[0].fmtp.startswith("profile-level-id=42e01f")
        assert "stereo=1" in answer.tracks[0].codecs[0].fmtp
        assert "a=rtcp-fb:96 goog-remb" in answer.sdp

    def test_obs_with_three_layers(self) -> None:
        answer = publish(golden("obs_publish_simulcast"))
        video = answer.tracks[1]
        assert video.layers == {"0": Layer.HIGH, "1": Layer.MIDDLE, "2": Layer.LOW}
        assert video.layers_guessed
        assert video.ssrcs == {}, "OBS declares only its first layer's"
        assert rid_lines(answer) == [
            "a=rid:0 recv",
            "a=rid:1 recv",
            "a=rid:2 recv",
            "a=simulcast:recv 0;1;2",
        ]

    def test_gstreamer(self) -> None:
        answer = publish(golden("gstreamer_whipsink"))
        video, audio = answer.tracks
        assert video.ssrcs == {2938731: 18276312}
        assert "sprop-parameter-sets" in video.codecs[0].fmtp
        assert "sprop" not in answer.sdp
        assert not video.codecs[0].transport_cc, "no extension was offered for it"
        assert audio.codecs[0].fmtp.endswith("useinbandfec=1")
        assert "m=audio 9 " in answer.sdp, "a bundle-only section is accepted with a real port"

    def test_aiortc(self) -> None:
        answer = publish(golden("aiortc_publish"))
        assert answer.tracks[1].ssrcs == {2350275343: 1690048534}
        assert len(answer.transport.fingerprints) == 3

    def test_one_unbundled_section_without_mid(self) -> None:
        answer = publish(golden("single_video_unbundled"))
        assert answer.tracks[0].mid == ""
        assert "BUNDLE" not in answer.sdp
        assert "a=mid" not in answer.sdp

    def test_only_a_passive_peer_makes_the_relay_active(self) -> None:
        text = golden("single_video_unbundled").replace("a=setup:active", "a=setup:passive")
        answer = publish(text)
        assert answer.dtls_active
        assert "a=setup:active" in answer.sdp

    def test_second_video_and_data_sections_are_rejected(self) -> None:
        text = golden("obs_publish").replace("BUNDLE 0 1", "BUNDLE 0 1 2 3")
        second = "m=video" + text.split("m=video")[1].replace("a=mid:1", "a=mid:2")
        data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:3\r\na=sctp-port:5000\r\n"
        answer = publish(text + second + data)
        assert len(answer.tracks) == 2
        assert section_lines(answer.sdp, 2)[0] == "m=video 0 UDP/TLS/RTP/SAVPF 96"
        assert section_lines(answer.sdp, 3)[0].startswith("m=application 0 ")
        assert "a=group:BUNDLE 0 1\r\n" in answer.sdp

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("a=rtcp-mux\r\n", "", "a=rtcp-mux"),
            ("a=group:BUNDLE 0 1\r\n", "", "a=group"),
            ("a=sendonly", "a=recvonly", "m="),
        ],
    )
    def test_what_cannot_be_used_is_named(self, old: str, new: str, field: str) -> None:
        text = golden("chromium_publish_simulcast")
        assert old in text
        assert field_of(text.replace(old, new)) == field

    @pytest.mark.parametrize(
        ("old", "new", "layers"),
        [
            ("a=rid:m send\r\n", "", "hl"),
            ("a=rid:m send", "a=rid:m", "hl"),
            ("a=rid:m send", "a=rid:h send", "hl"),
            ("a=rid:m send", "a=rid:m{} send", "hl"),
            ("a=rid:m send", "a=rid:seventeenletters_ send", "hl"),
            ("send h;m;l", "send h;m;q", "hm"),
            ("send h;m;l", "send h;;l", "hl"),
            ("send h;m;l", "send h;m;m", "hm"),
            ("send h;m;l", "send " + ";".join("hmlabcdefgijknopq"), ""),
            ("send h;m;l", "sned h;m;l", ""),
            ("send h;m;l", "send", ""),
            ("a=extmap:10 urn", "a=extmap:11 urn", ""),
            ("a=extmap:10 urn", "a=extmap:0 urn", ""),
            ("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", "", ""),
        ],
    )
    def test_layers_that_nobody_can_tell_apart_are_not_agreed(
        self, old: str, new: str, layers: str
    ) -> None:
        text = golden("chromium_publish_simulcast")
        assert old in text
        answer = publish(text.replace(old, new))
        assert "".join(answer.tracks[1].layers) == layers
        assert rid_lines(answer)[-1:] == (
            [f"a=simulcast:recv {';'.join(layers)}"] if layers else []
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("a=extmap:1 urn:ietf", "a=extmap:one urn:ietf"),
            ("a=fmtp:97 apt=96", "a=fmtp:97 apt=x"),
            ("a=fmtp:97 apt=96", "a=fmtp:97 rtx-time=1"),
            ("a=fmtp:97 apt=96", "a=fmtp:seven apt=96"),
            ("a=ssrc:2166807484 cname", "a=ssrc:99999999999 cname"),
            ("a=rtcp-fb:96 nack\r\n", "a=rtcp-fb:many nack\r\n"),
            ("SAVPF 96 97", "SAVPF 96 96 97"),
            ("a=rtcp-mux", "a=rtcp-mux\r\na=candidate:1 1 tcp oops"),
            ("a=rtcp-mux", "a=rtcp-mux\r\n\r\na=ssrc-group:FID 1\r\na=ssrc-group:SIM 1 2 3"),
            ("BUNDLE 0 1", "BUNDLE 0 1 2"),
            ("a=group:BUNDLE 0 1", "a=group:LS 0 1\r\na=group:BUNDLE 0 1\r\na=group:BUNDLE 7"),
        ],
    )
    def test_a_line_that_can_do_without_costs_nothing_else(self, old: str, new: str) -> None:
        text = golden("chromium_publish_simulcast")
        assert old in text
        answer = publish(text.replace(old, new))
        assert [track.codecs[0].name for track in answer.tracks] == ["opus", "VP8"]
        assert answer.refused == ()
        assert parse_offer(answer.sdp).bundle == ("0", "1")

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [
            ("SAVPF 96 ", "SAVPF 96 \x2f ", "m=video"),
            ("BUNDLE 0 1", "BUNDLE 0", "a=group"),
            ("a=rid:h send", "a=recvonly\r\na=rid:h send", "a=recvonly"),
            ("a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10",
             "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10", "a=extmap"),
            ("SAVPF 96 97", "SAVPF 111 97", "m=video"),
        ],
    )  # fmt: skip
    def test_a_section_that_cannot_be_used_is_rejected_alone(
        self, old: str, new: str, field: str
    ) -> None:
        audio, video = golden("chromium_publish_simulcast").split("m=video")
        text = audio.replace(old, new) + "m=video" + video.replace(old, new)
        if "111" in new:
            text = text.replace("a=rtpmap:96 VP8", "a=rtpmap:111 VP8")
        answer = publish(text)
        assert [track.kind for track in answer.tracks] == ["audio"]
        assert section_lines(answer.sdp, 1)[0].startswith("m=video 0 ")
        assert "a=group:BUNDLE 0\r\n" in answer.sdp
        assert [fault.field for fault in answer.refused] == [field]

    def test_where_the_first_picture_cannot_be_used_the_second_is(self) -> None:
        text = golden("obs_publish").replace("BUNDLE 0 1", "BUNDLE 0 1 2")
        second = "m=video" + text.split("m=video")[1].replace("a=mid:1", "a=mid:2")
        answer = publish(text.replace("H264/90000", "H265/90000") + second)
        assert [track.mid for track in answer.tracks] == ["0", "2"]
        assert section_lines(answer.sdp, 1)[0].startswith("m=video 0 ")

    def test_ffmpegs_whip_muxer(self) -> None:
        """FFmpeg names its RTX stream only in the group, and wants to be the DTLS server."""
        answer = publish(golden("ffmpeg_whip"))
        assert answer.dtls_active
        assert answer.tracks[1].ssrcs == {2325596155: 2325596156}
        assert answer.tracks[1].codecs[0].rtx_payload_type == 105

    def test_a_repair_format_without_apt_is_left_out(self) -> None:
        answer = publish(golden("rtx_without_apt"))
        assert answer.tracks[1].codecs[0].rtx_payload_type is None
        assert "rtx" not in answer.sdp

    def test_one_codec_missing_leaves_the_others(self) -> None:
        text = golden("chromium_publish_simulcast").replace("VP8/90000", "H265/90000")
        assert {codec.name for codec in publish(text).tracks[1].codecs} == {"H264"}

    @pytest.mark.parametrize(("old", "new"), [("SAVPF 96 97", "SAVPF 96"), ("97", "94")])
    def test_repair_types_are_only_taken_from_the_list(self, old: str, new: str) -> None:
        text = re.sub(rf"\b{old}\b", new, golden("chromium_publish_simulcast"))
        answer = publish(text)
        vp8 = next(one for one in answer.tracks[1].codecs if one.name == "VP8")
        assert vp8.rtx_payload_type is None
        assert "apt=96" not in answer.sdp

    def test_payload_types_are_one_space_in_a_bundle(self) -> None:
        answer = publish(golden("obs_publish").replace("111", "96"))
        assert [track.kind for track in answer.tracks] == ["audio"]
        assert [fault.field for fault in answer.refused] == ["m=video"]

    def test_no_common_codec_names_the_section(self) -> None:
        text = golden("single_video_unbundled").replace("VP8/90000", "H265/90000")
        assert field_of(text) == "m=video"

    def test_an_ssrc_belongs_to_who_declares_it_first(self) -> None:
        text = golden("obs_publish").replace("a=ssrc:4097131375", "a=ssrc:4097131374")
        assert [track.ssrcs for track in publish(text).tracks] == [{4097131374: None}, {}]

    def test_declared_ssrcs_are_bounded(self) -> None:
        flood = "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(90))
        flood += "".join(f"a=ssrc-group:FID {n} {n + 1000}\r\n" for n in range(100, 300))
        answer = publish(golden("single_video_unbundled") + flood)
        assert len(answer.tracks[0].ssrcs) <= 2 * MAX_SSRCS

    def test_paused_layers_and_alternatives_are_understood(self) -> None:
        text = golden("chromium_publish_simulcast").replace("send h;m;l", "send h,m;~l recv x")
        answer = publish(text)
        assert answer.tracks[1].layers == {"h": Layer.HIGH, "l": Layer.LOW}
        assert "a=simulcast:recv h;l\r\n" in answer.sdp

    @pytest.mark.parametrize(
        ("rids", "layers", "guessed"),
        [
            ("l m h", "l m h", False),
            ("m", "m", False),
            ("q h f", "l m h", False),
            ("f h q", "h m l", False),
            ("f q", "h l", False),
            ("low mid high", "l m h", False),
            ("r0 r1 r2", "l m h", False),
            ("0 1 2", "h m l", True),
            ("a-1 B_2", "h m", True),
            ("abcdefghijklmnop", "h", True),
            ("h m x", "h m l", True),
        ],
    )
    def test_foreign_rids_get_their_layers(self, rids: str, layers: str, guessed: bool) -> None:
        answer = publish(with_rids(*rids.split()))
        video = answer.tracks[1]
        assert list(video.layers) == rids.split()
        assert list(video.layers.values()) == layers.split()
        assert video.layers_guessed is guessed
        assert rid_lines(answer)[-1] == "a=simulcast:recv " + ";".join(rids.split())

    def test_of_more_than_three_layers_the_best_are_taken(self) -> None:
        answer = publish(with_rids("0", "1", "2", "3"))
        assert answer.tracks[1].layers == {"0": Layer.HIGH, "1": Layer.MIDDLE, "2": Layer.LOW}
        assert rid_lines(answer)[-1] == "a=simulcast:recv 0;1;2"
        assert "a=rid:3" not in answer.sdp

    def test_payload_types_that_look_like_rtcp_are_never_agreed(self) -> None:
        text = golden("single_video_unbundled").replace("96", "72")
        assert field_of(text) == "m=video"
