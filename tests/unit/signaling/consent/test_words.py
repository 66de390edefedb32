"""The workbook says what the page says."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from signaling.consent import words as w
from signaling.consent.wire import ConsentPurpose, ConsentState, SeatingRemedy, WithdrawalReason
from signaling.files.workbooks.languages import WorkbookLanguage

TEXTS = Path(__file__).parents[4] / "web_client/src/i18n/texts"
GROUP = re.compile(r"^    (\w+): \{\n((?:      \w+: '.*',\n)+)    \},$", re.MULTILINE)
LINE = re.compile(r"^      (\w+): '(.*)',$", re.MULTILINE)
OWN: Mapping[str, Mapping[StrEnum, w.Pair]] = {
    "state": w.VALUES,
    "purpose": w.PURPOSES,
    "remedy": w.REMEDIES,
    "reason": w.REASONS,
}


def _texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the texts of the page by their group."""

    def read() -> Iterator[tuple[str, Mapping[str, str]]]:
        text = (TEXTS / f"consent.{language}.ts").read_text("utf-8")
        for group in GROUP.finditer(text):
            yield group[1], dict(LINE.findall(group[2]))

    return dict(read())


@pytest.mark.parametrize(("place", "language"), [(0, "zh"), (1, "en")])
def test_the_workbook_has_the_words_of_the_page(place: int, language: str) -> None:
    texts = _texts(language)
    assert texts["head"] == {name: pair[place] for name, pair in w.HEADS.items()}
    for group, words in OWN.items():
        assert texts[group] == {str(one): pair[place] for one, pair in words.items()}


def test_every_code_has_words() -> None:
    assert set(w.VALUES) == set(ConsentState)
    assert set(w.PURPOSES) == set(ConsentPurpose)
    assert set(w.REMEDIES) == set(SeatingRemedy)
    assert set(w.REASONS) == set(WithdrawalReason)
    words = w.Words(WorkbookLanguage.EN)
    assert words.purposes((ConsentPurpose.LIVE, ConsentPurpose.RECORD)) == (
        "Live lessons, Recording kept"
    )
    assert (words.remedy(None), words.reason(None)) == ("", "")
