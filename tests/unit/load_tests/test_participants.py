"""Hearing of the synthetic participants."""

import pytest

from load_tests.participants import Ear
from load_tests.sound import Silence, Tone


def test_a_tone_is_heard_from_where_it_began_but_a_click_is_not():
    ear = Ear({"room1": 1600.0})
    tone, silence = Tone(1600).samples(0, 960), Silence().samples(0, 960)
    for block, sound in enumerate([silence, tone, tone, silence, *[tone] * 4, silence]):
        ear.hear(0, sound, block * 0.02)
        ear.hear(1, silence, block * 0.02)

    assert ear.first == {"room1": pytest.approx(0.08)}
    assert ear.last == {"room1": pytest.approx(0.14)}
