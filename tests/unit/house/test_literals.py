"""Literals that are sentences for people."""

from pathlib import Path

from house.literals import Kind, for_people
from tests.unit.house.checkouts import module

_TEXT = '''
"""Docstring: 没有这节课."""
TITLE = "没有权限"
def a():
    """没有这节课."""
    raise NotFound(f"没有 {b}")
def c():
    raise ValueError("this is too long")
    raise ValueError("short_code")
    print("two words")
    print("three words here")
    _log.error("this is a log event")
    parser.add_argument("--x", help="three words here")
ROUTE = Route("GET", "/", a, "开始上课")
'''


def test_each_literal_is_counted_by_its_use(tmp_path: Path) -> None:
    found = [(one.kind, one.text) for one in for_people(module(tmp_path, _TEXT))]
    assert sorted(found) == [
        (Kind.CHINESE_KEPT, "没有权限"),
        (Kind.CHINESE_TOLD, "没有 …"),
        (Kind.ENGLISH_HELP, "three words here"),
        (Kind.ENGLISH_TOLD, "this is too long"),
        (Kind.ENGLISH_TOLD, "three words here"),
    ]


def test_a_catalogue_may_hold_words(tmp_path: Path) -> None:
    assert list(for_people(module(tmp_path, _TEXT, "signaling/command/words.py"))) == []
