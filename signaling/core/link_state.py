"""良好 / 一般 / 较差: judging links, with hysteresis so that the wall does not flicker."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.core.messages import LinkState

# ITU-T G.114: one-way ≤ 150 ms is fine and ≤ 400 ms acceptable, hence 300 and 800 ms round trip.
FAIR_RTT_MS = 300.0
POOR_RTT_MS = 800.0
# Repair (NACK) hides a few per cent; beyond 10 % video suffers visibly (DOMAIN.md: audio holds to
# 30 %).
FAIR_LOSS = 0.03
POOR_LOSS = 0.10

BETTER_SAMPLES = (
    3  # so many better samples in a row (6 s at the 2 s poll) before the judgement rises
)
WORSE_SAMPLES = 2  # one bad report is chance, two are a state

_RANK = {LinkState.GOOD: 0, LinkState.FAIR: 1, LinkState.POOR: 2, LinkState.OFFLINE: 3}


@dataclass(frozen=True, slots=True)
class LinkSample:
    """The worst of a participant's media sessions over the last poll. `loss` is 0…1."""

    rtt_ms: float | None
    loss: float | None
    connected: bool = True


def grade(sample: LinkSample) -> LinkState:
    """The grade of a single sample."""
    rtt, loss = sample.rtt_ms or 0.0, sample.loss or 0.0
    if not sample.connected or rtt >= POOR_RTT_MS or loss >= POOR_LOSS:
        return LinkState.POOR
    if rtt >= FAIR_RTT_MS or loss >= FAIR_LOSS:
        return LinkState.FAIR
    return LinkState.GOOD


class LinkJudge:
    """Turns samples into a state that changes only when several in a row agree."""

    def __init__(self) -> None:
        self.state = LinkState.GOOD
        self._streak = 0  # > 0: worse samples in a row, < 0: better ones

    def update(self, sample: LinkSample) -> LinkState:
        """Take a sample; returns the state after it."""
        new = grade(sample)
        difference = _RANK[new] - _RANK[self.state]
        if difference == 0:
            self._streak = 0
        elif difference > 0:
            self._streak = max(self._streak, 0) + 1
        else:
            self._streak = min(self._streak, 0) - 1
        if self._streak >= WORSE_SAMPLES or -self._streak >= BETTER_SAMPLES:
            self.state = new
            self._streak = 0
        return self.state
