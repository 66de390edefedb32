"""Answers of a viewer: feedback, or reports in its place, or silence."""

from __future__ import annotations

import pytest

from relay.core.congestion.answers import Answers


def test_reports_stand_in_only_where_no_feedback_comes() -> None:
    answers = Answers(transport_cc=True)
    answers.look(1000, 0.0)
    assert not answers.are_reports(0.4)  # feedback may still come
    assert answers.are_reports(0.6)
    answers.on_feedback(1000, 0.1, 0.7)
    assert not answers.are_reports(0.7)
    answers.on_report(1000, 0.8)
    assert not answers.are_reports(0.8)


def test_a_player_that_promised_no_feedback_goes_by_reports_at_once() -> None:
    assert Answers(transport_cc=False).are_reports(0.0)


def test_who_promised_no_feedback_may_be_silent_for_ever() -> None:
    promised, silent = Answers(transport_cc=True), Answers(transport_cc=False)
    for second in range(10):
        assert not silent.are_overdue(1000 * second, second)
        overdue = promised.are_overdue(1000 * second, second)
    assert overdue


def test_the_round_trip_is_smoothed_and_never_negative() -> None:
    answers = Answers(transport_cc=True)
    usual = answers.likely_rtt
    assert usual > 0
    answers.on_feedback(1, -1.0, 0.0)
    assert answers.rtt == 0.0
    answers.on_feedback(2, 0.4, 0.1)
    assert answers.rtt == pytest.approx(0.1)
    answers.on_receiver_report(0.0, 9.0)  # feedback knows better
    assert answers.rtt == pytest.approx(0.1)


def test_reported_loss_is_smoothed_within_its_bounds() -> None:
    answers = Answers(transport_cc=False)
    for _ in range(50):
        answers.on_receiver_report(7.0, 0.05)
    assert answers.reported_loss == pytest.approx(1.0, abs=0.001)
    assert answers.rtt == pytest.approx(0.05)
