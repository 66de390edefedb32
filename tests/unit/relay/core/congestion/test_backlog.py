"""Standing queues: the own one is drained, a foreign one left alone."""

from __future__ import annotations

from relay.core.congestion.backlog import Backlog, Queue


def drive(backlog: Backlog, link: float, others: float, seconds: float = 12.0) -> list[Queue]:
    """A sender at the link's rate, or half of it while draining, beside `others`; in Mbit/s."""
    queue, states = 0.4, []
    backlog.update(5.0, 5.0, sent_at=0.0, octets=1, link_bps=None, now=0.0)
    sent = [(0.0, 0.0)] * 4
    for index in range(1, round(seconds / 0.1)):
        now = index * 0.1
        rate = link * 1e6 * backlog.factor * (1 - others)
        queue = max(queue + 0.1 * (rate / (link * 1e6) + others - 1), 0.0)
        if others:
            queue = max(queue, 0.4)  # whatever we leave, the others take
        sent.append((now, queue))
        then, waited = sent[-1 - min(round(queue / 0.1), 3)]
        backlog.update(
            5.0 + waited,
            5.0 + waited,
            sent_at=then,
            octets=round(rate / 80),
            link_bps=link * 1e6 * (1 - others),
            now=now,
        )
        states.append(backlog.state)
    return states


def test_own_queue_is_drained() -> None:
    states = drive(Backlog(), 1.0, 0.0)
    assert Queue.DRAINING in states
    assert Queue.FOREIGN not in states
    assert states[-1] is Queue.SHORT


def test_foreign_queue_is_left_alone() -> None:
    states = drive(Backlog(), 1.0, 0.5)
    assert Queue.FOREIGN in states
    assert states.count(Queue.DRAINING) < 20


def test_where_sound_is_most_of_the_link_a_queue_counts_as_ours() -> None:
    """Fighting for more there, with more to send, would cost the sound."""
    assert Queue.FOREIGN not in drive(Backlog(), 0.09, 0.2)
    assert Queue.FOREIGN in drive(Backlog(), 0.9, 0.2)


def test_a_longer_path_becomes_the_new_base() -> None:
    backlog = Backlog()
    for index in range(300):
        delay = 5.0 if index < 20 else 5.2
        backlog.update(
            delay, delay, sent_at=index * 0.1, octets=5000, link_bps=4e5, now=index * 0.1
        )
    assert backlog.state is Queue.SHORT
    assert backlog.delay < 0.01
