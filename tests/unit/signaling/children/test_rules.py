"""When a child is started again, by a clock that the test turns."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.children.rules import LONGEST_PAUSE_S, STEADY_S, Restarts


class Life:
    """A child and its clock: each run lasts as long as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.restarts = Restarts()

    def run(self, seconds: float, *, ready: bool = True) -> float:
        """The pause after a run, which is then over."""
        if ready:
            self.restarts.ready(self.now)
        self.now += seconds
        pause = self.restarts.ended(self.now)
        self.now += pause
        return pause


def test_it_is_started_again_at_once_and_then_ever_later() -> None:
    life = Life()
    assert [life.run(1) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert life.now == 1000 + 9 * 1 + 121


def test_a_child_that_ran_for_a_minute_has_no_past() -> None:
    life = Life()
    for _ in range(5):
        life.run(1)
    assert life.run(STEADY_S) == 0
    assert [life.run(STEADY_S - 0.1) for _ in range(3)] == [1, 2, 4]


def test_a_minute_without_being_ready_is_no_merit() -> None:
    life = Life()
    life.run(STEADY_S)
    assert [life.run(STEADY_S, ready=False) for _ in range(3)] == [1, 2, 4]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), max_size=2000))
def test_pauses_are_bounded_and_double_at_most(runs: list[tuple[float, bool]]) -> None:
    life, before = Life(), 0.0
    for seconds, ready in runs:
        pause = life.run(seconds, ready=ready)
        assert 0 <= pause <= LONGEST_PAUSE_S
        assert pause <= max(1, 2 * before)
        before = pause


def test_thousands_of_ends_are_no_overflow() -> None:
    life = Life()
    assert [life.run(0) for _ in range(5000)][-1] == LONGEST_PAUSE_S
