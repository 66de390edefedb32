"""Notes of one run, on one clock: seconds since the link's plan began."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from load_tests.link.plan import LinkReport


class Shown(NamedTuple):
    """A frame that the classroom's screen showed; `number` is -1 where it could not be read."""

    at_s: float
    width: int
    height: int
    number: int


class Taken(NamedTuple):
    """A picture that the sender's camera took; numbers repeat with the capture file's loop."""

    at_s: float
    number: int


class Level(NamedTuple):
    """Loudness of what the classroom hears, dBFS over some 40 ms."""

    at_s: float
    db: float


class Stats(msgspec.Struct, frozen=True):
    """One reading of getStats: rows as the browser names their fields, counters since the start."""

    at_s: float
    inbound: list[dict[str, Any]]
    outbound: list[dict[str, Any]]
    pairs: list[dict[str, Any]]


class Host(msgspec.Struct, frozen=True):
    """Load of the machine: shares of all CPUs, 0…1, and the load average at the end.

    `own` is the bench with its browsers and server; `busy - own` is other work.
    """

    busy: float
    own: float
    stolen: float
    load: float


class Series(msgspec.Struct, frozen=True):
    """Everything that one run noted."""

    seconds: float
    frames: list[Shown]
    taken: list[Taken]
    levels: list[Level]
    received: list[Stats]
    sent: list[Stats]
    link: LinkReport
    host: Host


def from_notes(
    receiver: dict[str, Any],
    sender: dict[str, Any],
    link: LinkReport,
    host: Host,
    *,
    begin_unix_s: float,
    seconds: float,
) -> Series:
    """Put both pages' notes (probe.js) on the link's clock; what lies after `seconds` is cut."""

    def clock(notes: dict[str, Any]) -> float:
        return float(notes["ahead"]) - begin_unix_s * 1000

    def at(value: float, offset_ms: float) -> float:
        return round((value + offset_ms) / 1000, 4)

    here, there = clock(receiver), clock(sender)
    frames = [Shown(at(f[0], here), int(f[1]), int(f[2]), int(f[3])) for f in receiver["frames"]]
    return Series(
        seconds=seconds,
        frames=[frame for frame in sorted(frames) if 0 <= frame.at_s <= seconds],
        taken=[Taken(at(t, there), int(n)) for t, n in sender["captured"] if n >= 0],
        levels=[
            Level(at(t, here), round(float(db), 1))
            for t, db in receiver["levels"]
            if 0 <= at(t, here) <= seconds
        ],
        received=_stats(receiver, here, seconds),
        sent=_stats(sender, there, seconds),
        link=link,
        host=host,
    )


def _stats(notes: dict[str, Any], offset_ms: float, seconds: float) -> list[Stats]:
    samples = (
        Stats(
            round((one["at"] + offset_ms) / 1000, 4), one["inbound"], one["outbound"], one["pairs"]
        )
        for one in notes["stats"]
    )
    return [sample for sample in samples if -1 <= sample.at_s <= seconds]
