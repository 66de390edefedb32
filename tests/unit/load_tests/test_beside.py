import tomllib
from datetime import UTC, datetime

from load_tests.beside.county import (
    PEOPLE,
    ROOMS_PER_SCHOOL,
    SCHOOLS,
    large_county,
    recorded_teachers,
)
from load_tests.beside.figures import (
    Arrivals,
    longest_pause,
    phase_figures,
    sent_at,
    stamped,
    together,
)

PAYLOAD = bytes(200)


def test_a_payload_says_when_it_was_sent_and_keeps_its_size_and_head():
    made = stamped(PAYLOAD, 1234.5)
    assert sent_at(made) == 1234.5
    assert len(made) == len(PAYLOAD)
    assert made[:64] == PAYLOAD[:64]


def test_a_small_payload_is_left_alone():
    assert stamped(b"opus", 1.0) == b"opus"
    assert sent_at(b"opus") is None
    assert sent_at(PAYLOAD) is None


def test_delay_is_over_all_viewers_and_the_pause_is_one_viewers_own():
    one, other = Arrivals(limit=1000), Arrivals(limit=1000)
    sent = [number / 100 for number in range(100)]
    for at in sent:
        one.note(stamped(PAYLOAD, at), at + 0.001)
        if not 0.5 < at < 0.55:
            other.note(stamped(PAYLOAD, at), at + 0.002)
    figures = phase_figures([one, other], sent)
    assert figures == {
        "packets": 196,
        "due": 200,
        "delay_ms": {"p50": 1.0, "p99": 2.0, "max": 2.0},
        "longest_pause_ms": 50.0,
        "longest_pause_sent_ms": 10.0,
    }


def test_a_phase_without_packets_has_figures():
    empty = phase_figures([Arrivals(limit=1)], [])
    assert empty["packets"] == 0
    assert empty["delay_ms"]["p99"] == empty["longest_pause_ms"] == 0
    assert longest_pause([7.0]) == 0


def test_what_is_kept_of_a_phase_is_bounded():
    arrivals = Arrivals(limit=3)
    for number in range(10):
        arrivals.note(stamped(PAYLOAD, 0.0), float(number))
    assert len(arrivals.came_at) == len(arrivals.delays_s) == 3


def test_county_files_are_toml_of_the_size_they_promise():
    county = tomllib.loads(large_county())
    assert len(county["people"]) == PEOPLE
    assert sum(len(school["rooms"]) for school in county["schools"]) == SCHOOLS * ROOMS_PER_SCHOOL
    made = tomllib.loads(recorded_teachers(("a", "b"), datetime(2026, 1, 1, tzinfo=UTC)))
    assert [lesson["lead_teacher"] for lesson in made["lessons"]] == ["a", "b"]


def test_phases_of_one_kind_are_put_together():
    def phase(packets: int, p99: float, pause: float) -> dict[str, object]:
        delay = {"p50": 1.0, "p99": p99, "max": p99 * 2}
        return {
            "packets": packets, "due": 1000, "delay_ms": delay, "longest_pause_ms": pause,
            "server_cpu_percent": 20.0,
        }  # fmt: skip

    made = together([phase(1000, 3.0, 9.0), phase(990, 5.0, 40.0), phase(1000, 4.0, 8.0)])
    assert (made["packets"], made["due"], made["lost_percent"]) == (2990, 3000, 0.333)
    assert made["delay_ms"] == {"p50": 1.0, "p99": 4.0, "max": 10.0}
    assert made["longest_pause_ms"] == 40.0
