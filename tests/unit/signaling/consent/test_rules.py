"""Who may be shown to whom: the rules against a slow count over every purpose, day and scope."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.consent.rules import (
    Given,
    Home,
    Lacking,
    Showing,
    SourceSeat,
    StageTime,
    completed,
    lack_of,
    lacking,
    narrower,
    needed,
    overlapping,
    shown_until,
    spills,
    state_of,
)
from signaling.consent.wire import (
    ConsentLack,
    ConsentPurpose,
    ConsentScope,
    ConsentState,
    SeatingRemedy,
    SourcePart,
)

P, S = ConsentPurpose, ConsentScope
DAY = date(2026, 11, 20)
TODAY = date(2026, 11, 29)
LEAD_HOME, POINT_HOME, FAR_HOME = Home("s0", "c1"), Home("s1", "c1"), Home("s9", "c9")
ALL = frozenset(completed((P.LIVE, P.SHOW_PUBLIC)))
FULL = Given("a", ALL, date(2026, 9, 1), date(2027, 1, 20), date(2029, 1, 20))
# For each scope, the purposes of which one is enough, as the paper says it: written out by hand.
ENOUGH = {
    S.PRIVATE: {P.RECORD, P.SHOW_SCHOOL, P.SHOW_COUNTY, P.SHOW_PLATFORM, P.SHOW_PUBLIC},
    S.SCHOOL: {P.SHOW_SCHOOL, P.SHOW_COUNTY, P.SHOW_PLATFORM, P.SHOW_PUBLIC},
    S.COUNTY: {P.SHOW_COUNTY, P.SHOW_PLATFORM, P.SHOW_PUBLIC},
    S.SIGNED_IN: {P.SHOW_PLATFORM, P.SHOW_PUBLIC},
    S.PASSWORD: {P.SHOW_PUBLIC},
    S.PUBLIC: {P.SHOW_PUBLIC},
}

days = st.integers(0, 40).map(lambda n: date(2026, 11, 1) + timedelta(days=n))
class_ids = st.sampled_from(("a", "b", "c"))
consents = st.lists(
    st.builds(
        Given,
        class_ids,
        st.sets(st.sampled_from(P), min_size=1).map(completed).map(frozenset),
        days,
        days,
        days,
        refusals=st.integers(0, 2),
        remedy=st.sampled_from((None, *SeatingRemedy)),
        withdrawn=st.booleans(),
    ),
    max_size=8,
)
homes = st.sampled_from((LEAD_HOME, POINT_HOME, FAR_HOME))
seats = st.lists(
    st.builds(
        SourceSeat,
        st.sampled_from(("lead.camera", "room-1.camera", "room-2.camera")),
        st.sampled_from(("lead", "room-1", "room-2")),
        st.sampled_from(SourcePart),
        home=st.none() | homes,
        class_ids=st.lists(class_ids, unique=True, max_size=3).map(tuple),
    ),
    max_size=4,
)
showings = st.builds(Showing, st.sampled_from(S), homes, days, days)


def _reached(scope: ConsentScope, of_class: Home, of_resource: Home) -> ConsentScope:
    """The scope as the class's own people see it: another school's 本校 is not theirs."""
    if scope is S.SCHOOL and of_class.school_id != of_resource.school_id:
        scope = S.COUNTY
    if scope is S.COUNTY and of_class.county_id != of_resource.county_id:
        scope = S.SIGNED_IN
    return scope


def _may(seat: SourceSeat, known: list[Given], showing: Showing) -> bool:
    """Count slowly whether everybody in a source agreed."""
    if seat.part is SourcePart.NOTHING:
        return True
    if seat.home is None or showing.of_resource is None or not seat.class_ids:
        return False
    wanted = ENOUGH[_reached(showing.scope, seat.home, showing.of_resource)]
    agreed = set()
    for one in known:
        stands = not one.withdrawn and showing.today <= one.until
        seated = one.refusals == 0 or one.remedy is not None
        meant = one.covers_from <= showing.day <= one.covers_to
        if stands and seated and meant and wanted & one.purposes:
            agreed.add(one.class_id)
    return agreed >= set(seat.class_ids)


@given(seats, consents, showings)
def test_a_source_is_missing_where_not_everybody_in_it_agreed(
    all_seats: list[SourceSeat], known: list[Given], showing: Showing
) -> None:
    found = lacking(all_seats, known, showing)
    assert [one.seat for one in found] == [
        seat for seat in all_seats if not _may(seat, known, showing)
    ]
    for one in found:
        fits = [scope for scope in S if _may(one.seat, known, replace(showing, scope=scope))]
        assert one.allowed == (fits[-1] if fits else None)


@given(seats, consents, showings)
def test_what_may_be_shown_may_be_until_the_day_that_is_told(
    all_seats: list[SourceSeat], known: list[Given], showing: Showing
) -> None:
    until = shown_until(all_seats, known, showing)
    everything = all(_may(seat, known, showing) for seat in all_seats)
    if until is None:
        nobody = all(seat.part is SourcePart.NOTHING for seat in all_seats)
        assert nobody or not everything
        return
    assert everything
    assert lacking(all_seats, known, replace(showing, today=until)) == ()
    later = replace(showing, today=until + timedelta(days=1))
    assert lacking(all_seats, known, later) != ()


@given(seats, consents, showings)
def test_a_wider_scope_never_lacks_less(
    all_seats: list[SourceSeat], known: list[Given], showing: Showing
) -> None:
    missing = [
        {one.seat for one in lacking(all_seats, known, replace(showing, scope=scope))}
        for scope in S
    ]
    assert all(narrow <= wide for narrow, wide in pairwise(missing))


@pytest.mark.parametrize(
    ("given_", "state", "lack"),
    [
        (None, ConsentState.NONE, ConsentLack.NONE),
        (FULL, ConsentState.GIVEN, None),
        (replace(FULL, refusals=2), ConsentState.UNSEATED, ConsentLack.UNSEATED),
        (replace(FULL, refusals=2, remedy=SeatingRemedy.OFF_CAMERA), ConsentState.GIVEN, None),
        (replace(FULL, until=TODAY), ConsentState.GIVEN, None),
        (
            replace(FULL, until=TODAY - timedelta(days=1)),
            ConsentState.EXPIRED,
            ConsentLack.EXPIRED,
        ),
        (replace(FULL, withdrawn=True), ConsentState.WITHDRAWN, ConsentLack.WITHDRAWN),
    ],
)
def test_the_state_of_a_class_and_what_it_lacks(
    given_: Given | None, state: ConsentState, lack: ConsentLack | None
) -> None:
    assert state_of(given_, TODAY) is state
    assert lack_of([] if given_ is None else [given_], P.SHOW_COUNTY, DAY, TODAY) is lack


def test_the_nearest_reason_is_told_and_a_later_consent_counts_after_a_withdrawal() -> None:
    gone = replace(FULL, withdrawn=True)
    recorded = replace(FULL, purposes=frozenset({P.RECORD}))
    assert lack_of([gone, recorded], P.SHOW_SCHOOL, DAY, TODAY) is ConsentLack.PURPOSE
    assert lack_of([gone, FULL], P.SHOW_PUBLIC, DAY, TODAY) is None
    assert lack_of([FULL], P.LIVE, date(2027, 3, 1), TODAY) is ConsentLack.NONE


def test_a_room_of_another_school_is_shown_beyond_its_own() -> None:
    assert needed(S.SCHOOL, LEAD_HOME, LEAD_HOME) is P.SHOW_SCHOOL
    assert needed(S.SCHOOL, POINT_HOME, LEAD_HOME) is P.SHOW_COUNTY
    assert needed(S.COUNTY, FAR_HOME, LEAD_HOME) is P.SHOW_PLATFORM
    assert needed(S.PRIVATE, FAR_HOME, LEAD_HOME) is P.RECORD


def test_of_the_lead_class_only_the_picture_is_at_fault() -> None:
    lead = SourceSeat("lead.camera", "lead", SourcePart.PICTURE, "", LEAD_HOME, ("a",))
    page = SourceSeat("lead.courseware", "lead", SourcePart.NOTHING)
    (found,) = lacking([lead, page], [], Showing(S.SCHOOL, LEAD_HOME, DAY, TODAY))
    assert (found.seat.part, found.lack, found.allowed) == (
        SourcePart.PICTURE,
        ConsentLack.NONE,
        None,
    )


@given(st.sets(st.sampled_from(P)))
def test_a_wide_purpose_holds_the_narrow_ones(told: set[ConsentPurpose]) -> None:
    found = completed(told)
    assert set(found) >= told
    assert completed(found) == found
    for scope, enough in ENOUGH.items():
        purpose = needed(scope, LEAD_HOME, LEAD_HOME)
        assert (purpose in found) == bool(enough & told)


times = st.builds(
    StageTime,
    st.sampled_from(("room-1", "room-2", "room-3")),
    st.integers(0, 20).map(float),
    st.integers(0, 20).map(float),
)


@given(st.lists(times, max_size=12))
@example([StageTime("room-1", 0.0, 5.0), StageTime("room-1", 5.0, 9.0)])
def test_a_room_spills_exactly_while_it_is_on_stage(stage: list[StageTime]) -> None:
    whole = SourceSeat("room-1.camera", "room-1", SourcePart.WHOLE)
    picture = SourceSeat("room-2.camera", "room-2", SourcePart.PICTURE)
    missing = [Lacking(one, ConsentLack.NONE, None, ()) for one in (whole, picture)]
    told = spills(missing, stage)
    heard = {
        second
        for one in stage
        if one.participant_id == "room-1"
        for second in range(int(one.start_s), int(one.end_s))
    }
    assert {s for one in told for s in range(int(one.start_s), int(one.end_s))} == heard
    assert {one.participant_id for one in told} <= {"room-1"}
    assert all(before.end_s < after.start_s for before, after in pairwise(told))


@pytest.mark.parametrize(
    ("after", "takes_back"),
    [
        (FULL, False),
        (replace(FULL, purposes=ALL - {P.SHOW_PUBLIC}), True),
        (replace(FULL, covers_from=FULL.covers_from + timedelta(days=1)), True),
        (replace(FULL, covers_to=FULL.covers_to - timedelta(days=1)), True),
        (replace(FULL, until=FULL.until - timedelta(days=1)), True),
        (replace(FULL, refusals=1), True),
        (replace(FULL, refusals=1, remedy=SeatingRemedy.OTHER_ROOM), False),
        (replace(FULL, withdrawn=True), True),
        (replace(FULL, until=FULL.until + timedelta(days=1)), False),
        (replace(FULL, covers_to=FULL.covers_to + timedelta(days=1)), False),
    ],
)
def test_a_change_that_takes_something_back_is_told(after: Given, takes_back: bool) -> None:
    assert narrower(FULL, after) is takes_back


@given(consents)
def test_consents_overlap_on_a_day_that_both_cover(known: list[Given]) -> None:
    known = [one for one in known if one.covers_from <= one.covers_to]
    for one in known:
        others = [other for other in known if other is not one]
        span = range((one.covers_to - one.covers_from).days + 1)
        covered = {one.covers_from + timedelta(days=n) for n in span}
        both = any(other.covers(day) for other in others if not other.withdrawn for day in covered)
        assert overlapping(one, others) == both
