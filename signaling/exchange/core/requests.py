"""Requests of OAI-PMH 2.0: arguments become a request, or the errors that the protocol names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signaling.exchange.core import dates
from signaling.exchange.core.markup import is_legal
from signaling.exchange.core.sets import is_spec

MAX_ARGUMENT_CHARS = 2048  # of one argument; a token has some 300
MAX_ARGUMENTS = 20  # of one request; the protocol knows eight


class Verb(StrEnum):
    """The six verbs."""

    IDENTIFY = "Identify"
    LIST_METADATA_FORMATS = "ListMetadataFormats"
    LIST_SETS = "ListSets"
    LIST_IDENTIFIERS = "ListIdentifiers"
    LIST_RECORDS = "ListRecords"
    GET_RECORD = "GetRecord"


class Code(StrEnum):
    """The errors of §3.6."""

    BAD_ARGUMENT = "badArgument"
    BAD_RESUMPTION_TOKEN = "badResumptionToken"  # noqa: S105 - the name of an error
    BAD_VERB = "badVerb"
    CANNOT_DISSEMINATE_FORMAT = "cannotDisseminateFormat"
    ID_DOES_NOT_EXIST = "idDoesNotExist"
    NO_RECORDS_MATCH = "noRecordsMatch"
    NO_METADATA_FORMATS = "noMetadataFormats"  # never: each record has both formats
    NO_SET_HIERARCHY = "noSetHierarchy"  # never: there are sets


class Prefix(StrEnum):
    """The formats of metadata."""

    OAI_DC = "oai_dc"
    LOM = "lom"


class OaiProblem(Exception):
    """A request that is answered with an error.

    Attributes:
        code: the protocol's code.
        detail: English for programmers; never holds what the caller sent.
    """

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(detail or str(code))
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class OaiRequest:
    """A request whose arguments may be.

    Attributes:
        arguments: as they came, to be named in the answer.
        prefix: of GetRecord and of the first page of a list.
        since: the first moment of `from`.
        before: the moment behind `until`.
        spec: the set's name; empty for none.
    """

    verb: Verb
    arguments: tuple[tuple[str, str], ...] = ()
    identifier: str = ""
    prefix: Prefix = Prefix.OAI_DC
    since: datetime | None = None
    before: datetime | None = None
    spec: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Arguments that a verb takes."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    resumes: bool = False


_LIST = _Shape(frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"}), resumes=True)
_SHAPES = {
    Verb.IDENTIFY: _Shape(),
    Verb.LIST_METADATA_FORMATS: _Shape(optional=frozenset({"identifier"})),
    Verb.LIST_SETS: _Shape(resumes=True),
    Verb.LIST_IDENTIFIERS: _LIST,
    Verb.LIST_RECORDS: _LIST,
    Verb.GET_RECORD: _Shape(frozenset({"identifier", "metadataPrefix"})),
}


def read_request(pairs: Sequence[tuple[str, str]]) -> OaiRequest:
    """Read the arguments of a request, in the order in which they came. Raises OaiProblem."""
    verb = _verb(pairs)
    given = [(name, value) for name, value in pairs if name != "verb"]
    arguments = dict(given)
    if len(arguments) != len(given) or len(pairs) > MAX_ARGUMENTS:
        raise OaiProblem(Code.BAD_ARGUMENT, "an argument is repeated")
    if any(len(v) > MAX_ARGUMENT_CHARS or not is_legal(v) for v in arguments.values()):
        raise OaiProblem(Code.BAD_ARGUMENT, "an argument is too long, or no text")
    _demand_shape(_SHAPES[verb], arguments)
    named = (("verb", str(verb)), *given)
    if "resumptionToken" in arguments:
        return OaiRequest(verb, named, token=arguments["resumptionToken"])
    return _filled(verb, named, arguments)


def _verb(pairs: Sequence[tuple[str, str]]) -> Verb:
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1:
        raise OaiProblem(Code.BAD_VERB, "exactly one verb is needed")
    try:
        return Verb(verbs[0])
    except ValueError:
        raise OaiProblem(Code.BAD_VERB, "no verb of OAI-PMH 2.0") from None


def _demand_shape(shape: _Shape, arguments: dict[str, str]) -> None:
    names = arguments.keys()
    if shape.resumes and "resumptionToken" in names:
        if len(names) > 1:
            raise OaiProblem(Code.BAD_ARGUMENT, "resumptionToken is an exclusive argument")
        return
    if names - shape.required - shape.optional:
        raise OaiProblem(Code.BAD_ARGUMENT, "the verb takes no such argument")
    if missing := shape.required - names:
        raise OaiProblem(Code.BAD_ARGUMENT, f"missing: {', '.join(sorted(missing))}")


def _filled(
    verb: Verb, named: tuple[tuple[str, str], ...], arguments: dict[str, str]
) -> OaiRequest:
    since, before = _window(arguments.get("from"), arguments.get("until"))
    spec = arguments.get("set", "")
    if "set" in arguments and not is_spec(spec):
        raise OaiProblem(Code.BAD_ARGUMENT, "set: not the name of a set")
    prefix = Prefix.OAI_DC
    if "metadataPrefix" in arguments:
        try:
            prefix = Prefix(arguments["metadataPrefix"])
        except ValueError:
            raise OaiProblem(Code.CANNOT_DISSEMINATE_FORMAT, "formats: oai_dc, lom") from None
    identifier = arguments.get("identifier", "")
    return OaiRequest(verb, named, identifier, prefix, since, before, spec)


def _window(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    try:
        first = None if since is None else dates.begin(since)
        behind = None if until is None else dates.end(until)
    except dates.BadDate:
        raise OaiProblem(Code.BAD_ARGUMENT, f"dates are {dates.GRANULARITY}, in UTC") from None
    if since is not None and until is not None:
        if dates.is_day(since) != dates.is_day(until):
            raise OaiProblem(Code.BAD_ARGUMENT, "from and until differ in granularity")
        if since > until:
            raise OaiProblem(Code.BAD_ARGUMENT, "from is later than until")
    return first, behind
