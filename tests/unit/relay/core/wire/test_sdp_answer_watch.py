"""Answers to viewers."""

import pytest

from relay.api import MediaKind
from relay.core.wire.sdp_answer import answer_watch
from tests.unit.relay.core.wire.answers import LOCAL, field_of, section_lines, watch
from tests.unit.relay.core.wire.offers import golden


class TestWatch:
    def test_every_receiving_section_becomes_a_slot(self) -> None:
        answer = watch(golden("chromium_watch"))
        video = [slot for slot in answer.slots if slot.kind is MediaKind.VIDEO]
        audio = [slot for slot in answer.slots if slot.kind is MediaKind.AUDIO]
        assert [slot.index for slot in video] == [0, 1, 2, 3]
        assert [slot.index for slot in audio] == [0, 1, 2]
        assert [slot.mid for slot in answer.slots] == ["0", "1", "2", "3", "4", "5", "6"]
        numbers = [slot.ssrc for slot in answer.slots] + [slot.rtx_ssrc for slot in video]
        assert len(set(numbers)) == 11
        assert all(slot.rtx_ssrc == 0 for slot in audio)

    def test_ssrcs_are_told_in_the_answer(self) -> None:
        answer = watch(golden("chromium_watch"))
        slot = answer.slots[1]
        lines = section_lines(answer.sdp, 1)
        assert f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}" in lines
        assert f"a=ssrc:{slot.ssrc} cname:c" in lines
        assert "a=sendonly" in lines
        assert "a=msid:tongke-1 tongke-1-video" in lines

    def test_a_viewer_that_wants_the_round_trip_gets_it(self) -> None:
        offer = golden("chromium_watch")
        amended = offer.replace(
            "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 rrtr"
        )
        assert "rrtr" not in watch(offer).sdp
        assert "a=rtcp-fb:96 rrtr" in watch(amended).sdp
        assert "a=rtcp-fb:98 rrtr" not in watch(amended).sdp

    def test_a_plain_player_has_its_picture_and_sound_in_one_stream(self) -> None:
        answer = watch(golden("whep_player"))
        assert answer.sdp.count("a=msid:tongke-0 ") == 2
        video = next(slot for slot in answer.slots if slot.kind == "video")
        assert video.codecs[0].nack and video.codecs[0].pli, "feedback for * counts"

    def test_colliding_random_ssrcs_are_sorted_out(self) -> None:
        answer = answer_watch(
            golden("chromium_watch"),
            LOCAL,
            new_ssrc=lambda: 0,
            cname="c",
            max_video_slots=16,
            max_audio_slots=16,
        )
        assert sorted({slot.ssrc for slot in answer.slots})[0] == 1
        assert len({slot.ssrc for slot in answer.slots}) == 7

    def test_sections_beyond_the_bound_are_rejected(self) -> None:
        whole = [slot.kind for slot in watch(golden("chromium_watch")).slots]
        assert whole.count(MediaKind.VIDEO) > 3 and whole.count(MediaKind.AUDIO) > 2
        answer = watch(golden("chromium_watch"), video=3, audio=2)
        kinds = [slot.kind for slot in answer.slots]
        assert (kinds.count(MediaKind.VIDEO), kinds.count(MediaKind.AUDIO)) == (3, 2)
        assert len(answer.refused) == len(whole) - 5
        assert answer.sdp.count("\r\nm=") == len(whole), "each section has its answer"

    @pytest.mark.parametrize("first", [True, False])
    def test_a_picture_in_a_foreign_codec_leaves_the_others(self, first: bool) -> None:
        text = golden("watch_h265_beside_vp8")
        if first:
            text = text.replace("VP8/90000", "x/90000").replace("H265", "VP8").replace("x/", "AV1/")
        answer = watch(text)
        assert [(slot.index, slot.mid) for slot in answer.slots] == [(0, "1" if first else "0")]
        assert section_lines(answer.sdp, 0 if first else 1)[0].startswith("m=video 0 ")
        assert [fault.field for fault in answer.refused] == ["m=video"]

    def test_sending_sections_are_rejected_or_answered_one_way(self) -> None:
        text = golden("whep_player").replace(
            "a=mid:0\r\na=rtcp-mux\r\na=recvonly", "a=mid:0\r\na=rtcp-mux\r\na=sendonly"
        )
        answer = watch(text)
        assert [slot.kind for slot in answer.slots] == ["video"]
        assert section_lines(answer.sdp, 0)[0].startswith("m=audio 0 ")
        both = watch(golden("whep_player").replace("a=recvonly", "a=sendrecv"))
        assert both.sdp.count("a=sendonly") == 2

    def test_nothing_to_receive(self) -> None:
        assert field_of(golden("obs_publish"), watch) == "m="
