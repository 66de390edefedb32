"""Rules of series: the order of entries that are partly unseen, and who may give which scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from signaling.library.series.wire import SeriesScope

# What a teacher gives alone; wider ones are given by those who publish resources.
OWN_SCOPES = (SeriesScope.PRIVATE, SeriesScope.SCHOOL)


def reordered(
    present: Sequence[str], seen: Collection[str], wished: Sequence[str]
) -> tuple[str, ...]:
    """Return the entries in the order that an editor wishes, who sees only some of them.

    Args:
        present: all entries, in their order.
        seen: those that the editor sees.
        wished: the editor's list; entries that are seen and not in it are taken out.

    Returns:
        The wished ones in their order, each followed by the unseen ones that followed it before.
        Unseen ones whose forerunner is taken out follow the one before it; the first come first.
    """
    allowed = dict.fromkeys(one for one in wished if one in seen)
    first: list[str] = []
    behind: dict[str, list[str]] = {}
    last: list[str] = first
    for one in present:
        if one in allowed:
            last = behind.setdefault(one, [])
        elif one not in seen:
            last.append(one)
    ordered = list(first)
    for one in allowed:
        ordered += [one, *behind.get(one, ())]
    return tuple(ordered)


def scopes_of(*, edits: bool, publishes: bool) -> tuple[SeriesScope, ...]:
    """Return the scopes that an editor may give.

    Args:
        edits: the actor may edit the series at all.
        publishes: the actor publishes resources in the series' branch.
    """
    if not edits:
        return ()
    return tuple(SeriesScope) if publishes else OWN_SCOPES
