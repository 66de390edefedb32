"""Seeded packet loss inside a peer, so that tests of 5% loss need neither root nor luck."""

from __future__ import annotations

import random


class Impairment:
    """Drops each SRTP or SRTCP datagram with a fixed probability, the same ones on each run.

    Attributes:
        loss: probability 0…1.
        dropped: how many were dropped so far.
    """

    def __init__(self, loss: float, seed: int) -> None:
        if not 0 <= loss <= 1:
            raise ValueError("loss must lie between 0 and 1")
        self.loss = loss
        self.dropped = 0
        self._random = random.Random(seed)

    def drops(self) -> bool:
        """Decide about the next datagram."""
        if self._random.random() >= self.loss:
            return False
        self.dropped += 1
        return True
