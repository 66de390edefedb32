"""Tables as text: CSV and tab-separated, in UTF-8, UTF-16 or GB 18030 (the superset of GBK)."""

from __future__ import annotations

import csv
import io

from signaling.files.workbooks.refusals import Limits, WorkbookFault, WorkbookRefused

SHEET_NAME = "CSV"
_DELIMITERS = ("\t", ";", ",")  # a later one wins a draw
_SAMPLE_LINES = 20
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r")


def rows_of(data: bytes, limits: Limits) -> list[list[str]]:
    """Read the rows of a text file.

    Raises:
        WorkbookRefused: no known encoding, no table, or more of it than the limits allow.
    """
    text = _decoded(data)
    if len(text) > limits.text_chars:
        raise WorkbookRefused(WorkbookFault.TOO_MUCH_TEXT, {"limit": limits.text_chars})
    if not _CONTROLS.isdisjoint(text):
        raise WorkbookRefused(WorkbookFault.UNKNOWN_FORMAT)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for row in reader:
            if len(rows) == limits.rows:
                raise WorkbookRefused(WorkbookFault.TOO_MANY_ROWS, _facts(limits.rows))
            if len(row) > limits.columns:
                raise WorkbookRefused(WorkbookFault.TOO_MANY_COLUMNS, _facts(limits.columns))
            rows.append(row)
    except csv.Error:
        facts: dict[str, str | int] = {"sheet": SHEET_NAME, "line": reader.line_num}
        raise WorkbookRefused(WorkbookFault.DAMAGED, facts) from None
    return rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WorkbookRefused(WorkbookFault.ENCODING)


def _delimiter(text: str) -> str:
    """Return the separator that stands most often outside of quotes in the first lines."""
    sample = "\n".join(text[:20_000].splitlines()[:_SAMPLE_LINES])
    outside = "".join(sample.split('"')[::2])
    return max(_DELIMITERS, key=lambda one: (outside.count(one), _DELIMITERS.index(one)))


def _facts(limit: int) -> dict[str, str | int]:
    return {"sheet": SHEET_NAME, "limit": limit}
