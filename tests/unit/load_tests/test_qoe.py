"""The bench's pure parts: profiles, figures from made-up series, tables."""

from xml.etree import ElementTree

import pytest

from load_tests.link.plan import LinkReport, PathReport, Slice
from load_tests.qoe.bench import Wish
from load_tests.qoe.content import FPS, LOOP_FRAMES, DetailedScene, Speech
from load_tests.qoe.figures import Figures, delays, figures
from load_tests.qoe.plot import FROZEN, plot
from load_tests.qoe.profile import Goal, ProfileError, read, read_all
from load_tests.qoe.rates import increase, settled_at
from load_tests.qoe.report import (
    BEGIN,
    END,
    NAMES,
    bound,
    machine_limited,
    replaced,
    spread,
    tables,
)
from load_tests.qoe.run import System
from load_tests.qoe.series import Host, Level, Series, Shown, Stats, Taken
from load_tests.qoe.store import RunId, Store

SECONDS = 60.0
PROFILES = {profile.name: profile for profile in read_all()}
EMPTY = PathReport(0, 0, 0, 0, 0, ())


def shown(begin_s: float, end_s: float, height: int = 720, fps: int = FPS) -> list[Shown]:
    count = round((end_s - begin_s) * fps)
    frames = []
    for index in range(count):
        at_s = begin_s + index / fps
        frames.append(Shown(at_s, height * 16 // 9, height, round(at_s * FPS) % LOOP_FRAMES))
    return frames


def stats(at_s: float, kbps: float = 1000, **audio: float) -> Stats:
    sound = {"id": "a", "kind": "audio", "lead": False, **audio}
    video = {"id": "v", "kind": "video", "lead": True, "bytesReceived": kbps * 125 * at_s}
    return Stats(at_s, [sound, video], [], [])


def series(frames, *, levels=(), received=(), taken=(), slices=()) -> Series:
    down = PathReport(0, 0, 0, 0, 0, tuple(slices))
    link = LinkReport(down, EMPTY, 0, 0, 0, 0)
    sent: list[Stats] = []
    host = Host(0.5, 0.45, 0, 1)
    return Series(
        SECONDS, list(frames), list(taken), list(levels), list(received), sent, link, host
    )


def judged(name: str, one: Series) -> Figures:
    return figures(one, PROFILES[name].lasting(SECONDS))


def test_all_nine_profiles_read_and_name_known_figures():
    assert list(PROFILES) == [f"P{n}" for n in range(1, 10)]
    for profile in PROFILES.values():
        for goal in profile.goals:
            assert goal.figure in Figures.__struct_fields__ and goal.figure in NAMES
            assert bound(goal)


def test_a_profile_with_an_unknown_field_is_refused_by_name(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('name = "X"\ntitle = "x"\nseconds = 60\ngoals = []\n[link]\nlos = 0.1\n')
    with pytest.raises(ProfileError, match=r"bad\.toml.*los"):
        read(path)
    with pytest.raises(ProfileError, match="P99"):
        read_all(["P1", "P99"])


def test_a_shorter_run_moves_the_moments_but_keeps_an_outage_as_long():
    outage = PROFILES["P5"].lasting(30).link.outages[0]
    assert (outage.at_s, outage.seconds) == (12.5, 5)
    assert [step.at_s for step in PROFILES["P7"].lasting(30).link.rate] == [0, 10, 20]


def test_frozen_counts_whole_gaps_and_the_open_one_but_not_the_start():
    frames = shown(2, 20) + shown(21, 40) + shown(40.2, 55)
    found = judged("P1", series(frames))
    open_gap = 60 - frames[-1].at_s
    gap = 21 - (20 - 1 / FPS)
    assert found.first_frame_s == 2
    assert found.frozen_s == pytest.approx(gap + open_gap, abs=0.01)
    assert found.frozen_ratio == pytest.approx((gap + open_gap) / 58, abs=1e-3)
    assert found.longest_freeze_s == pytest.approx(open_gap, abs=1e-3)


def test_no_picture_at_all_is_frozen_throughout():
    found = judged("P1", series([]))
    assert (found.frozen_ratio, found.first_frame_s, found.top_layer_s) == (1.0, None, None)
    assert not Goal("top_layer_s", most=10).met(found.top_layer_s)


def test_layers_are_seen_by_the_height_of_what_is_shown():
    frames = shown(1, 10, 180) + shown(10, 30, 360) + shown(30, 60, 720)
    found = judged("P1", series(frames))
    assert found.top_layer_s == 30
    assert found.switches == 2
    assert found.switches_per_min == pytest.approx(2 * 60 / 59, abs=0.01)
    assert found.top_share == pytest.approx(30 / 59, abs=0.01)


def test_delay_is_told_by_the_number_over_the_loop_and_past_unseen_pictures():
    taken = [Taken(n / FPS, n % LOOP_FRAMES) for n in range(2 * LOOP_FRAMES) if n != 450]
    frames = [Shown(n / FPS + 0.3, 1, 1, n % LOOP_FRAMES) for n in (10, 450, 590)]
    frames.append(Shown(5.0, 1, 1, -1))
    assert delays(frames, taken) == pytest.approx([0.3, 0.3, 0.3])


def test_concealment_leaves_silence_out():
    received = [
        stats(
            t,
            totalSamplesReceived=48_000 * t,
            concealedSamples=4_800 * t,
            silentConcealedSamples=2_400 * t,
        )
        for t in range(60)
    ]
    found = judged("P1", series(shown(1, 60), received=received))
    assert found.concealed_ratio == pytest.approx(0.05)
    assert found.concealed_all_ratio == pytest.approx(0.10)


def test_counters_of_a_new_session_go_on_where_the_old_ended():
    samples = [[{"id": "old", "n": 5}], [{"id": "old", "n": 9}], [], [{"id": "new", "n": 3}]]
    assert increase(samples, "n") == 7


def test_settled_is_the_first_five_steady_seconds():
    rate = [(t / 5, 500_000 if t < 40 and t % 10 < 5 else 1_000_000) for t in range(300)]
    assert settled_at(rate, 0.0) == pytest.approx(8, abs=1.2)
    assert settled_at(rate[:50], 0.0) is None
    assert settled_at(rate, None) is None


def test_the_queue_counts_from_three_seconds_after_each_drop():
    def wait(at_s: float) -> float:
        return 900 if 12 < at_s < 14 else 250 if 24 < at_s < 36 else 700 if at_s > 40 else 10

    slices = [Slice(n / 10, wait(n / 10), 0, 0, 0) for n in range(1, 601)]
    assert judged("P3", series(shown(1, 60), slices=slices)).drop_queue_ms == 250
    assert judged("P1", series(shown(1, 60), slices=slices)).drop_queue_ms is None


def test_climbing_after_each_rise_and_none_if_one_failed():
    low = shown(0, 36, 180)
    ok = low + shown(36, 40, 180) + shown(40, 50, 360) + shown(50, 60, 720)
    assert judged("P3", series(ok)).climb_s == pytest.approx(4, abs=0.05)
    assert judged("P3", series(low + shown(36, 60, 180))).climb_s is None


def test_video_is_back_when_it_flows():
    frames = shown(1, 20, 180) + shown(43.5, 60, 180)
    found = judged("P7", series([*frames[:570], Shown(41.0, 320, 180, 1), *frames[570:]]))
    assert found.video_back_s == pytest.approx(3.5, abs=0.05)
    assert judged("P7", series(shown(1, 60, 180))).video_back_s == 0
    assert judged("P7", series(shown(1, 20, 180))).video_back_s is None


def test_sound_after_an_outage_and_its_longest_gap():
    def loud(at_s: float) -> bool:
        return at_s > 1 and not 25 < at_s < 30.4

    levels = [Level(n / 25, -20.0 if loud(n / 25) else -90.0) for n in range(1500)]
    frames = shown(1, 25) + shown(31, 60)
    found = judged("P5", series(frames, levels=levels))
    assert found.sound_back_s == pytest.approx(0.4, abs=0.05)
    assert found.sound_gap_s == pytest.approx(5.4, abs=0.1)
    assert found.picture_back_s == pytest.approx(1.0, abs=0.05)


def test_the_share_beside_tcp_and_of_the_link():
    slices = [Slice(n / 10, 0, 10_000, 15_000 if n > 100 else 0, 0) for n in range(1, 601)]
    found = judged("P8", series(shown(1, 60), slices=slices))
    assert found.cross_share == pytest.approx(0.4)
    assert found.link_share == pytest.approx(0.4)


def test_the_scene_is_marked_and_the_voice_never_pauses():
    picture = DetailedScene(320, 180).draw(1.5, 45)
    assert picture.shape == (270, 320)
    voice = Speech().samples(0, 10 * 48_000)
    blocks = (voice.reshape(-1, 4800) ** 2).mean(axis=1)
    assert blocks.min() > blocks.mean() / 100, "a pause would look like lost sound"


def line(system: str, seed: int, **changed: float | None):
    found = judged("P1", series(shown(1, 60)))
    values = {name: getattr(found, name) for name in Figures.__struct_fields__} | changed
    return {
        "run": f"P1-{system}-{seed}",
        "profile": "P1",
        "seed": seed,
        "system": system,
        "revision": "abc",
        "seconds": SECONDS,
        "figures": values,
        "host": {"busy": 0.5, "own": 0.45},
    }


def test_the_table_gives_medians_ranges_and_verdicts():
    lines = [line("tongke", n, frozen_ratio=n / 1000, top_layer_s=20.0) for n in (1, 2, 9)]
    lines += [line("direct", n, top_layer_s=None) for n in (1, 2, 3)]
    text = tables(lines, PROFILES)
    assert "| frozen ≤ 0.5% | 0.2% [0.1% – 0.9%] | ✓ |" in text
    assert "| top layer ≤ 10.0 s | 20.0 s [20.0 s – 20.0 s] | ✗ | never |" in text
    assert "P2" not in text


def test_what_never_came_about_is_the_worst_value():
    goal = Goal("settled_s", most=10)
    assert spread([3.0, None, None], goal) == "never [3.0 s – never]"
    assert spread([3.0, 4.0, None], goal) == "4.0 s [3.0 s – never]"


def test_only_what_is_between_the_marks_is_written():
    text = replaced(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new\n")
    assert text == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    with pytest.raises(ValueError, match="needs the lines"):
        replaced("no marks", "new")


def test_a_run_whose_camera_stood_still_is_the_machines():
    taken = [Taken(n / FPS, n % LOOP_FRAMES) for n in range(1800) if not 900 < n < 915]
    found = judged("P1", series(shown(1, 60), taken=taken))
    assert found.camera_gap_s == pytest.approx(0.5, abs=0.01)
    assert machine_limited(line("tongke", 1, camera_gap_s=found.camera_gap_s))
    assert not machine_limited(line("tongke", 1, camera_gap_s=0.1))


def test_the_recording_of_an_outage_is_told_with_its_longest_gap():
    told = line("tongke", 1)
    gaps = {"lead.camera": {"gaps": [[1, 9]]}, "room-x.camera": {"gaps": [[2, 3], [10, 15.5]]}}
    told["facts"] = {"recording": {"state": "ready", "duration_s": 61.2, "sources": gaps}}
    assert "Seed 1: ready, 61 s, longest gap of the classroom's camera 5.5 s" in tables(
        [told], PROFILES
    )


def test_a_plot_is_well_formed_and_shows_each_freeze():
    frames = shown(1, 20) + shown(22, 40) + shown(43, 60)
    slices = [Slice(n / 10, 50, 10_000, 0, 0) for n in range(1, 601)]
    one = series(frames, slices=slices)
    svg = plot(PROFILES["P3"].lasting(60), [("Tongke <1>", one), ("direct", one)])
    drawn = ElementTree.fromstring(svg)
    assert sum(child.get("fill") == FROZEN for child in drawn) == 2 * 2 + 1  # and the legend's


def test_results_are_kept_once_and_failed_runs_are_tried_again(tmp_path):
    store, done, failed = (
        Store(tmp_path),
        RunId("P1", 1, "tongke", 60),
        RunId("P1", 2, "tongke", 60),
    )
    one = series(shown(1, 60))
    store.add({"run": str(failed), "error": "x"})
    store.add({"run": str(done), "figures": {"fps": 1}}, one)
    store.add({"run": str(done), "figures": {"fps": 2}}, one)
    with (tmp_path / "results.jsonl").open("a") as out:
        out.write('{"run": "cut short by a cra')
    assert store.done() == {str(done)}
    assert [row["figures"] for row in store.lines() if "figures" in row] == [{"fps": 2}]
    assert store.series(str(done)) == one


def test_seeds_come_one_after_the_other_and_systems_take_turns(tmp_path):
    wish = Wish([PROFILES["P1"], PROFILES["P2"]], 2, [System.TONGKE, System.DIRECT], tmp_path)
    order = [(profile.name, seed, system.value[0]) for profile, seed, system in wish.runs()]
    assert order == [
        *(("P1", 1, "t"), ("P1", 1, "d"), ("P2", 1, "d"), ("P2", 1, "t")),
        *(("P1", 2, "d"), ("P1", 2, "t"), ("P2", 2, "t"), ("P2", 2, "d")),
    ]
