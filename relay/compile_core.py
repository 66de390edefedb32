"""`python -m relay.compile_core`: makes `relay.core` into machine code with mypyc.

Compiling needs a C compiler and Python's headers. Without them the relay runs interpreted, and a
lesson takes a quarter more of the processor. See docs/adr/0007.
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
_WORK_PREFIX = "work-"
_ABANDONED_S = 3600.0  # s
_MAX_KEPT = 3  # folders of other sources or Pythons, since somebody may run from them
_TRIAL_IMPORT = """
import sys, relay
relay.__path__.insert(0, sys.argv[1] + "/relay")
sys.path.append(sys.argv[1])
import relay.node
"""


class CannotCompileError(Exception):
    """A tool is missing, or the libraries that were made are of no use."""


def _look_for_tools() -> None:
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise CannotCompileError(f"no C compiler ({compiler})")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise CannotCompileError("no Python.h")


def _build(work: Path) -> Path:
    # Imported here: a machine that only serves lessons need not have them.
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
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_WORK_PREFIX) as work:
        made = _build(Path(work))
        environment = {
            **os.environ,
            "TONGKE_INTERPRETED": "1",
        }  # else another compiled core might be found
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", _TRIAL_IMPORT, str(made)], cwd=_ROOT, env=environment, check=True
        )
        if compiled_folder() != target:
            raise CannotCompileError("a source was edited meanwhile")
        os.sync()  # after a power cut the marker must not be there without the libraries
        (made / COMPLETE).touch()
        if target.exists() and not is_complete(target):
            shutil.rmtree(target)
        made.replace(target)


def _tidy(target: Path) -> None:
    others = [(one.stat().st_mtime, one) for one in target.parent.iterdir() if one != target]
    work = [(at, one) for at, one in others if one.name.startswith(_WORK_PREFIX)]
    made = sorted(((at, one) for at, one in others if (at, one) not in work), reverse=True)
    abandoned = [one for at, one in work if time.time() - at > _ABANDONED_S]
    for folder in abandoned + [one for _, one in made[_MAX_KEPT:]]:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Compile, unless that is done already; remove old folders."""
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
