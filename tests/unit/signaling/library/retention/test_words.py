"""The workbook of due deletions says what the page says."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from signaling.library.retention import words as w
from signaling.library.retention.wire import RetentionKind

TEXTS = Path(__file__).parents[5] / "web_client/src/i18n/texts"
GROUP = re.compile(r"^    (\w+): \{\n((?:      \w+: '.*',\n)+)    \},$", re.MULTILINE)
LINE = re.compile(r"^      (\w+): '(.*)',$", re.MULTILINE)


def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of the page by their group."""
    text = (TEXTS / f"retention.{language}.ts").read_text("utf-8")
    return {group[1]: dict(LINE.findall(group[2])) for group in GROUP.finditer(text)}


@pytest.mark.parametrize(("place", "language"), [(0, "zh"), (1, "en")])
def test_the_workbook_has_the_words_of_the_page(place: int, language: str) -> None:
    texts = _texts(language)
    assert texts["head"] == {name: pair[place] for name, pair in w.HEADS.items()}
    assert texts["kind"] == {str(one): pair[place] for one, pair in w.KINDS.items()}
    assert set(w.KINDS) == set(RetentionKind)
