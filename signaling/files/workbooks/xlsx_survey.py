"""Survey of an .xlsx: its sheets and cells as the XML names them (ECMA-376 part 1, §18.3)."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from xml.parsers import expat

from signaling.files.workbooks.package import Parts
from signaling.files.workbooks.refusals import CellFault, Limits, WorkbookFault, WorkbookRefused
from signaling.files.workbooks.sheets import place_of
from signaling.files.workbooks.survey import SheetSurvey, Survey

_PACKAGE_RELATIONS = "_rels/.rels"
# Ends of the types of relations.
_WORKBOOK = "/officeDocument"
_SHARED_STRINGS = "/sharedStrings"
_WORKSHEET = "/worksheet"
_NO_VALUES = ("", "0")  # what programs write for a formula that nobody computed
_TRUE = ("1", "true")
_VISIBLE = "visible"

Attributes = dict[str, str]


def survey_of(parts: Parts, limits: Limits) -> Survey:
    """Count what the sheets hold.

    Raises:
        WorkbookRefused: damaged, or more than the limits allow.
    """
    parts = {name.lower(): part for name, part in parts.items()}  # names ignore case
    workbook = _Workbook(parts)
    survey = Survey(limits)
    strings = _SharedStrings()
    if workbook.strings in parts:
        strings.parse(parts[workbook.strings])
    for name, visible, path in workbook.sheets:
        sheet = survey.sheet(name, visible)
        if visible and path in parts:  # nobody reads the others
            _Cells(survey, sheet, strings.lengths, workbook.recompute).parse(parts[path])
    survey.finish()
    return survey


class _Xml:
    """Reads one part. Derived readers take what they need of its elements."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse  # no entities: nothing can multiply
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def parse(self, part: bytes) -> None:
        """Read a whole part. Raises WorkbookRefused."""
        try:
            self._parser.Parse(part, True)
        except (expat.ExpatError, ValueError, IndexError, KeyError):
            raise WorkbookRefused(WorkbookFault.DAMAGED) from None

    def started(self, name: str, attributes: Attributes) -> None:
        """Take the beginning of an element."""

    def ended(self, name: str) -> None:
        """Take the end of an element."""

    def listen(self, heard: Callable[[str], None] | None) -> None:
        """Take text from here on, or none."""
        self._parser.CharacterDataHandler = heard

    def _start(self, name: str, attributes: Attributes) -> None:
        self.started(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self.ended(name.rpartition(":")[2])

    @staticmethod
    def _refuse(*_: object) -> None:
        raise WorkbookRefused(WorkbookFault.DAMAGED)


class _Relations(_Xml):
    """Type and path of the parts that another part names by an id."""

    def __init__(self, folder: str, part: bytes) -> None:
        super().__init__()
        self._folder = folder
        self.paths: dict[str, tuple[str, str]] = {}
        self.parse(part)

    def started(self, name: str, attributes: Attributes) -> None:
        """Take a relation."""
        if name == "Relationship":
            path = posixpath.normpath(posixpath.join("/", self._folder, attributes["Target"]))
            self.paths[attributes["Id"]] = (attributes["Type"], path.lstrip("/").lower())

    def of_type(self, end: str) -> str:
        """Return the first path whose type ends so; empty where there is none."""
        return next((path for kind, path in self.paths.values() if kind.endswith(end)), "")


class _Workbook(_Xml):
    """List of the sheets: name, visible or not, path of the part."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        none = b"<none/>"
        path = _Relations("", parts.get(_PACKAGE_RELATIONS, none)).of_type(_WORKBOOK)
        if path not in parts:
            raise WorkbookRefused(WorkbookFault.UNKNOWN_FORMAT)
        folder, name = posixpath.split(path)
        relations = _Relations(folder, parts.get(f"{folder}/_rels/{name}.rels".lstrip("/"), none))
        self._paths = relations.paths
        self.strings = relations.of_type(_SHARED_STRINGS)
        self.sheets: list[tuple[str, bool, str]] = []
        self.recompute = False
        self.parse(parts[path])

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            ids = [value for key, value in attributes.items() if key.rpartition(":")[2] == "id"]
            kind, path = self._paths.get(ids[0] if ids else "", ("", ""))
            visible = attributes.get("state", _VISIBLE) == _VISIBLE and kind.endswith(_WORKSHEET)
            self.sheets.append((attributes["name"], visible, path))
        elif name == "calcPr":
            self.recompute = attributes.get("fullCalcOnLoad", "") in _TRUE


class _SharedStrings(_Xml):
    """Lengths of the strings that cells name by number."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "si":
            self.lengths.append(0)
        elif name == "t":
            self.listen(self._heard)

    def ended(self, name: str) -> None:
        if name == "t":
            self.listen(None)

    def _heard(self, text: str) -> None:
        self.lengths[-1] += len(text)


class _Cells(_Xml):
    """Cells of one sheet."""

    def __init__(
        self, survey: Survey, sheet: SheetSurvey, lengths: list[int], recompute: bool
    ) -> None:
        super().__init__()
        self._survey = survey
        self._sheet = sheet
        self._lengths = lengths
        self._recompute = recompute
        self._row = self._column = -1
        self._merged = 0
        self._begin_cell({})

    def _begin_cell(self, attributes: Attributes) -> None:
        self._kind = attributes.get("t", "n")
        self._formula = False
        self._filled = False
        self._text = ""

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif name == "c":
            self._place_cell(attributes.get("r"))
            self._begin_cell(attributes)
        elif name == "f":
            self._formula = True
        elif name in {"v", "t"}:
            self._filled = True
            self.listen(self._heard)
        elif name == "mergeCell":
            self._merged += 1
            limit = self._sheet.limits.merged
            if self._merged > limit:
                facts: dict[str, str | int] = {"sheet": self._sheet.name, "limit": limit}
                raise WorkbookRefused(WorkbookFault.TOO_MANY_MERGED, facts)

    def _place_cell(self, address: str | None) -> None:
        if address is None:
            self._column += 1
        else:
            place = place_of(address)
            self._row, self._column = place.row, place.column

    def ended(self, name: str) -> None:
        if name in {"v", "t"}:
            self.listen(None)
        elif name == "c":
            self._end_cell()

    def _end_cell(self) -> None:
        if not (self._filled or self._formula):
            return
        row, column, sheet = self._row, self._column, self._sheet
        sheet.meet(row, column)
        shared = self._kind == "s"
        chars = self._lengths[int(self._text)] if shared and self._text else len(self._text)
        self._survey.read(chars)
        if self._kind == "e":
            sheet.miss(row, column, CellFault.FORMULA_ERROR)
        elif self._formula and self._is_unknown():
            sheet.miss(row, column, CellFault.FORMULA_NOT_COMPUTED)
        elif chars > sheet.limits.cell_chars:
            sheet.miss(row, column, CellFault.TEXT_TOO_LONG)

    def _is_unknown(self) -> bool:
        """Tell whether a formula was written by a program that did not compute it."""
        if not self._filled or (not self._text and self._kind != "str"):
            return True
        return self._recompute and self._text in _NO_VALUES

    def _heard(self, text: str) -> None:
        self._text += text
