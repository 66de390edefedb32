"""What is asked of Landlock, for each version that a kernel may have."""

import struct
from pathlib import Path

import pytest

from recorder.finishing.sandbox import (
    LIMITS,
    READ,
    WORK,
    Access,
    handled_access,
    library_folders,
    ruleset_attributes,
    shut_off_files,
)


@pytest.mark.parametrize(
    ("version", "bits", "length"),
    [(1, 13, 8), (2, 14, 8), (3, 15, 8), (4, 15, 16), (5, 16, 16), (6, 16, 24), (7, 16, 24)],
)
def test_all_that_a_version_knows_is_taken_away(version: int, bits: int, length: int) -> None:
    attributes = ruleset_attributes(version)
    assert len(attributes) == length
    assert struct.unpack_from("=Q", attributes) == ((1 << bits) - 1,)
    assert handled_access(version) == (1 << bits) - 1


def test_nobody_may_run_programs_or_make_devices() -> None:
    assert not (READ | WORK) & (Access.EXECUTE | Access.MAKE_CHAR | Access.MAKE_BLOCK)
    assert not READ & (Access.WRITE_FILE | Access.MAKE_REG | Access.REMOVE_FILE)


def test_only_folders_of_code_may_be_read() -> None:
    root = Path(__file__).parents[4]
    folders = library_folders()
    assert folders
    for place in (root, root / "data", Path("/"), Path("/etc"), Path("/home"), Path("/srv")):
        assert not any(place.is_relative_to(folder) for folder in folders)


def test_without_landlock_nothing_is_shut_off(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    (tmp_path / "work").mkdir()
    assert not shut_off_files(tmp_path / "work", version=0)
    assert secret.read_text() == "s"


def test_each_limit_is_named_once() -> None:
    assert len({kind for kind, _ in LIMITS}) == len(LIMITS)
