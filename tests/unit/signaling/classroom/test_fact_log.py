"""Presence, headcounts and reception of one room, as they become rows."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signaling.classroom.fact_log import MAX_SPELLS, REJOIN, FactLog
from signaling.lessons.fact_records import FactBatch, KeptFacts, Spell
from signaling.lessons.held_times import Moment
from signaling.lessons.wire import Headcount
from signaling.links.rules import Seen
from signaling.links.samples import MAX_STEP_S, LinkReading
from signaling.links.wire import LinkState

AT = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
ROOM = "room-a"
WELL = LinkReading(LinkState.GOOD, seen=Seen.HIGH, hears=True)


def opened(**kept: object) -> FactLog:
    return FactLog(Moment(AT, 100.0), KeptFacts(**kept))  # type: ignore[arg-type]


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_a_page_that_is_loaded_anew_was_there_all_the_time() -> None:
    facts = opened()
    facts.come(ROOM, 100.0)
    facts.go(ROOM, 160.0)
    facts.come(ROOM, 160.0 + REJOIN.total_seconds())
    facts.go(ROOM, 200.0)
    facts.go(ROOM, 300.0)  # gone already
    assert facts.unwritten().spells == (Spell(ROOM, AT, after(100), after(100)),)


def test_a_page_that_comes_back_later_has_another_spell() -> None:
    facts = opened()
    facts.come(ROOM, 100.0)
    facts.go(ROOM, 110.0)
    facts.come(ROOM, 150.0)
    facts.beat(170.0)
    assert facts.unwritten().spells == (
        Spell(ROOM, AT, after(10), after(10)),
        Spell(ROOM, after(50), None, after(70)),
    )
    facts.close(180.0)
    assert facts.unwritten().spells[1].left_at == after(80)


def test_a_page_that_flaps_makes_a_bounded_number_of_rows() -> None:
    facts = opened()
    for number in range(MAX_SPELLS + 50):
        facts.come(ROOM, 100.0 + 60 * number)
        facts.go(ROOM, 101.0 + 60 * number)
    spells = facts.unwritten().spells
    assert len(spells) == MAX_SPELLS
    assert max(spell.left_at for spell in spells if spell.left_at) == after(
        1 + 60 * (MAX_SPELLS + 49)
    )


def test_only_picture_or_page_with_sound_counts_as_seen() -> None:
    cases = {
        (Seen.LOW, True): 2.0,
        (Seen.STILLS, True): 2.0,
        (Seen.HIGH, False): None,
        (Seen.SOUND, True): None,
        (Seen.OFFLINE, True): None,
        (None, True): None,
    }
    for (seen, hears), seconds in cases.items():
        facts = opened()
        reading = LinkReading(LinkState.GOOD, seen=seen, hears=hears)
        for now in (100.0, 101.0, 102.0):
            facts.read(ROOM, reading, now)
        assert facts.unwritten().seen_s.get(ROOM) == seconds, seen


def test_a_reading_stands_for_no_longer_than_it_may() -> None:
    facts = opened(seen_s={ROOM: 50.0})
    facts.read(ROOM, WELL, 100.0)
    facts.read(ROOM, WELL, 400.0)
    assert facts.unwritten().seen_s == {ROOM: 50.0 + MAX_STEP_S}


def test_what_comes_while_a_batch_is_written_is_written_next() -> None:
    facts = opened()
    facts.come(ROOM, 100.0)
    facts.count(Headcount(ROOM, 9, ()))
    batch = facts.unwritten()
    facts.go(ROOM, 130.0)
    facts.count(Headcount(ROOM, 10, ()))
    facts.written(batch)
    assert facts.unwritten() == FactBatch(
        (Spell(ROOM, AT, after(30), after(30)),), (Headcount(ROOM, 10, ()),)
    )
    facts.written(facts.unwritten())
    assert facts.unwritten() == FactBatch()


def test_times_move_with_a_lesson_that_is_dated_anew() -> None:
    facts = opened()
    facts.held_from = AT
    assert facts.shift_to(AT + timedelta(seconds=1)) == timedelta()
    assert facts.shift_to(AT - timedelta(hours=3)) == timedelta(hours=-3)
    assert facts.shift_to(None) == timedelta()


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 90.0)), max_size=40))
def test_spells_of_one_page_never_overlap(steps: list[tuple[bool, float]]) -> None:
    facts, now = opened(), 100.0
    for here, pause in steps:
        now += pause
        (facts.come if here else facts.go)(ROOM, now)
    facts.close(now)
    spells = sorted(facts.unwritten().spells, key=lambda spell: spell.joined_at)
    for spell, following in pairwise(spells):
        assert spell.left_at is not None
        assert spell.joined_at <= spell.left_at < following.joined_at
