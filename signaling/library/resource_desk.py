"""All that is done with resources, put together: 我的资源, 审核, 发布, and the open library."""

from __future__ import annotations

from recorder.api import Editions, Films
from signaling.access.signing import Keyring
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.limits import LimitStore
from signaling.files.holding import HeldFiles
from signaling.identity.passwords import Passwords
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.library.attachments.checking import AttachmentCheck
from signaling.library.attachments.routes import AttachmentHandlers
from signaling.library.attachments.service import Attachments
from signaling.library.captions.checking import CaptionCheck
from signaling.library.captions.model import is_installed
from signaling.library.captions.policies import CaptionPolicyDesk
from signaling.library.captions.routes import CaptionHandlers
from signaling.library.captions.service import Captions
from signaling.library.drafts import Drafts
from signaling.library.editions.service import EditionKeeper
from signaling.library.figures.routes import FiguresHandlers
from signaling.library.figures.service import Figures
from signaling.library.films.routes import FilmHandlers
from signaling.library.films.service import FilmDesk
from signaling.library.films.shown import ShownFilms
from signaling.library.indexing import index_of
from signaling.library.media_shelf import MediaShelf
from signaling.library.nominations.routes import NominationHandlers
from signaling.library.nominations.service import Nominating
from signaling.library.overview.routes import OverviewHandlers
from signaling.library.overview.service import PublicationOverview
from signaling.library.publishing.download_routes import DownloadHandlers
from signaling.library.publishing.downloads import Downloads
from signaling.library.publishing.facets import Facets
from signaling.library.publishing.media import PublishedMedia
from signaling.library.publishing.reading import LibraryReader
from signaling.library.publishing.records import PublicRecords
from signaling.library.publishing.refusals import GuestRefusals
from signaling.library.publishing.routes import LibraryPages, PublishingHandlers
from signaling.library.publishing.service import Publishing
from signaling.library.publishing.tickets import GuessLimits, Tickets
from signaling.library.publishing.tree import Tree
from signaling.library.recommending.deciding import Deciding
from signaling.library.recommending.reading import RecommendationReader
from signaling.library.recommending.routes import RecommendationHandlers
from signaling.library.recommending.service import Recommending
from signaling.library.retention.holding import LegalHolds
from signaling.library.retention.policies import RetentionPolicies
from signaling.library.retention.reading import RetentionReader
from signaling.library.retention.routes import RetentionHandlers
from signaling.library.retention.service import Deletions
from signaling.library.review.batch import Batches
from signaling.library.review.policies import Policies
from signaling.library.review.routes import ReviewHandlers
from signaling.library.review.service import Reviewing
from signaling.library.series.routes import SeriesHandlers
from signaling.library.series.service import SeriesDesk
from signaling.library.sharing.routes import ShareHandlers
from signaling.library.sharing.service import ShareLinks
from signaling.library.uploads.routes import UploadHandlers
from signaling.library.uploads.service import Uploads
from signaling.library.uses.routes import UseHandlers
from signaling.library.uses.service import UseCounter
from signaling.library.versions.checks import Checks
from signaling.library.versions.ground import ResourceGround
from signaling.library.versions.reading import Beside, ResourceReader
from signaling.library.versions.routes import ResourceHandlers
from signaling.library.versions.service import ResourceEditing


class ResourceDesk:
    """The services over resources, and the handlers of their routes.

    Attributes:
        checks: what reviewers are told; other wings add theirs, and set the gate of consent.
        editing: the actions of owners.
        reviewing: the actions of reviewers.
        publishing: the actions on what is published.
        recommending: 推荐上级, for both levels.
        uses: counts of use, to be written every now and then.
        deletions: what deletes resources, by hand and by rules.
        editions: what is played of it.
        uploads: resources that point at an upload.
        attachments: files beside versions.
        films: one MP4 of a version.
        captions: 字幕 of versions.
        records: what is or was public, for those who hand it on.
    """

    def __init__(
        self,
        *,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        recorder: MediaShelf,
        editions: Editions,
        films: Films,
        jobs: JobService,
        job_store: JobStore,
        files: HeldFiles,
        drafts: Drafts,
        passwords: Passwords,
        keyring: Keyring,
        guesses: LimitStore,
        config: Config,
    ) -> None:
        prefix, index = config.path_prefix, index_of(database)
        self.checks = Checks()
        ground = ResourceGround(database, audit, clock, recorder, index, self.checks)
        self.editions = EditionKeeper(ground, editions, jobs, job_store)
        self.uploads = Uploads(ground, recorder, files, jobs, job_store)
        self.attachments = Attachments(ground, files, prefix)
        self.films = FilmDesk(ground, films, jobs, job_store, prefix)
        beside = Beside(self.editions, self.uploads, self.attachments)
        reader = ResourceReader(ground, drafts, beside, prefix)
        installed = is_installed(config.captions_model)
        self.captions = Captions(ground, jobs, job_store, installed=installed)
        self.checks.add(CaptionCheck(database))
        self.checks.add(AttachmentCheck(database))
        self.captioned = CaptionHandlers(
            self.captions, CaptionPolicyDesk(database, audit, installed=installed), reader
        )
        self.editing = ResourceEditing(ground, self.attachments, self.captions)
        self.reviewing = Reviewing(ground, reader)
        self.publishing = Publishing(ground, passwords, self.editions)
        self.deletions = Deletions(ground, jobs)
        self.retention = RetentionHandlers(
            self.deletions,
            RetentionReader(ground),
            LegalHolds(ground),
            RetentionPolicies(database, audit),
            jobs,
            reader,
        )
        self.records = PublicRecords(database, clock)
        tickets = Tickets(keyring, clock)
        published = LibraryReader(database, index, tickets, clock, prefix)
        limits = GuessLimits(guesses)
        refusals = GuestRefusals(audit, clock)
        links = ShareLinks(
            ground,
            self.publishing,
            reader=published,
            tickets=tickets,
            limits=limits,
            refusals=refusals,
        )
        self.sharing = ShareHandlers(links, reader, config)
        downloads = Downloads(recorder, ShownFilms(ground, films, job_store), refusals, prefix)
        media = PublishedMedia(
            reader=published,
            recorder=recorder,
            keeper=self.editions,
            attachments=self.attachments,
            captions=self.captions,
            passwords=passwords,
            tickets=tickets,
            limits=limits,
            refusals=refusals,
            downloads=downloads,
            prefix=prefix,
        )
        self.work = ResourceHandlers(reader, self.editing)
        self.reviews = ReviewHandlers(
            self.reviewing,
            reader,
            Batches(self.reviewing, self.publishing, reader),
            Policies(database, audit),
        )
        self.recommending = Recommending(ground)
        self.recommendations = RecommendationHandlers(
            self.recommending,
            Deciding(ground, self.recommending),
            RecommendationReader(ground, reader, prefix),
            reader,
        )
        self.nominations = NominationHandlers(Nominating(ground, config.zone), reader)
        self.figures = FiguresHandlers(Figures(database, clock, config.zone), jobs)
        self.uses = UseCounter(database, clock, keyring, config.zone)
        self.used = UseHandlers(self.uses, published, config)
        self.series = SeriesHandlers(SeriesDesk(database, audit, clock, published))
        self.publications = PublishingHandlers(self.publishing, self.editions, reader)
        self.overview = OverviewHandlers(PublicationOverview(database, index, clock))
        self.attached = AttachmentHandlers(self.attachments, reader, media)
        self.saved = DownloadHandlers(media)
        self.filmed = FilmHandlers(self.films, reader)
        self.uploaded = UploadHandlers(self.uploads, reader)
        facets = Facets(database, index, clock)
        tree = Tree(database, index, facets, clock)
        self.pages = LibraryPages(published, facets, tree, media, config)
