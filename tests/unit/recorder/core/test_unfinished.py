"""How long a finisher waits for others, by its own clock."""

import pytest
from msgspec.structs import replace

from recorder.api import RecordingState
from recorder.core import unfinished
from recorder.core.unfinished import UNBEATEN_S, UNCLOSED_S, Patience, Unfinished

CONTINUE_S = 5.0
ROW = Unfinished("r1", "l1", 1, RecordingState.RECORDING, False, False, 1, None, 0)
FINISHING = replace(ROW, state=RecordingState.FINISHING, ended=True)


def first_due(row: Unfinished, *, goes_on: bool = False) -> float | None:
    """When a row that stays as it is becomes due; None within a minute."""
    patience = Patience(CONTINUE_S)
    times = (0.5 * step for step in range(120))
    return next((t for t in times if patience.is_due(row, t, goes_on=goes_on)), None)


@pytest.mark.parametrize(
    ("row", "due"),
    [
        (ROW, CONTINUE_S),
        (replace(ROW, ended=True), UNCLOSED_S),
        (FINISHING, 0.0),
        (replace(FINISHING, finisher="other"), UNBEATEN_S),
        (replace(FINISHING, state=RecordingState.FAILED, retrying=True), 0.0),
        (
            replace(FINISHING, state=RecordingState.FAILED, retrying=True, finisher="other"),
            UNBEATEN_S,
        ),
        (replace(FINISHING, state=RecordingState.FAILED, finisher="other"), 0.0),
    ],
)
def test_a_row_that_stays_as_it_is_becomes_due(row: Unfinished, due: float) -> None:
    assert first_due(row) == due


def test_a_lesson_that_goes_on_is_left_alone_and_its_end_waits_anew() -> None:
    assert first_due(ROW, goes_on=True) is None
    patience = Patience(CONTINUE_S)
    assert not patience.is_due(ROW, 0.0, goes_on=False)
    assert not patience.is_due(ROW, 4.0, goes_on=True)
    assert not patience.is_due(ROW, 6.0, goes_on=False)
    assert not patience.is_due(ROW, 10.0, goes_on=False)
    assert patience.is_due(ROW, 11.0, goes_on=False)
    assert first_due(replace(ROW, ended=True), goes_on=True) == UNCLOSED_S  # it ended


def test_who_shows_life_is_waited_for() -> None:
    patience, row = Patience(CONTINUE_S), replace(FINISHING, finisher="other")
    for beat in range(30):
        row = replace(row, beats=beat)
        assert not patience.is_due(row, beat * 5.0, goes_on=False)
    row = replace(row, finisher="another")
    assert not patience.is_due(row, 1000.0, goes_on=False)
    assert patience.is_due(row, 1000.0 + UNBEATEN_S, goes_on=False)


def test_what_is_watched_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "MAX_WATCHED", 1)
    patience, second = Patience(CONTINUE_S), replace(ROW, recording_id="r2")
    assert not patience.is_due(ROW, 0.0, goes_on=False)
    assert not patience.is_due(second, 0.0, goes_on=False)
    assert not patience.is_due(second, 60.0, goes_on=False)  # there is no room to watch it
    assert patience.is_due(ROW, 60.0, goes_on=False)
    patience.keep_only({"r2"})
    assert not patience.is_due(second, 60.0, goes_on=False)
    assert patience.is_due(second, 60.0 + CONTINUE_S, goes_on=False)
