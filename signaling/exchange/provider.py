"""The provider of OAI-PMH 2.0: a request's arguments become an answer.

The server keeps nothing between two requests. A page is found by the key of the last record before
it, so a change in the meantime moves no other record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from signaling.access.signing import InvalidToken, Keyring, Purpose, sign, unsign
from signaling.base.clock import Clock
from signaling.exchange.core import answers, tokens
from signaling.exchange.core.answers import Repository
from signaling.exchange.core.markup import NOTHING, Markup
from signaling.exchange.core.records import Key, PublishedRecord, PublishedRecords, Selection
from signaling.exchange.core.requests import Code, OaiProblem, OaiRequest, Verb, read_request
from signaling.exchange.core.sets import set_filter, spec_of_stage, spec_of_subject
from signaling.exchange.core.words import STAGES

PAGE_RECORDS = 100
AT_A_STRETCH = 5  # records that are written before others on the loop have their turn
MAX_SUBJECTS = 500  # that are listed as sets
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)  # told as the oldest change where there is no record


class OaiProvider:
    """Answers requests over the records that the library lends."""

    def __init__(
        self,
        records: PublishedRecords,
        keyring: Keyring,
        clock: Clock,
        page_records: int = PAGE_RECORDS,
    ) -> None:
        self._records = records
        self._keyring = keyring
        self._clock = clock
        self._page_records = page_records

    async def answer(self, arguments: Sequence[tuple[str, str]], repository: Repository) -> bytes:
        """Return the XML that answers a request; a bad request is answered, too."""
        now = self._clock.now()
        request: OaiRequest | None = None
        try:
            request = read_request(arguments)
            content = await self._content(request, repository, now)
        except OaiProblem as problem:
            return answers.refusal(repository, now, request, problem)
        return answers.whole(repository, now, request, content)

    async def _content(self, request: OaiRequest, repository: Repository, now: datetime) -> bytes:
        domain = repository.domain
        match request.verb:
            case Verb.IDENTIFY:
                earliest = await self._records.earliest()
                return answers.identify(repository, earliest or min(now, _BEGIN)).encode()
            case Verb.LIST_METADATA_FORMATS:
                if request.identifier or dict(request.arguments).get("identifier") is not None:
                    await self._record(request, domain)
                return answers.formats().encode()
            case Verb.LIST_SETS:
                return (await self._sets(request)).encode()
            case Verb.GET_RECORD:
                record = await self._record(request, domain)
                found = answers.record_of(record, domain, request.prefix)
                return answers.page(request.verb, [found.encode()], NOTHING)
            case _:
                return await self._list(request, domain, now)

    async def _record(self, request: OaiRequest, domain: str) -> PublishedRecord:
        resource_id = answers.resource_id_of(domain, request.identifier)
        record = None if not resource_id else await self._records.one(resource_id)
        if record is None:
            raise OaiProblem(Code.ID_DOES_NOT_EXIST)
        return record

    async def _sets(self, request: OaiRequest) -> Markup:
        if request.token:
            raise OaiProblem(Code.BAD_RESUMPTION_TOKEN)  # all sets stand on one page
        subjects = await self._records.subjects(MAX_SUBJECTS)
        stages = [(spec_of_stage(stage), name) for stage, name in STAGES.items()]
        return answers.sets([*stages, *((spec_of_subject(s), s) for s in sorted(subjects))])

    # --- lists -----------------------------------------------------------------------------------

    async def _list(self, request: OaiRequest, domain: str, now: datetime) -> bytes:
        after, given = None, 0
        if request.token or "resumptionToken" in dict(request.arguments):
            request, place = self._resumed(request, now)
            after, given = place.key, place.given
        found = await self._found(request, after)
        if not found and after is None:
            raise OaiProblem(Code.NO_RECORDS_MATCH)
        shown = found[: self._page_records]
        items = await _written(shown, request, domain)
        token = NOTHING
        if len(found) > len(shown):
            token = self._token(request, shown[-1].key, given, len(shown), now)
        elif after is not None:
            token = answers.resumption("", given, None)
        return answers.page(request.verb, items, token)

    async def _found(self, request: OaiRequest, after: Key | None) -> Sequence[PublishedRecord]:
        """Return the records of a page, and one more if there is another page."""
        of_set = set_filter(request.spec) if request.spec else None
        if of_set is not None and not of_set.known:
            return ()
        selection = Selection(
            request.since,
            request.before,
            None if of_set is None else of_set.subject,
            None if of_set is None else of_set.stage,
        )
        return await self._records.page(selection, after, self._page_records + 1)

    def _resumed(self, request: OaiRequest, now: datetime) -> tuple[OaiRequest, tokens.ListPlace]:
        try:
            payload = unsign(self._keyring, Purpose.OAI, request.token)
            return tokens.unpack(payload, request, now)
        except (InvalidToken, tokens.BadToken):
            raise OaiProblem(Code.BAD_RESUMPTION_TOKEN) from None

    def _token(
        self, request: OaiRequest, last: Key, given: int, count: int, now: datetime
    ) -> Markup:
        place = tokens.place_after(request, last, given + count, now)
        token = sign(self._keyring, Purpose.OAI, tokens.pack(place))
        return answers.resumption(token, given, tokens.expiry(place))


async def _written(
    records: Sequence[PublishedRecord], request: OaiRequest, domain: str
) -> list[bytes]:
    """Write records a few at a time, so that media that wait to be forwarded wait not long."""
    pieces = []
    for first in range(0, len(records), AT_A_STRETCH):
        some = records[first : first + AT_A_STRETCH]
        if request.verb is Verb.LIST_IDENTIFIERS:
            written = [answers.header(record, domain) for record in some]
        else:
            written = [answers.record_of(record, domain, request.prefix) for record in some]
        pieces.append("".join(written).encode())
        await asyncio.sleep(0)
    return pieces
