"""The check that the locks cover pyproject.toml (.ci/check_locks.py)."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_locks", _ROOT / ".ci/check_locks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_locks = _load()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(_ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(_ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def _faults(project: Path) -> list[str]:
    return list(check_locks.faults(project))


def test_the_locks_of_this_tree_cover_it(project: Path) -> None:
    assert _faults(project) == []


def test_a_dependency_that_no_lock_knows_is_named(project: Path) -> None:
    _edit(project / "pyproject.toml", '"aiohttp>=3.14,<4",', '"aiohttp>=3.14,<4", "left-pad",')
    assert _faults(project) == [
        "server.lock lacks left-pad (pinned: None)",
        "development.lock lacks left-pad (pinned: None)",
        "captions.lock lacks left-pad (pinned: None)",
        "tracing.lock lacks left-pad (pinned: None)",
    ]


def test_a_version_that_pyproject_no_longer_allows_is_named(project: Path) -> None:
    _edit(project / "pyproject.toml", '"ruff>=0.17"', '"ruff>=99"')
    (fault,) = _faults(project)
    assert fault.startswith("development.lock lacks ruff>=99")


def test_a_pin_without_hashes_is_no_pin(project: Path) -> None:
    file = project / "requirements/server.lock"
    file.write_text(file.read_text("utf-8") + "left-pad==1.0\n", "utf-8")
    assert _faults(project) == ["server.lock: no pin with hashes: left-pad==1.0"]


def test_locks_that_disagree_are_named(project: Path) -> None:
    _edit(project / "requirements/server.lock", "aioice==0.13.0", "aioice==0.13.1")
    assert _faults(project) == [
        "aioice: server.lock has 0.13.1, development.lock has 0.13.0",
        "aioice: server.lock has 0.13.1, captions.lock has 0.13.0",
        "aioice: server.lock has 0.13.1, tracing.lock has 0.13.0",
    ]
