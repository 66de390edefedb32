"""版本, 册 and 章节 that the county's textbook catalogue proposes for a lesson."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.catalogue.rules import JOINER
from signaling.catalogue.store import names_of, places_of
from signaling.library.versions.wire import ResourceMetadata

_NUMBER = re.compile(r"^[*＊]?\s*(?:第\s*)?\d{1,3}\s*(?:课|节)?\s*[.、．:：]?\s*")
_PART = re.compile(r"\s*[（(]?第?[一二三四五六七八九十\d]{1,3}课时[）)]?\s*$")
_MARKS = "《》〈〉“”\"'「」"
_LEAST_CHARS = 2  # of a title that is looked for
_AUTUMN, _WINTER = 8, 1  # months: the first half of a school year begins and ends


async def with_catalogue(
    session: AsyncSession, county_id: str, proposed: ResourceMetadata, at: datetime
) -> ResourceMetadata:
    """Fill in what the catalogue knows; what lesson and directory tell stays.

    Nothing is guessed: where two books or chapters fit, the field stays empty.

    Args:
        session: to read with.
        county_id: whose catalogue it is.
        proposed: what lesson and directory tell.
        at: when the lesson was, which tells the half of the school year.
    """
    if proposed.stage is None or not proposed.subject or not proposed.grade:
        return proposed
    chosen = {"stage": proposed.stage, "subject": proposed.subject, "grade": proposed.grade}
    edition = proposed.edition
    if not edition:
        edition = _only(await names_of(session, county_id, "edition", chosen))
        if not edition:
            return proposed
    chosen["edition"] = edition
    volumes = await names_of(session, county_id, "volume", chosen)
    if not volumes:  # the catalogue has no such book
        return proposed
    volume = proposed.volume or volume_of(volumes, at)
    words = plain_title(proposed.section or proposed.title)
    if len(words) >= _LEAST_CHARS:
        if proposed.volume:
            chosen["volume"] = proposed.volume
        places = await places_of(session, county_id, chosen, words)
        matched = matching_place(places, words)
        if matched is not None:
            named_volume, section = matched
            return msgspec.structs.replace(
                proposed, edition=edition, volume=named_volume, section=section[:200]
            )
    return msgspec.structs.replace(proposed, edition=edition, volume=volume)


def volume_of(volumes: Sequence[str], at: datetime) -> str:
    """Return the one volume that is taught in that half of a school year; empty for none or two."""
    if len(volumes) == 1:
        return volumes[0]
    half = "上" if at.month >= _AUTUMN or at.month <= _WINTER else "下"
    return _only(one for one in volumes if half in one)


def matching_place(places: Iterable[tuple[str, str]], words: str) -> tuple[str, str] | None:
    """Return the one (volume, section) whose chapter has this title; None for none or two."""
    found = {
        (volume, section)
        for volume, section in places
        if plain_title(section.rpartition(JOINER)[2]) == words
    }
    return found.pop() if len(found) == 1 else None


def plain_title(text: str) -> str:
    """Return a title without 书名号, its number and 第几课时: 《小小的船》第一课时 is 小小的船."""
    text = _PART.sub("", text.strip())
    return _NUMBER.sub("", text.strip(_MARKS + " ")).strip(_MARKS + " ")


def _only(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else ""
