"""The judgement of a demonstration on a machine that may have been too slow."""

import pytest

from load_tests.checks import Check, StageTimes, check_stage
from load_tests.demo import report
from load_tests.machine import (
    LATE_FROM_S,
    MAX_LATE_S,
    TICK_S,
    LoopLag,
    MachineWatch,
    Outcome,
    ProcessorTimes,
    Strain,
    read_processors,
    verdict,
)
from load_tests.participants import Ear

CALM = Strain(
    late=0.001, longest_late_s=0.08, stolen=0.01, waiting=0.7, untaken=0.02, undecoded=0.0
)
SLOW = Strain(late=0.2, longest_late_s=0.4, stolen=0.0, waiting=0.99, untaken=0.3, undecoded=0.1)
KEPT = Check("首帧", "100 ms", True, timed=True)
LATE = Check("发言时延", "700 ms 后", False, timed=True)
LOST = Check("录像画面", "592 帧,缺 9,错误 0", False, loses=True)
LEAK = Check("未上讲台者", "听到 room2", False)


@pytest.mark.parametrize(
    "strain",
    [
        Strain(late=0.02),
        Strain(longest_late_s=0.3),
        Strain(stolen=0.1),
        Strain(untaken=0.06),
        Strain(undecoded=0.02),
    ],
)
def test_each_kind_of_lag_leaves_what_depends_on_time_unjudged(strain):
    found = verdict([KEPT, LATE, LOST], strain)

    assert found.unjudged == (LATE, LOST)
    assert found.outcome is Outcome.TOO_SLOW
    assert len(strain.reasons) == 1


@pytest.mark.parametrize("strain", [CALM, Strain(waiting=1.0)])
def test_a_machine_that_keeps_time_excuses_nothing(strain):
    found = verdict([KEPT, LATE, LOST], strain)

    assert found.faults == (LATE, LOST)
    assert found.outcome is Outcome.FAULT
    assert strain.reasons == ()


def test_a_true_fault_stays_one_on_a_slow_machine():
    found = verdict([LATE, LEAK], SLOW)

    assert found.faults == (LEAK,)
    assert found.unjudged == (LATE,)
    assert found.outcome is Outcome.FAULT


def test_a_voice_that_never_came_is_no_proof_on_a_slow_machine_but_one_before_its_time_is():
    stage = StageTimes("room1", invited_at=10.0, removed_at=15.0)
    unheard = Ear({"room1": 1600.0})
    early = Ear({"room1": 1600.0}, first={"room1": 9.0}, last={"room1": 15.0})

    assert verdict(check_stage("教师", unheard, stage), SLOW).outcome is Outcome.TOO_SLOW
    assert verdict(check_stage("教师", unheard, stage), CALM).outcome is Outcome.FAULT
    assert verdict(check_stage("教师", early, stage), SLOW).outcome is Outcome.FAULT


def test_a_slow_machine_that_keeps_all_promises_is_no_matter():
    assert verdict([KEPT], SLOW).outcome is Outcome.KEPT


def test_each_outcome_has_an_exit_code_of_its_own():
    assert [int(one) for one in Outcome] == [0, 1, 2, 3]


def test_the_report_says_that_the_machine_was_too_slow_and_what_to_do():
    checks = [KEPT, LATE]
    text = report(checks, verdict(checks, SLOW), SLOW)

    assert "机器太慢" in text
    assert "发言时延" in text.rpartition("机器太慢")[2]
    assert all(reason in text for reason in SLOW.reasons)
    assert "请关闭" in text
    assert "故障:" not in text


def test_the_report_names_faults_without_an_excuse():
    checks = [KEPT, LEAK]
    text = report(checks, verdict(checks, SLOW), SLOW)

    assert "故障:未上讲台者" in text
    assert "机器太慢" not in text


def test_lag_counts_ticks_that_are_late_and_remembers_the_worst():
    lag = LoopLag()
    for late_s in (0.0, LATE_FROM_S / 2, 0.0, 2 * MAX_LATE_S):
        lag.tick(10.0, 10.0 + late_s)

    assert lag.late_s == pytest.approx(2 * MAX_LATE_S)
    assert lag.longest_s == pytest.approx(2 * MAX_LATE_S)
    assert lag.watched_s == pytest.approx(4 * TICK_S + LATE_FROM_S / 2 + 2 * MAX_LATE_S)


def _processors(folder, stat, pressure):
    (folder / "pressure").mkdir(exist_ok=True)
    (folder / "stat").write_text(stat)
    (folder / "pressure" / "cpu").write_text(pressure)
    return read_processors(folder)


def test_the_kernels_counts_are_read(tmp_path):
    read = _processors(
        tmp_path,
        "cpu  100 0 50 800 10 0 0 40 7 0\ncpu0 1 2\n",
        "some avg10=1.00 avg60=1.00 avg300=1.00 total=2500000\nfull avg10=0.00 total=0\n",
    )

    assert (read.all, read.stolen, read.waiting_us) == (1000, 40, 2_500_000)


@pytest.mark.parametrize("text", ["", "cpu", "cpu  1 2", "nonsense\n", "cpu  a b c d e f g h\n"])
def test_a_kernel_that_tells_nothing_is_no_evidence(tmp_path, text):
    read = _processors(tmp_path, text, text)
    assert (read.all, read.waiting_us) == (None, None)

    (tmp_path / "none").mkdir()
    assert read_processors(tmp_path / "none").all is None


def test_shares_are_those_of_the_time_watched(monkeypatch):
    counts = iter(
        [
            ProcessorTimes(all=1000, stolen=10, waiting_us=0),
            ProcessorTimes(all=1200, stolen=40, waiting_us=10**12),
        ]
    )
    watch = MachineWatch(_before=next(counts))
    monkeypatch.setattr("load_tests.machine.read_processors", lambda: next(counts))
    strain = watch.strain(untaken=0.25)

    assert strain.stolen == pytest.approx(0.15)
    assert strain.waiting == 1.0
    assert strain.untaken == 0.25
