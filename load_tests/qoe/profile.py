"""Profiles: what the link does to a classroom, and what is expected to be seen there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from load_tests.link.plan import Bursts, LinkPlan, Outage, PathPlan, RateStep

FOLDER = Path(__file__).resolve().parents[1] / "profiles"
MIN_SECONDS, MAX_SECONDS = 10.0, 600.0


class ProfileError(ValueError):
    """A profile cannot be read; the message names file and field."""


class Goal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bound on the median of a figure over all seeds; see `figures.Figures` for the names."""

    figure: str
    most: float | None = None
    least: float | None = None

    def met(self, value: float | None) -> bool:
        """Tell whether the bound holds; a missing figure (None) meets no goal."""
        if value is None:
            return False
        return (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )


class CrossTraffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One TCP Cubic flow towards the classroom."""

    from_s: Annotated[float, msgspec.Meta(ge=0)]
    until_s: float


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One profile; the link is the same in both directions unless `up` says otherwise."""

    name: str
    title: str
    seconds: Annotated[float, msgspec.Meta(ge=MIN_SECONDS, le=MAX_SECONDS)]
    link: PathPlan
    goals: tuple[Goal, ...]
    up: PathPlan | None = None
    cross_traffic: CrossTraffic | None = None
    mediasoup: str = "–"

    def lasting(self, seconds: float) -> Profile:
        """The same profile over another time: what has a time moves, outages keep their length."""
        factor = seconds / self.seconds
        cross = self.cross_traffic
        return msgspec.structs.replace(
            self,
            seconds=seconds,
            link=self.link.stretched(factor),
            up=None if self.up is None else self.up.stretched(factor),
            cross_traffic=cross and CrossTraffic(cross.from_s * factor, cross.until_s * factor),
        )

    def plan(self, seed: int, cross_port: int) -> LinkPlan:
        """The link for one run."""
        port = cross_port if self.cross_traffic else 0
        return LinkPlan(down=self.link, up=self.up or self.link, seed=seed, cross_port=port)


def read(path: Path) -> Profile:
    """Read one profile. Raises ProfileError."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Profile)
    except (msgspec.MsgspecError, OSError, ValueError) as error:
        raise ProfileError(f"{path.name}: {error}") from error


def read_all(names: list[str] | None = None, folder: Path = FOLDER) -> list[Profile]:
    """The profiles of these names (`P1`, `p1`), or all, in order. Raises ProfileError."""
    known = {profile.name.lower(): profile for profile in map(read, sorted(folder.glob("*.toml")))}
    if names is None:
        return list(known.values())
    missing = [name for name in names if name.lower() not in known]
    if missing:
        raise ProfileError(f"no profile {', '.join(missing)} in {folder}")
    return [known[name.lower()] for name in names]


__all__ = ["Bursts", "Goal", "Outage", "PathPlan", "Profile", "RateStep", "read", "read_all"]
