"""The loudest are heard, without to and fro."""

from __future__ import annotations

from relay.core.choosing.speakers import SpeakerSlots


def test_a_speaker_keeps_its_slot_for_a_while() -> None:
    slots = SpeakerSlots(2)
    assert slots.assign({"a": 90, "b": 80, "c": 70}, 0.0) == ["a", "b"]
    assert slots.assign({"a": 10, "b": 80, "c": 70}, 0.5) == ["a", "b"]
    assert slots.assign({"a": 10, "b": 80, "c": 70}, 1.1) == ["c", "b"]
    assert slots.assign({"b": 80, "c": 70}, 1.2) == ["c", "b"]
    assert slots.assign({"b": 80}, 1.3) == [None, "b"]
    assert slots.assign({"b": 80, "d": 1}, 1.4) == ["d", "b"]


def test_without_slots_nobody_is_assigned() -> None:
    assert SpeakerSlots(0).assign({"a": 1.0}, 0.0) == []
