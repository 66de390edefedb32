"""Wanted layers and sound, as a publisher is told of them."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from relay.api import Layer, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.clock import SessionClock
from relay.core.incoming.layer import IncomingLayer
from relay.core.incoming.wanted import Wanted

H, M, L = Layer.HIGH, Layer.MIDDLE, Layer.LOW
EVERY = frozenset((H, M, L))
PAUSE_AFTER = 5.0  # s
RESUME_WITHIN = 3.0  # s


class Nobody:
    """A layer's listener that does not care."""

    def on_layer_changed(self, layer: IncomingLayer, now: float) -> None:
        pass


class Told:
    """A session of three layers, asked about every 0.1 s as a room does; keeps what it is told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.video = {name: self._layer(name) for name in (H, M, L)}
        self.wanted = Wanted(self.video)
        self.messages: list[tuple[frozenset[Layer], bool]] = []

    def _layer(self, name: Layer) -> IncomingLayer:
        layer = IncomingLayer(
            "s",
            MediaKind.VIDEO,
            name,
            clock=SessionClock(),
            listener=Nobody(),
            send=lambda ssrc, make: None,
            counters=Counters(),
            now=0.0,
        )
        layer.flowing = True
        return layer

    def look(
        self, taken: Collection[Layer], *, sound: bool = False, choosable: bool = True
    ) -> None:
        if self.wanted.update(taken, self.now, sound=sound, choosable=choosable):
            assert self.wanted.layers is not None
            assert self.wanted.sound is not None
            self.messages.append((self.wanted.layers, self.wanted.sound))

    def run(self, seconds: float, taken: Collection[Layer], *, sound: bool = False) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.look(taken, sound=sound)

    def paused(self, *kept: Layer) -> None:
        """Long enough that all but some layers are paused, and do not come."""
        self.look(EVERY)
        self.run(PAUSE_AFTER + 1, kept)
        for name in EVERY.difference(kept):
            self.video[name].flowing = False
        self.messages.clear()


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_session_is_told_once_in_any_case(told: Told) -> None:
    told.look(EVERY)
    told.run(60, EVERY)
    assert told.messages == [(EVERY, False)]


def test_what_nobody_takes_is_paused_after_five_seconds_and_is_wanted_again_at_once(
    told: Told,
) -> None:
    told.look(EVERY)
    told.run(PAUSE_AFTER - 0.2, {L})
    assert told.messages == [(EVERY, False)]
    told.run(0.3, {L})
    assert told.messages[1:] == [(frozenset({L}), False)]
    for name in (H, M):
        told.video[name].flowing = False
    told.look({L, M})
    assert told.messages[2:] == [(frozenset({L, M}), False)]


def test_a_session_begins_with_what_is_taken_and_the_rest_would_come_if_it_were_asked_for(
    told: Told,
) -> None:
    for name in (H, M):
        told.video[name].flowing = False
    told.look({L})
    told.run(20, {L})
    assert told.messages == [(frozenset({L}), False)]
    assert told.wanted.awaits(H)
    told.look({L, H})
    assert told.messages[1:] == [(frozenset({L, H}), False)]


def test_who_comes_and_goes_pauses_nothing(told: Told) -> None:
    for _ in range(10):
        told.run(1, EVERY)
        told.run(PAUSE_AFTER - 1, {L})
    assert told.messages == [(EVERY, False)]


def test_sound_is_not_wanted_before_anybody_takes_it_and_for_a_while_after(told: Told) -> None:
    told.look(EVERY, sound=False)
    told.look(EVERY, sound=True)
    told.run(PAUSE_AFTER - 0.2, EVERY)
    assert [sound for _, sound in told.messages] == [False, True]
    told.run(0.3, EVERY)
    told.look(EVERY, sound=True)
    assert [sound for _, sound in told.messages] == [False, True, False, True]


def test_a_layer_is_awaited_for_a_while_after_it_was_asked_for(told: Told) -> None:
    assert not told.wanted.awaits(H)  # nothing was told: it is as it comes
    told.paused(L)
    assert told.wanted.awaits(H)  # it would come if it were asked for
    told.look({L, H})
    told.run(RESUME_WITHIN - 0.1, {L, H})
    assert told.wanted.awaits(H)
    told.run(0.3, {L, H})
    assert not told.wanted.awaits(H)
    assert told.messages == [(frozenset({L, H}), False)]


def test_a_layer_that_came_is_awaited_no_longer(told: Told) -> None:
    told.paused(L)
    told.look({L, H})
    told.video[H].flowing = True
    told.run(0.1, {L, H})
    told.video[H].flowing = False
    assert not told.wanted.awaits(H)


def test_a_layer_that_does_not_come_though_it_is_wanted_stays_wanted(told: Told) -> None:
    told.look(EVERY)
    told.video[H].flowing = False  # beyond the uplink
    told.run(PAUSE_AFTER * 3, {L})
    assert told.messages[-1] == (frozenset({L, H}), False)
    told.video[H].flowing = True
    told.run(0.1, {L})
    assert told.messages[-1] == (frozenset({L}), False)


def test_where_there_is_nothing_to_choose_all_layers_are_wanted(told: Told) -> None:
    for _ in range(200):
        told.now += 0.1
        told.look((), choosable=False)
    assert told.messages == [(EVERY, False)]
