"""One lease as its holder sees it, on a clock of the test's own."""

from signaling.base.config import Config
from signaling.cells.core.leasing import Holding, Lease, Renewal, Standing
from signaling.cells.core.times import CellTimes

TIMES = CellTimes(beat_s=1.0, ttl_s=10.0)  # believed for 8 s, confirmed every 20 s
LEASE = Lease("x", 3, "a")


def _holding(asked_at: float = 0.0) -> Holding:
    return Holding(LEASE, asked_at, TIMES)


def test_a_dead_cell_is_noticed_within_three_seconds_by_default() -> None:
    config = Config()
    times = CellTimes(config.cells_beat_s, config.cells_ttl_s)
    assert times == CellTimes()
    assert times.noticed_s <= 3.0


def test_belief_counts_from_the_question_and_ends_before_the_ttl() -> None:
    holding = _holding(asked_at=5.0)
    assert holding.standing(12.9) is Standing.SURE
    assert holding.standing(13.0) is Standing.DOUBTFUL


def test_renewals_extend_a_belief_that_has_not_ended() -> None:
    holding = _holding()
    holding.renewed(Renewal.RENEWED, asked_at=7.0, now=7.5)
    assert holding.standing(14.9) is Standing.SURE
    assert holding.standing(15.0) is Standing.DOUBTFUL
    assert not holding.wants_word(14.9)


def test_an_answer_that_comes_after_the_end_of_belief_extends_nothing() -> None:
    holding = _holding()
    holding.renewed(Renewal.RENEWED, asked_at=7.0, now=8.0)
    assert holding.standing(8.0) is Standing.DOUBTFUL
    assert holding.wants_word(8.0)


def test_after_doubt_the_database_is_asked_once_redis_has_the_key() -> None:
    holding = _holding()
    holding.confirmed(holding.question, asked_at=9.0)  # Redis has not answered since
    assert holding.standing(9.0) is Standing.DOUBTFUL
    holding.renewed(Renewal.RESTORED, asked_at=10.0, now=10.1)
    assert holding.standing(10.1) is Standing.DOUBTFUL
    holding.confirmed(holding.question, asked_at=10.2)
    assert holding.standing(17.9) is Standing.SURE
    assert holding.standing(18.0) is Standing.DOUBTFUL


def test_a_word_that_was_asked_for_before_the_key_came_back_is_not_enough() -> None:
    holding = _holding()
    question = holding.question
    holding.renewed(Renewal.RESTORED, asked_at=10.0, now=10.1)
    holding.confirmed(question, asked_at=9.9)
    assert holding.standing(10.2) is Standing.DOUBTFUL
    assert holding.wants_word(10.2)


def test_a_restored_key_wants_the_databases_word_while_belief_lasts() -> None:
    holding = _holding()
    holding.renewed(Renewal.RESTORED, asked_at=4.0, now=4.1)
    assert holding.standing(7.9) is Standing.SURE
    assert holding.wants_word(4.1)
    assert holding.standing(8.0) is Standing.DOUBTFUL  # the renewal alone extends nothing


def test_a_contested_key_makes_the_lease_doubtful_not_lost() -> None:
    """The other may have got Redis, and not the database."""
    holding = _holding()
    holding.renewed(Renewal.CONTESTED, asked_at=1.0, now=1.1)
    assert holding.wants_word(1.1)
    holding.confirmed(holding.question, asked_at=1.2)
    assert holding.standing(8.0) is Standing.DOUBTFUL
    assert holding.wants_word(8.0)
    holding.renewed(Renewal.RESTORED, asked_at=9.0, now=9.1)
    holding.confirmed(holding.question, asked_at=9.2)
    assert holding.standing(16.9) is Standing.SURE


def test_renewals_while_the_database_answers_are_counted() -> None:
    holding = _holding()
    holding.renewed(Renewal.RESTORED, asked_at=10.0, now=10.1)
    question = holding.question
    holding.renewed(Renewal.RENEWED, asked_at=12.0, now=12.1)
    holding.confirmed(question, asked_at=10.2)
    assert holding.standing(19.9) is Standing.SURE


def test_a_gap_between_renewals_makes_an_old_word_worthless() -> None:
    holding = _holding()
    holding.renewed(Renewal.RESTORED, asked_at=10.0, now=10.1)
    question = holding.question
    holding.renewed(Renewal.RENEWED, asked_at=30.0, now=30.1)  # the key may have run out between
    holding.confirmed(question, asked_at=10.2)
    assert holding.standing(30.2) is Standing.DOUBTFUL


def test_the_database_is_asked_now_and_then_though_redis_renews() -> None:
    holding = _holding()
    for second in range(1, 25):
        holding.renewed(Renewal.RENEWED, asked_at=float(second), now=second + 0.1)
    assert not holding.wants_word(19.9)
    assert holding.wants_word(20.0)
    holding.confirmed(holding.question, asked_at=24.2)
    assert not holding.wants_word(25.0)


def test_what_is_lost_stays_lost() -> None:
    holding = _holding()
    holding.lose()
    holding.renewed(Renewal.RENEWED, asked_at=1.0, now=1.1)
    assert holding.standing(1.2) is Standing.LOST
