"""The textbook tree: 学段 → 学科 → 版本 → 年级 → 册 → 章节, of what a viewer may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.catalogue.rules import EDITIONS, GRADES, SUBJECTS, VOLUMES
from signaling.catalogue.store import sections_of
from signaling.library.publishing.facets import MAX_COUNTED, MAX_VALUES, Facets
from signaling.library.publishing.narrowing import audience
from signaling.library.publishing.reading import Viewer, Wanted, asked
from signaling.library.publishing.visibility import county_of
from signaling.library.publishing.wire import FacetCount, LibraryTree, TreeLevel
from signaling.library.search.index import SearchIndex
from signaling.library.versions.wire import Stage

LEVELS = tuple(TreeLevel)
MAX_CHAPTERS = 1_000  # of one book, for their order
_SHIPPED: Mapping[TreeLevel, Iterable[str]] = {
    TreeLevel.STAGE: tuple(Stage),
    TreeLevel.SUBJECT: (name for names in SUBJECTS.values() for name in names),
    TreeLevel.EDITION: EDITIONS,
    TreeLevel.GRADE: (name for names in GRADES.values() for name in names),
    TreeLevel.VOLUME: (name for names in VOLUMES.values() for name in names),
}
_ORDER = {
    level: {name: place for place, name in reversed(list(enumerate(names)))}
    for level, names in _SHIPPED.items()
}
_NUMERALS = {one: n for n, one in enumerate("零一二三四五六七八九")}
_NUMBER = re.compile("[0-9]+|[零一二三四五六七八九十百]+")


class Tree:
    """Opens one node of the tree at a time."""

    def __init__(
        self, database: Database, index: SearchIndex, facets: Facets, clock: Clock
    ) -> None:
        self._database = database
        self._index = index
        self._facets = facets
        self._clock = clock

    async def below(self, viewer: Viewer, wanted: Wanted) -> LibraryTree:
        """Return the first level that is not chosen, with counts among the newest that are left."""
        level = next((one for one in LEVELS if one not in wanted.facets), None)
        if level is None:
            return LibraryTree(None, (), capped=False)
        async with self._database.read() as session:
            seen = await audience(session, viewer.actor)
            counts = await self._facets.counted(
                session,
                viewer,
                seen=seen,
                names=[level],
                chosen=wanted.facets,
                words=wanted.words,
            )
            newest = self._index.newest(await asked(session, viewer, wanted), MAX_COUNTED)
            left = await session.scalar(select(func.count()).select_from(newest.subquery())) or 0
            known: list[str] = []
            if level is TreeLevel.SECTION and viewer.actor is not None:
                county = county_of(viewer.actor)
                known, _ = await sections_of(session, county, wanted.facets, "", MAX_CHAPTERS)
        nodes = counts[level]
        return LibraryTree(
            level=level,
            nodes=ordered(level, nodes, known),
            capped=left >= MAX_COUNTED or len(nodes) >= MAX_VALUES,
        )


def ordered(
    level: TreeLevel, nodes: Iterable[FacetCount], known: Iterable[str] = ()
) -> tuple[FacetCount, ...]:
    """Return the nodes of a level in the order of books; unknown names last, by their numbers.

    Args:
        level: the level.
        nodes: its values with their counts.
        known: the chapters of the book, in order.
    """
    places = _ORDER.get(level) or {name: place for place, name in enumerate(known)}
    last = len(places)
    return tuple(sorted(nodes, key=lambda one: (places.get(one.value, last), numbered(one.value))))


def numbered(name: str) -> tuple[tuple[int, str], ...]:
    """Return the key by which 第二单元 stands before 第十单元, and 2 before 10."""
    found, start = [], 0
    for match in _NUMBER.finditer(name):
        found += [(-1, name[start : match.start()]), (_value(match[0]), "")]
        start = match.end()
    return (*found, (-1, name[start:]))


def _value(number: str) -> int:
    """Return the value of a number below a thousand, in digits or Chinese numerals."""
    if number.isascii():
        return int(number[:9])
    total, digit = 0, 0
    for one in number:
        if one in _NUMERALS:
            digit = _NUMERALS[one]
        else:
            total += (digit or 1) * (100 if one == "百" else 10)
            digit = 0
    return total + digit
