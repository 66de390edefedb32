"""Survey of an .xls: its records, as [MS-XLS] lays them out, before a library opens it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from signaling.files.workbooks.compound import BadCompound, Compound
from signaling.files.workbooks.refusals import CellFault, Limits, WorkbookFault, WorkbookRefused
from signaling.files.workbooks.survey import SheetSurvey, Survey

STREAM = "Workbook"
_OLD_STREAM = "book"
_ENCRYPTED_PACKAGE = "encryptedpackage"  # [MS-OFFCRYPTO] 2.3.4.4: an .xlsx with a password
_MACROS = frozenset({"_vba_project_cur", "_vba_project", "vba"})
_MAX_RECORDS = 3_000_000  # 1,000,000 cells, each with what belongs to it
# Numbers of records, [MS-XLS] 2.3.2.
_BOF, _EOF, _CONTINUE, _FILEPASS = 0x0809, 0x000A, 0x003C, 0x002F
_BOUND_SHEET, _SST, _DIMENSIONS, _MERGE_CELLS = 0x0085, 0x00FC, 0x0200, 0x00E5
_FORMULA, _STRING, _NUMBER, _LABEL, _LABEL_SST = 0x0006, 0x0207, 0x0203, 0x0204, 0x00FD
_RK, _MUL_RK, _BOOL_ERR = 0x027E, 0x00BD, 0x0205
_ONE_CELL = frozenset({_FORMULA, _NUMBER, _LABEL, _LABEL_SST, _RK, _BOOL_ERR})
_BIFF8 = 0x0600
_WORKSHEET = 0  # type of a sheet, 2.4.28
_MAX_ROWS, _MAX_COLUMNS = 65_536, 256  # of the format
_WIDE, _FAR_EAST, _RICH = 0x01, 0x04, 0x08  # flags of a string, 2.5.293
_RECALCULATE = 0x03  # flags of a formula whose program left the computing to Excel, 2.4.127
_SPECIAL = b"\xff\xff"  # end of a formula's value that is no number, 2.5.133
_SPECIAL_ERROR = 2


def checked_stream(data: bytes) -> bytes:
    """Return the stream of records of an .xls.

    Raises:
        WorkbookRefused: encrypted, macros, damaged, or no workbook of Excel 97 or later.
    """
    try:
        compound = Compound(data)
        if _ENCRYPTED_PACKAGE in compound.names:
            raise WorkbookRefused(WorkbookFault.ENCRYPTED)
        if not _MACROS.isdisjoint(compound.names):
            raise WorkbookRefused(WorkbookFault.MACROS)
        stream = compound.stream(STREAM)
    except (BadCompound, struct.error, IndexError):
        raise WorkbookRefused(WorkbookFault.DAMAGED) from None
    if stream is None:
        old = _OLD_STREAM in compound.names
        raise WorkbookRefused(WorkbookFault.OLD_EXCEL if old else WorkbookFault.UNKNOWN_FORMAT)
    return stream


def survey_of(stream: bytes, limits: Limits) -> Survey:
    """Count what the sheets hold.

    Raises:
        WorkbookRefused: encrypted, damaged, or more than the limits allow.
    """
    survey = Survey(limits)
    try:
        start = _globals(stream)
        for name, visible, offset in start.sheets:
            _read_sheet(stream, offset, survey, survey.sheet(name, visible), start.lengths)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise WorkbookRefused(WorkbookFault.DAMAGED) from None
    survey.finish()
    return survey


@dataclass(slots=True)
class _Globals:
    """Contents of the first substream: sheets (name, visible, offset), lengths of strings."""

    sheets: list[tuple[str, bool, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one substream; of charts inside of it, only their dimensions.

    The library reads these, too.
    """
    depth = 0
    for _ in range(_MAX_RECORDS):
        number, length = struct.unpack_from("<HH", stream, offset)
        content = stream[offset + 4 : offset + 4 + length]
        offset += 4 + length
        if number == _BOF:
            depth += 1
        elif number == _EOF:
            depth -= 1
        if depth <= 0:
            return
        if depth == 1 or number == _DIMENSIONS:
            yield number, content
    raise WorkbookRefused(WorkbookFault.TOO_MANY_CELLS, {"limit": _MAX_RECORDS})


def _globals(stream: bytes) -> _Globals:
    found = _Globals()
    strings: list[bytes] = []
    in_strings = False
    for number, content in _records(stream, 0):
        if number == _BOF and _u16(content, 0) != _BIFF8:
            raise WorkbookRefused(WorkbookFault.OLD_EXCEL)
        if number == _FILEPASS:
            raise WorkbookRefused(WorkbookFault.ENCRYPTED)
        if number == _BOUND_SHEET:
            offset, hidden, kind = struct.unpack_from("<IBB", content)
            visible = hidden & 0x3 == 0 and kind == _WORKSHEET
            found.sheets.append((_short_text(content[6:]), visible, offset))
        in_strings = number == _SST or (number == _CONTINUE and in_strings)
        if in_strings:
            strings.append(content)
    if strings:
        found.lengths = list(_Strings(strings).lengths())
    return found


def _read_sheet(
    stream: bytes, offset: int, survey: Survey, sheet: SheetSurvey, lengths: list[int]
) -> None:
    merged = 0
    for number, content in _records(stream, offset):
        if number == _DIMENSIONS:
            if not _are_dimensions(content):
                raise WorkbookRefused(WorkbookFault.DAMAGED, {"sheet": sheet.name})
        elif number in _ONE_CELL:
            _read_cell(number, content, survey, sheet, lengths)
        elif number == _MUL_RK:
            sheet.meet(_u16(content, 0), _u16(content, len(content) - 2))
        elif number == _STRING:
            survey.read(_u16(content, 0))
        elif number == _MERGE_CELLS:
            merged += _u16(content, 0)
            if merged > sheet.limits.merged:
                facts: dict[str, str | int] = {"sheet": sheet.name, "limit": sheet.limits.merged}
                raise WorkbookRefused(WorkbookFault.TOO_MANY_MERGED, facts)


def _are_dimensions(content: bytes) -> bool:
    """Tell whether an area (2.4.90) can be.

    The library takes memory for all of it at once. One that ends before it begins is without end
    to it, and what cannot be had ends its process.
    """
    top, rows, left, columns = struct.unpack_from("<IIHH", content)
    if rows > _MAX_ROWS or columns > _MAX_COLUMNS:
        return False
    return not rows or not columns or (top < rows and left < columns)


def _read_cell(
    number: int, content: bytes, survey: Survey, sheet: SheetSurvey, lengths: list[int]
) -> None:
    row, column = struct.unpack_from("<HH", content)
    sheet.meet(row, column)
    if number == _LABEL_SST:
        survey.read(lengths[struct.unpack_from("<I", content, 6)[0]])
    elif number == _LABEL:
        survey.read(_u16(content, 6))
    elif number == _BOOL_ERR and content[7]:
        sheet.miss(row, column, CellFault.FORMULA_ERROR)
    elif number == _FORMULA:
        value, flags = content[6:14], _u16(content, 14)
        special = value[6:] == _SPECIAL
        if special and value[0] == _SPECIAL_ERROR:
            sheet.miss(row, column, CellFault.FORMULA_ERROR)
        elif not special and flags & _RECALCULATE and value == bytes(8):
            sheet.miss(row, column, CellFault.FORMULA_NOT_COMPUTED)


class _Strings:
    """Walks over the shared strings, which go on in CONTINUE records (2.4.265, 2.5.293)."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._piece = 0
        self._at = 8  # after both counts

    def lengths(self) -> Iterator[int]:
        """Yield the number of characters of each string."""
        (count,) = struct.unpack_from("<I", self._pieces[0], 4)
        for _ in range(count):
            if self._at >= len(self._pieces[self._piece]) and self._is_last:
                return  # some programs count more than they write
            chars, flags = struct.unpack("<HB", self._take(3))
            runs = _u16(self._take(2), 0) if flags & _RICH else 0
            extra = struct.unpack("<I", self._take(4))[0] if flags & _FAR_EAST else 0
            self._skip_chars(chars, bool(flags & _WIDE))
            self._take(4 * runs + extra)
            yield chars

    @property
    def _is_last(self) -> bool:
        return self._piece == len(self._pieces) - 1

    def _take(self, count: int) -> bytes:
        """Take bytes, over the borders of records."""
        taken = b""
        while len(taken) < count:
            piece = self._pieces[self._piece]
            part = piece[self._at : self._at + count - len(taken)]
            taken += part
            self._at += len(part)
            if len(taken) < count:
                self._next_piece()
        return taken

    def _skip_chars(self, chars: int, wide: bool) -> None:
        """Skip characters; each further record begins with a flag of its own."""
        while True:
            room = (len(self._pieces[self._piece]) - self._at) // (2 if wide else 1)
            here = min(chars, room)
            self._at += here * (2 if wide else 1)
            chars -= here
            if not chars:
                return
            self._next_piece()
            wide = bool(self._take(1)[0] & _WIDE)

    def _next_piece(self) -> None:
        self._piece += 1
        if self._piece == len(self._pieces):
            raise IndexError("a string breaks off")
        self._at = 0


def _short_text(content: bytes) -> str:
    """Read a name with its length and flags before it (2.5.240)."""
    chars, wide = content[0], content[1] & _WIDE
    if wide:
        return content[2 : 2 + 2 * chars].decode("utf-16-le")
    return content[2 : 2 + chars].decode("latin-1")


def _u16(data: bytes, at: int) -> int:
    (number,) = struct.unpack_from("<H", data, at)
    return int(number)
