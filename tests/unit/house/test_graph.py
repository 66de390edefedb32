"""Imports, floors and circles."""

from pathlib import Path

from house.graph import circles, floors, grouped, imports, module_edges, sibling_circles
from house.sources import read_modules
from tests.unit.house.checkouts import module, write


def test_a_relative_import_names_what_it_reaches(tmp_path: Path) -> None:
    one = module(tmp_path, "from ..db import tables\nfrom . import b\nimport x.y\n", "s/a/one.py")
    assert sorted(name for name, _ in imports(one)) == ["s.a.b", "s.db.tables", "x.y"]


def test_edges_lead_to_modules_and_not_to_their_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "relay/a.py": "from relay.b import Thing\nimport json\n",
            "relay/b.py": "def later() -> None:\n    from relay import c\n",
            "relay/c.py": "",
        },
    )
    edges = module_edges(read_modules(tmp_path, ("relay",)))
    assert edges == {
        "relay": set(),
        "relay.a": {"relay.b"},
        "relay.b": {"relay.c"},
        "relay.c": set(),
    }


def test_each_floor_stands_on_the_highest_that_it_imports() -> None:
    edges = {"top": {"middle", "ground"}, "middle": {"ground"}, "ground": set(), "other": set()}
    assert floors(edges) == {"top": 2, "middle": 1, "ground": 0, "other": 0}


def test_a_circle_is_found_and_shares_one_floor() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "ground"}, "ground": set(), "roof": {"a"}}
    assert circles(edges) == [["a", "b", "c"]]
    assert floors(edges) == {"ground": 0, "a": 1, "b": 1, "c": 1, "roof": 2}


def test_packages_can_circle_though_their_modules_do_not() -> None:
    edges = {"x.a": {"y.a"}, "y.a": set(), "y.b": {"x.b"}, "x.b": set()}
    assert circles(edges) == []
    packages = grouped(edges, lambda name: name.partition(".")[0])
    assert circles(packages) == [["x", "y"]]


def test_a_folder_with_its_top_and_its_ground_is_no_circle_of_siblings() -> None:
    edges = {"x": set(), "x.top": {"x.a.m"}, "x.a.m": {"x.ground"}, "x.ground": set()}
    assert sibling_circles(edges) == []
    edges["x.ground"] = {"x.a.n"}
    edges["x.a.n"] = set()
    assert sibling_circles(edges) == [["x.a", "x.ground"]]
