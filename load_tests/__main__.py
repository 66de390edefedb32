"""`python -m load_tests …`: measurements, each bounded, each printing one JSON line."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvloop

from load_tests import fanout, join
from load_tests.beside.bench import beside
from load_tests.beside.loads import LOADS
from load_tests.beside.web_load import web_load
from load_tests.cascade.bench import cascade
from load_tests.cascade.process import relay_process
from load_tests.failures import FAILURES
from load_tests.forwarding import forwarded, forwarding
from load_tests.imports import imports
from load_tests.ledger import ledger
from load_tests.linear.bench import linear
from load_tests.linear.people import lesson_people
from load_tests.link.measure import measure
from load_tests.media import DEFAULT_MARKS, write_capture
from load_tests.picture import CameraScene
from load_tests.players.bench import players
from load_tests.qoe import command as qoe
from load_tests.search.bench import search
from load_tests.sound import Babble
from load_tests.timetable import timetable
from load_tests.upload import upload_in

TIMEOUT_S = 600.0  # of any command, but for
MAX_CELLS = 8  # of a measurement
FILLING_TIMEOUT_S = 3600.0  # a million lessons are written first, or gigabytes twice
LONG = frozenset(("linear", "search", "timetable", "upload"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m load_tests", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    wide = commands.add_parser("fanout", help="server CPU per forwarded packet")
    wide.add_argument("--viewers", type=int, default=20)
    wide.add_argument("--pps", type=int, default=300, help="packets a second to each viewer")
    wide.add_argument("--seconds", type=float, default=12)
    wide.add_argument("--silent", action="store_true", help="a camera of one layer, no sound")
    edge = commands.add_parser("cascade", help="what a pipe to an edge adds and costs")
    edge.add_argument("--viewers", type=int, default=20, help="at the edge")
    edge.add_argument("--pps", type=int, default=300)
    edge.add_argument("--seconds", type=float, default=10, help="of each phase")
    late = commands.add_parser("join", help="time to the first frame")
    late.add_argument("--times", type=int, default=20)
    way = commands.add_parser("forwarding", help="what a web process before the cell adds")
    way.add_argument("--times", type=int, default=500)
    many = commands.add_parser("churn", help="what joining and leaving leaves behind")
    many.add_argument("--sessions", type=int, default=300)
    capture = commands.add_parser("capture", help="fake capture files for Chromium")
    capture.add_argument("folder", type=Path)
    capture.add_argument("--seconds", type=float, default=6)
    link = commands.add_parser("link", help="does the link emulator keep up? (needs root)")
    link.add_argument("--seconds", type=float, default=4)
    term = commands.add_parser("proposals", help="time of 自动排课, and whether it is right")
    term.add_argument("--points", type=int, default=30, help="teaching points of a centre school")
    qoe.add_parsers(commands)
    load = commands.add_parser("beside", help="a lesson's delay beside web load, or a job")
    load.add_argument("--load", choices=tuple(LOADS), default="web")
    load.add_argument("--rounds", type=int, default=1, help="phases without and with it, in turn")
    load.add_argument("--viewers", type=int, default=4)
    load.add_argument("--seconds", type=float, default=12, help="of each phase")
    load.add_argument("--cells", type=int, default=0, help="cells beside a web process")
    load.add_argument("--server-path", type=Path, help="another checkout, whose server runs")
    line = commands.add_parser("linear", help="what a lesson costs on 1, 2 and 4 cells")
    line.add_argument("--cells", type=_counts, default=(1, 2, 4), help="such as 1,2,4")
    line.add_argument("--lessons-per-cell", type=int, default=2)
    line.add_argument("--lessons", type=int, help="as many in all, however many cells")
    line.add_argument("--seconds", type=float, default=20, help="of each phase")
    line.add_argument("--rounds", type=int, default=3)
    line.add_argument("--plain", action="store_true", help="the lesson of `beside`")
    months = commands.add_parser("ledger", help="time of a month's ledger, beside years of others")
    months.add_argument("--points", type=int, default=200)
    months.add_argument("--months", type=int, default=24, help="other months in the database")
    _add_database(months)
    table = commands.add_parser("imports", help="time of a timetable from a workbook")
    table.add_argument("--rows", type=int, default=5000)
    _add_database(table)
    term = commands.add_parser("timetable", help="checks and week pages over many lessons")
    term.add_argument("--lessons", type=int, default=100_000)
    term.add_argument("--checks", type=int, default=200, help="checks and pages to measure")
    _add_database(term)
    found = commands.add_parser("search", help="time and recall of the library's search")
    found.add_argument("--records", type=int, default=1_000_000)
    _add_database(found)
    many = commands.add_parser("players", help="who sends a published lesson to many players?")
    many.add_argument("--players", type=int, default=1000)
    many.add_argument("--seconds", type=int, default=120, help="length of the lesson")
    many.add_argument("--ramp", type=float, default=60, help="seconds over which players come")
    many.add_argument("--scope", choices=("public", "signed_in"), default="public")
    film = commands.add_parser(
        "upload", help="a long film over cuts: whole, and with how much memory"
    )
    film.add_argument("--megabytes", type=int, default=2048)
    film.add_argument("--cuts", type=int, default=5)
    film.add_argument(
        "--folder", type=Path, help="for the film and the server's data: twice its size"
    )
    commands.add_parser("cascaded", help="internal: a relay of `cascade`")
    commands.add_parser("forwarded", help="internal: a process of `forwarding`")
    commands.add_parser("watchers", help="internal: viewers of `fanout`")
    commands.add_parser("lesson-people", help="internal: people of `linear`")
    commands.add_parser("web-load", help="internal: requests of `beside`")
    return parser


def _counts(text: str) -> tuple[int, ...]:
    """Numbers of cells from a list by commas."""
    counts = tuple(sorted({int(part) for part in text.split(",")}))
    if not counts or counts[0] < 1 or counts[-1] > MAX_CELLS:
        raise argparse.ArgumentTypeError(f"must be numbers from 1 to {MAX_CELLS}")
    return counts


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", help="'postgresql' for a temporary one, or the URL of an empty one; or SQLite"
    )


def _bounded(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    bounds = {"viewers": (1, 500), "pps": (51, 5000), "seconds": (1, 300), "times": (1, 500)}
    bounds |= {"sessions": (1, 5000), "points": (3, 1000), "months": (0, 120)}
    bounds |= {"megabytes": (4, 8 * 1024), "cuts": (0, 50)}
    bounds |= {"rows": (35, 6_900), "lessons": (2_500, 2_000_000), "checks": (20, 10_000)}
    bounds |= {
        "records": (1_000, 10_000_000),
        "players": (1, 3000),
        "ramp": (0, 300),
        "rounds": (1, 10),
        "lessons_per_cell": (1, 12),
        "lessons": (1, 48),
    }
    for name, (low, high) in bounds.items():
        value = getattr(options, name, None)
        if value is not None and not low <= value <= high:
            parser.error(f"--{name} must lie between {low} and {high}")
    if getattr(options, "lessons", None) is not None and options.lessons < options.cells[-1]:
        parser.error("--lessons must be one a cell at least")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    _bounded(parser, options)
    match options.command:
        case "watchers":
            asyncio.run(fanout.watchers())
            return 0
        case "lesson-people":
            uvloop.run(lesson_people())
            return 0
        case "web-load":
            asyncio.run(web_load())
            return 0
        case "cascaded":
            uvloop.run(relay_process())
            return 0
        case "forwarded":
            uvloop.run(forwarded())
            return 0
        case "capture":
            options.folder.mkdir(parents=True, exist_ok=True)
            scene, sound = CameraScene(1280, 720, marks=DEFAULT_MARKS), Babble(marks=DEFAULT_MARKS)
            write_capture(options.folder, scene, sound, seconds=options.seconds, fps=20)
            return 0
        case "proposals":
            from load_tests.proposals import proposals  # noqa: PLC0415 - OR-Tools is an extra

            print(json.dumps(proposals(options.points)), flush=True)
            return 0
        case "qoe":
            return qoe.run_bench(options)
        case "qoe-report":
            return qoe.run_report(options)
    try:
        timeout = FILLING_TIMEOUT_S if options.command in LONG else TIMEOUT_S
        figures = asyncio.run(asyncio.wait_for(_work(options), timeout))
    except FAILURES as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(figures), flush=True)
    return 0


def _work(options: argparse.Namespace) -> Coroutine[Any, Any, Mapping[str, object]]:
    match options.command:
        case "link":
            return measure(seconds=options.seconds)
        case "fanout":
            return fanout.fanout(
                viewers=options.viewers,
                pps=options.pps,
                seconds=options.seconds,
                silent=options.silent,
            )
        case "cascade":
            return cascade(viewers=options.viewers, pps=options.pps, seconds=options.seconds)
        case "beside":
            return beside(
                viewers=options.viewers,
                seconds=options.seconds,
                checkout=options.server_path,
                load=options.load,
                rounds=options.rounds,
                cells=options.cells,
            )
        case "linear":
            return linear(
                cells=options.cells,
                lessons_per_cell=options.lessons_per_cell,
                seconds=options.seconds,
                rounds=options.rounds,
                lessons=options.lessons,
                plain=options.plain,
            )
        case "imports":
            return imports(rows=options.rows, database=options.database)
        case "ledger":
            return ledger(points=options.points, months=options.months, database=options.database)
        case "timetable":
            return timetable(
                lessons=options.lessons, times=options.checks, database=options.database
            )
        case "search":
            return search(records=options.records, database=options.database)
        case "players":
            return players(
                players=options.players,
                seconds=options.seconds,
                ramp=options.ramp,
                scope=options.scope,
            )
        case "upload":
            return upload_in(options.megabytes, options.cuts, options.folder)
        case "forwarding":
            return forwarding(times=options.times)
        case "join":
            return join.join(times=options.times)
        case _:
            return join.churn(sessions=options.sessions)


if __name__ == "__main__":
    sys.exit(main())
