"""Cameras of one layer and without sound, as OBS and recorder hosts publish them.

Nothing is sent to who does not get the picture, so nothing would be learnt of the link by itself.
"""

from __future__ import annotations

import itertools

import pytest

from relay.api import Hold, Layer, Limit
from relay.core.congestion.estimator import MAX_BPS
from relay.core.wire import rtcp_writer
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer
from tests.unit.relay.core.congestion.link import Bottleneck

MBIT = 1e6
RATES = (1.0, 2.5, 6.0, 12.0)  # Mbit/s
SOUND_PACKETS = 50  # per second
# What a viewer may be, besides a browser: without repairs, without transport-wide feedback, and
# one that never negotiated it and reports nothing at all.
BROWSER: dict[str, bool] = {}
PLAYERS = {
    "browser": BROWSER,
    "no RTX": {"rtx": False},
    "reports alone": {"feedback": False},
    "reports alone, none promised": {"feedback": False, "wide": False},
    "no RTCP": {"feedback": False, "wide": False, "reports": False},
}


class Silent:
    """A room with one camera of one layer, and one who watches."""

    def __init__(
        self,
        mbit: float,
        *rates: tuple[float, float],
        sound: bool = False,
        outages: tuple[tuple[float, float], ...] = (),
        **player: bool,
    ) -> None:
        self.room = Classroom(start_bps=None)
        room, now = self.room, self.room.now
        room.publish("lead.camera", layers=(Layer.HIGH,), audio=False, bps=mbit * MBIT)
        if sound:
            room.publish("room.microphone", layers=(), seed=3)
            room.room.set_audible({"room.microphone"}, now)
        room.run(1.5)
        steps = [(at, rate * MBIT) for at, rate in rates]
        self.link = Bottleneck(room.world, steps, queue_s=0.3, delay=0.03, outages=outages)
        self.viewer: SimulatedViewer = room.watch(
            "room-1", audio=1, through=self.link, up=Profile(delay=0.03), **player
        )
        self.holds: list[Hold | None] = []
        self.viewer.show("lead.camera")
        room.world.every(0.02, self._look)

    def _look(self) -> None:
        hold = self.viewer.session.slots()[0].hold
        if not self.holds or self.holds[-1] is not hold:
            self.holds.append(hold)

    def first_picture(self) -> float:
        """Seconds until it was there."""
        return self.viewer.video[0].decoded[0].at - self.viewer.joined

    def pictures(self, first: float, last: float) -> int:
        times = (one.at - self.viewer.joined for one in self.viewer.video[0].decoded)
        return sum(first <= at < last for at in times)

    def sound(self, first: float, last: float) -> float:
        """Packets of it per second."""
        times = (one.at - self.viewer.joined for one in self.viewer.audio[0].order)
        return sum(first <= at < last for at in times) / (last - first)

    @property
    def limit(self) -> Limit:
        return self.viewer.session.stats(self.room.now).limit


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("mbit", RATES)
def test_a_good_link_shows_the_picture_within_a_second(mbit: float, player: str) -> None:
    silent = Silent(mbit, (0, 30.0), **PLAYERS[player])
    silent.room.run(4)
    assert silent.first_picture() < 1.0
    assert silent.pictures(1, 4) >= 70
    assert Hold.LINK not in silent.holds


@pytest.mark.parametrize("mbit", RATES)
def test_a_narrow_link_is_told_of_and_the_sound_of_others_is_whole(mbit: float) -> None:
    silent = Silent(mbit, (0, mbit / 2), sound=True)
    silent.room.run(40)
    assert silent.pictures(0, 40) == 0
    assert silent.holds == [Hold.CHECKING, Hold.LINK]
    assert silent.limit is Limit.RATE
    assert min(silent.sound(at, at + 1) for at in range(1, 39)) >= SOUND_PACKETS - 2


@pytest.mark.parametrize("player", ["no RTX", "reports alone", "reports alone, none promised"])
def test_what_cannot_be_probed_is_tried_ever_more_rarely(player: str) -> None:
    silent = Silent(2.5, (0, 1.2), sound=True, **PLAYERS[player])
    silent.room.run(120)
    tried = [at for at in range(120) if silent.pictures(at, at + 1)]
    begun = [at for at in tried if at - 1 not in tried]
    assert len(begun) <= 5
    gaps = [b - a for a, b in itertools.pairwise(begun)]
    assert all(gap >= 9 for gap in gaps), begun
    assert silent.holds[-1] is Hold.LINK
    assert silent.sound(20, 119) >= 0.96 * SOUND_PACKETS


def test_a_picture_that_nobody_is_sent_says_so() -> None:
    silent = Silent(MAX_BPS / MBIT, (0, 200.0))
    silent.room.run(4)
    assert silent.pictures(0, 4) == 0
    assert silent.holds[-1] is Hold.SOURCE
    assert silent.limit is Limit.NONE  # the link is not to blame


@pytest.mark.parametrize("player", [name for name in PLAYERS if name != "no RTCP"])
def test_the_picture_is_back_after_an_outage_in_which_nothing_was_sent(player: str) -> None:
    silent = Silent(2.5, (0, 10.0), outages=((8, 14),), **PLAYERS[player])
    silent.room.run(28)
    assert silent.pictures(9, 14) == 0
    assert silent.pictures(26, 28) >= 45
    if player == "browser":
        assert silent.pictures(15, 16) >= 24  # a second after the link


@pytest.mark.parametrize("player", ["browser", "no RTX"])
def test_a_link_that_becomes_wide_again_is_found_out(player: str) -> None:
    """The picture left a queue behind it; without packets it would seem to stand for ever."""
    silent = Silent(2.5, (0, 10.0), (10, 0.5), (20, 10.0), **PLAYERS[player])
    silent.room.run(36)
    assert silent.pictures(14, 20) == 0
    assert silent.pictures(34, 36) >= 48


@pytest.mark.parametrize("sound", [False, True])
def test_what_a_receiver_names_while_nothing_comes_does_not_keep_the_picture_away(
    sound: bool,
) -> None:
    """REMB is at most half as much again as what arrives."""
    silent = Silent(2.5, (0, 30.0), sound=sound, feedback=False, reports=True)
    viewer = silent.viewer
    octets = [0]

    def name() -> None:
        came, octets[0] = viewer.down.octets - octets[0], viewer.down.octets
        viewer.up.send(rtcp_writer.bitrate_limit(77, max(300_000, 12 * came), [1]))

    silent.room.world.every(1.0, name, start=0.7)
    silent.room.run(20)
    assert silent.first_picture() < 1.0
    assert silent.pictures(1, 20) >= 19 * 25 - 5


@pytest.mark.parametrize("named", [20_000, 400_000])
def test_a_receiver_that_names_the_same_low_rate_all_the_time_means_it(named: int) -> None:
    """A trial is sent more than that, and it does not name more: there is nothing to doubt."""
    silent = Silent(2.5, (0, 30.0), sound=True, feedback=False, wide=False, reports=True)
    limit = rtcp_writer.bitrate_limit(77, named, [1])
    silent.room.world.every(0.5, lambda: silent.viewer.up.send(limit), start=0.2)
    silent.room.run(120)
    assert silent.holds[-1] is Hold.LINK
    assert silent.limit is Limit.RATE
    shown = [at for at in range(120) if silent.pictures(at, at + 1)]
    begun = [at for at in shown if at - 1 not in shown]
    assert len(begun) <= 4
    assert len(shown) <= 5 * len(begun)
    assert silent.sound(20, 119) >= 0.96 * SOUND_PACKETS


def test_after_long_silence_a_picture_comes_at_once() -> None:
    """A minute of sound alone, then the picture is called for."""
    silent = Silent(2.5, (0, 10.0), sound=True)
    silent.viewer.view()
    silent.room.run(60)
    called = silent.room.now - silent.viewer.joined
    silent.viewer.show("lead.camera")
    silent.room.run(2)
    assert silent.pictures(called, called + 1) >= 1
