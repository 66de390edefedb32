"""Errors say codes and facts; the words are for pages and terminals."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.api import RecorderError
from relay.api import OfferError, RelayError
from signaling import wiring
from signaling.base.errors import Clash, Invalid, Refused, SignalingError, UnusableText
from signaling.base.problem_codes import ProblemCode
from signaling.base.text import BadText, TextKind, clean
from signaling.web.problems import problem_of

REPOSITORY = Path(wiring.__file__).parents[1]


def _errors(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for sub in kind.__subclasses__():
        yield from _errors(sub)


def test_each_error_has_a_code_of_its_own_and_a_title_for_developers() -> None:
    told_by_whoever_raises = {UnusableText, Refused}
    kinds = [kind for kind in _errors(SignalingError) if kind not in told_by_whoever_raises]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.title.isascii() for kind in kinds)


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for root in (RelayError, RecorderError)
        for kind in _errors(root)
        if kind.__module__.startswith(("relay.api", "recorder.api"))
    ],
)
def test_errors_of_relay_and_recorder_keep_their_codes(kind: type[RelayError]) -> None:
    error = OfferError("a=mid", "missing") if kind is OfferError else kind()
    assert problem_of(error).code == kind.code


def test_why_a_text_cannot_be_taken_is_listed() -> None:
    for text in ("", "a" * 9, "\u200b", "a\x00"):
        with pytest.raises(BadText) as refused:
            clean(text, TextKind.LINE, 8, 1)
        assert UnusableText(refused.value.code, "title").code in ProblemCode


def test_facts_and_the_code_of_the_occurrence_go_to_the_page() -> None:
    clash = problem_of(Clash(field="lead_room_id", facts={"who": "王老师", "lesson": "音乐"}))
    assert (clash.status, clash.code, clash.field) == (409, "clash", "lead_room_id")
    assert clash.facts == {"who": "王老师", "lesson": "音乐"}
    unknown = problem_of(Invalid(code=ProblemCode.UNKNOWN_ROOM))
    assert (unknown.status, unknown.code, unknown.facts) == (422, "unknown_room", {})


def _raised_sentences(tree: ast.AST) -> Iterator[str]:
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Raise):
            for node in ast.walk(statement):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_no_error_is_raised_with_a_sentence_for_people() -> None:
    sentences = [
        f"{path.relative_to(REPOSITORY)}: {text}"
        for package in ("signaling", "relay", "recorder")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for text in _raised_sentences(ast.parse(path.read_text()))
        if any("\u4e00" <= character <= "\u9fff" for character in text)
    ]
    assert sentences == []
