"""Purity by place and by allow-list."""

from pathlib import Path

import pytest

from house.purity import faults
from house.sources import read_modules
from tests.unit.house.checkouts import write


def _faults(root: Path, files: dict[str, str]) -> list[str]:
    return list(faults(read_modules(write(root, files), ("signaling",))))


@pytest.mark.parametrize(
    "path",
    [
        "signaling/new_wing/rules.py",
        "signaling/new_wing/wire.py",
        "signaling/classroom/state.py",
        "signaling/classroom/parts/hands.py",
        "signaling/core/deep/down.py",
    ],
)
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("import time\n", "1: imports time"),
        ("from sqlalchemy import select\n", "1: imports sqlalchemy.select"),
        ("def f():\n    import os.path\n", "2: imports os.path"),
        ("import datetime\nX = datetime.datetime.now()\n", "2: calls datetime.datetime.now"),
        ("X = open('x')\n", "1: calls open"),
    ],
)
def test_what_is_not_on_the_list_is_refused(
    tmp_path: Path, path: str, text: str, fault: str
) -> None:
    assert _faults(tmp_path, {path: text}) == [f"{path}:{fault}"]


def test_what_is_on_the_list_is_taken(tmp_path: Path) -> None:
    text = (
        "import math\nfrom collections.abc import Iterator\nfrom enum import StrEnum\nX = a.now()\n"
    )
    assert _faults(tmp_path, {"signaling/a/rules.py": text}) == []


def test_other_modules_may_import_anything(tmp_path: Path) -> None:
    assert _faults(tmp_path, {"signaling/a/service.py": "import time\n"}) == []


def test_a_module_that_a_pure_one_imports_keeps_to_the_same_list(tmp_path: Path) -> None:
    files = {
        "signaling/a/rules.py": "from signaling.base.text import clean\n",
        "signaling/base/text.py": "from signaling.base import deep\n",
        "signaling/base/deep.py": "import asyncio\n",
    }
    assert _faults(tmp_path, files) == [
        "signaling/base/deep.py:1: imports asyncio (reached from signaling.a.rules)"
    ]
