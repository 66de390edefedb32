"""Many runs: all profiles, seeds and systems, alternating, resumable, bounded."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Error as BrowserError

from load_tests.failures import FAILURES
from load_tests.link.namespaces import LinkUnavailable
from load_tests.qoe import content
from load_tests.qoe.figures import figures
from load_tests.qoe.profile import Profile
from load_tests.qoe.run import COLLECT_TIMEOUT_S, PREPARE_TIMEOUT_S, Outcome, System, run
from load_tests.qoe.seats import BrowserMissing
from load_tests.qoe.store import REPOSITORY, RunId, Store, revision

SPARE_S = 20.0  # of a run, besides its own limits
MAX_FAILED_IN_A_ROW = 4
PAGES = REPOSITORY / "web_client"
SHOWN = (
    "first_frame_s",
    "frozen_ratio",
    "longest_freeze_s",
    "top_layer_s",
    "settled_s",
    "switches_per_min",
    "fps",
    "concealed_ratio",
    "delay_p50_ms",
    "delay_p95_ms",
    "link_share",
    "media_kbps",
    "queue_max_ms",
    "camera_gap_s",
)


class PagesMissing(OSError):
    """The web client is not built, or older than its sources."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Runs that are asked for."""

    profiles: Sequence[Profile]
    seeds: int
    systems: Sequence[System]
    folder: Path
    deadline_s: float | None = None

    def runs(self) -> Iterator[tuple[Profile, int, System]]:
        """Seed by seed, so that a bench that is cut short has something of each profile.

        Which system goes first changes from run to run: a machine that drifts harms both alike.
        """
        for seed in range(1, self.seeds + 1):
            for index, profile in enumerate(self.profiles):
                turned = (seed + index) % 2 == 0
                for system in reversed(self.systems) if turned else self.systems:
                    yield profile, seed, system


def check_pages(folder: Path = PAGES) -> None:
    """The real pages are measured: they must be built from what lies here. Raises PagesMissing."""
    built = folder / "dist" / "index.html"
    if not built.exists():
        raise PagesMissing("web_client/dist is missing: run `make setup` (or `npm run build`)")
    newest = max(path.stat().st_mtime for path in (folder / "src").rglob("*") if path.is_file())
    if built.stat().st_mtime < newest:
        raise PagesMissing("web_client/dist is older than web_client/src: build it anew")


async def bench(wish: Wish) -> int:
    """Do what is wished and not done yet; returns the number of runs that failed."""
    if System.TONGKE in wish.systems:
        check_pages()
    store = Store(wish.folder)
    files = await asyncio.to_thread(content.prepare, wish.folder.parent / "qoe-capture")
    began, failed, in_a_row = time.monotonic(), 0, 0
    for profile, seed, system in wish.runs():
        run_id = RunId(profile.name, seed, system.value, profile.seconds)
        if str(run_id) in store.done():
            continue
        spent = time.monotonic() - began
        if wish.deadline_s is not None and spent + profile.seconds > wish.deadline_s:
            print(f"stopped after {spent:.0f} s: the time that was given", file=sys.stderr)
            break
        line = await _one(store, run_id, profile, system, files)
        print(json.dumps(_short(line), ensure_ascii=False), flush=True)
        in_a_row = in_a_row + 1 if "error" in line else 0
        failed += "error" in line
        if in_a_row >= MAX_FAILED_IN_A_ROW:
            print(f"{in_a_row} runs failed one after the other: giving up", file=sys.stderr)
            break
    return failed


async def _one(
    store: Store,
    run_id: RunId,
    profile: Profile,
    system: System,
    files: tuple[content.CaptureFiles, content.CaptureFiles],
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "run": str(run_id),
        "profile": run_id.profile,
        "seed": run_id.seed,
        "system": run_id.system,
        "seconds": run_id.seconds,
        "revision": revision(),
        "unix_s": round(time.time()),
    }
    limit_s = PREPARE_TIMEOUT_S + profile.seconds + 2 * COLLECT_TIMEOUT_S + SPARE_S
    outcome: Outcome | None = None
    try:
        async with asyncio.timeout(limit_s):
            outcome = await run(profile, run_id.seed, system, files)
    except (LinkUnavailable, BrowserMissing):
        raise  # no run can succeed
    except (*FAILURES, BrowserError, ExceptionGroup) as error:
        line["error"] = f"{type(error).__name__}: {error}"[:2000]
    if outcome is not None:
        line |= _described(outcome, profile)
    store.add(line, None if outcome is None else outcome.series)
    return line


def _described(outcome: Outcome, profile: Profile) -> dict[str, Any]:
    series = outcome.series
    link = series.link
    counters = {
        name: {
            key: getattr(path, key)
            for key in ("passed", "passed_bytes", "dropped_queue", "dropped_loss", "dropped_outage")
        }
        for name, path in (("down", link.down), ("up", link.up))
    }
    return {
        "figures": msgspec.to_builtins(figures(series, profile)),
        "link": counters
        | {
            "late_ms_p99": link.late_ms_p99,
            "late_ms_max": link.late_ms_max,
            "unwritable": link.unwritable,
        },
        "host": msgspec.to_builtins(series.host),
        "facts": outcome.facts,
        "page_errors": outcome.page_errors[:20],
    }


def _short(line: dict[str, Any]) -> dict[str, Any]:
    if "figures" not in line:
        return {"run": line["run"], "error": line["error"]}
    found = line["figures"]
    return {
        "run": line["run"],
        **{name: found[name] for name in SHOWN},
        "host": line["host"],
    }
