"""The commands `qoe` and `qoe-report` of `python -m load_tests`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Any

from load_tests.qoe.store import REPOSITORY

DATA = REPOSITORY / "data" / "qoe"
DOCUMENT = REPOSITORY / "docs" / "bandwidth.md"
IMAGES = REPOSITORY / "docs" / "images" / "qoe"
MAX_SEEDS = 50


def add_parsers(commands: Any) -> None:
    """Add both commands to the parser."""
    many = commands.add_parser("qoe", help="what a classroom sees over poor links (needs root)")
    many.add_argument("--profiles", default="all", help="P1,P2,… or all")
    many.add_argument("--seeds", type=int, default=5)
    many.add_argument("--systems", default="tongke,direct")
    many.add_argument("--seconds", type=float, help="of each run; default: the profile's own")
    many.add_argument("--out", type=Path, default=DATA, help="folder of results and series")
    many.add_argument("--within", type=float, help="begin no run that would end after these s")
    report = commands.add_parser("qoe-report", help="table and plots into docs/bandwidth.md")
    report.add_argument("--out", type=Path, default=DATA, help="folder of the results")
    report.add_argument("--document", type=Path, default=DOCUMENT)
    report.add_argument("--images", type=Path, default=IMAGES)


def run_bench(options: argparse.Namespace) -> int:
    """`qoe`; returns the exit code: 0 only when every run gave a result."""
    # Browsers are a matter of development: other commands must work without them.
    from load_tests.link.namespaces import LinkUnavailable  # noqa: PLC0415
    from load_tests.qoe.bench import PagesMissing, Wish, bench  # noqa: PLC0415
    from load_tests.qoe.profile import (  # noqa: PLC0415
        MAX_SECONDS,
        MIN_SECONDS,
        ProfileError,
        read_all,
    )
    from load_tests.qoe.run import System  # noqa: PLC0415
    from load_tests.qoe.seats import BrowserMissing  # noqa: PLC0415

    if not 1 <= options.seeds <= MAX_SEEDS:
        print(f"--seeds must lie between 1 and {MAX_SEEDS}", file=sys.stderr)
        return 2
    if options.seconds is not None and not MIN_SECONDS <= options.seconds <= MAX_SECONDS:
        print(f"--seconds must lie between {MIN_SECONDS} and {MAX_SECONDS}", file=sys.stderr)
        return 2
    names = None if options.profiles == "all" else options.profiles.split(",")
    try:
        profiles = read_all(names)
        if options.seconds is not None:
            profiles = [profile.lasting(options.seconds) for profile in profiles]
        systems = [System(name) for name in options.systems.split(",")]
    except (ProfileError, ValueError) as error:
        print(f"qoe: {error}", file=sys.stderr)
        return 2
    wish = Wish(profiles, options.seeds, systems, options.out, options.within)

    async def guarded() -> int:
        task = asyncio.current_task()
        assert task is not None
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await bench(wish)

    try:
        return 1 if asyncio.run(guarded()) else 0
    except (LinkUnavailable, BrowserMissing, PagesMissing) as error:
        print(f"qoe: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("qoe: stopped; what was measured is kept", file=sys.stderr)
        return 130


def run_report(options: argparse.Namespace) -> int:
    """`qoe-report`; returns the exit code."""
    from load_tests.qoe.report import write  # noqa: PLC0415

    try:
        print(write(options.out, options.document, options.images))
    except (OSError, ValueError) as error:
        print(f"qoe-report: {error}", file=sys.stderr)
        return 2
    return 0
