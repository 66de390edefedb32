"""Consents for tests: a form with a scanned page, recorded for the class of a school."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from signaling.access.roles import Actor, Role
from signaling.consent.wire import Consent, ConsentPurpose, ConsentRecord
from signaling.files.wire import FilePurpose
from signaling.wiring import Services
from tests.support.two_counties import Place, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


async def a_page(services: Services, owner: Actor, name: str = "同意书.png") -> str:
    """Upload a page; its id."""

    async def pieces() -> AsyncIterator[bytes]:
        yield PNG

    made = await services.files.create(owner, FilePurpose.CONSENT_FORM, name, len(PNG))
    await services.files.append(owner, made.file_id, 0, pieces(), None)
    return made.file_id


def a_form(services: Services, **more: Any) -> dict[str, Any]:
    """The fields of a form, as JSON, for the term that begins today and has 20 weeks."""
    today = services.clock.now().date()
    return {
        "given_on": str(today),
        "purposes": ["live", "show_county"],
        "pupils": 30,
        "covers_from": str(today),
        "covers_to": str(today + timedelta(days=139)),
        "until": str(today + timedelta(days=800)),
    } | more


async def recorded(world: World, place: Place) -> Consent:
    """Record the consent of a school's class, with one page."""
    services = world.services
    admin = await world.actor(place.person(Role.COUNTY_ADMIN))
    today = services.clock.now().date()
    wish = ConsentRecord(
        class_id=f"{place.school}-class",
        term_id=f"{place.county}-term",
        given_on=today,
        purposes=(ConsentPurpose.LIVE, ConsentPurpose.SHOW_COUNTY),
        pupils=30,
        covers_from=today,
        covers_to=today + timedelta(days=139),
        until=today + timedelta(days=800),
        file_ids=(await a_page(services, admin, f"{place.school}.png"),),
    )
    return await services.consents.desk.record(admin, wish)


def without_pupils(database: Path) -> None:
    """Say that no class sits before the teacher of any lesson, so that no consent is asked for."""
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE lessons SET delivery_mode='lead_without_pupils'")
