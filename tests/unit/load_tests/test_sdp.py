"""Offers and answers of the synthetic peers."""

from load_tests import sdp


def test_offers_name_their_streams_and_answers_are_read():
    me = sdp.LocalIdentity("frag", "password" * 3, "AA:BB")
    simulcast = sdp.publish_offer(
        me, audio=sdp.AudioOffer(5), video=sdp.VideoOffer("VP8", ("l", "m", "h"))
    )
    assert "a=simulcast:send l;m;h\r\n" in simulcast
    assert simulcast.count("\r\nm=") == 2

    watch = sdp.watch_offer(me, video_slots=2, audio_slots=1)
    read = sdp.parse_answer(watch)
    assert [section.kind for section in read.sections] == ["video", "video", "audio"]
    assert (read.ice_ufrag, read.fingerprints) == ("frag", [("sha-256", "AA:BB")])
    assert read.sections[0].apt == {97: 96, 103: 102}
    assert read.sections[0].payload_names[102] == "H264"
