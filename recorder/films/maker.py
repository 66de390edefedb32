"""Makes films: plans one, has it made in a process, and publishes the outcome."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from recorder.api import Film, FilmFailed, FilmOrder
from recorder.core.film_plan import FilmPlan, plan_film
from recorder.editions.child import INPUTS_FOLDER
from recorder.editions.process import ProcessFailed, run_process
from recorder.editions.staging import RESERVE_BYTES, clean, read_manifest, stage_files
from recorder.films.fonts import Font, find_font, tell_unusable
from recorder.films.made import FILM_NAME, MADE_NAME, PICTURE_BPS, SOUND_BPS, FilmMade
from recorder.films.service import film_id_of, film_place, read_film
from recorder.storage.api import MANIFEST_NAME, RESULTS_FOLDER, Storage

_log = structlog.get_logger(__name__)

_FONT = "card.font"  # among the files of the process; no file of a recording has such a name


class FilmStudio:
    """Implements `recorder.api.FilmMaker`. One film is made at a time in one process."""

    def __init__(
        self,
        storage: Storage,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        font: Callable[[], Awaitable[Font | None]] = find_font,
    ) -> None:
        """Make it; `font` finds the font of the card."""
        self._storage = storage
        self._reserve_bytes = reserve_bytes
        self._font = font

    async def make(self, order: FilmOrder, report: Callable[[int, int], None]) -> Film:
        """See `FilmMaker`."""
        manifest = await read_manifest(self._storage, order.recording_id)
        plan = plan_film(manifest, order)
        film_id = film_id_of(order)
        made = await read_film(self._storage, order.recording_id, film_id)
        if made is not None:
            return made
        await asyncio.to_thread(self._demand_room, plan)
        place_id = film_place(order.recording_id, film_id)
        async with self._storage.working_place(place_id) as place:
            try:
                film = await self._work(place, order, plan, report)
            except Exception:
                await asyncio.to_thread(clean, place)
                raise
            await self._storage.publish(place_id)
        _log.info("film_made", recording_id=order.recording_id, film_id=film_id)
        return film

    def _demand_room(self, plan: FilmPlan) -> None:
        """Refuse what would leave too little room. Raises OSError."""
        need = plan.duration_s * (PICTURE_BPS + SOUND_BPS) / 8
        if self._storage.free_bytes() < need + self._reserve_bytes:
            raise OSError(errno.ENOSPC, "no space for a film")

    async def _work(
        self, place: Path, order: FilmOrder, plan: FilmPlan, report: Callable[[int, int], None]
    ) -> Film:
        """Make it unless an earlier run has, and leave it to be published."""
        results = place / RESULTS_FOLDER
        await asyncio.to_thread(results.mkdir, parents=True, exist_ok=True)
        total = max(1, round(plan.duration_s))
        report(0, total)
        if (made := await asyncio.to_thread(_made, results)) is None:
            await stage_files(self._storage, order.recording_id, plan.files, place)
            font = await self._font() if plan.card else None
            if font is not None:
                plan = await asyncio.to_thread(_with_font, plan, font, place / INPUTS_FOLDER)
            try:
                await run_process(
                    "recorder.films.worker",
                    place,
                    plan,
                    lambda done: report(int(done * total), total),
                )
            except ProcessFailed as error:
                raise FilmFailed(f"{order.recording_id}: {error}") from error
            made = await asyncio.to_thread(_made, results)
            if font is not None and made is not None and made.font_failure is not None:
                tell_unusable(font, made.font_failure)
        if made is None:
            raise OSError(errno.EIO, f"nothing was made of {order.recording_id}")
        film = Film(film_id_of(order), order.recording_id, made.duration_s, made.size)
        await asyncio.to_thread(_tidy, place, film)
        return film


def _with_font(plan: FilmPlan, font: Font, inputs: Path) -> FilmPlan:
    """Give the process the font; a film is made without letters if the font cannot be read."""
    try:
        shutil.copyfile(font.path, inputs / _FONT)
    except (FileNotFoundError, PermissionError) as error:
        tell_unusable(font, str(error))
        return plan
    return msgspec.structs.replace(plan, font=(_FONT, font.index))


def _made(results: Path) -> FilmMade | None:
    """Find out what an earlier run made; None if the film has to be made."""
    try:
        made = msgspec.json.decode((results / MADE_NAME).read_bytes(), type=FilmMade)
        whole = (results / FILM_NAME).stat().st_size == made.size
    except (OSError, msgspec.DecodeError):
        return None
    return made if whole else None


def _tidy(place: Path, film: Film) -> None:
    """Write the manifest, and remove what is not to be published."""
    results = place / RESULTS_FOLDER
    (results / MANIFEST_NAME).write_bytes(msgspec.json.encode(film))
    for path in results.iterdir():
        if path.name not in {FILM_NAME, MANIFEST_NAME}:
            path.unlink()
    shutil.rmtree(place / INPUTS_FOLDER, ignore_errors=True)
