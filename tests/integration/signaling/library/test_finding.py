"""Finding resources by words, pinyin and initials, in both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.base.database import Database
from signaling.library.finding import Finder
from signaling.library.indexing import index_missing, index_of
from signaling.library.search.tables import DocumentRow
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from tests.integration.signaling.library.entries import AT, an_entry

ADMIN = Actor(
    "z",
    "z",
    frozenset({Role.RESOURCE_ADMIN}),
    grants=held_in(ROOT_PATH, [Role.RESOURCE_ADMIN]),
)
TEACHER = Actor("shan", "单", frozenset({Role.LEAD_TEACHER}))


@pytest.fixture
def store(database: Database) -> ResourceStore:
    return ResourceStore(database)


@pytest.fixture
def finder(database: Database) -> Finder:
    return Finder(database, index_of(database))


async def _found(finder: Finder, typed: str, actor: Actor = ADMIN) -> list[str]:
    page, more = await finder.find(actor, typed, limit=100)
    assert not more
    return [one.resource.recording_id for one in page]


async def test_words_pinyin_and_initials_find(store: ResourceStore, finder: Finder) -> None:
    await store.follow(
        [
            *(
                an_entry(f"r{n}", "l", title=f"第{n}课 观潮", subject="语文" if n % 2 else "Music")
                for n in range(5)
            ),
            an_entry("float", "l", title="《浮力》实验探究", teacher="单"),
            an_entry("odd", "l", title="100%_满分", teacher="李"),
        ],
        AT,
    )
    assert set(await _found(finder, "观潮")) == {f"r{n}" for n in range(5)}
    assert await _found(finder, "第3课") == ["r3"]
    assert await _found(finder, "李老师") == ["odd"]
    assert set(await _found(finder, "music 观潮")) == {"r0", "r2", "r4"}
    for typed in ("浮力", "力", "fuli", "FULI", "ful", "fl", "sytj", "shiyan tj", "浮力 单"):
        assert await _found(finder, typed) == ["float"], typed
    for typed in ("danlaoshi", "shanlaoshi", "sls"):
        assert await _found(finder, typed) == ["float"], typed
    assert await _found(finder, "guanchao 第3课") == ["r3"]
    assert await _found(finder, "力浮") == []
    assert await _found(finder, "'; drop table resources; --") == []
    assert await _found(finder, '" OR "观潮') == []
    assert await _found(finder, "《》%_") == []


async def test_a_match_in_the_title_comes_first_and_says_where(
    store: ResourceStore, finder: Finder
) -> None:
    await store.follow(
        [
            an_entry("title", "l", title="《语文园地》一"),
            an_entry("newer", "l", minutes=120, title="观潮", subject="语文"),
        ],
        AT,
    )
    page, _ = await finder.find(ADMIN, "语文", limit=10)
    assert [one.resource.recording_id for one in page] == ["title", "newer"]
    places = [
        [(f.field, one.hit.document.fields[f.field].shown[f.start : f.end]) for f in one.hit.found]
        for one in page
    ]
    assert places == [[("title", "语文"), ("words", "语文")], [("words", "语文")]]


async def test_pages_of_hits(store: ResourceStore, finder: Finder) -> None:
    await store.follow([an_entry(f"r{n}", "l", minutes=n) for n in range(7)], AT)
    seen: list[str] = []
    more = True
    while more:
        page, more = await finder.find(ADMIN, "小小的船", limit=3, skip=len(seen))
        seen += [one.resource.recording_id for one in page]
    assert seen == [f"r{n}" for n in range(6, -1, -1)]


async def test_only_what_the_actor_may_see_is_found(store: ResourceStore, finder: Finder) -> None:
    mine = replace(an_entry("mine", "gone", title="浮力"), lead_teacher_id="shan")
    await store.follow([mine, an_entry("other", "gone", title="浮力")], AT)
    assert await _found(finder, "fuli", TEACHER) == ["mine"]
    assert await _found(finder, "fuli", Actor("x", "x", frozenset({Role.LEAD_TEACHER}))) == []


async def test_a_recording_that_truly_began_later_is_still_found_once(
    store: ResourceStore, finder: Finder, database: Database
) -> None:
    entry = an_entry("r", "l", title="浮力")
    await store.follow([entry], AT)
    await store.follow([replace(entry, started_at=AT + timedelta(hours=3))], AT)
    assert await _found(finder, "fl") == ["r"]
    if database.is_sqlite:
        async with database.read() as session:
            rows = await session.execute(
                text("SELECT rowid FROM search_tokens WHERE search_tokens MATCH 'ifl'")
            )
            assert len(rows.all()) == 1


@pytest.mark.parametrize("former", ["none", "another analyser"])
async def test_what_is_not_in_the_index_comes_into_it(
    store: ResourceStore, finder: Finder, database: Database, former: str
) -> None:
    await store.follow([an_entry(f"r{n}", "l", title=f"浮力{n}") for n in range(25)], AT)
    async with database.write() as session:
        if former == "none":
            await index_of(database).clear(session)
        else:
            await session.execute(update(DocumentRow).values(analyser=0))
    written: list[int] = []
    await index_missing(database, index_of(database), written.append)
    assert sum(written) == 25
    assert len(await _found(finder, "fuli")) == 25
    await index_missing(database, index_of(database), written.append)
    assert sum(written) == 25


async def test_a_resource_that_is_gone_is_not_found(
    store: ResourceStore, finder: Finder, database: Database
) -> None:
    await store.follow([an_entry("r", "l", title="浮力"), an_entry("s", "l", title="浮力")], AT)
    async with database.write() as session:
        await session.execute(delete(ResourceRow).where(ResourceRow.recording_id == "r"))
    assert await _found(finder, "浮力") == ["s"]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(DocumentRow)) == 1
