"""What reviewers are told about captions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from signaling.base.database import Database
from signaling.library.captions.rules import found_words, shown_cues
from signaling.library.captions.store import cues_of, of_working, wanted_at
from signaling.library.captions.tables import CaptionRow
from signaling.library.versions.checks import Checked
from signaling.library.versions.wire import CheckCode, CheckFinding, CheckWeight, ResourceEdits
from signaling.library.wire import Span


class CaptionCheck:
    """Tells where captions have a word of the lists. Implements `versions.checks.ReviewCheck`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def findings(self, version: Checked) -> Sequence[CheckFinding]:
        """Return a finding for each word, with the times of the recording; of what is shown."""
        async with self._database.read() as session:
            found = await of_working(session, version.resource_id)
            if found is None or found[0].cues == "[]":
                return ()
            words = (await wanted_at(session, found[1])).words
        if not words:
            return ()
        found_here = await asyncio.to_thread(_found, found[0], version.edits, words)
        return [
            CheckFinding(CheckCode.CAPTION_WORDS, CheckWeight.WARNING, name=word, spans=spans)
            for word, spans in found_here
        ]


def _found(
    row: CaptionRow, edits: ResourceEdits, words: Sequence[str]
) -> list[tuple[str, tuple[Span, ...]]]:
    """Look for words in what is shown; of many captions it takes too long for the loop."""
    return found_words(list(shown_cues(cues_of(row), edits)), words)
