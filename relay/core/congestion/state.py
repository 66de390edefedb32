"""States of an estimate, and reasons for its value."""

from __future__ import annotations

from enum import Enum

from relay.core.congestion.aimd import Action


class State(Enum):
    """States of the estimate."""

    STARTING = "starting"  # no feedback yet
    INCREASING = "increasing"
    HOLDING = "holding"
    DECREASING = "decreasing"
    OUTAGE = "outage"  # nothing comes back
    RECOVERING = "recovering"  # feedback is back; the last good rate is being probed for


_ALIVE = frozenset({State.INCREASING, State.HOLDING, State.DECREASING, State.OUTAGE})
NEXT_STATES = {
    State.STARTING: _ALIVE,
    State.INCREASING: _ALIVE,
    State.HOLDING: _ALIVE,
    State.DECREASING: _ALIVE,
    State.OUTAGE: frozenset({State.RECOVERING}),
    State.RECOVERING: _ALIVE,
}
STATE_OF_ACTION = {
    Action.INCREASE: State.INCREASING,
    Action.HOLD: State.HOLDING,
    Action.DECREASE: State.DECREASING,
}


class Reason(Enum):
    """Limits of the target."""

    START = "start"  # nothing is known yet
    DELAY = "delay"  # the queue grew at a higher rate
    QUEUE = "queue"  # a queue is being drained
    LOSS = "loss"
    COMPETITION = "competition"  # others keep the queue full; the rate follows overflows
    REMB = "remb"  # the receiver's own estimate
    APPLICATION = "application"  # nothing more was sent, so nothing more is known
    OUTAGE = "outage"
    MAXIMUM = "maximum"  # the configured bound
