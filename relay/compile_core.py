"""`python -m relay.compile_core`: makes `relay.core` into machine code with mypyc.

Needs a C compiler and Python's headers. Without them the relay runs as it is, and a lesson takes a
quarter more of the processor. See docs/adr/0007.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from relay.compiled import COMPLETE, compiled_folder, core_sources, is_complete

_ROOT = Path(__file__).parent.parent
_WORK = "work-"
_ABANDONED_AFTER = 3600.0  # s
_KEPT = 3  # folders made from other sources, or for other Pythons: somebody may run from them
_TRY = """
import sys, relay
relay.__path__.insert(0, sys.argv[1] + "/relay")
sys.path.append(sys.argv[1])
import relay.node
"""


class CannotCompileError(Exception):
    """Something that is needed is not there, or what came of it is of no use."""


def _look_for_tools() -> None:
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise CannotCompileError(f"no C compiler ({compiler})")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise CannotCompileError("no Python.h")


def _build(work: Path) -> Path:
    # Not at the top: who only serves lessons need not have them.
    from mypyc.build import mypycify  # noqa: PLC0415
    from setuptools import Distribution  # noqa: PLC0415

    os.chdir(_ROOT)  # modules are named by their paths from here
    names = [str(source.relative_to(_ROOT)) for source in core_sources()]
    modules = mypycify(names, opt_level="2", debug_level="0", target_dir=str(work / "c"))
    build = Distribution({"name": "relay-core", "ext_modules": modules}).get_command_obj(
        "build_ext"
    )
    made = work / "made"
    build.build_lib, build.build_temp = str(made), str(work / "objects")
    build.ensure_finalized()
    build.run()
    return made


def _compile(target: Path) -> None:
    _look_for_tools()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_WORK) as work:
        made = _build(Path(work))
        environment = {**os.environ, "TONGKE_INTERPRETED": "1"}  # else it might find another one
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", _TRY, str(made)], cwd=_ROOT, env=environment, check=True
        )
        if compiled_folder() != target:
            raise CannotCompileError("a source was edited meanwhile")
        os.sync()  # a marker that outlives a power cut without the libraries would be a lie
        (made / COMPLETE).touch()
        if target.exists() and not is_complete(target):
            shutil.rmtree(target)
        made.replace(target)


def _tidy(target: Path) -> None:
    others = [(one.stat().st_mtime, one) for one in target.parent.iterdir() if one != target]
    work = [(at, one) for at, one in others if one.name.startswith(_WORK)]
    made = sorted(((at, one) for at, one in others if (at, one) not in work), reverse=True)
    abandoned = [one for at, one in work if time.time() - at > _ABANDONED_AFTER]
    for folder in abandoned + [one for _, one in made[_KEPT:]]:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Compile, unless that is done already; what was made long ago is removed."""
    target = compiled_folder()
    if is_complete(target):
        return 0
    try:
        _compile(target)
        _tidy(target)
    except (Exception, SystemExit) as error:
        if is_complete(target):  # by somebody else, at the same time
            return 0
        sys.stderr.write(
            f"relay.core is not compiled: {error}.\n"
            "It runs as it is, and takes a quarter more of the processor. To compile it, a C\n"
            "compiler, Python's headers (Debian: gcc, libc6-dev, python3-dev), mypyc are needed.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
