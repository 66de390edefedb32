"""Wings of a package, their floors, and their picture."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from house.layout import BOX_WIDTH, lay_out
from house.picture import draw
from house.wings import Wings, read_wings
from tests.unit.house.checkouts import write

_CONTRACT = """
[[tool.importlinter.contracts]]
type = "layers"
containers = ["signaling"]
layers = ["wiring", "classroom | (library)", "lessons : base"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        {
            "pyproject.toml": _CONTRACT,
            "signaling/wiring.py": "import signaling.classroom.hub, signaling.base.ids\n",
            "signaling/classroom/hub.py": "from signaling.lessons.store import Store\n",
            "signaling/classroom/parts/hands.py": "from signaling.classroom import hub\n",
            "signaling/lessons/store.py": "",
            "signaling/base/ids.py": "",
            "signaling/attic/old.py": "",
            "signaling/migrations/versions/v1.py": "import signaling.lessons.store\n",
        },
    )


def test_floors_are_those_of_the_contract(checkout: Path) -> None:
    wings = read_wings(checkout, "signaling")
    assert wings.floors == [["wiring"], ["classroom"], ["lessons", "base"], ["attic"]]
    assert wings.edges["wiring"] == {"classroom", "base"}
    assert wings.edges["classroom"] == {"lessons"}
    assert wings.modules == {"wiring": 1, "classroom": 3, "lessons": 1, "base": 1, "attic": 1}


def test_floors_follow_the_imports_where_no_contract_says_them(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("[tool.importlinter]\ncontracts = []\n")
    wings = read_wings(checkout, "signaling")
    assert wings.floors == [["wiring"], ["classroom"], ["attic", "base", "lessons"]]


def test_boxes_of_a_floor_do_not_overlap() -> None:
    names = [f"w{number}" for number in range(6)]
    edges = {**{name: {"x", "y"} for name in names}, "x": {"y"}, "y": set()}
    layout = lay_out([names, ["x"], ["y"]], edges)
    places = sorted(layout.boxes[name].x for name in names)
    assert all(right - left > BOX_WIDTH for left, right in pairwise(places))
    assert min(places) >= BOX_WIDTH / 2
    assert max(places) <= layout.width - BOX_WIDTH / 2
    # An arrow past a floor has a lane there, away from the box.
    lanes = [path[1] for path in layout.arrows if len(path) == 3]
    assert len(lanes) == len(names)
    assert all(abs(lane.x - layout.boxes["x"].x) > BOX_WIDTH / 2 for lane in lanes)


def test_a_picture_has_every_wing_and_marks_imports_that_go_up() -> None:
    wings = Wings(
        "signaling",
        [["a"], ["b"], ["c"], ["d"], ["e"]],
        {"a": {"b"}, "b": {"d"}, "c": {"b"}, "d": {"e"}, "e": set()},
        dict.fromkeys("abcde", 2),
    )
    text = draw(wings)
    assert re.findall(r'class="name"[^>]*>(\w)<', text) == ["a", "b", "c", "d", "e"]
    assert text.count('class="arrow"') == 3
    assert text.count('class="arrow wrong"') == 1
    assert draw(wings) == text


def test_a_picture_names_the_roof_and_the_ground_and_draws_no_arrow_for_them() -> None:
    names = ["a", "b", "c", "d"]
    edges = {"roof": {*names, "ground"}, **{name: {"ground"} for name in names}, "ground": set()}
    edges["a"].add("b")
    text = draw(
        Wings("x", [["roof"], ["a"], names[1:], ["ground"]], edges, dict.fromkeys(edges, 1))
    )
    assert text.count('class="arrow"') == 1
    assert "arrows of roof, which import nearly all" in text
    assert "arrows to ground, which nearly all import" in text
