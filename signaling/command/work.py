"""The worker process of jobs, started by the server: `python -m signaling.command.work <job id>`.

The kinds of jobs that there are stand here, each with its handler. A lesson's media are in the
server's process, so nothing of the relay is loaded here, and of the recorder only what checks
uploads and makes renditions.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module

import msgspec

from recorder.api import EditionMaker, FilmMaker, RecordingRemover, SoundReader
from recorder.intake.process import IntakeProcess
from recorder.intake_api import VideoShelf
from signaling.access.roles import Actor
from signaling.audit.log import SYSTEM
from signaling.audit_exports.exporting import AuditExporter
from signaling.audit_exports.kind import AUDIT_EXPORT
from signaling.base.clock import SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.logs import configure
from signaling.catalogue.importing import CatalogueImports
from signaling.catalogue.kind import CATALOGUE_IMPORT
from signaling.consent.export_kind import CONSENT_EXPORT
from signaling.consent.exporting import ConsentExporter
from signaling.directory.store import PeopleStore
from signaling.directory.workbooks.exporting import DirectoryExports
from signaling.directory.workbooks.importing import DirectoryImports
from signaling.directory.workbooks.kinds import DIRECTORY_EXPORT, DIRECTORY_IMPORT
from signaling.exchange.harvests.carrying import Harvester
from signaling.exchange.harvests.kind import HARVEST
from signaling.exchange.harvests.outgoing import Outgoing
from signaling.exchange.package_kind import LOM_PACKAGE
from signaling.exchange.package_reading import read_uploaded
from signaling.file_checks.checking import FileChecker
from signaling.file_checks.kind import FILE_CHECK
from signaling.files.keeping import Files
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.identity.accounts.changes import end_sessions
from signaling.jobs.carrying import Tools
from signaling.jobs.kinds import JobKinds
from signaling.jobs.limits import be_nice, collect_seldom
from signaling.jobs.worker import Line, Order, Outlet, standard_pipes, work
from signaling.joints.catalogue_use import chapters_in_use
from signaling.ledger.export_kind import EXPORT
from signaling.ledger.exporting import Exporter
from signaling.library.captions.kind import CAPTIONS
from signaling.library.captions.making import CaptionMaker
from signaling.library.captions.whisper import Whisper
from signaling.library.figures.export_kind import FIGURES_EXPORT
from signaling.library.figures.exporting import export_figures
from signaling.library.films.kind import FILM
from signaling.library.films.making import film_handler
from signaling.library.renditions import renditions_handler
from signaling.library.renditions_kind import RENDITIONS
from signaling.library.retention.erasing import Eraser
from signaling.library.retention.erasure_kind import ERASURE
from signaling.library.retention.export_kind import DELETION_EXPORT
from signaling.library.retention.exporting import DeletionExporter
from signaling.library.uploads.keeping import upload_handler
from signaling.library.uploads.kind import KEEP_UPLOAD
from signaling.timetable.imports.handlers import ImportJobs
from signaling.timetable.proposals.adopting import adoption_handler
from signaling.timetable.proposals.kinds import ADOPTION, SEARCH
from signaling.timetable.proposals.work import search_handler
from signaling.web.origin import networks

BAD_ORDER = 2  # exit code: whoever started it said nothing that can be understood


def job_kinds(config: Config) -> JobKinds:
    """Return the kinds of jobs that there are."""
    longest = timedelta(hours=config.max_lesson_hours)
    kinds = JobKinds()
    kinds.add(DIRECTORY_IMPORT, DirectoryImports(end_sessions).carry_out)
    kinds.add(DIRECTORY_EXPORT, DirectoryExports(end_sessions).carry_out)
    kinds.add(CATALOGUE_IMPORT, CatalogueImports(chapters_in_use).carry_out)
    kinds.add(AUDIT_EXPORT, AuditExporter(config.zone).export)
    kinds.add(EXPORT, Exporter(config.zone).export)
    kinds.add(FIGURES_EXPORT, export_figures)
    kinds.add(CONSENT_EXPORT, ConsentExporter(config.zone).export)
    kinds.add(FILE_CHECK, FileChecker(IntakeProcess(), FolderFiles(config.files)).check)
    kinds.add(HARVEST, Harvester(Outgoing(networks(config.harvest_networks))).harvest)
    ImportJobs(config.zone, longest, config.relay_mbps).add_to(kinds)
    kinds.add(RENDITIONS, renditions_handler(lambda: edition_maker(config)))
    kinds.add(FILM, film_handler(lambda: film_maker(config)))
    kinds.add(KEEP_UPLOAD, upload_handler(FolderFiles(config.files), lambda: video_shelf(config)))
    kinds.add(
        CAPTIONS, CaptionMaker(lambda: sound_reader(config), lambda: recogniser(config)).carry_out
    )
    kinds.add(
        ERASURE, Eraser(lambda: recording_remover(config), FolderFiles(config.files)).carry_out
    )
    kinds.add(DELETION_EXPORT, DeletionExporter(config.zone).export)
    kinds.add(LOM_PACKAGE, read_uploaded)
    return kinds.add(SEARCH, search_handler(config)).add(ADOPTION, adoption_handler(config))


def edition_maker(config: Config) -> EditionMaker:
    """Open what makes renditions. No other kind loads the recorder, and FFmpeg with it."""
    opening = import_module("recorder.editions.opening")
    maker: EditionMaker = opening.open_maker(
        config.data, config.database, config.recordings, config.recordings_key_file
    )
    return maker


def film_maker(config: Config) -> FilmMaker:
    """Open what makes films; see `edition_maker`."""
    opening = import_module("recorder.films.opening")
    maker: FilmMaker = opening.open_studio(
        config.data, config.database, config.recordings, config.recordings_key_file
    )
    return maker


def video_shelf(config: Config) -> VideoShelf:
    """Open what keeps uploads like recordings; see `edition_maker`."""
    shelving = import_module("recorder.intake.shelving")
    shelf: VideoShelf = shelving.open_shelf(
        config.data, config.database, config.recordings, config.recordings_key_file
    )
    return shelf


def sound_reader(config: Config) -> SoundReader:
    """Open what reads the sound of recordings; see `edition_maker`."""
    listening = import_module("recorder.listening.listener")
    reader: SoundReader = listening.open_listener(
        config.data,
        config.database,
        config.recordings,
        config.recordings_key_file,
        config.data / "listening",
    )
    return reader


def recogniser(config: Config) -> Whisper:
    """Load the model that the configuration names. Raises ModelMissing."""
    return Whisper(
        config.captions_model,
        config.data / "models",
        language=config.captions_language,
        threads=config.captions_threads,
    )


def recording_remover(config: Config) -> RecordingRemover:
    """Open what deletes recordings."""
    removing = import_module("recorder.recordings.removing")
    remover: RecordingRemover = removing.open_remover(
        config.data, config.database, config.recordings, config.recordings_key_file
    )
    return remover


def tools_of(config: Config, database: Database) -> Tools:
    """Return what every run works with."""
    clock = SystemClock()
    people = PeopleStore(database)

    async def owner(owner_id: str) -> Actor | None:
        if owner_id == SYSTEM.actor_id:
            return SYSTEM
        person = await people.person(owner_id)
        if person is None or not person.active:
            return None
        return person.actor(clock.now())

    storage = FolderFiles(config.files)
    return Tools(
        database=database,
        clock=clock,
        files=lambda audit: Files(FileStore(database), storage, audit, clock),
        owner=owner,
    )


async def _carry_out(job_id: str, order: Order, kinds: JobKinds, outlet: Outlet) -> None:
    database = Database(order.config.database)
    try:
        tools = tools_of(order.config, database)
        end = await work(job_id, order, kinds, tools, outlet.report)
    finally:
        await database.close()
    outlet.tell(Line(end=end))


def main(arguments: Sequence[str], kinds: Callable[[Config], JobKinds] = job_kinds) -> int:
    """Carry out one run of a job. Returns the exit code."""
    be_nice()
    outlet = standard_pipes()
    try:
        (job_id,) = arguments
        order = outlet.order()
    except (ValueError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_ORDER
    configure(order.config.log_level, order.config.node_id)
    collect_seldom()
    asyncio.run(_carry_out(job_id, order, kinds(order.config), outlet))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
