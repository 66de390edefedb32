"""The media path as machine code: it is in use here, does the same, and is never that of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import relay
from relay.compiled import COMPLETE, compiled_folder, is_complete

ROOT = Path(__file__).parents[3]
LESSON = """
import relay
from tests.simulated.adaptive import BurstLoss, Lesson
lesson = Lesson()
link = lesson.link((0, 2e6), (6, 0.3e6), (14, 3e6), jitter=0.02, loss=BurstLoss(0.02, 0.3))
rooms = [lesson.watch(link), lesson.watch(link, start=1)]
lesson.run(20)
print(relay.IS_COMPILED, *(room.digest() for room in rooms))
"""
WHICH = "import relay, relay.core.outgoing.slot as slot; print(relay.IS_COMPILED, slot.__file__)"


def python(code: str, folder: Path, **environment: str) -> list[str]:
    """The output of a Python that starts in this folder."""
    inherited = {name: value for name, value in os.environ.items() if name != "TONGKE_INTERPRETED"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.fixture(scope="module", autouse=True)
def made() -> None:
    if not is_complete(compiled_folder()):
        pytest.fail("relay.core is not compiled: run `make setup`, or python -m relay.compile_core")


def test_a_lesson_is_the_same_to_the_byte_compiled_and_interpreted() -> None:
    compiled = python(LESSON, ROOT)
    interpreted = python(LESSON, ROOT, TONGKE_INTERPRETED="1")
    assert (compiled[0], interpreted[0]) == ("True", "False")
    assert compiled[1:] == interpreted[1:]


def test_all_of_the_core_is_compiled_and_nothing_else() -> None:
    code = """
import sys, relay.node, relay.core.congestion.estimator
loaded = [(name, module.__file__) for name, module in sys.modules.items()
          if name.startswith("relay.") and module.__file__]
print(*(name for name, file in loaded if file.endswith(".py") is name.startswith("relay.core")))
"""
    assert python(code, ROOT) == []


def test_whoever_edits_a_source_gets_the_sources(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "relay", tmp_path / "relay")
    made = compiled_folder()
    shutil.copytree(made, tmp_path / "build" / "relay_core" / made.name)
    assert python(WHICH, tmp_path)[0] == "True"
    source = tmp_path / "relay" / "core" / "outgoing" / "slot.py"
    source.write_text(source.read_text() + "\n# edited\n")
    assert python(WHICH, tmp_path) == ["False", str(source)]


def test_what_is_not_complete_is_not_taken(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "relay", tmp_path / "relay")
    made = tmp_path / "build" / "relay_core" / compiled_folder().name
    shutil.copytree(compiled_folder(), made)
    assert python(WHICH, tmp_path)[0] == "True"
    (made / COMPLETE).unlink()
    assert python(WHICH, tmp_path)[0] == "False"


def test_another_python_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = compiled_folder()
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: ".cpython-399-riscv.so")
    assert compiled_folder() != here


@pytest.mark.parametrize("missing", ["compiler", "headers", "folder"])
def test_who_cannot_compile_is_told_why_and_goes_on(tmp_path: Path, missing: str) -> None:
    shutil.copytree(ROOT / "relay", tmp_path / "relay")
    if missing == "folder":
        (tmp_path / "build").write_text("in the way")
    code = f"""
import sys, sysconfig
missing = {missing!r}
find, include = sysconfig.get_config_var, sysconfig.get_path
if missing == "compiler":
    sysconfig.get_config_var = lambda name: "no-such-cc -O2" if name == "CC" else find(name)
if missing == "headers":
    sysconfig.get_path = lambda name: "/nowhere" if name == "include" else include(name)
from relay import compile_core
sys.stderr = sys.stdout
print(compile_core.main())
"""
    told = python(code, tmp_path)
    assert told[-1] == "1"
    assert {"compiler": "(no-such-cc).", "headers": "Python.h.", "folder": "'"}[missing] in "".join(
        told
    )
    assert python(WHICH, tmp_path)[0] == "False"


def test_this_process_runs_what_the_product_runs() -> None:
    assert relay.IS_COMPILED or os.environ.get("TONGKE_INTERPRETED")
