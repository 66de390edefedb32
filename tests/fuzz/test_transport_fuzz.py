"""Whatever arrives, the transport's parsers give their own error or nothing.

Runs briefly in `make test`; `make fuzz` sets the hypothesis profile for long runs.
"""

from __future__ import annotations

import contextlib
import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from relay.api import OfferError
from relay.core.wire.datagram import classify
from relay.core.wire.sdp import parse_fragment, parse_offer
from relay.core.wire.sdp_answer import answer_publish, answer_watch
from relay.core.wire.sdp_writer import LocalTransport
from relay.ice import CheckOutcome, IceAgent, is_response, new_credentials, peek_local_ufrag
from tests.unit.relay.core.wire.offers import NAMES, golden
from tests.unit.relay.test_ice import HERE, PEER_PASSWORD, THERE, answer, request

LOCAL = LocalTransport(1, "ufrag", "password", ("sha-256", "AA"), (("127.0.0.1", 9),))
LINES = sorted({line for name in NAMES for line in golden(name).split("\r\n") if line})
AGENT = IceAgent(new_credentials("peer"))
CHECK = request(AGENT)


def answer_both(text: str) -> None:
    """Neither side may raise anything but OfferError, and what it answers must be readable SDP."""
    numbers = itertools.count(1)
    with contextlib.suppress(OfferError):
        parse_offer(answer_publish(text, LOCAL).sdp)
    with contextlib.suppress(OfferError):
        answer = answer_watch(
            text,
            LOCAL,
            new_ssrc=lambda: next(numbers),
            cname="c",
            max_video_slots=16,
            max_audio_slots=16,
        )
        parse_offer(answer.sdp)


@st.composite
def mutated_offers(draw: st.DrawFn) -> str:
    """A golden offer with lines dropped, doubled, swapped for others', and characters changed."""
    lines = golden(draw(st.sampled_from(NAMES))).split("\r\n")
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(lines) - 1))
        action = draw(st.sampled_from(("drop", "double", "foreign", "edit", "cut")))
        if action == "drop" and len(lines) > 1:
            del lines[at]
        elif action == "double":
            lines.insert(at, lines[at])
        elif action == "foreign":
            lines.insert(at, draw(st.sampled_from(LINES)))
        elif action == "edit" and lines[at]:
            where = draw(st.integers(0, len(lines[at]) - 1))
            piece = draw(
                st.text(st.characters(max_codepoint=0x2FF), max_size=4)
                | st.sampled_from((":", ";", ",", " ", "0", "-1", "/"))
            )
            lines[at] = lines[at][:where] + piece + lines[at][where + 1 :]
        elif action == "cut":
            lines[at] = lines[at][: len(lines[at]) // 2]
    return "\r\n".join(lines)


@given(mutated_offers())
def test_mutated_offers(text: str) -> None:
    answer_both(text)


@given(st.lists(st.sampled_from(LINES), max_size=120))
def test_shuffled_lines(lines: list[str]) -> None:
    answer_both("v=0\r\n" + "\r\n".join(lines))


@given(st.text())
@example("v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n")
@example("v=0\r\n" + "a=x\r\n" * 10_000)
def test_any_text(text: str) -> None:
    answer_both(text)
    with contextlib.suppress(OfferError):
        parse_fragment(text)


@given(st.binary(max_size=600))
def test_any_bytes_as_a_datagram(datagram: bytes) -> None:
    classify(datagram)
    peek_local_ufrag(datagram)
    assert AGENT.on_request(datagram, HERE, 1.0).outcome is CheckOutcome.REFUSED


@given(
    st.lists(
        st.tuples(st.integers(0, len(CHECK) - 1), st.integers(1, 255)), min_size=1, max_size=4
    ),
    st.integers(0, len(CHECK)),
)
def test_mutated_checks_prove_nothing(changes: list[tuple[int, int]], keep: int) -> None:
    agent = IceAgent(AGENT.credentials)
    datagram = bytearray(CHECK)
    for position, mask in changes:
        datagram[position] ^= mask
    for candidate in (bytes(datagram), bytes(datagram[:keep])):
        if candidate == CHECK or peek_local_ufrag(candidate) is None:
            continue
        assert agent.on_request(candidate, HERE, 1.0).outcome is CheckOutcome.REFUSED
    assert agent.selected is None


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), min_size=1, max_size=4),
    st.integers(0, 200),
)
def test_a_mutated_answer_to_our_check_moves_nothing(
    changes: list[tuple[int, int]], keep: int
) -> None:
    agent = IceAgent(new_credentials("peer", PEER_PASSWORD))
    agent.on_request(request(agent), HERE, 1.0)
    good = answer(agent.on_request(request(agent, nominate=True), THERE, 1.0).probe)
    datagram = bytearray(good)
    covered = len(good) - 8  # MESSAGE-INTEGRITY does not cover the FINGERPRINT behind it
    for position, mask in changes:
        datagram[position % covered] ^= mask
    for candidate in (bytes(datagram), bytes(datagram[:keep])):
        is_response(candidate)
        assert candidate == good or not agent.on_response(candidate, THERE)
    assert agent.selected == HERE or bytes(datagram) == good
