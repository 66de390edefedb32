"""Tests stand where the code is that they prove."""

from pathlib import Path

import pytest

from house.mirror import faults
from tests.unit.house.checkouts import write

_FILES = {
    "signaling/wiring.py": "",
    "signaling/classroom/live_room.py": "",
    "signaling/classroom/parts/hands.py": "",
    ".ci/house/graph.py": "",
    "tests/unit/test_locks.py": "",
    "tests/unit/house/test_graph.py": "",
    "tests/unit/signaling/test_wiring.py": "",
    "tests/unit/signaling/classroom/test_live_room_links.py": "",
    "tests/unit/signaling/classroom/test_parts.py": "",
    "tests/unit/signaling/classroom/parts/test_hands.py": "",
    "tests/integration/signaling/test_restart.py": "",
    "tests/integration/signaling/classroom/test_two_windows.py": "",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return write(tmp_path, _FILES)


def test_tests_in_their_places_are_taken(checkout: Path) -> None:
    assert list(faults(checkout)) == []


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        ("tests/unit/signaling/classroom/test_room.py", "signaling/classroom has no module room"),
        ("tests/unit/signaling/links/test_rules.py", "there is no package signaling/links"),
        ("tests/integration/signaling/links/test_a.py", "there is no package signaling/links"),
        ("tests/integration/signaling/test_classroom.py", "belongs into the folder classroom"),
    ],
)
def test_a_test_in_the_wrong_place_is_named(checkout: Path, test: str, fault: str) -> None:
    write(checkout, {test: ""})
    (found,) = faults(checkout)
    assert found.startswith(f"{test}: {fault}")


def test_a_listed_test_is_taken_and_a_needless_entry_is_named(checkout: Path) -> None:
    write(
        checkout,
        {
            "tests/unit/signaling/test_codecs.py": "",
            ".ci/house/mirror.toml": (
                '"tests/unit/signaling/test_codecs.py" = "several"\n'
                '"tests/unit/signaling/test_wiring.py" = "none"\n'
            ),
        },
    )
    (found,) = faults(checkout)
    assert found.startswith("tests/unit/signaling/test_wiring.py: listed in mirror.toml without")
