"""`tongke catalogue import`: the operator's own list of chapters into a county's catalogue."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select

from signaling.audit.log import COMMAND, AuditLog
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.catalogue.importing import CatalogueImports
from signaling.catalogue.reading import MAX_BYTES
from signaling.catalogue.wire import CatalogueFault
from signaling.command.opened import CommandFailed, opened, say
from signaling.command.words import Word
from signaling.directory.tables import CountyRow
from signaling.joints.catalogue_use import chapters_in_use

_FAULTS: Mapping[CatalogueFault, Word] = MappingProxyType(
    {
        CatalogueFault.NOT_JSON: Word.NOT_JSON,
        CatalogueFault.NO_BOOKS: Word.NO_BOOKS,
        CatalogueFault.NO_COLUMNS: Word.NO_COLUMNS,
        CatalogueFault.TOO_DEEP: Word.TOO_DEEP,
        CatalogueFault.TOO_MANY: Word.TOO_MANY,
    }
)


async def import_catalogue(config: Config, arguments: argparse.Namespace) -> None:
    """`tongke catalogue import`. Raises CommandFailed."""
    path = Path(arguments.file)
    data = await asyncio.to_thread(_read_file, path)
    async with opened(config) as database:
        county_id = await _county(database, arguments.county)
        done = await CatalogueImports(chapters_in_use).take(
            database,
            AuditLog(database),
            COMMAND,
            county_id=county_id,
            data=data,
            apply=not arguments.check,
        )
    if done.fault is not None:
        raise CommandFailed(Word.NOTHING_WRITTEN(file=path, error=_FAULTS[done.fault]()))
    if done.refused is not None:
        raise CommandFailed(Word.NOTHING_WRITTEN(file=path, error=done.refused))
    word = Word.CATALOGUE_IMPORTED if done.applied else Word.CATALOGUE_CHECKED
    say(
        word(
            books=done.books,
            new=done.new,
            moved=done.moved,
            gone=done.gone,
            used=done.in_use,
            same=done.unchanged,
        )
    )


def _read_file(path: Path) -> bytes:
    with path.open("rb") as opened_file:
        return opened_file.read(MAX_BYTES + 1)


async def _county(database: Database, wanted: str | None) -> str:
    async with database.read() as session:
        counties = (await session.scalars(select(CountyRow.county_id).limit(2))).all()
        if wanted is not None:
            if await session.get(CountyRow, wanted) is None:
                raise CommandFailed(Word.CATALOGUE_NO_COUNTY(county=wanted))
            return wanted
    if len(counties) != 1:
        raise CommandFailed(Word.WHICH_COUNTY())
    return counties[0]
