"""The table and the plots of `docs/bandwidth.md`, from the results in a folder."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from load_tests.qoe.figures import FREEZE_S, figures
from load_tests.qoe.plot import plot
from load_tests.qoe.profile import Goal, Profile, read_all
from load_tests.qoe.store import Store

BEGIN = "<!-- qoe:begin: written by `make qoe`; do not edit between the marks -->"
END = "<!-- qoe:end -->"
EMPTY = f"# Bandwidth\n\n{BEGIN}\n{END}\n"
SYSTEMS = {"tongke": "Tongke", "direct": "direct call"}
CROWDED = 0.15  # of all CPUs: with more work beside the bench a run says as much of the machine
SLOW_SENDER_FPS = 20
RUN_ORDER = "frozen_ratio"  # by which the run that is drawn is the middle one

_PERCENT = "{:.1%}".format


def _plain(digits: int, unit: str) -> Callable[[float], str]:
    return lambda value: f"{value:.{digits}f}{unit}"


# figure → (what a reader calls it, how it is written)
NAMES: dict[str, tuple[str, Callable[[float], str]]] = {
    "frozen_ratio": ("frozen", _PERCENT),
    "frozen_ratio_settled": ("frozen once settled", _PERCENT),
    "frozen_s": ("frozen in all", _plain(1, " s")),
    "longest_freeze_s": ("longest freeze", _plain(2, " s")),
    "w3c_frozen_s": ("frozen (W3C)", _plain(1, " s")),
    "first_frame_s": ("first frame", _plain(2, " s")),
    "top_layer_s": ("top layer", _plain(1, " s")),
    "top_share": ("time at 720 lines", _PERCENT),
    "settled_s": ("settled", _plain(1, " s")),
    "switches_per_min": ("switches/min", _plain(1, "")),
    "fps": ("frames/s", _plain(1, "")),
    "concealed_ratio": ("concealment", _PERCENT),
    "concealed_ratio_narrow": ("concealment at the narrowest", _PERCENT),
    "sound_lost_ratio": ("sound packets lost", _PERCENT),
    "delay_p50_ms": ("delay p50", _plain(0, " ms")),
    "delay_p95_ms": ("delay p95", _plain(0, " ms")),
    "link_share": ("link used", _PERCENT),
    "media_kbps": ("media", _plain(0, " kbit/s")),
    "queue_p95_ms": ("queue p95", _plain(0, " ms")),
    "queue_max_ms": ("queue max", _plain(0, " ms")),
    "drop_queue_ms": ("queue from 3 s after a drop", _plain(0, " ms")),
    "climb_s": ("next layer after a rise", _plain(1, " s")),
    "video_back_s": ("video back after a rise", _plain(1, " s")),
    "sound_back_s": ("sound back after the outage", _plain(2, " s")),
    "picture_back_s": ("picture back after the outage", _plain(2, " s")),
    "sound_gap_s": ("longest gap in the sound", _plain(2, " s")),
    "cross_share": ("share beside TCP", _PERCENT),
}
DETAILS = (
    "first_frame_s",
    "longest_freeze_s",
    "w3c_frozen_s",
    "fps",
    "top_share",
    "switches_per_min",
    "concealed_ratio",
    "delay_p50_ms",
    "delay_p95_ms",
    "link_share",
    "queue_p95_ms",
)

Line = dict[str, Any]


def write(results: Path, document: Path, images: Path) -> str:
    """Write table and plots; returns a line that says what was written.

    Raises:
        ValueError: the document has no marks, or there are no results.
        OSError: something cannot be read or written.
    """
    store = Store(results)
    profiles = {profile.name: profile for profile in read_all()}
    lines = judged_anew(store, profiles)
    if not lines:
        raise ValueError(f"no results in {results}")
    pictures = draw(store, lines, profiles, images)
    text = document.read_text() if document.exists() else EMPTY
    section = tables(lines, profiles) + _shown(pictures, document.parent)
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(replaced(text, section))
    return f"{document}: {len(lines)} runs, {len(pictures)} plots in {images}"


def judged_anew(store: Store, profiles: dict[str, Profile]) -> list[Line]:
    """All results with figures by today's definitions: the series are what was measured."""
    found = []
    for line in store.lines():
        if "figures" not in line or line["profile"] not in profiles:
            continue
        profile = profiles[line["profile"]].lasting(line["seconds"])
        values = figures(store.series(line["run"]), profile)
        found.append(line | {"figures": msgspec.to_builtins(values)})
    return found


def replaced(text: str, section: str) -> str:
    """The document with what is between the marks exchanged. Raises ValueError."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{section.rstrip()}\n{END}{after}"


def tables(lines: Sequence[Line], profiles: dict[str, Profile]) -> str:
    """Both tables and what was run."""
    rows = [
        "| profile | goal | Tongke: median [min–max] | | direct call here | mediasoup 3.27.1 |",
        "|---|---|---|---|---|---|",
    ]
    details = [
        "| profile | system | " + " | ".join(NAMES[name][0] for name in DETAILS) + " |",
        "|---|---|" + "---|" * len(DETAILS),
    ]
    for name, profile in profiles.items():
        of = [line for line in lines if line["profile"] == name]
        if not of:
            continue
        rows += _goal_rows(profile, of)
        for system, title in SYSTEMS.items():
            values = [line["figures"] for line in of if line["system"] == system]
            if values:
                cells = (_middle([value[figure] for value in values], figure) for figure in DETAILS)
                details.append(f"| {name} | {title} | " + " | ".join(cells) + " |")
    return "\n".join([_provenance(lines), "", *rows, "", *details, "", *_recordings(lines)])


def _recordings(lines: Sequence[Line]) -> list[str]:
    """Recordings of the lessons with an outage: the classroom's gap must be marked."""
    runs = [line for line in lines if "recording" in line.get("facts", {})]
    if not runs:
        return []
    told = []
    for line in runs:
        recording = line["facts"]["recording"]
        if recording is None:
            told.append(f"- Seed {line['seed']}: not finished in time.")
            continue
        rooms = [s for name, s in recording["sources"].items() if not name.startswith("lead.")]
        longest = max((b - a for room in rooms for a, b in room["gaps"]), default=0.0)
        told.append(
            f"- Seed {line['seed']}: {recording['state']}, {recording['duration_s']:.0f} s, "
            f"longest gap of the classroom's camera {longest:.1f} s."
        )
    return ["Recordings of the lessons with an outage:", "", *told, ""]


def _goal_rows(profile: Profile, lines: Sequence[Line]) -> list[str]:
    rows = []
    by_system = {
        system: [line["figures"] for line in lines if line["system"] == system]
        for system in SYSTEMS
    }
    for index, goal in enumerate(profile.goals):
        cells = {}
        for system, values in by_system.items():
            found = [value[goal.figure] for value in values]
            cells[system] = spread(found, goal) if found else "–"
        ours = [value[goal.figure] for value in by_system["tongke"]]
        verdict = "" if not ours else "✓" if goal.met(middle(ours, goal)) else "✗"
        first = index == 0
        rows.append(
            f"| {f'**{profile.name}** {profile.title}' if first else ''} | {bound(goal)} "
            f"| {cells['tongke']} | {verdict} | {cells['direct']} "
            f"| {profile.mediasoup if first else ''} |"
        )
    return rows


def bound(goal: Goal) -> str:
    """A goal as a reader says it."""
    name, shown = NAMES[goal.figure]
    if goal.most is not None and goal.least is not None:
        return f"{name} {shown(goal.least)} … {shown(goal.most)}"
    if goal.most is not None:
        return f"{name} ≤ {shown(goal.most)}"
    return f"{name} ≥ {shown(goal.least if goal.least is not None else math.nan)}"


def middle(values: Sequence[float | None], goal: Goal) -> float | None:
    """The median, with what never came about as the worst; None if that is the median itself."""
    worst = math.inf if goal.most is not None else -math.inf
    found = statistics.median([worst if value is None else value for value in values])
    return None if math.isinf(found) else found


def spread(values: Sequence[float | None], goal: Goal) -> str:
    """Median [least–most] as a reader wants it."""
    shown = NAMES[goal.figure][1]
    median = middle(values, goal)
    text = "never" if median is None else shown(median)
    known = [value for value in values if value is not None]
    if len(values) == 1 or not known:
        return text
    low = shown(min(known))
    high = "never" if len(known) < len(values) else shown(max(known))
    return f"{text} [{low} – {high}]"


def _middle(values: Sequence[float | None], figure: str) -> str:
    known = [value for value in values if value is not None]
    return NAMES[figure][1](statistics.median(known)) if known else "–"


def _provenance(lines: Sequence[Line]) -> str:
    counts = {
        SYSTEMS[system]: len({line["seed"] for line in lines if line["system"] == system})
        for system in sorted({line["system"] for line in lines})
    }
    revisions = ", ".join(
        sorted({line["revision"] for line in lines if line["system"] == "tongke"})
    )
    limited = sum(map(machine_limited, lines))
    seeds = ", ".join(f"{name} {count}" for name, count in counts.items())
    lengths = "/".join(f"{length:g}" for length in sorted({line["seconds"] for line in lines}))
    text = f"{len(lines)} runs of {lengths} s (seeds: {seeds}) of revision {revisions or '–'}"
    if limited:
        text += (
            f". In {limited} of them the machine was short of CPU, so they say less of the system. "
            f"Short means over {CROWDED:.0%} other work, a sender below {SLOW_SENDER_FPS} "
            f"frames/s, or a camera that stood still for over {FREEZE_S * 1000:.0f} ms"
        )
    return text + "."


def machine_limited(line: Line) -> bool:
    """Tell whether the machine, not the link, may have shaped this run."""
    fps = line["figures"]["sent_fps"]
    others = line["host"]["busy"] - line["host"]["own"]
    gap = line["figures"]["camera_gap_s"]
    if gap is not None and gap > FREEZE_S:
        return True
    return others > CROWDED or (fps is not None and fps < SLOW_SENDER_FPS)


def draw(
    store: Store, lines: Sequence[Line], profiles: dict[str, Profile], images: Path
) -> list[tuple[Profile, Path]]:
    """One plot per profile: of each system the run in the middle."""
    images.mkdir(parents=True, exist_ok=True)
    pictures = []
    ordered = sorted(lines, key=lambda line: line["profile"])
    for name, group in groupby(ordered, key=lambda line: line["profile"]):
        of = list(group)
        runs, profile = [], profiles[name]
        for system, title in SYSTEMS.items():
            ranked = sorted(
                (line for line in of if line["system"] == system),
                key=lambda line: line["figures"][RUN_ORDER],
            )
            if ranked:
                chosen = ranked[(len(ranked) - 1) // 2]
                runs.append((f"{title}, seed {chosen['seed']}", store.series(chosen["run"])))
                profile = profile.lasting(chosen["seconds"])
        path = images / f"{name.lower()}.svg"
        path.write_text(plot(profile, runs))
        pictures.append((profile, path))
    return pictures


def _shown(pictures: Sequence[tuple[Profile, Path]], folder: Path) -> str:
    lines = ["The run in the middle of each, by its frozen share:", ""]
    for profile, path in pictures:
        place = Path(os.path.relpath(path, folder)).as_posix()
        lines += [f"![{profile.name}: {profile.title}]({place})", ""]
    return "\n" + "\n".join(lines)
