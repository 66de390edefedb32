"""Rules of the org tree."""

from __future__ import annotations

from signaling.directory.wire import OrgLevel

_ORDER = tuple(OrgLevel)  # from the country down
_MADE_HERE = frozenset({OrgLevel.PROVINCE, OrgLevel.CITY, OrgLevel.COUNTY})


def may_stand_below(level: OrgLevel, above: OrgLevel) -> bool:
    """Return whether a node of a level may be created below another; levels may be left out."""
    return level in _MADE_HERE and _ORDER.index(above) < _ORDER.index(level)
