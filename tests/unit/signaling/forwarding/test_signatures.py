"""Sealed envelopes: only a known key opens them, and no bit may change."""

import msgspec
import pytest

from signaling.forwarding.core.envelope import Envelope, Refusal, Refused
from signaling.forwarding.signatures import MAX_CHARS, seal, unseal

KEYS = {"new": b"n" * 32, "old": b"o" * 32}
ENVELOPE = Envelope("new", 1, "nonce", "cell", "request", "body", "session", "192.0.2.1", 80)


def refusal(text: str | None) -> Refusal:
    with pytest.raises(Refused) as refused:
        unseal(text, KEYS.get)
    return refused.value.reason


def test_each_known_key_opens_its_own_envelope() -> None:
    for key_id, key in KEYS.items():
        envelope = msgspec.structs.replace(ENVELOPE, key=key_id)
        assert unseal(seal(envelope, key), KEYS.get) == envelope


def test_what_is_no_envelope_is_refused() -> None:
    assert refusal(None) is Refusal.UNSIGNED
    sealed = seal(ENVELOPE, KEYS["new"])
    for text in ("", "v1", "v1..", "v1.a.b", "v2" + sealed[2:], "字", sealed + "x" * MAX_CHARS):
        assert refusal(text) is Refusal.MALFORMED


def test_another_key_than_the_named_one_is_refused() -> None:
    assert refusal(seal(ENVELOPE, KEYS["old"])) is Refusal.BAD_SIGNATURE
    unknown = msgspec.structs.replace(ENVELOPE, key="other")
    assert refusal(seal(unknown, b"x" * 32)) is Refusal.UNKNOWN_KEY


def test_a_changed_letter_is_refused() -> None:
    sealed = seal(ENVELOPE, KEYS["new"])
    for place in range(3, len(sealed) - 1):
        other = "A" if sealed[place] != "A" else "B"
        assert refusal(sealed[:place] + other + sealed[place + 1 :]) in {
            Refusal.BAD_SIGNATURE,
            Refusal.MALFORMED,
            Refusal.UNKNOWN_KEY,
        }
