"""Makes captions of what is said in a recording. Only the worker process loads this."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from recorder.api import (
    SOUND_RATE,
    Manifest,
    RecordingNotFound,
    SoundReader,
    SoundUnreadable,
    SourceManifest,
)
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.base.errors import NotFound, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.kinds import JobContext
from signaling.library.captions import store
from signaling.library.captions.kind import CaptionsMade, CaptionTask
from signaling.library.captions.rules import in_order
from signaling.library.captions.service import taken_over
from signaling.library.captions.speech import Heard, Recogniser, Samples, divided, windows, within
from signaling.library.captions.whisper import ModelMissing
from signaling.library.captions.wire import MAX_CUES, CaptionCue, CaptionState
from signaling.library.versions.records import Held, edits_of
from signaling.library.versions.store import load
from signaling.library.versions.wire import VersionState
from signaling.library.wire import Span

_DECODING_SHARE = 0.05  # of the progress of a source
_STEPS = 1000  # of the progress
_CHANGEABLE = frozenset({VersionState.DRAFT, VersionState.IN_REVIEW})

log = structlog.get_logger(__name__)


class CaptionsFailed(SignalingError):
    """The sound could not be decoded; another run may fare better."""

    status = 503
    code = ProblemCode.CAPTIONS_FAILED
    title = "captions could not be made"


class NotInstalled(SignalingError):
    """The engine or its model is gone since the job was ordered."""

    status = 409
    code = ProblemCode.CAPTIONS_NOT_INSTALLED
    title = "nothing here can make captions"


class TooLate(SignalingError):
    """The version may no longer change, or somebody changed its captions."""

    status = 409
    code = ProblemCode.CAPTIONS_TOO_LATE
    title = "the version was decided about meanwhile"


@dataclass(frozen=True, slots=True)
class CaptionMaker:
    """Carries out the job; what it needs is opened once for each."""

    open_reader: Callable[[], SoundReader]
    open_recogniser: Callable[[], Recogniser]

    async def carry_out(self, context: JobContext, task: CaptionTask) -> CaptionsMade:
        """Make the captions of a version, and put them in the place of those that it has.

        Raises:
            NotFound: the recording is gone.
            NotInstalled, CaptionsFailed, TooLate: see there.
        """
        async with context.database.read() as session:
            held = await load(session, task.resource_id)
        working = None if held is None else held.working
        skipped = frozenset(() if working is None else edits_of(working).hidden_sources)
        reader = self.open_reader()
        try:
            manifest = await reader.manifest(task.recording_id)
            recogniser = self.open_recogniser()
            heard = await self._hear(context, reader, manifest, recogniser, skipped)
        except RecordingNotFound as error:
            raise NotFound(str(error), code=ProblemCode.RECORDING_NOT_FOUND) from error
        except ModelMissing as error:
            raise NotInstalled(str(error)) from error
        except SoundUnreadable as error:
            raise CaptionsFailed(str(error)) from error
        cues = in_order(_numbered(heard, manifest.entry.duration_s))
        return await _take_over(context, task, cues, recogniser.name)

    async def _hear(
        self,
        context: JobContext,
        reader: SoundReader,
        manifest: Manifest,
        recogniser: Recogniser,
        skipped: frozenset[str],
    ) -> list[tuple[str, Heard]]:
        found: list[tuple[str, Heard]] = []
        audible = [
            (source, spans)
            for source in manifest.sources
            if source.source_id not in skipped and (spans := _audible(manifest, source))
        ]
        for number, (source, spans) in enumerate(audible):

            def report(share: float, before: int = number) -> None:
                context.progress(int((before + share) / len(audible) * _STEPS), _STEPS)

            def decoded(share: float) -> None:
                report(share * _DECODING_SHARE)

            async with reader.sound(manifest, source, decoded) as path:
                if path is None:
                    continue
                samples = np.memmap(path, np.int16, "r")
                for one in _passages(samples, spans, recogniser):
                    found.append((source.source_id, one))
                    done = one.end_s * SOUND_RATE / max(1, len(samples))
                    report(_DECODING_SHARE + (1 - _DECODING_SHARE) * min(1.0, done))
        return found


def _audible(manifest: Manifest, source: SourceManifest) -> Sequence[Span]:
    """Return when viewers hear a source: the lead always, a room while it is on stage."""
    if not any(one.has_audio for one in source.files):
        return ()
    if source.lead:
        return (Span(0.0, manifest.entry.duration_s),)
    owner = source.source_id.rpartition(".")[0]
    return [Span(one.start_s, one.end_s) for one in manifest.stage if one.participant_id == owner]


def _passages(samples: Samples, spans: Sequence[Span], recogniser: Recogniser) -> Iterator[Heard]:
    """Yield what is said in some spans of a recording, at its times."""
    for span in spans:
        first = max(0, round(span.start_s * SOUND_RATE))
        part = samples[first : round(span.end_s * SOUND_RATE)]
        for start, end in windows(part, SOUND_RATE):
            window = np.asarray(part[start:end])
            if not window.any():
                continue  # nothing was recorded: not worth a look
            offset = (first + start) / SOUND_RATE
            for passage in recogniser.hear(window):
                for line in divided(passage):
                    moved = Heard(line.start_s + offset, line.end_s + offset, line.text)
                    if within((span,), moved.start_s, moved.end_s):
                        yield moved


def _numbered(heard: Sequence[tuple[str, Heard]], duration_s: float) -> Iterator[CaptionCue]:
    """Yield cues; more than a version may have are left out, which no lesson reaches."""
    ordered = sorted(heard, key=lambda one: (one[1].start_s, one[1].end_s))
    if len(ordered) > MAX_CUES:
        log.warning("captions_cut_short", cues=len(ordered))
    for number, (source_id, one) in enumerate(ordered[:MAX_CUES], start=1):
        end = min(one.end_s, duration_s)
        if end > one.start_s:
            yield CaptionCue(number, round(one.start_s, 3), round(end, 3), one.text, source_id)


async def _take_over(
    context: JobContext, task: CaptionTask, cues: Sequence[CaptionCue], model: str
) -> CaptionsMade:
    made = CaptionsMade(len(cues), True)
    action = AuditAction.CAPTIONS_MADE
    async with context.audit.work(context.actor, action, task.resource_id) as work:
        held: Held | None = await load(work.session, task.resource_id, lock=True)
        row = await store.of_version(work.session, task.resource_id, task.version)
        working = None if held is None else held.working
        if (
            held is None
            or row is None
            or working is None
            or working.number != task.version
            or held.state not in _CHANGEABLE
            or row.state != CaptionState.MAKING
            or row.revision != task.revision
        ):
            raise TooLate
        taken_over(row, store.written(cues), model, context.clock.now())
        if held.state is VersionState.IN_REVIEW:
            working.revision += 1  # a verdict on what was there before is refused
        work.concerns(held.path, held.row.title)
        work.detail = detail_of(version=task.version, cues=len(cues))
        context.finish(made)
    return made
