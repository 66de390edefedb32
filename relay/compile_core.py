"""`python -m relay.compile_core`: makes `relay.core` into machine code with mypyc.

Needs a C compiler and Python's headers. Without them the relay runs as it is, and a lesson takes a
quarter more of the processor. See docs/adr/0007.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from relay.compiled import compiled_folder, core_sources

_WORK = "work-"


def _build(target: Path, work: Path) -> None:
    # Not at the top: who only serves lessons need not have them.
    from mypyc.build import mypycify  # noqa: PLC0415
    from setuptools import Distribution  # noqa: PLC0415

    root = Path(__file__).parent.parent
    os.chdir(root)  # modules are named by their paths from here
    names = [str(source.relative_to(root)) for source in core_sources()]
    modules = mypycify(names, opt_level="2", debug_level="0", target_dir=str(work / "c"))
    command = Distribution({"name": "relay-core", "ext_modules": modules}).get_command_obj(
        "build_ext"
    )
    command.build_lib, command.build_temp = str(work / "made"), str(work / "objects")
    command.ensure_finalized()
    command.run()
    (work / "made").replace(target)


def main() -> int:
    """Compile, unless that is done already; what was made from other sources is removed."""
    target = compiled_folder()
    if target.is_dir():
        return 0
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=_WORK))
    try:
        _build(target, work)
    except (Exception, SystemExit) as error:
        sys.stderr.write(
            f"relay.core is not compiled ({error}).\n"
            "It runs as it is, and takes a quarter more of the processor. To compile it, a\n"
            "C compiler and Python's headers are needed (Debian: gcc, libc6-dev, python3-dev).\n"
        )
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for other in target.parent.iterdir():
        if other != target and not other.name.startswith(_WORK):  # somebody else's, at work
            shutil.rmtree(other, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
