"""Rules of a harvest: which addresses may be asked, what is asked next, when it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from signaling.exchange.core import dates
from signaling.exchange.core.bounds import bounded, web_address
from signaling.exchange.core.dublin_core import read_dublin_core
from signaling.exchange.core.lom import read_lom
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.core.requests import Code, Prefix, Verb

OAI_SPACE = "http://www.openarchives.org/OAI/2.0/"
OVERLAP = timedelta(minutes=5)  # asked for again: a record's datestamp is older than its commit
MAX_URL_CHARS = 200  # of a source
MAX_TOKEN_CHARS = 2000  # of a resumption token; it stands in a query
MAX_PAGE_RECORDS = 2000  # others give 50 to 1,000
MAX_PAGES = 10_000  # of one harvest
MAX_RESTARTS = 3  # of one harvest, for tokens that the other side no longer takes
MAX_IDENTIFIER_CHARS = 400
MAX_FAILURES = 8  # in a row; after them a harvest begins by an order only: some ten days
_FIRST_RETRY = timedelta(hours=1)  # after a failure; doubled each time …
_LONGEST_RETRY = timedelta(days=3)  # … up to this
_ANEW_EVERY = 3  # failures, whatever they are: the place itself may be what is not answered
# Answers that would be the same at the same place.
_OF_PLACE = frozenset({"harvest_endless", "harvest_refused", "harvest_too_large", "harvest_no_oai"})
# Networks that `is_global` takes for public: IPv4-compatible and site-local (RFC 4291), local NAT64
# (RFC 8215).
_LOCAL: Networks = tuple(map(IPv6Network, ("::/96", "fec0::/10", "64:ff9b:1::/48")))
_EMBEDDED = IPv6Network("64:ff9b::/96")  # NAT64 (RFC 6052): the last 32 bits are an IPv4 address

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no library is older

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]


class BadSource(ValueError):
    """An address or an answer that cannot be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


# --- addresses -----------------------------------------------------------------------------------


def usable_url(text: str) -> str:
    """Return the address of a source. Raises BadSource."""
    url = web_address(text)
    parts = urlsplit(url)
    if not url or len(url) > MAX_URL_CHARS or parts.query or parts.fragment:
        raise BadSource("harvest_bad_url")
    try:
        _ = parts.port
    except ValueError:
        raise BadSource("harvest_bad_url") from None
    return url


def may_reach(address: str, allowed: Networks) -> bool:
    """Tell whether a harvest may connect to an address: a public one, or one that is allowed.

    An IPv6 address that carries an IPv4 address is judged by that one, too.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if any(_within(one, allowed) for one in _meant(parsed)):
        return True
    return all(
        one.is_global and not one.is_multicast and not _within(one, _LOCAL)
        for one in _meant(parsed)
    )


def _within(address: Address, nets: Networks) -> bool:
    return any(address in net for net in nets)


def _meant(address: Address) -> tuple[Address, ...]:
    """Return the addresses to which a connection may lead."""
    if isinstance(address, IPv4Address):
        return (address,)
    carried: list[IPv4Address | None] = [address.ipv4_mapped, address.sixtofour]
    if address.teredo is not None:
        carried += address.teredo
    if address in _EMBEDDED:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    return (address, *(one for one in carried if one is not None))


# --- one harvest ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HarvestPlace:
    """Place that a harvest of a source has reached.

    Attributes:
        prefix: the format that is asked for.
        by_day: the source knows days only, no seconds.
        since: records changed since then are asked for; None for all.
        began: what the source's clock said at the first page; None between two harvests.
        token: of the next page; empty at the begin of a harvest.
        pages: that this harvest had.
        restarts: of this harvest.
    """

    prefix: Prefix = Prefix.LOM
    by_day: bool = False
    since: datetime | None = None
    began: datetime | None = None
    token: str = ""
    pages: int = 0
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class HarvestedRecord:
    """A record as it came; without metadata it is deleted."""

    identifier: str
    datestamp: datetime
    metadata: SharedMetadata | None


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of ListRecords."""

    said_at: datetime
    records: tuple[HarvestedRecord, ...] = ()
    token: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The place after a page, and whether the harvest has ended with it."""

    place: HarvestPlace
    ended: bool = False


def asked(place: HarvestPlace, set_spec: str) -> dict[str, str]:
    """Return the arguments of the next request."""
    if place.token:
        return {"verb": Verb.LIST_RECORDS.value, "resumptionToken": place.token}
    arguments = {"verb": Verb.LIST_RECORDS.value, "metadataPrefix": place.prefix.value}
    if place.since is not None:
        stamp = dates.stamp(place.since)
        arguments["from"] = stamp[:10] if place.by_day else stamp
    if set_spec:
        arguments["set"] = set_spec
    return arguments


def after(place: HarvestPlace, page: Page) -> Step:
    """Return the place after a page. Raises BadSource."""
    if page.error:
        return _after_error(place, page)
    began = place.began or page.said_at
    if not page.token:
        return Step(_ended(place, began), ended=True)
    if page.token == place.token or place.pages >= MAX_PAGES:
        raise BadSource("harvest_endless")
    return Step(replace(place, began=began, token=page.token, pages=place.pages + 1))


def _after_error(place: HarvestPlace, page: Page) -> Step:
    if page.error == Code.NO_RECORDS_MATCH:
        return Step(_ended(place, place.began or page.said_at), ended=True)
    if page.error == Code.BAD_RESUMPTION_TOKEN and place.token:
        return Step(_anew(place))
    if page.error == Code.CANNOT_DISSEMINATE_FORMAT and place.prefix is Prefix.LOM:
        return Step(replace(_anew(place), prefix=Prefix.OAI_DC))
    if page.error == Code.BAD_ARGUMENT and place.since is not None and not place.by_day:
        return Step(replace(_anew(place), by_day=True))
    raise BadSource("harvest_refused")


def believed(page: Page, now: datetime) -> Page:
    """Return a page that was said by now at the latest.

    The next harvest asks for what changed since then. A source whose clock was a year ahead once
    would have nothing to tell for a year. What is asked for twice costs little.
    """
    return replace(page, said_at=min(page.said_at, now))


def after_failure(place: HarvestPlace, code: str, failures: int) -> HarvestPlace:
    """Return the place from which the next attempt begins.

    Args:
        place: where the harvest failed.
        code: what stopped it.
        failures: in a row, this one included.
    """
    if code in _OF_PLACE or failures % _ANEW_EVERY == 0:
        return HarvestPlace(place.prefix, place.by_day, place.since)
    return place


def retry_in(failures: int) -> timedelta | None:
    """Return how long to wait after so many failures in a row; None to wait for an order."""
    if failures >= MAX_FAILURES:
        return None
    doublings = max(failures - 1, 0)
    return min(_FIRST_RETRY * (1 << doublings), _LONGEST_RETRY)


def _anew(place: HarvestPlace) -> HarvestPlace:
    if place.restarts >= MAX_RESTARTS:
        raise BadSource("harvest_refused")
    return replace(place, token="", pages=0, restarts=place.restarts + 1)


def _ended(place: HarvestPlace, began: datetime) -> HarvestPlace:
    """Return the place from which the next harvest begins."""
    since = began - OVERLAP
    if place.since is not None:
        since = max(since, place.since)
    return HarvestPlace(place.prefix, place.by_day, since)


# --- reading -------------------------------------------------------------------------------------


def page_of(root: Node) -> Page:
    """Read an answer to ListRecords. Raises BadSource."""
    if root.space != OAI_SPACE or root.name != "OAI-PMH":
        raise BadSource("harvest_no_oai")
    try:
        said_at = dates.begin(root.says("responseDate"))
    except dates.BadDate:
        raise BadSource("harvest_no_oai") from None
    if said_at < _EPOCH:
        raise BadSource("harvest_no_oai")
    error = root.first("error")
    if error is not None:
        return Page(said_at, error=error.attributes.get("code", "unknown"))
    listed = root.first("ListRecords")
    if listed is None:
        raise BadSource("harvest_no_oai")
    records = tuple(record for one in listed.all("record") if (record := _record(one)) is not None)
    token = listed.says("resumptionToken")
    if len(records) > MAX_PAGE_RECORDS or len(token) > MAX_TOKEN_CHARS:
        raise BadSource("harvest_too_large")
    return Page(said_at, records, token)


def _record(node: Node) -> HarvestedRecord | None:
    """Read one record; None for one that cannot be kept, which spoils no other."""
    header = node.first("header")
    if header is None:
        return None
    identifier = header.says("identifier")
    if not 0 < len(identifier) <= MAX_IDENTIFIER_CHARS or not identifier.isprintable():
        return None
    try:
        datestamp = dates.begin(header.says("datestamp"))
    except dates.BadDate:
        datestamp = _EPOCH
    if header.attributes.get("status") == "deleted":
        return HarvestedRecord(identifier, datestamp, None)
    metadata = _metadata(node)
    return None if metadata is None else HarvestedRecord(identifier, datestamp, metadata)


def _metadata(node: Node) -> SharedMetadata | None:
    for holder in node.all("metadata"):
        for root in holder.children:
            read = read_lom(root) or read_dublin_core(root)
            shown = None if read is None else bounded(read)
            if shown is not None and shown.title:
                return shown
    return None
