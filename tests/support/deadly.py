"""A process that is killed at one step of its work with files.

`python -m tests.support.deadly <event> <count> <module> <argument>…` calls `main(arguments)` of the
module, and kills itself as soon as the event (PEP 578) comes for the so-manieth time about a
results folder.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from recorder.storage.api import RESULTS_FOLDER

REPOSITORY = Path(__file__).parents[2]


def killed_at(event: str, count: int, module: str, *arguments: str) -> bool:
    """Run it; whether it was killed. A process that fails otherwise fails the test."""
    command = [sys.executable, "-m", __name__, event, str(count), module, *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def main(event: str, count: int, module: str, arguments: list[str]) -> None:
    """Do the work, or die in the middle of it."""
    work = importlib.import_module(module)
    left = count

    def hook(name: str, facts: tuple[object, ...]) -> None:
        nonlocal left
        if name == event and f"/{RESULTS_FOLDER}" in str(facts):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    work.main(arguments)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
