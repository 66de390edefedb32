"""Survey of a workbook before a library opens it: how much it holds, and what has no value."""

from __future__ import annotations

from dataclasses import dataclass, field

from signaling.files.workbooks.refusals import CellFault, Limits, WorkbookFault, WorkbookRefused
from signaling.files.workbooks.sheets import Place


@dataclass(slots=True)
class SheetSurvey:
    """Survey of one sheet: its size, and its cells without a value.

    Attributes:
        name: the sheet's name.
        visible: whether a reader of the workbook sees it.
        rows: rows up to the last cell that holds something.
        columns: columns up to the last such cell.
        unread: cells without a value, and why.
    """

    name: str
    visible: bool
    limits: Limits
    rows: int = 0
    columns: int = 0
    unread: dict[Place, CellFault] = field(default_factory=dict)

    def meet(self, row: int, column: int) -> None:
        """Count a cell that holds something. Raises WorkbookRefused."""
        if row >= self.rows:
            self.rows = row + 1
            self._bound(WorkbookFault.TOO_MANY_ROWS, self.rows, self.limits.rows)
        if column >= self.columns:
            self.columns = column + 1
            self._bound(WorkbookFault.TOO_MANY_COLUMNS, self.columns, self.limits.columns)

    def miss(self, row: int, column: int, code: CellFault) -> None:
        """Note a cell without a value."""
        if len(self.unread) < self.limits.unread:
            self.unread[Place(row, column)] = code

    def _bound(self, code: WorkbookFault, found: int, limit: int) -> None:
        if found > limit:
            facts: dict[str, str | int] = {"sheet": self.name, "found": found, "limit": limit}
            raise WorkbookRefused(code, facts)


@dataclass(slots=True)
class Survey:
    """Survey of a whole workbook: sheets in their order, and the amount of text in all cells."""

    limits: Limits
    sheets: list[SheetSurvey] = field(default_factory=list)
    _chars: int = 0

    def sheet(self, name: str, visible: bool) -> SheetSurvey:
        """Begin the next sheet. Raises WorkbookRefused."""
        limit = self.limits.sheets
        if len(self.sheets) == limit:
            raise WorkbookRefused(WorkbookFault.TOO_MANY_SHEETS, {"limit": limit})
        found = SheetSurvey(name, visible, self.limits)
        self.sheets.append(found)
        return found

    def read(self, chars: int) -> None:
        """Count the text of a cell. Raises WorkbookRefused."""
        self._chars += chars
        if self._chars > self.limits.text_chars:
            facts: dict[str, str | int] = {"limit": self.limits.text_chars}
            raise WorkbookRefused(WorkbookFault.TOO_MUCH_TEXT, facts)

    def finish(self) -> None:
        """Look at the sheets together. Raises WorkbookRefused."""
        cells = sum(sheet.rows * sheet.columns for sheet in self.sheets)
        if cells > self.limits.cells:
            facts: dict[str, str | int] = {"found": cells, "limit": self.limits.cells}
            raise WorkbookRefused(WorkbookFault.TOO_MANY_CELLS, facts)
