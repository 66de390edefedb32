"""How much of a viewer's sound is sent twice: chosen from what its link loses, and how.

The fates of the last twenty seconds' sound packets are kept as bits, so each choice can be tried on
what really happened: a packet stays lost where it and all that would have repeated it were lost.
Bursts need no model of their own. They show up as a repetition that does not help, and another that
comes later does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

Distances = tuple[int, ...]

# What may go along with a packet, in packets back, cheapest first; among equals the one that needs
# the shortest wait. A receiver must hold sound that many packets (20 ms each) for it to be of use.
LADDER: tuple[Distances, ...] = ((), (1,), (2,), (1, 2), (1, 3), (2, 4))
LADDER_MOST = max(map(len, LADDER))
_TOLERABLE = 0.003  # of the packets lost for good; a loss of 20 ms in seven seconds
_COMFORTABLE = 0.0015  # with less of it is going on: hysteresis
_WORTH_IT = 0.7  # where nothing is tolerable, a dearer step must leave at most this share of it
_LONG = 1024  # packets, 20 s: tells steady loss
_SHORT = 128  # packets, 2.5 s: tells that the link just became bad
_SUDDEN = 2  # losses in the short run that are believed; one alone is chance
_LONG_MASK = (1 << _LONG) - 1
_SHORT_MASK = (1 << _SHORT) - 1
_OUTAGE = 15  # packets lost in a row, 0.3 s: no repetition helps, and none is chosen for it
_INTERVAL = 0.5  # s between two choices
_HOLD = 10.0  # s that a step was not needed before it is left
_REACH = 4  # packets, 80 ms: what our pages hold sound for (`web_client/src/browser/peer.ts`)
_MAX_REPORTED = 512  # packets of one report that are believed in
# Sound is all that matters on a narrow link, but repeating it must not fill the link by itself and
# so make what it is to cure. Half also leaves room for what the estimate is wrong by.
_SHARE = 0.5
# What a repeated frame costs, as a part of what its packet costs without: it needs no headers but
# four bytes. 32 kbit/s of Opus in 20 ms packets are 60 kbit/s on the link, and 34 more as a block.
_BLOCK_COST = 0.6
_MAX_AWAITED = 512  # packets of sound whose fate is not known: 10 s, or 2.5 s of four voices


def affordable(target_bps: float, sound_bps: float) -> int:
    """How many frames may be repeated with each packet of sound.

    Args:
        target_bps: the estimate of what the viewer's link carries in all.
        sound_bps: what all its sound takes without repetition, headers included.
    """
    if sound_bps <= 0:
        return LADDER_MOST
    room = _SHARE * target_bps - sound_bps
    return max(0, min(LADDER_MOST, int(room / (_BLOCK_COST * sound_bps))))


def cost(sound_bps: float, distances: Distances) -> float:
    """What sound takes with its repetitions, headers included."""
    return sound_bps * (1 + _BLOCK_COST * len(distances))


class SoundFates:
    """Which transport-wide numbers carried sound, and what feedback tells of them."""

    __slots__ = ("_awaited",)

    def __init__(self) -> None:
        # Number → stream, in the order of sending. Its first entry is found at once, however many
        # before it are gone.
        self._awaited: OrderedDict[int, int] = OrderedDict()

    def on_sent(self, number: int, stream: int) -> None:
        """A packet of sound left for the first time; `stream`: which of the viewer's sounds."""
        if len(self._awaited) >= _MAX_AWAITED:
            self._awaited.popitem(last=False)
        self._awaited[number] = stream

    def take(self, arrivals: Sequence[tuple[int, float | None]]) -> list[bool]:
        """The fates (True: lost) that a feedback packet tells, of the sound it tells most of.

        Two sounds' packets lie closer together than a repetition and what it repeats, and would
        make losses look burstier than they are for either.
        """
        told: dict[int, list[bool]] = {}
        if not self._awaited:
            return []
        take = self._awaited.pop
        for number, arrival in arrivals:
            stream = take(number, None)
            if stream is not None:
                told.setdefault(stream, []).append(arrival is None)
        return max(told.values(), key=len, default=[])


class Redundancy:
    """The choice for one viewer.

    Attributes:
        distances: what goes along with each packet now, for `RedPayloads.payload`; empty for none.
    """

    __slots__ = (
        "_chosen_at",
        "_known",
        "_lost",
        "_needed_at",
        "_reach",
        "_rest",
        "_run",
        "distances",
    )

    def __init__(self, reach: int = _REACH) -> None:
        """`reach`: how many packets the receiver waits for a repetition."""
        self.distances: Distances = ()
        self._reach = reach
        self._lost = 0  # a bit per packet, the newest lowest; 1: lost
        self._known = 0  # packets in it
        self._rest = 0.0  # of a packet, between reports
        self._run = 0  # packets lost in a row, up to now
        self._chosen_at = self._needed_at = float("-inf")

    # --- what is lost -----------------------------------------------------------------------------

    def on_fates(self, lost: Iterable[bool]) -> None:
        """Take what became of further sound packets, in the order of sending, before any repair."""
        for fate in lost:
            self._run = self._run + 1 if fate else 0
            if self._run > _OUTAGE:
                continue
            self._lost = (self._lost << 1 | fate) & _LONG_MASK
            self._known = min(self._known + 1, _LONG)
            if self._run == _OUTAGE:  # says nothing of the link before and after it
                self._lost >>= _OUTAGE
                self._known -= _OUTAGE

    def on_report(self, fraction: float, packets: int) -> None:
        """Instead of `on_fates`, where only receiver reports tell of loss.

        Args:
            fraction: 0 … 1, of the sound's own report block.
            packets: for which it stands; as many as the report's number moved on.
        """
        fraction = min(max(fraction, 0.0), 1.0)
        for _ in range(min(max(packets, 0), _MAX_REPORTED)):
            self._rest += fraction
            lost = self._rest >= 1
            self._rest -= lost
            self.on_fates((lost,))

    @property
    def loss(self) -> float:
        """The fraction lost over the last 20 s of sound."""
        return self._lost.bit_count() / self._known if self._known else 0.0

    def residual(self, distances: Distances) -> float:
        """The fraction that would have stayed lost with these repetitions."""
        known = max(self._known, _LONG // 2)  # before, what is not known counts as good
        seen = self._left(distances).bit_count() / known
        # Few packets may hide what is bound to come: at least as if losses were independent.
        return max(seen, (self._lost.bit_count() / known) ** (1 + len(distances)))

    def _left(self, distances: Distances) -> int:
        left = self._lost
        for distance in distances:
            left &= self._lost << distance
        return left

    # --- what is done -----------------------------------------------------------------------------

    def choose(self, now: float, affordable: int) -> Distances:
        """The repetitions from now on; cheap to ask at every timer.

        Args:
            now: seconds.
            affordable: at most so many frames go along with a packet; see the function.
        """
        if len(self.distances) <= affordable and now - self._chosen_at < _INTERVAL:
            return self.distances
        self._chosen_at = now
        ladder = [
            step
            for step in LADDER
            if len(step) <= affordable and (not step or step[-1] <= self._reach)
        ]
        if self.distances not in ladder:  # the link became too narrow
            self.distances = ladder[-1] if ladder else ()
        wanted = self._best(ladder, _TOLERABLE)
        if LADDER.index(wanted) >= LADDER.index(self.distances):
            self.distances, self._needed_at = wanted, now
        else:
            calm = self._best(ladder, _COMFORTABLE)
            if LADDER.index(calm) >= LADDER.index(self.distances):
                self._needed_at = now
            elif now - self._needed_at >= _HOLD:
                self.distances, self._needed_at = calm, now
        return self.distances

    def _best(self, ladder: list[Distances], tolerable: float) -> Distances:
        """The first step of the ladder that leaves a tolerable loss, or the one that pays most."""
        best, least = ladder[0], self._expected(ladder[0])
        for step in ladder[1:]:
            if least <= tolerable:
                break
            expected = self._expected(step)
            if expected <= least * _WORTH_IT:
                best, least = step, expected
        return best

    def _expected(self, distances: Distances) -> float:
        """By the long run, or by the short one if that is worse by more than chance."""
        sudden = (self._left(distances) & _SHORT_MASK).bit_count()
        short = sudden / _SHORT if sudden >= _SUDDEN else 0.0
        return max(short, self.residual(distances))
