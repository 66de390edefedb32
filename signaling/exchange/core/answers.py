"""Answers of OAI-PMH 2.0 as XML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.exchange.core import dates
from signaling.exchange.core.dublin_core import OAI_DC, OAI_DC_SCHEMA, dublin_core_of
from signaling.exchange.core.lom import LOM, LOM_SCHEMA, lom_of
from signaling.exchange.core.markup import DECLARATION, Markup, tag
from signaling.exchange.core.records import PublishedRecord
from signaling.exchange.core.requests import Code, OaiProblem, OaiRequest, Prefix
from signaling.exchange.core.sets import specs_of

OAI = "http://www.openarchives.org/OAI/2.0/"
_SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
_END = "</OAI-PMH>"
_SILENT = frozenset({Code.BAD_ARGUMENT, Code.BAD_VERB})  # their answers repeat no argument (§3.6)
_FORMATS = {Prefix.OAI_DC: (OAI_DC_SCHEMA, OAI_DC), Prefix.LOM: (LOM_SCHEMA, LOM)}


@dataclass(frozen=True, slots=True)
class Repository:
    """Facts by which the repository names itself.

    Attributes:
        base_url: where it answers, as callers reach it.
        domain: of its identifiers (`oai:<domain>:<id>`).
    """

    name: str
    base_url: str
    admin_email: str
    domain: str


def identifier_of(domain: str, resource_id: str) -> str:
    """Return the identifier under which others know a resource."""
    return f"oai:{domain}:{resource_id}"


def resource_id_of(domain: str, identifier: str) -> str | None:
    """Return whose identifier it is; None for a foreign one."""
    start = identifier_of(domain, "")
    return identifier[len(start) :] if identifier.startswith(start) else None


def whole(
    repository: Repository, now: datetime, request: OaiRequest | None, content: bytes
) -> bytes:
    """Return the whole answer; `request` is None where its arguments are not repeated.

    The content is encoded already. A page has 300 kB, which nobody should copy often.
    """
    named = dict(request.arguments) if request is not None else {}
    head = {
        "xmlns": OAI,
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xsi:schemaLocation": f"{OAI} {_SCHEMA}",
    }
    frame = tag(
        "OAI-PMH",
        tag("responseDate", dates.stamp(now)),
        tag("request", repository.base_url, **named),
        **head,
    )
    beginning = DECLARATION + frame.removesuffix(_END)
    return b"".join((beginning.encode(), content, _END.encode()))


def refusal(
    repository: Repository, now: datetime, request: OaiRequest | None, problem: OaiProblem
) -> bytes:
    """Return the answer that tells an error."""
    error = tag("error", problem.detail or str(problem.code), code=str(problem.code))
    return whole(repository, now, None if problem.code in _SILENT else request, error.encode())


def identify(repository: Repository, earliest: datetime) -> Markup:
    """Return the content of Identify."""
    return tag(
        "Identify",
        tag("repositoryName", repository.name),
        tag("baseURL", repository.base_url),
        tag("protocolVersion", "2.0"),
        tag("adminEmail", repository.admin_email),
        tag("earliestDatestamp", dates.stamp(earliest)),
        tag("deletedRecord", "persistent"),
        tag("granularity", dates.GRANULARITY),
        tag("description", _identifier_scheme(repository.domain)),
    )


def _identifier_scheme(domain: str) -> Markup:
    space = "http://www.openarchives.org/OAI/2.0/oai-identifier"
    location = f"{space} http://www.openarchives.org/OAI/2.0/oai-identifier.xsd"
    return tag(
        "oai-identifier",
        tag("scheme", "oai"),
        tag("repositoryIdentifier", domain),
        tag("delimiter", ":"),
        tag("sampleIdentifier", identifier_of(domain, "example")),
        **{"xmlns": space, "xsi:schemaLocation": location},
    )


def formats() -> Markup:
    """Return the content of ListMetadataFormats."""
    return tag(
        "ListMetadataFormats",
        *(
            tag(
                "metadataFormat",
                tag("metadataPrefix", str(prefix)),
                tag("schema", schema),
                tag("metadataNamespace", space),
            )
            for prefix, (schema, space) in _FORMATS.items()
        ),
    )


def sets(named: list[tuple[str, str]]) -> Markup:
    """Return the content of ListSets, from names and what people call them."""
    return tag(
        "ListSets",
        *(tag("set", tag("setSpec", spec), tag("setName", name)) for spec, name in named),
    )


def header(record: PublishedRecord, domain: str) -> Markup:
    """Return a record's header."""
    deleted = {"status": "deleted"} if record.metadata is None else {}
    return tag(
        "header",
        tag("identifier", identifier_of(domain, record.resource_id)),
        tag("datestamp", dates.stamp(record.datestamp)),
        *(tag("setSpec", spec) for spec in specs_of(record)),
        **deleted,
    )


def record_of(record: PublishedRecord, domain: str, prefix: Prefix) -> Markup:
    """Return a record with its metadata in a format."""
    head = header(record, domain)
    if record.metadata is None:
        return tag("record", head)
    identifier = identifier_of(domain, record.resource_id)
    write = lom_of if prefix is Prefix.LOM else dublin_core_of
    return tag("record", head, tag("metadata", write(record.metadata, identifier)))


def resumption(token: str, given: int, expires: datetime | None) -> Markup:
    """Return the token's element; an empty token ends a list of several pages.

    Args:
        token: the token.
        given: how many records the pages before this one had.
        expires: when the token ends.
    """
    until = {} if expires is None else {"expirationDate": dates.stamp(expires)}
    return tag("resumptionToken", *((token,) if token else ()), cursor=str(given), **until)


def page(verb: str, pieces: list[bytes], token: Markup) -> bytes:
    """Return the content of a list, from records that are encoded already."""
    return b"".join((f"<{verb}>".encode(), *pieces, token.encode(), f"</{verb}>".encode()))
