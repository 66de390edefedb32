"""Keys between processes rotate without a restart."""

import itertools
from pathlib import Path

import pytest

from signaling.access.secret_file import load_keyring, rotate
from signaling.access.signing import Keyring
from signaling.forwarding.keys import LOOK_AGAIN_S, InnerKeys, read_secrets

NOW = 1_000_000.0
FIRST, SECOND = "1" * 32, "2" * 32


class Steady:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_of_another_secret_has_another_id() -> None:
    one = InnerKeys(lambda: Keyring(b"a" * 32), Steady())
    two = InnerKeys(lambda: Keyring(b"b" * 32), Steady())
    assert one.signing != two.signing
    assert one.find(two.signing[0]) is None
    assert one.find(one.signing[0]) == one.signing[1]


def test_a_key_made_later_is_found_after_another_look(tmp_path: Path) -> None:
    """Whoever starts after `tongke secret rotate` signs with the new one; others run on."""
    steady = Steady()

    def load() -> Keyring:
        return load_keyring(tmp_path, NOW)

    runs_on = InnerKeys(load, steady)
    rotate(tmp_path, NOW, keep_s=3600)
    started = InnerKeys(load, steady)
    key_id, key = started.signing
    assert started.find(runs_on.signing[0]) == runs_on.signing[1]
    assert runs_on.find(key_id) is None  # it has just looked
    steady.now = LOOK_AGAIN_S
    assert runs_on.find(key_id) == key
    assert runs_on.signing == started.signing


def test_unknown_keys_do_not_make_it_look_all_the_time() -> None:
    looks, steady = [], Steady()

    def load() -> Keyring:
        looks.append(1)
        return Keyring(b"a" * 32)

    keys = InnerKeys(load, steady)
    steady.now = LOOK_AGAIN_S
    for number in range(100):
        assert keys.find(f"unknown-{number}") is None
    assert len(looks) == 2


def test_secrets_that_cannot_be_read_leave_the_keys_as_they_were(tmp_path: Path) -> None:
    steady = Steady()
    file = tmp_path / "secrets"
    file.write_text(FIRST)
    keys = InnerKeys(lambda: read_secrets(file), steady)
    signing = keys.signing
    file.unlink()
    steady.now = LOOK_AGAIN_S
    assert keys.find("unknown") is None
    assert (keys.signing, keys.find(signing[0])) == (signing, signing[1])


def test_a_file_of_secrets_rotates_in_three_steps(tmp_path: Path) -> None:
    """Two machines change one after the other; at no time does one not know the other's key."""
    file = tmp_path / "secrets"
    machines = []
    for lines in ((FIRST,), (FIRST, SECOND), (SECOND, FIRST), (SECOND,)):
        file.write_text("\n".join(lines) + "\n")
        machines.append(InnerKeys(lambda: read_secrets(file), Steady()))
    for before, after in itertools.pairwise(machines):
        assert before.find(after.signing[0]) == after.signing[1]
        assert after.find(before.signing[0]) == before.signing[1]
    assert machines[0].signing != machines[3].signing
    assert machines[3].find(machines[0].signing[0]) is None


def test_a_weak_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    for text in ("", "short", f"{FIRST}\nshort\n"):
        file.write_text(text)
        with pytest.raises(OSError, match="secrets"):
            read_secrets(file)
