"""The provider over records in memory: pages, tokens, sets, deletions."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.access.signing import Keyring
from signaling.exchange.core import dates, tokens
from signaling.exchange.core.answers import OAI, Repository
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import PublishedRecord, SharedMetadata
from signaling.exchange.provider import OaiProvider
from signaling.exchange.reading import read_xml
from tests.support.oai_records import BEGIN, MemoryRecords, made_up
from tests.support.services import ManualClock

HERE = Repository("库", "https://tongke.example/oai", "a@tongke.example", "tongke.example")
LIST = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
Between = Callable[[], None]


class Harvest:
    """A harvester that looks at each answer."""

    def __init__(self, records: MemoryRecords, page_records: int = 100) -> None:
        self.clock = ManualClock()
        ring = Keyring(b"k" * 32)
        self.provider = OaiProvider(records, ring, self.clock, page_records)

    def ask(self, **arguments: str) -> Node:
        named = [("from" if k == "from_" else k, v) for k, v in arguments.items()]
        root = read_xml(asyncio.run(self.provider.answer(named, HERE)))
        assert (root.space, root.name) == (OAI, "OAI-PMH")
        assert [child.name for child in root.children[:2]] == ["responseDate", "request"]
        return root

    def error(self, **arguments: str) -> str:
        found = self.ask(**arguments).first("error")
        return "" if found is None else found.attributes["code"]

    def all(self, between: Between = lambda: None, **arguments: str) -> list[tuple[str, str]]:
        """Identifier and datestamp of each record, in the order of answers."""
        found: list[tuple[str, str]] = []
        verb, first = arguments["verb"], dict(arguments)
        while True:
            root = self.ask(**arguments)
            heads = list(root.all(verb, "record", "header")) or list(root.all(verb, "header"))
            token = root.first(verb, "resumptionToken")
            if token is not None:
                assert int(token.attributes["cursor"]) == len(found)
            found += [(head.says("identifier"), head.says("datestamp")) for head in heads]
            if token is None or not token.text:
                return found
            arguments = {"verb": first["verb"], "resumptionToken": token.text}
            between()


def test_every_record_comes_once_and_in_order() -> None:
    records = made_up(250)
    found = Harvest(MemoryRecords(records)).all(**LIST)
    assert [one for one, _ in found] == [f"oai:tongke.example:{r.resource_id}" for r in records]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 200])
def test_the_last_page_says_that_it_is_the_last(count: int) -> None:
    harvest = Harvest(MemoryRecords(made_up(count)))
    assert len(harvest.all(**LIST)) == count
    first = harvest.ask(**LIST).first("ListRecords", "resumptionToken")
    assert (first is None) == (count <= 100)


CHANGES = st.lists(st.tuples(st.integers(0, 59), st.integers(0, 3), st.booleans()), max_size=12)


@given(st.integers(1, 13), st.lists(CHANGES, max_size=8), st.sampled_from(["oai_dc", "lom"]))
@settings(max_examples=settings.default.max_examples // 4)
def test_an_unchanged_record_is_never_lost_or_doubled(
    page: int, rounds: list[list[tuple[int, int, bool]]], prefix: str
) -> None:
    """Others change, are deleted and come new while a harvest is under way."""
    initial = made_up(50)
    records = MemoryRecords(initial)
    harvest = Harvest(records, page)
    changed: set[str] = set()
    left = iter(rounds)
    moment = max(r.datestamp for r in initial)

    def between() -> None:
        nonlocal moment
        for number, seconds, deleted in next(left, ()):
            moment += timedelta(seconds=seconds)
            metadata = None if deleted else SharedMetadata(title="neu")
            record_id = f"r{number:07}"
            changed.add(f"oai:tongke.example:{record_id}")
            records.put(PublishedRecord(record_id, moment, metadata=metadata))

    found = harvest.all(between, verb="ListRecords", metadataPrefix=prefix)
    quiet = [one for one, _ in found if one not in changed]
    wanted = [f"oai:tongke.example:{r.resource_id}" for r in initial]
    assert quiet == [one for one in wanted if one not in changed]
    last = dict(found)
    current = {f"oai:tongke.example:{k}": r for k, r in records.by_id.items()}
    seen = {one for one in changed if last.get(one) == dates.stamp(current[one].datestamp)}
    # A change that came behind the harvest's place is in it, or in the next by `from`.
    missing = changed - seen
    assert all(current[one].datestamp >= initial[-1].datestamp for one in missing)


def test_datestamps_within_one_second_are_no_trap() -> None:
    """Pages are cut to the microsecond, while the protocol tells seconds."""
    made = [
        replace(record, datestamp=BEGIN + timedelta(microseconds=number))
        for number, record in enumerate(made_up(30))
    ]
    found = Harvest(MemoryRecords(made), 7).all(**LIST)
    assert len({one for one, _ in found}) == len(found) == 30


def test_from_and_until_are_inclusive() -> None:
    harvest = Harvest(MemoryRecords(made_up(50)))
    stamps = {
        stamp
        for _, stamp in harvest.all(
            **LIST, **{"from": "2026-09-01T00:00:02Z", "until": "2026-09-01T00:00:04Z"}
        )
    }
    assert stamps == {f"2026-09-01T00:00:0{second}Z" for second in (2, 3, 4)}
    assert harvest.error(**LIST, until="2026-08-31") == "noRecordsMatch"
    assert len(harvest.all(**LIST, until="2026-09-01")) == 50


def test_a_deleted_record_is_told_without_metadata() -> None:
    harvest = Harvest(MemoryRecords(made_up(1)))
    (record,) = harvest.ask(**LIST).all("ListRecords", "record")
    assert record.first("metadata") is None
    head = record.first("header")
    assert head is not None
    assert head.attributes == {"status": "deleted"}
    assert head.says("setSpec") == "stage.primary"
    got = harvest.ask(
        verb="GetRecord", identifier="oai:tongke.example:r0000000", metadataPrefix="lom"
    )
    head = got.first("GetRecord", "record", "header")
    assert head is not None
    assert head.attributes["status"] == "deleted"


def test_sets_part_the_records() -> None:
    records = made_up(100)
    harvest = Harvest(MemoryRecords(records), 9)
    listed = list(harvest.ask(verb="ListSets").all("ListSets", "set"))
    named = {one.says("setName"): one.says("setSpec") for one in listed}
    assert set(named) == {"小学", "初中", "高中", "语文", "数学", "科学", "英语"}
    for name, subject in (("数学", "数学"), ("科学", "科学")):
        found = harvest.all(**LIST, set=named[name])
        assert len(found) == sum(r.subject == subject for r in records)
    assert len(harvest.all(**LIST, set="stage.junior")) == sum(r.stage == "junior" for r in records)
    for unknown in ("stage.kindergarten", "subject.zz", "subject.", "subject.FF", "x"):
        assert harvest.error(**LIST, set=unknown) == "noRecordsMatch", unknown


@pytest.mark.parametrize("how", ["changed", "expired", "other verb", "other key", "empty", "junk"])
def test_a_token_that_is_not_good_is_refused(how: str) -> None:
    harvest = Harvest(MemoryRecords(made_up(150)))
    root = harvest.ask(**LIST)
    token, verb = root.says("ListRecords", "resumptionToken"), "ListRecords"
    if how == "changed":
        body, mac = token.rsplit(".", 1)
        token = f"{body[:-1]}{'A' if body[-1] != 'A' else 'B'}.{mac}"
    elif how == "expired":
        harvest.clock.advance(seconds=tokens.LIFETIME.total_seconds())
    elif how == "other verb":
        verb = "ListIdentifiers"
    elif how == "other key":
        harvest.provider = OaiProvider(
            MemoryRecords(made_up(150)), Keyring(b"x" * 32), ManualClock()
        )
    else:
        token = {"empty": "", "junk": "v1.é.x"}[how]
    assert harvest.error(verb=verb, resumptionToken=token) == "badResumptionToken"


def test_a_token_outlives_a_restart_and_may_be_used_twice() -> None:
    first = Harvest(MemoryRecords(made_up(250)))
    token = first.ask(**LIST).says("ListRecords", "resumptionToken")
    again = Harvest(MemoryRecords(made_up(250)))
    page, same = (one.ask(verb="ListRecords", resumptionToken=token) for one in (first, again))
    assert page == same


def test_a_list_whose_rest_has_gone_elsewhere_ends_cleanly() -> None:
    records = MemoryRecords(made_up(3))
    harvest = Harvest(records, 2)

    def between() -> None:
        moved = BEGIN + timedelta(days=2)
        records.put(PublishedRecord("r0000002", moved, metadata=SharedMetadata(title="neu")))

    found = harvest.all(between, **LIST, until="2026-09-01")
    assert len(found) == 2


def test_identify_says_how_the_repository_is_harvested() -> None:
    root = Harvest(MemoryRecords(made_up(3))).ask(verb="Identify").first("Identify")
    assert root is not None
    assert [child.name for child in root.children] == [
        "repositoryName",
        "baseURL",
        "protocolVersion",
        "adminEmail",
        "earliestDatestamp",
        "deletedRecord",
        "granularity",
        "description",
    ]
    assert root.says("deletedRecord") == "persistent"
    assert root.says("granularity") == "YYYY-MM-DDThh:mm:ssZ"
    assert root.says("earliestDatestamp") == "2026-09-01T00:00:00Z"
    assert Harvest(MemoryRecords()).ask(verb="Identify").says("Identify", "earliestDatestamp")


def test_formats_of_the_repository_and_of_one_record() -> None:
    harvest = Harvest(MemoryRecords(made_up(3)))
    for more in ({}, {"identifier": "oai:tongke.example:r0000001"}):
        root = harvest.ask(verb="ListMetadataFormats", **more)
        prefixes = [
            one.says("metadataPrefix") for one in root.all("ListMetadataFormats", "metadataFormat")
        ]
        assert prefixes == ["oai_dc", "lom"]
    for identifier in ("oai:tongke.example:none", "oai:other.example:r0000001", "x", "", "é<&"):
        assert harvest.error(verb="ListMetadataFormats", identifier=identifier) == "idDoesNotExist"
        assert (
            harvest.error(verb="GetRecord", metadataPrefix="lom", identifier=identifier)
            == "idDoesNotExist"
        )


def test_arguments_are_repeated_but_those_of_a_bad_request() -> None:
    harvest = Harvest(MemoryRecords(made_up(3)))

    def repeated(**arguments: str) -> dict[str, str]:
        request = harvest.ask(**arguments).first("request")
        assert request is not None
        assert request.text == HERE.base_url
        return request.attributes

    assert repeated(**LIST) == LIST
    assert repeated(**LIST, set="x\"<&'") == {}
    assert repeated(verb="Nonsense") == {}
    assert repeated(verb="GetRecord", metadataPrefix="lom", identifier='"<&') == {
        "verb": "GetRecord",
        "metadataPrefix": "lom",
        "identifier": '"<&',
    }
