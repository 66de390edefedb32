"""Captions: which are published, when they are shown, and that their WebVTT is mere text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.base.text import BadText, TextKind, clean
from signaling.library.captions import rules
from signaling.library.captions.rules import (
    EDGE_S,
    TooManyCues,
    WrongCue,
    changed,
    check_cues,
    found_words,
    published_cues,
    shown_cues,
    webvtt,
)
from signaling.library.captions.wire import MAX_CUE_CHARS, CaptionCue
from signaling.library.versions.wire import ResourceEdits
from signaling.library.wire import Span

LENGTH_S = 100.0
TIMES = st.integers(0, 1000).map(lambda tenths: tenths / 10)
STAMP = re.compile(r"(\d+):(\d\d):(\d\d)\.(\d{3}) --> (\d+):(\d\d):(\d\d)\.(\d{3})")


def cue(
    number: int, start: float, end: float, text: str = "字", source: str = "lead.camera"
) -> CaptionCue:
    return CaptionCue(number, start, end, text, source)


@st.composite
def keeps(draw: st.DrawFn) -> tuple[Span, ...]:
    edges = sorted(draw(st.sets(TIMES, max_size=10)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Span(a, b) for a, b in pairs if b - a >= 1)


@st.composite
def tracks(draw: st.DrawFn) -> list[CaptionCue]:
    starts = draw(st.lists(st.tuples(TIMES, st.integers(1, 80)), max_size=30))
    sources = st.sampled_from(("lead.camera", "r1.camera"))
    return [
        cue(n, at, at + length / 10, f"词{n}", draw(sources))
        for n, (at, length) in enumerate(starts, 1)
    ]


@given(tracks(), keeps(), st.sets(st.sampled_from(("lead.camera", "r1.camera"))))
def test_what_is_published_lies_within_what_is_played(
    cues: list[CaptionCue], keep: tuple[Span, ...], hidden: set[str]
) -> None:
    edits = ResourceEdits(keep=keep, hidden_sources=tuple(sorted(hidden)))
    length = sum(one.end_s - one.start_s for one in keep) if keep else float("inf")
    published = published_cues(cues, edits)
    by_id = {one.cue_id: one for one in cues}
    for one in published:
        whole = by_id[one.cue_id]
        assert 0 <= one.start_s < one.end_s <= length + 1e-6
        assert one.source_id not in hidden
        # It is as long as it was, but for what an edge may cut off at each end.
        assert whole.end_s - whole.start_s - 2 * EDGE_S - 1e-6 <= one.end_s - one.start_s
        assert one.end_s - one.start_s <= whole.end_s - whole.start_s + 1e-6
        # No moment of it was cut out, but for the edges.
        inside = [
            span
            for span in keep
            if span.start_s - EDGE_S <= whole.start_s and whole.end_s <= span.end_s + EDGE_S
        ]
        assert inside or not keep
    left = {one.cue_id for one in published}
    for one in cues:
        wholly = any(a.start_s <= one.start_s and one.end_s <= a.end_s for a in keep) or not keep
        if wholly and one.source_id not in hidden:
            assert one.cue_id in left
    assert list(published) == sorted(
        published, key=lambda one: (one.start_s, one.end_s, one.cue_id)
    )


def test_captions_move_with_the_cuts() -> None:
    edits = ResourceEdits(keep=(Span(10, 20), Span(50, 60)))
    cues = [
        cue(1, 5, 8),  # before the begin
        cue(2, 9.8, 12),  # a bit before
        cue(3, 19, 21),  # nobody knows which of its words were cut out
        cue(4, 52, 55),
        cue(5, 15, 55),
    ]
    assert [(one.cue_id, one.start_s, one.end_s) for one in published_cues(cues, edits)] == [
        (2, 0.0, 2.0),
        (4, 12.0, 15.0),
    ]
    assert [one.start_s for one in shown_cues(cues, edits)] == [9.8, 52]


def test_captions_belong_to_a_source() -> None:
    cues = [cue(1, 1, 2), cue(2, 1, 2, "学生", "r1.camera"), cue(3, 3, 4, "谁", "nobody.camera")]
    edits = ResourceEdits(hidden_sources=("r1.camera",))
    known = {"lead.camera", "r1.camera"}
    assert [one.cue_id for one in published_cues(cues, edits, known)] == [1]
    silent = ResourceEdits(hidden_pictures=("r1.camera",))  # its voice is still heard
    assert [one.cue_id for one in published_cues(cues, silent, known)] == [1, 2]


HOSTILE = (
    "<script>alert(1)</script>",
    "<v 老师>好</v>",
    "a --> b",
    "00:00:01.000 --> 00:00:02.000",
    "WEBVTT",
    "NOTE x",
    "STYLE\n::cue{background:url(//x)}",
    "第一行\n\n00:00:05.000 --> 00:00:06.000\n插入",
    "&lt;b&gt;",
    "<00:00:01.000>",
)


@given(st.lists(st.text(min_size=1, max_size=40), max_size=8))
@example(list(HOSTILE))
def test_webvtt_says_what_was_typed_and_nothing_else(texts: list[str]) -> None:
    cues = []
    for number, text in enumerate(texts, 1):
        try:  # as bodies are read
            typed = clean(text, TextKind.PARAGRAPH, MAX_CUE_CHARS, 1)
        except BadText:
            continue
        cues.append(cue(number, number, number + 0.5, typed))
    blocks = [one for one in webvtt(cues).split("\n\n") if one.strip()]
    assert blocks[0].strip() == "WEBVTT"
    assert len(blocks) == len(cues) + 1
    for block, one in zip(blocks[1:], cues, strict=True):
        times, *lines = block.strip("\n").split("\n")
        assert STAMP.fullmatch(times)
        assert not any(mark in line for line in lines for mark in ("<", ">", "-->"))
        said = [html.unescape(line) for line in lines]
        assert said == [line for line in one.text.splitlines() if line.strip()]


def test_times_of_webvtt() -> None:
    text = webvtt([cue(1, 3661.5, 3662.0004, "好")])
    assert "01:01:01.500 --> 01:01:02.000\n好" in text
    assert webvtt([]) == "WEBVTT\n"


def test_what_no_cue_may_be() -> None:
    check_cues([cue(1, 0, 5), cue(2, 4, 9)], 100)  # two may speak at once
    for wrong, field in (
        ([cue(1, 5, 5)], "end_s"),
        ([cue(1, 5, 4)], "end_s"),
        ([cue(1, 0, rules.LONGEST_CUE_S + 1)], "end_s"),
        ([cue(1, 99, 102)], "end_s"),
        ([cue(1, 1, 2), cue(1, 3, 4)], "cue_id"),
        ([cue(1, 1, 2, "x", "r9.camera")], "source_id"),
    ):
        with pytest.raises(WrongCue) as refused:
            check_cues(wrong, 100, {"lead.camera"})
        assert refused.value.field.endswith(field)


def test_changes_are_applied_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    present = [cue(1, 1, 2, "一"), cue(2, 3, 4, "二"), cue(3, 5, 6, "三")]
    after = changed(present, [cue(2, 7, 8.00049, "改"), cue(9, 0, 1, "新")], {3})
    assert [(one.cue_id, one.text, one.end_s) for one in after] == [
        (9, "新", 1),
        (1, "一", 2),
        (2, "改", 8.0),
    ]
    monkeypatch.setattr(rules, "MAX_CUES", 3)
    with pytest.raises(TooManyCues):
        changed(present, [cue(9, 0, 1)], ())


def test_words_are_found_whatever_their_width_and_case() -> None:
    cues = [cue(1, 1, 2, "加微信ＡＢＣ 群"), cue(2, 5, 6, "扫码"), cue(3, 9, 10, "abc")]
    found = dict(found_words(cues, ["abc", "微 信", "广告", "码a", ""]))
    assert found == {"abc": (Span(1, 2), Span(9, 10)), "微 信": (Span(1, 2),)}


@given(
    st.lists(st.text("ab微信", min_size=1, max_size=6), max_size=20),
    st.text("ab微信", min_size=1, max_size=3),
)
def test_a_word_is_found_in_each_caption_that_has_it(texts: list[str], word: str) -> None:
    cues = [cue(n, n, n + 0.5, text) for n, text in enumerate(texts)]
    wanted = [Span(n, n + 0.5) for n, text in enumerate(texts) if word in text]
    found = dict(found_words(cues, [word])).get(word, ())
    assert list(found) == wanted[: rules.MAX_SPANS]
