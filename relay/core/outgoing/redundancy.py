"""Redundancy of a viewer's sound: how much is sent twice, by the losses of its link.

The fates of the last twenty seconds' sound packets are kept as bits. Each choice is tried on them:
a packet stays lost if it and all its repetitions were lost. Bursts need no model of their own. In a
burst an early repetition does not help, and a later one does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

Distances = tuple[int, ...]

# Repetitions that may go along with a packet, in packets back. The cheapest come first, and among
# equals the one with the shortest wait. A receiver must hold sound for so many packets of 20 ms.
LADDER: tuple[Distances, ...] = ((), (1,), (2,), (1, 2), (1, 3), (2, 4))
LADDER_MOST = max(map(len, LADDER))
_TOLERABLE = 0.003  # of the packets lost for good; a loss of 20 ms in seven seconds
_COMFORTABLE = 0.0015  # of the packets; below it a cheaper step is tried: hysteresis
_WORTH_SHARE = 0.7  # of the loss that a dearer step may leave, while no step is tolerable
_LONG_RUN = 1024  # packets, 20 s: tells steady loss
_SHORT_RUN = 128  # packets, 2.5 s: tells that the link just became bad
_SUDDEN_LOSSES = 2  # losses in the short run; one alone is chance
_LONG_MASK = (1 << _LONG_RUN) - 1
_SHORT_MASK = (1 << _SHORT_RUN) - 1
_OUTAGE_LOSSES = 15  # packets lost in a row, 0.3 s: no repetition helps, and none is chosen for it
_INTERVAL_S = 0.5  # s between two choices
_HOLD_S = 10.0  # s that a step was not needed before it is left
_REACH_PACKETS = 4  # 80 ms: pages hold sound for it (`web_client/src/browser/media/peer.ts`)
_MAX_REPORTED = 512  # packets of one report that are believed in
# Of the target. On a narrow link sound is all that matters, but its repetitions must not fill the
# link: that would cause new losses. Half leaves room for errors of the estimate.
_SOUND_SHARE = 0.5
# Cost of a repeated frame, as a part of its packet's own. A block needs four bytes of header. Opus
# of 32 kbit/s in 20 ms packets takes 60 kbit/s of the link, and 34 more as a block.
_BLOCK_COST = 0.6
_MAX_AWAITED = 512  # packets of sound whose fate is not known: 10 s, or 2.5 s of four voices


def affordable(target_bps: float, sound_bps: float) -> int:
    """Number of frames that may be repeated with each packet of sound.

    Args:
        target_bps: the estimate of what the viewer's link carries in all.
        sound_bps: the rate of all its sound without repetition, headers included.
    """
    if sound_bps <= 0:
        return LADDER_MOST
    room = _SOUND_SHARE * target_bps - sound_bps
    return max(0, min(LADDER_MOST, int(room / (_BLOCK_COST * sound_bps))))


def cost(sound_bps: float, distances: Distances) -> float:
    """Bit/s of sound with its repetitions, headers included."""
    return sound_bps * (1 + _BLOCK_COST * len(distances))


class SoundFates:
    """Transport-wide numbers that carried sound, and their fates by feedback."""

    __slots__ = ("_awaited",)

    def __init__(self) -> None:
        # Number → stream, in the order of sending. An OrderedDict finds its first entry at once,
        # however many before it are gone.
        self._awaited: OrderedDict[int, int] = OrderedDict()

    def on_sent(self, number: int, stream: int) -> None:
        """A packet of sound left for the first time; `stream`: which of the viewer's sounds."""
        if len(self._awaited) >= _MAX_AWAITED:
            self._awaited.popitem(last=False)
        self._awaited[number] = stream

    def take(self, arrivals: Sequence[tuple[int, float | None]]) -> list[bool]:
        """The fates (True: lost) that a feedback packet tells, of the sound it tells most of.

        Packets of two sounds lie closer together than a packet and its repetition. Taken together
        they would make losses look like bursts.
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

    def __init__(self, reach: int = _REACH_PACKETS) -> None:
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
            if self._run > _OUTAGE_LOSSES:
                continue
            self._lost = (self._lost << 1 | fate) & _LONG_MASK
            self._known = min(self._known + 1, _LONG_RUN)
            if (
                self._run == _OUTAGE_LOSSES
            ):  # an outage tells nothing of the link before or after it
                self._lost >>= _OUTAGE_LOSSES
                self._known -= _OUTAGE_LOSSES

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
        known = max(self._known, _LONG_RUN // 2)  # before, what is not known counts as good
        seen = self._still_lost(distances).bit_count() / known
        # A few packets may hide future losses: assume at least independent losses.
        return max(seen, (self._lost.bit_count() / known) ** (1 + len(distances)))

    def _still_lost(self, distances: Distances) -> int:
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
        if len(self.distances) <= affordable and now - self._chosen_at < _INTERVAL_S:
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
            elif now - self._needed_at >= _HOLD_S:
                self.distances, self._needed_at = calm, now
        return self.distances

    def _best(self, ladder: list[Distances], tolerable: float) -> Distances:
        """The first step of the ladder that leaves a tolerable loss, or the one that pays most."""
        best, least = ladder[0], self._expected(ladder[0])
        for step in ladder[1:]:
            if least <= tolerable:
                break
            expected = self._expected(step)
            if expected <= least * _WORTH_SHARE:
                best, least = step, expected
        return best

    def _expected(self, distances: Distances) -> float:
        """The expected loss: of the long run, or of a short run that is worse beyond chance."""
        sudden = (self._still_lost(distances) & _SHORT_MASK).bit_count()
        short = sudden / _SHORT_RUN if sudden >= _SUDDEN_LOSSES else 0.0
        return max(short, self.residual(distances))
