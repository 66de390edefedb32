"""Finishing by hand: `python -m recorder.finishing <data>/recordings/<id>`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from recorder.finishing.process import FinishFailedError, FinishProcess
from recorder.storage.folder import FolderStorage


async def _show(recording_id: str, progress: float) -> None:
    sys.stdout.write(f"{recording_id} {progress:.0%}\n")


def main(folder: Path) -> int:
    """Finish one recording anew and publish it. Returns the exit code."""
    job = FinishProcess(FolderStorage(folder.parent), _show)
    try:
        asyncio.run(job.run(folder.name))
    except FinishFailedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
