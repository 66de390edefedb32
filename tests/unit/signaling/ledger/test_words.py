import pytest

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.ledger import exporting
from signaling.ledger.wire import MissedCause, UnitOutcome
from signaling.ledger.words import Sheet, Words
from signaling.lessons.reasons import MissedReason


@pytest.mark.parametrize("language", WorkbookLanguage)
def test_everything_in_the_workbook_has_words(language: WorkbookLanguage) -> None:
    words = Words(language)
    columns = {*exporting._SUMS, *exporting._UNIT, *exporting._CORRECTION, "label", "parent"}
    said = [words.head(name) for name in columns]
    said += [words.value(one) for kind in (UnitOutcome, MissedCause, MissedReason) for one in kind]
    said += [words.sheet(sheet) for sheet in Sheet]
    assert all(said)
    assert words.value(None) == ""
    assert words.file("2026-09-01", "2026-09-30").endswith(" 2026-09-01 2026-09-30.xlsx")
