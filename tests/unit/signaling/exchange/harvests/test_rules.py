"""A harvest asks the right thing next, ends, and reaches no own network."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.access.signing import Keyring
from signaling.exchange.core.records import PublishedRecord, SharedMetadata
from signaling.exchange.core.requests import Prefix
from signaling.exchange.harvests import rules
from signaling.exchange.harvests.rules import BadSource, HarvestPlace, Page, after, asked, may_reach
from signaling.exchange.provider import OaiProvider
from signaling.exchange.reading import read_xml
from tests.support.oai_records import MemoryRecords, made_up
from tests.support.services import ManualClock
from tests.unit.signaling.exchange.test_provider import HERE

SAID = datetime(2026, 11, 29, 10, tzinfo=UTC)
OWN = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1",
    "fec0::1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2130706433",
    "127.1",
    "0x7f.0.0.1",
    "",
    "localhost",
]


@pytest.mark.parametrize("address", OWN)
def test_the_own_network_is_not_reached(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address, ())


def test_an_allowed_network_is_reached_and_no_other() -> None:
    allowed = (ip_network("10.20.0.0/16"),)
    assert may_reach("10.20.1.1", allowed)
    assert may_reach("::ffff:10.20.1.1", allowed)
    assert not may_reach("10.21.1.1", allowed)
    assert not may_reach("127.0.0.1", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a.example/oai",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://a.example/oai?verb=Identify",
        "http://a.example/oai#x",
        "http://user:word@a.example/oai",
        "http://a.example:99999/oai",
        "http://a.example/o ai",
        "http://[::1/oai",
        "http://例.example/oai",
        "http://a.example/" + "x" * 300,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadSource):
        rules.usable_url(url)


def harvested(
    records: MemoryRecords, place: HarvestPlace, clock: ManualClock, page: int = 7
) -> tuple[HarvestPlace, dict[str, SharedMetadata | None]]:
    """A whole harvest of a provider of our own."""
    provider = OaiProvider(records, Keyring(b"k" * 32), clock, page)
    found: dict[str, SharedMetadata | None] = {}
    while True:
        answer = asyncio.run(provider.answer([*asked(place, "").items()], HERE))
        read = rules.page_of(read_xml(answer))
        found |= {one.identifier: one.metadata for one in read.records}
        step = after(place, read)
        place = step.place
        if step.ended:
            return place, found


def test_a_harvest_holds_all_and_the_next_one_what_has_changed() -> None:
    records, clock = MemoryRecords(made_up(50)), ManualClock()
    place, found = harvested(records, HarvestPlace(), clock)
    assert len(found) == 50
    assert sum(one is None for one in found.values()) == 3
    kept = records.by_id["r0000001"].metadata
    assert found["oai:tongke.example:r0000001"] == kept
    assert place == HarvestPlace(since=clock.now() - rules.OVERLAP)
    clock.advance(hours=1)
    records.put(PublishedRecord("r0000001", clock.now()))
    place, found = harvested(records, place, clock)
    assert found == {"oai:tongke.example:r0000001": None}
    assert place.since == clock.now() - rules.OVERLAP
    clock.advance(hours=1)
    place, found = harvested(records, place, clock)
    assert len(found) == 1  # within the overlap: asked for again, and the same
    clock.advance(hours=1)
    place, found = harvested(records, place, clock)
    assert (found, place.since) == ({}, clock.now() - rules.OVERLAP)


def test_a_token_that_is_no_longer_taken_begins_the_harvest_anew() -> None:
    place = HarvestPlace(since=SAID, began=SAID, token="x", pages=4)
    step = after(place, Page(SAID, error="badResumptionToken"))
    assert step.place == HarvestPlace(since=SAID, began=SAID, restarts=1)
    with pytest.raises(BadSource):
        for _ in range(rules.MAX_RESTARTS + 1):
            place = replace(after(place, Page(SAID, error="badResumptionToken")).place, token="x")


def test_a_library_without_lom_is_asked_for_dublin_core() -> None:
    step = after(HarvestPlace(), Page(SAID, error="cannotDisseminateFormat"))
    assert asked(step.place, "")["metadataPrefix"] == "oai_dc"
    with pytest.raises(BadSource):
        after(step.place, Page(SAID, error="cannotDisseminateFormat"))


def test_a_library_that_knows_days_only_is_asked_for_days() -> None:
    step = after(HarvestPlace(since=SAID), Page(SAID, error="badArgument"))
    assert asked(step.place, "s")["from"] == "2026-11-29"
    with pytest.raises(BadSource):
        after(step.place, Page(SAID, error="badArgument"))


def test_a_list_without_end_is_left() -> None:
    with pytest.raises(BadSource) as caught:
        after(HarvestPlace(token="x"), Page(SAID, token="x"))
    assert caught.value.code == "harvest_endless"
    with pytest.raises(BadSource):
        after(HarvestPlace(token="x", pages=rules.MAX_PAGES), Page(SAID, token="y"))


def test_the_clock_of_the_other_side_never_turns_the_harvest_back() -> None:
    place = HarvestPlace(since=SAID)
    step = after(place, Page(SAID - timedelta(days=3)))
    assert step.ended
    assert step.place.since == SAID


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    ahead = Page(SAID + timedelta(days=400))
    step = after(HarvestPlace(), rules.believed(ahead, SAID))
    assert step.place.since == SAID - rules.OVERLAP
    behind = Page(SAID - timedelta(days=3))
    assert rules.believed(behind, SAID) == behind


TEMPLATE = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2026-11-29T10:00:00Z</responseDate><request>x</request>{}</OAI-PMH>"""
DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title>
<dc:identifier>{}</dc:identifier></oai_dc:dc>"""


def record(identifier: str, metadata: str) -> str:
    head = f"<identifier>{identifier}</identifier><datestamp>2026-01-01</datestamp>"
    return f"<record><header>{head}</header><metadata>{metadata}</metadata></record>"


def page_with(*records: str) -> Page:
    listed = f"<ListRecords>{''.join(records)}</ListRecords>"
    return rules.page_of(read_xml(TEMPLATE.format(listed).encode()))


def test_a_record_that_cannot_be_kept_spoils_no_other() -> None:
    good = DC.format("浮\u202e力\t ", "javascript:alert(1)")
    page = page_with(
        record("a", good),
        record("b", DC.format("", "")),
        record("", good),
        record("x" * 500, good),
        record("c", "<other/>"),
        "<record/>",
        record("d", DC.format("x" * 5000, "https://a.example/1")),
    )
    assert [one.identifier for one in page.records] == ["a", "d"]
    first, last = (one.metadata for one in page.records)
    assert first is not None
    assert last is not None
    assert (first.title, first.page_url) == ("浮力", "")
    assert (len(last.title), last.page_url) == (120, "https://a.example/1")


@pytest.mark.parametrize(
    "document",
    [
        "<html/>",
        "<OAI-PMH/>",
        TEMPLATE.format(""),
        TEMPLATE.replace("2026-11-29T", "yesterday").format("<ListRecords/>"),
        TEMPLATE.format(
            f"<ListRecords><resumptionToken>{'x' * 9000}</resumptionToken></ListRecords>"
        ),
    ],
)
def test_what_is_no_answer_is_refused(document: str) -> None:
    with pytest.raises(BadSource):
        rules.page_of(read_xml(document.encode()))


@given(st.integers(1, 20), st.integers(0, 60))
def test_pages_of_any_size_hold_the_same(page: int, count: int) -> None:
    _, found = harvested(MemoryRecords(made_up(count)), HarvestPlace(), ManualClock(), page)
    assert len(found) == count
    assert HarvestPlace().prefix == Prefix.LOM


def test_a_failure_of_the_place_begins_the_harvest_anew_and_others_go_on() -> None:
    place = HarvestPlace(since=SAID, began=SAID, token="t", pages=7, restarts=1)
    anew = HarvestPlace(since=SAID)
    assert rules.after_failure(place, "harvest_unreachable", 1) == place
    assert rules.after_failure(place, "harvest_status", 3) == anew
    for code in ("harvest_endless", "harvest_refused", "harvest_too_large", "harvest_no_oai"):
        assert rules.after_failure(place, code, 1) == anew


def test_attempts_become_rarer_and_end() -> None:
    waits = [rules.retry_in(count) for count in range(1, rules.MAX_FAILURES + 1)]
    assert waits[-1] is None
    hours = [one.total_seconds() / 3600 for one in waits if one is not None]
    assert hours == [1, 2, 4, 8, 16, 32, 64]


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "1969-12-31", "", "now"])
def test_an_answer_of_no_possible_time_is_none(said: str) -> None:
    text = TEMPLATE.format("<ListRecords/>").replace("2026-11-29T10:00:00Z", said)
    with pytest.raises(BadSource) as caught:
        rules.page_of(read_xml(text.encode()))
    assert caught.value.code == "harvest_no_oai"
