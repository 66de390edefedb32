"""What was heard becomes lines below a picture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from signaling.library.captions import speech
from signaling.library.captions.speech import Heard, divided, is_invented, windows

RATE = 16_000


@given(st.text("浮力，。？ ab", min_size=1, max_size=300), st.floats(0.5, 30))
def test_a_passage_is_divided_without_loss(text: str, length: float) -> None:
    lines = list(divided(Heard(5.0, 5.0 + length, text)))
    assert "".join("".join(one.text for one in lines).split()) == "".join(text.split())
    for one in lines:
        assert 0 < len(one.text) <= speech.MAX_LINE_CHARS * 2
        assert 5.0 <= one.start_s < one.end_s
    assert all(a.start_s <= b.start_s for a, b in pairwise(lines))


def test_lines_end_where_a_sentence_does() -> None:
    said = "同学们好。今天我们学习浮力，请大家看这个铁块，它为什么沉下去了？船为什么不沉？"
    assert [one.text for one in divided(Heard(0, 12, said))] == [
        "同学们好。今天我们学习浮力，请大家看这个铁块，",
        "它为什么沉下去了？船为什么不沉？",
    ]
    english = Heard(0, 5, " Good morning children. Today we learn about water and ships of iron.")
    assert len(list(divided(english))) == 2


def test_what_a_model_makes_of_silence_is_no_caption() -> None:
    for text in ("字幕由 Amara.org 社群提供", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"):
        assert is_invented(text)
        assert list(divided(Heard(0, 3, text))) == []
    assert not is_invented("请大家看字幕上的公式")
    assert list(divided(Heard(3, 3, "好"))) == list(divided(Heard(0, 3, "  "))) == []


def test_windows_are_divided_where_it_is_quiet() -> None:
    length = speech.WINDOW_S * RATE
    samples = np.full(length * 2 + RATE * 100, 1000, np.int16)
    quiet = length + 7 * RATE
    samples[quiet - 4000 : quiet + 4000] = 0
    found = list(windows(samples, RATE))
    assert found[0][0] == 0
    assert abs(found[0][1] - quiet) < 4000
    assert found[-1][1] == len(samples)
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert list(windows(samples[:0], RATE)) == []
    assert list(windows(samples[: 5 * RATE], RATE)) == [(0, 5 * RATE)]
