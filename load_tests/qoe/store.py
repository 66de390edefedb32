"""Store of results: one JSON line per run in `results.jsonl`, its series compressed beside it."""

from __future__ import annotations

import gzip
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from load_tests.qoe.series import Series

RESULTS = "results.jsonl"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class RunId:
    """Identity of a run."""

    profile: str
    seed: int
    system: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.profile}-{self.system}-seed{self.seed}-{self.seconds:g}s"


class Store:
    """The results in one folder.

    Args:
        folder: is made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def lines(self) -> list[dict[str, Any]]:
        """All results, the newest of each run only; lines cut by a crash are passed over."""
        path = self.folder / RESULTS
        kept: dict[str, dict[str, Any]] = {}
        for text in path.read_text().splitlines() if path.exists() else ():
            try:
                line = json.loads(text)
                kept[line["run"]] = line
            except (ValueError, KeyError, TypeError):
                continue
        return list(kept.values())

    def done(self) -> set[str]:
        """Names of the runs that have a result; a failed one has none and is tried again."""
        return {line["run"] for line in self.lines() if "figures" in line}

    def add(self, line: dict[str, Any], series: Series | None = None) -> None:
        """Keep a result; the series first, so that a line never points to nothing."""
        if series is not None:
            packed = gzip.compress(msgspec.json.encode(series), 6)
            (self.folder / f"{line['run']}.json.gz").write_bytes(packed)
        with (self.folder / RESULTS).open("a") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")

    def series(self, run: str) -> Series:
        """The series of a run. Raises OSError, msgspec.MsgspecError."""
        packed = (self.folder / f"{run}.json.gz").read_bytes()
        return msgspec.json.decode(gzip.decompress(packed), type=Series)


def revision() -> str:
    """The checkout's commit, with `+` if tracked files differ from it; empty without git."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ("git", *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
