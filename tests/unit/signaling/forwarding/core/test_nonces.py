"""A nonce is good once, for as long as its envelope could be."""

from signaling.forwarding.core.envelope import WINDOW_MS
from signaling.forwarding.core.nonces import GENERATION_MS, NonceBook


def test_a_nonce_is_taken_once() -> None:
    book = NonceBook()
    assert book.take("a", 0)
    assert not book.take("a", 0)
    assert book.take("b", 0)


def test_a_nonce_is_remembered_for_as_long_as_its_envelope_may_come_again() -> None:
    """A clock that is 30 s ahead signs what is good for 60 s from now on."""
    for began in range(0, GENERATION_MS, 7_000):
        book = NonceBook()
        assert book.take("first", 0)
        assert book.take("a", began)
        assert not book.take("a", began + 2 * WINDOW_MS)


def test_old_nonces_are_forgotten() -> None:
    book = NonceBook()
    book.take("a", 0)
    book.take("b", GENERATION_MS)
    assert len(book) == 2
    book.take("c", 2 * GENERATION_MS)
    assert len(book) == 2
    book.take("d", 9 * GENERATION_MS)
    assert len(book) == 1


def test_a_full_book_says_so_until_the_next_generation() -> None:
    book = NonceBook(most=2)
    for nonce in "ab":
        assert not book.is_full(0)
        book.take(nonce, 0)
    assert book.is_full(GENERATION_MS - 1)
    assert not book.is_full(GENERATION_MS)
