"""All parts, present and future: a snapshot and the events after it are the later snapshot."""

import json
import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.classroom import wire
from signaling.classroom.parts.hands import Hands
from signaling.classroom.parts.mute import Mute
from signaling.classroom.parts.part import Part
from signaling.classroom.registry import PARTS
from signaling.classroom.steering import audible
from signaling.classroom.store import json_of, saved_of
from tests.unit.signaling.classroom.rooms import room
from tests.unit.signaling.classroom.sequences import (
    HAPPENINGS,
    LIMITS,
    RECORDED,
    SEEDS,
    STEPS,
    Page,
    commands_of,
    live,
    random_command,
    recorded,
)


@settings(deadline=None)  # two cores are shared with everything else
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_snapshot_and_events_are_the_later_snapshot(seed: int, steps: int) -> None:
    state, life = live(random.Random(seed), steps)
    last = json.loads(life.snapshots[-1])
    for snapshot in life.snapshots:  # a page that left at any moment, and resumes
        page = Page(snapshot)
        missed = state.missed("i1", page.fields["seq"])
        assert missed is not None
        for event in missed:
            page.apply(msgspec.json.encode(event))
        assert page.snapshot() == last


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_saved_opens_the_same_room(seed: int) -> None:
    before, _ = live(random.Random(seed), 40)
    after = room(saved=saved_of(json.loads(json.dumps(json_of(before.saved)))), online="")
    assert json_of(after.saved) == json_of(before.saved)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_stage_stays_within_its_rules(seed: int) -> None:
    state, _ = live(random.Random(seed), 60)
    assert len(state.on_stage) == len(set(state.on_stage)) <= LIMITS.max_on_stage
    assert not {hand.participant_id for hand in state.part(Hands).shown.hands} & set(state.on_stage)
    muted = state.part(Mute).shown.muted_all
    heard = set() if muted else {f"{one}.camera" for one in state.on_stage}
    assert set(audible(state)) == {"lead.camera", "lead.courseware"} | heard


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_part_is_moved_by_the_random_lives(part: type[Part[Any]]) -> None:
    assert commands_of(part) or part in HAPPENINGS, "give it a command or a happening"
    for command in commands_of(part):
        random_command(random.Random(0), command)
    lives = [live(random.Random(seed), 300)[1] for seed in SEEDS]
    assert set(commands_of(part)) <= set().union(*(life.carried_out for life in lives))
    assert set(part.events) <= set().union(*(life.told for life in lives))


def test_no_two_parts_share_a_name() -> None:
    for names in (
        [field for part in PARTS for field in part.piece.__struct_fields__],
        [field for part in PARTS if part.saved for field in part.saved.__struct_fields__],
        [message.__name__ for message in (*wire.CLIENT_MESSAGES, *wire.SERVER_MESSAGES)],
    ):
        assert [name for name, times in Counter(names).items() if times > 1] == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_part_saves_what_it_declares(part: type[Part[Any]]) -> None:
    saved = room().part(part).save()
    assert (None if saved is None else type(saved)) is part.saved


def test_the_recorded_rooms_are_current() -> None:
    assert RECORDED.read_text(encoding="utf-8") == recorded(), (
        "run `python -m tests.unit.signaling.classroom.sequences`"
    )


def test_the_recorded_rooms_show_every_event() -> None:
    told = set().union(*(live(random.Random(seed), STEPS)[1].told for seed in SEEDS))
    assert told == set(wire.EVENTS)
