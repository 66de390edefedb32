"""The words of the terminal: complete, in two languages, with the same facts in both."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from signaling.base.errors import Busy, Clash, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.command import words
from signaling.command.words import LANGUAGE, PROBLEMS, Word, problem_words, text_words

SIGNALING = Path(words.__file__).parents[1]
SPEAKERS = (  # the modules that write to the terminal
    *(SIGNALING / "command").rglob("*.py"),
    SIGNALING / "__main__.py",
    SIGNALING / "serving.py",
    SIGNALING / "supervising.py",
)


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("word", Word, ids=lambda word: word.name)
def test_both_languages_name_the_same_facts(word: Word) -> None:
    chinese, english = word.value
    assert chinese != english
    assert _facts(chinese) == _facts(english)


def test_every_word_is_said_somewhere() -> None:
    said = {
        node.attr
        for path in SPEAKERS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Word"
    }
    assert said == set(Word.__members__)


def test_the_terminal_is_spoken_to_in_chinese_unless_it_asks_for_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(LANGUAGE, raising=False)
    assert Word.NO_ACCOUNT(login="wang") == "没有账号 wang"
    monkeypatch.setenv(LANGUAGE, "en_US.UTF-8")
    assert Word.NO_ACCOUNT(login="wang") == "no account wang"


def test_problems_are_told_by_their_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LANGUAGE, "en")
    clash = Clash("in lesson 7", facts={"who": "Wang", "lesson": "music"})
    assert problem_words(clash) == "taken at that time: Wang: music"
    assert problem_words(Busy("no free join code")) == "the server is busy, try again"
    assert problem_words(NotFound("no such session")) == "no such session"
    assert {code for code in ProblemCode if code.startswith("text_")} <= PROBLEMS.keys()
    assert text_words("text_too_long") == "is too long"
