"""Arguments of OAI-PMH: the protocol's errors, by its sections 3 and 4."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.exchange.core.requests import Code, OaiProblem, Prefix, Verb, read_request

DC = ("metadataPrefix", "oai_dc")


def code_of(*pairs: tuple[str, str]) -> Code | None:
    try:
        read_request(pairs)
    except OaiProblem as problem:
        return problem.code
    return None


def listing(*pairs: tuple[str, str]) -> Code | None:
    return code_of(("verb", "ListRecords"), DC, *pairs)


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ((), Code.BAD_VERB),
        ((("verb", "Nonsense"),), Code.BAD_VERB),
        ((("verb", "identify"),), Code.BAD_VERB),
        ((("verb", "Identify"), ("verb", "Identify")), Code.BAD_VERB),
        ((("verb", "Identify"), ("x", "y")), Code.BAD_ARGUMENT),
        ((("verb", "Identify"),), None),
        ((("verb", "ListSets"),), None),
        ((("verb", "ListSets"), ("from", "2026-01-01")), Code.BAD_ARGUMENT),
        ((("verb", "ListRecords"),), Code.BAD_ARGUMENT),
        ((("verb", "GetRecord"), ("identifier", "x")), Code.BAD_ARGUMENT),
        ((("verb", "GetRecord"), ("identifier", "x"), DC), None),
        (
            (("verb", "GetRecord"), ("identifier", "x"), ("metadataPrefix", "marc")),
            Code.CANNOT_DISSEMINATE_FORMAT,
        ),
        ((("verb", "GetRecord"), ("identifier", "x\x00"), DC), Code.BAD_ARGUMENT),
        ((("verb", "GetRecord"), ("identifier", "x" * 3000), DC), Code.BAD_ARGUMENT),
        ((("verb", "ListRecords"), ("resumptionToken", "x")), None),
        ((("verb", "ListRecords"), ("resumptionToken", "x"), DC), Code.BAD_ARGUMENT),
        ((("verb", "GetRecord"), ("resumptionToken", "x")), Code.BAD_ARGUMENT),
    ],
)
def test_verbs_and_their_arguments(pairs: tuple[tuple[str, str], ...], code: Code | None) -> None:
    assert code_of(*pairs) == code


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ((("from", "2026-01-01"),), None),
        ((("from", "2026-01-01T00:00:00Z"), ("until", "2026-01-01T00:00:00Z")), None),
        ((("from", "2026-01-02"), ("until", "2026-01-01")), Code.BAD_ARGUMENT),
        ((("from", "2026-01-01"), ("until", "2026-01-02T00:00:00Z")), Code.BAD_ARGUMENT),
        ((("from", "2026-02-30"),), Code.BAD_ARGUMENT),
        ((("from", "2026-01-01T00:00:00+08:00"),), Code.BAD_ARGUMENT),
        ((("from", "2026-01-01T00:00Z"),), Code.BAD_ARGUMENT),
        ((("from", "２026-01-01"),), Code.BAD_ARGUMENT),
        ((("from", "0000-01-01"),), Code.BAD_ARGUMENT),
        ((("until", "9999-12-31"),), None),
        ((("from", ""),), Code.BAD_ARGUMENT),
        ((("set", ""),), Code.BAD_ARGUMENT),
        ((("set", "语文"),), Code.BAD_ARGUMENT),
        ((("set", "a::b"),), Code.BAD_ARGUMENT),
        ((("set", "a:b"),), None),
        ((("from", "2026-01-01"), ("from", "2026-01-01")), Code.BAD_ARGUMENT),
    ],
)
def test_dates_and_sets(pairs: tuple[tuple[str, str], ...], code: Code | None) -> None:
    assert listing(*pairs) == code


def test_until_is_inclusive_to_its_granularity() -> None:
    day = read_request([("verb", "ListIdentifiers"), DC, ("until", "2026-01-31")])
    second = read_request([("verb", "ListIdentifiers"), DC, ("until", "2026-01-31T10:00:59Z")])
    assert day.before == datetime(2026, 2, 1, tzinfo=UTC)
    assert second.before == datetime(2026, 1, 31, 10, 1, tzinfo=UTC)
    assert (day.verb, day.prefix, day.since) == (Verb.LIST_IDENTIFIERS, Prefix.OAI_DC, None)


NAMES = st.sampled_from(
    ["verb", "metadataPrefix", "from", "until", "set", "identifier", "resumptionToken", "x"]
)
VALUES = st.sampled_from([*Verb, "oai_dc", "lom", "2026-01-01"]) | st.text(max_size=8)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_any_arguments_are_a_request_or_an_error(pairs: list[tuple[str, str]]) -> None:
    code = code_of(*pairs)
    assert code is None or code in Code
