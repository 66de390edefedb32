"""Answers of one relay to publishers and viewers, for tests."""

import itertools

import pytest

from relay.api import OfferError
from relay.core.wire.sdp_answer import PublishAnswer, WatchAnswer, answer_publish, answer_watch
from relay.core.wire.sdp_writer import LocalTransport
from tests.unit.relay.core.wire.offers import golden

LOCAL = LocalTransport(
    session_number=7,
    ice_ufrag="localufrag",
    ice_pwd="localpasswordlocalpassword",
    fingerprint=("sha-256", "AB:CD"),
    candidates=(("192.0.2.7", 5000), ("2001:db8::7", 5000)),
)


def publish(text: str) -> PublishAnswer:
    return answer_publish(text, LOCAL)


def watch(text: str, *, video: int = 16, audio: int = 16) -> WatchAnswer:
    numbers = itertools.count(1000)
    return answer_watch(
        text,
        LOCAL,
        new_ssrc=lambda: next(numbers),
        cname="c",
        max_video_slots=video,
        max_audio_slots=audio,
    )


def field_of(text: str, answer: object = publish) -> str:
    with pytest.raises(OfferError) as caught:
        answer(text)  # type: ignore[operator]
    return caught.value.field


def section_lines(sdp: str, index: int) -> list[str]:
    return ("m=" + sdp.split("\r\nm=")[index + 1]).strip().split("\r\n")


def rid_lines(answer: PublishAnswer) -> list[str]:
    lines = section_lines(answer.sdp, 1)
    return [line for line in lines if line.startswith(("a=rid", "a=simulcast"))]


def with_rids(*rids: str) -> str:
    """Chromium's offer with other rids, as a page may name them."""
    declared = "".join(f"a=rid:{rid} send\r\n" for rid in rids)
    ours = "a=rid:h send\r\na=rid:m send\r\na=rid:l send\r\na=simulcast:send h;m;l\r\n"
    text = golden("chromium_publish_simulcast")
    assert ours in text
    return text.replace(ours, f"{declared}a=simulcast:send {';'.join(rids)}\r\n")
