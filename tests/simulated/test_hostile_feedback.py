"""Feedback that lies costs only its sender."""

from __future__ import annotations

import random

import pytest

from relay.api import Layer
from relay.core.wire import rtcp_writer, twcc
from tests.simulated.adaptive import Lesson


def lie(feedback: int, numbers: range, at: float) -> bytes:
    """Transport-wide feedback that says all of `numbers` came at once, at `at`."""
    log = twcc.ArrivalLog()
    for number in numbers:
        log.add(number & 0xFFFF, at)
    bodies = log.feedback()
    return b"".join(rtcp_writer.transport_feedback(77, feedback, body) for body in bodies)


HOSTILE = {
    "garbage": lambda random, now: rtcp_writer.transport_feedback(77, 1, random.randbytes(40)),
    "numbers never sent": lambda random, now: lie(1, range(30_000, 30_200), now),
    "all came long ago": lambda random, now: lie(1, range(2000), now - 300),
    "all come in an hour": lambda random, now: lie(1, range(2000), now + 3600),
    "REMB of 0": lambda random, now: rtcp_writer.bitrate_limit(77, 0, [1]),
    "REMB of 2^60": lambda random, now: rtcp_writer.bitrate_limit(77, 1 << 60, [1]),
    "NACK storm": lambda random, now: rtcp_writer.nack(77, 101_000, range(0, 1000)),
    "PLI storm": lambda random, now: rtcp_writer.picture_loss(77, 101_000) * 30,
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_feedback_costs_only_its_sender(attack: str) -> None:
    """Two hundred of them a second: the other viewer and the teacher do not notice."""
    lesson = Lesson()
    other = lesson.watch(lesson.link(3e6))
    bad = lesson.watch(lesson.link(3e6))
    lesson.run(8)
    assert bad.viewer is not None
    session, draw = bad.viewer.session, random.Random(5)
    before = lesson.teacher.encodings[Layer.HIGH].key_frames

    def attack_now() -> bool:
        made = HOSTILE[attack](draw, lesson.room.now)
        session.on_rtcp(made, lesson.room.now)
        return len(bad.seconds) >= 18

    lesson.world.every(0.005, attack_now)
    lesson.run(12)
    assert other.frozen(3, 19) == 0, other.table()
    assert other.seconds[-1].layer is Layer.HIGH
    # As many as a second's burst, 0.3 s apart, and one in two seconds from then on.
    assert lesson.teacher.encodings[Layer.HIGH].key_frames - before <= 24
    assert max(one.sent_bps for one in bad.seconds) < 5e6  # no amplification
    estimator = session.outlet.estimator
    assert 0 < estimator.target_bps <= 8e6
    counters = lesson.room.counters.snapshot()
    counted = {
        "garbage": counters["rtcp_malformed"] + counters["transport_feedback_flooded"],
        "NACK storm": counters["rtx_throttled"] + counters["rtx_missed"],
        "PLI storm": counters["picture_losses_flooded"],
        "REMB of 0": counters["bitrate_limits_received"],
        "REMB of 2^60": counters["bitrate_limits_received"],
    }
    assert counted.get(attack, counters["transport_feedback_flooded"]) > 100
