"""The questions of the bench, and whether an answer holds all that LIKE finds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, text

from load_tests.search.made import (
    EDITIONS,
    GRADES,
    STAGES,
    SUBJECTS,
    VOLUMES,
    county_id,
    record,
    school_id,
    words_of,
)
from signaling.access.roles import Actor, BranchRole, Role
from signaling.base.database import Database
from signaling.library.publishing.reading import Viewer, Wanted, asked, may_be_seen
from signaling.library.search.core.query import read_query
from signaling.library.search.core.ranking import hits
from signaling.library.search.core.text import fold
from signaling.library.search.index import MAX_CANDIDATES, SearchIndex
from signaling.library.search.tables import DocumentRow

_LIKE = (
    "(title LIKE :inside OR people LIKE :inside OR"
    " CASE WHEN length(:word) = 1 THEN ' ' || words || ' ' LIKE :apart"
    " ELSE words LIKE :inside END)"
)
_TEXTS = text(
    f"SELECT place FROM bench_texts WHERE county_id = :county AND {_LIKE} ORDER BY place DESC"
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A word of which the index did not find the same as LIKE."""

    word: str
    by_like: int
    by_index: int


def teacher(chance: random.Random) -> Viewer:
    """Return a teacher, who sees what was published for the own county: 1 %."""
    county, school = chance.randrange(100), chance.randrange(20)
    return Viewer(
        Actor(
            f"teacher{county:02}n{school:02}n00", "x", frozenset({Role.LEAD_TEACHER}),
            school_id=school_id(county, school), county=f"/cn/{county_id(county)}/",
        )
    )  # fmt: skip


def county_admin(chance: random.Random) -> Viewer:
    """Return a resource admin of a county: the same records, by a branch of twenty schools."""
    path = f"/cn/{county_id(chance.randrange(100))}/"
    grants = frozenset({BranchRole(Role.RESOURCE_ADMIN, path)})
    roles = frozenset({Role.RESOURCE_ADMIN})
    return Viewer(Actor("admin", "x", roles, grants=grants, county=path))


def word(chance: random.Random, length: int, records: int) -> str:
    """Return so many characters of a title; frequent ones come often, as people type them."""
    while True:
        title = record(chance.randrange(records)).title
        folded = fold(title).text.replace(" ", "")
        if len(folded) >= length:
            start = chance.randrange(len(folded) - length + 1)
            return folded[start : start + length]


def sound(chance: random.Random, *, initials: bool) -> str:
    """Return how two characters of a title are typed: in full, or by their initials."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - slow to load

    style = Style.FIRST_LETTER if initials else Style.NORMAL
    return "".join(lazy_pinyin("".join(words_of(chance, 1))[:2].rjust(2, "小"), style=style))


def facets(chance: random.Random) -> Mapping[str, str]:
    """Return three facets."""
    every = {
        "subject": SUBJECTS, "edition": EDITIONS, "volume": VOLUMES, "stage": STAGES,
        "grade": tuple(f"{one}年级" for one in GRADES),
    }  # fmt: skip
    names = chance.sample(sorted(every), 3)
    if "stage" in names and "grade" in names:
        names.remove("stage")
        names.append(next(one for one in ("volume", "subject", "edition") if one not in names))
    return {name: chance.choice(every[name]) for name in names}


def questions(chance: random.Random, records: int) -> Mapping[str, Wanted]:
    """Return a question of each kind."""
    one = record(chance.randrange(records))
    return {
        "1 character": Wanted(word(chance, 1, records)),
        "2 characters": Wanted(word(chance, 2, records)),
        "4 characters": Wanted(word(chance, 4, records)),
        "teacher's name": Wanted(one.teacher),
        "pinyin": Wanted(sound(chance, initials=False)),
        "initials": Wanted(sound(chance, initials=True)),
        "word and three facets": Wanted(word(chance, 1, records), facets(chance)),
        "three facets": Wanted("", facets(chance)),
    }


async def missing(
    database: Database, index: SearchIndex, viewer: Viewer, typed: str
) -> Missing | None:
    """Compare what the index finds with LIKE over the same normalised texts.

    Where the candidates are cut at `MAX_CANDIDATES`, those down to the last of them are compared.
    """
    actor = viewer.actor
    assert actor is not None
    folded = fold(typed).text
    parameters = {
        "county": actor.county.split("/")[2], "word": folded,
        "inside": f"%{folded}%", "apart": f"% {folded} %",
    }  # fmt: skip
    wanted = Wanted(folded)
    async with database.read() as session:
        like = [int(one) for one in await session.scalars(_TEXTS, parameters)]
        query = await asked(session, viewer, wanted)
        seen = may_be_seen(viewer, wanted, datetime.now(UTC))
        candidates = await index.candidates(session, query, condition=seen)
        ids = [one.resource_id for one in candidates]
        rows = await session.execute(
            select(DocumentRow.resource_id, DocumentRow.place).where(
                DocumentRow.resource_id.in_(ids)
            )
        )
        places = {row.resource_id: row.place for row in rows}
    found = {places[hit.document.resource_id] for hit in hits(read_query(folded), candidates)}
    if len(candidates) == MAX_CANDIDATES:
        last = min(places.values())
        like = [one for one in like if one >= last]
    lacking = set(like) - found
    return Missing(typed, len(like), len(found)) if lacking else None
