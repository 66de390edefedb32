"""Who keeps a connection when there are too many."""

import random

import pytest

from signaling.web.connection_book import MAX_KNOWN_PER_LOGIN, Bounds, ConnectionBook, Entry, Stage


def filled(book: ConnectionBook, *entries: Entry) -> None:
    for entry in entries:
        assert book.admit(entry).admitted


@pytest.mark.parametrize(
    "stage", [stage for stage in Stage if stage is not Stage.ANSWERING], ids=lambda s: s.name
)
def test_the_stranger_that_has_waited_longest_makes_room(stage: Stage) -> None:
    book = ConnectionBook(Bounds(total=10, strangers=3, per_address=10))
    entries = [Entry(f"10.0.0.{number}") for number in range(3)]
    filled(book, *entries)
    for entry in reversed(entries):
        book.move(entry, stage)
    verdict = book.admit(Entry("10.0.0.9"))
    assert (verdict.admitted, verdict.evicted) == (True, entries[-1])
    assert len(book) == 3


def test_idle_ones_go_before_half_requests_and_those_before_bodies() -> None:
    book = ConnectionBook(Bounds(total=10, strangers=4, per_address=10))
    entries = {stage: Entry("10.0.0.1") for stage in (Stage.BODY, Stage.HEADERS, Stage.IDLE)}
    filled(book, *entries.values())
    for stage, entry in entries.items():
        book.move(entry, stage)
    answering = Entry("10.0.0.1")
    filled(book, answering)
    book.move(answering, Stage.ANSWERING)
    gone = []
    for _ in entries:
        newcomer = Entry("10.0.0.2")
        gone.append(book.admit(newcomer).evicted)
        book.move(newcomer, Stage.ANSWERING)
    assert gone == [entries[Stage.IDLE], entries[Stage.HEADERS], entries[Stage.BODY]]
    assert not book.admit(Entry("10.0.0.3")).admitted  # all are being answered


def test_one_address_replaces_its_own_and_nobody_elses() -> None:
    book = ConnectionBook(Bounds(total=100, strangers=100, per_address=2))
    other = Entry("10.0.0.2")
    mine = [Entry("10.0.0.1"), Entry("10.0.0.1")]
    filled(book, other, *mine)
    assert book.admit(Entry("10.0.0.1")).evicted is mine[0]
    filled(book, *(Entry(None) for _ in range(50)))  # behind a proxy no address is known
    assert len(book) == 53


def test_people_who_are_signed_in_are_never_closed_and_have_places_of_their_own() -> None:
    book = ConnectionBook(Bounds(total=4, strangers=3, per_address=3))
    known = Entry("10.0.0.1")
    filled(book, known)
    book.know(known, "login")
    book.move(known, Stage.IDLE)
    filled(book, *(Entry("10.0.0.1") for _ in range(3)))
    for _ in range(20):
        assert book.admit(Entry("10.0.0.2")).evicted is not known
    assert (book.known, book.strangers) == (1, 3)
    pupil = Entry("10.0.0.3")
    filled(book, pupil)
    book.know(pupil, "another")
    assert (book.known, book.strangers) == (2, 2)


def test_one_login_does_not_fill_the_places_of_all() -> None:
    book = ConnectionBook(Bounds(total=1000, strangers=500, per_address=500))
    entries = [Entry("10.0.0.1") for _ in range(MAX_KNOWN_PER_LOGIN + 5)]
    filled(book, *entries)
    for entry in entries:
        book.know(entry, "login")
    assert (book.known, book.strangers) == (MAX_KNOWN_PER_LOGIN, 5)


def test_counts_stay_right_whatever_happens() -> None:
    chance = random.Random(7)
    book = ConnectionBook(Bounds(total=20, strangers=12, per_address=5))
    alive: set[Entry] = set()
    for _ in range(20_000):
        entry = chance.choice(sorted(alive, key=id)) if alive else None
        match chance.randrange(6):
            case 0 | 1:
                new = Entry(chance.choice(["a", "b", "c", None]))
                verdict = book.admit(new)
                if verdict.admitted:
                    alive.add(new)
                alive.discard(verdict.evicted)  # type: ignore[arg-type]
            case 2 if entry:
                book.move(entry, chance.choice(list(Stage)))
            case 3 if entry:
                book.know(entry, chance.choice("xyz"))
            case 4 if entry:
                book.forget_login(entry)
            case 5 if entry:
                book.remove(entry)
                book.remove(entry)
                alive.discard(entry)
        assert len(book) == len(alive) <= 20
        assert book.known == sum(e.login is not None for e in alive)
    for entry in alive:
        book.remove(entry)
    assert (len(book), book.known, book.strangers) == (0, 0, 0)
