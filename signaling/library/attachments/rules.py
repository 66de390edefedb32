"""Rules of attachments: whether a file is what its name says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from signaling.files.core.sniffing import MEDIA_TYPES, FileKind

_OFFICE = (FileKind.DOCX, FileKind.PPTX, FileKind.XLSX, FileKind.XLSM)
_COMPOUND = (FileKind.OLE, FileKind.XLS)  # not told apart where the directory lies in the middle
_PAGE = (FileKind.HTML, FileKind.SVG, FileKind.XML, FileKind.TEXT)
# The ends of names → the kinds of bytes that fit. Of any other end nobody knows what it says.
_FITS: Mapping[str, tuple[FileKind, ...]] = MappingProxyType(
    {
        "pdf": (FileKind.PDF,),
        "docx": (FileKind.DOCX,),
        "pptx": (FileKind.PPTX,),
        "xlsx": (FileKind.XLSX,),
        "xlsm": (FileKind.XLSM,),
        "zip": (FileKind.ZIP, *_OFFICE),  # a document of Office is an archive, too
        "txt": (FileKind.TEXT,),
        "csv": (FileKind.TEXT,),
        "png": (FileKind.PNG,),
        "jpg": (FileKind.JPEG,),
        "jpeg": (FileKind.JPEG,),
        "gif": (FileKind.GIF,),
        "webp": (FileKind.WEBP,),
    }
    | dict.fromkeys(("doc", "ppt", "xls", "wps", "dps", "et"), _COMPOUND)
    | dict.fromkeys(("html", "htm", "svg", "xml"), _PAGE)
)
_UNNAMED = MEDIA_TYPES[FileKind.OTHER]  # of kinds that are sent as bytes without a type
_KINDS: Mapping[str, FileKind] = MappingProxyType(
    {media_type: kind for kind, media_type in MEDIA_TYPES.items() if media_type != _UNNAMED}
)


def other_content(name: str, media_type: str | None) -> str | None:
    """Return what a file is by its bytes, where its name says something else; else None.

    Args:
        name: of the file.
        media_type: by its bytes; None of a file that was not looked at.

    Returns:
        The kind, in letters as at the end of a name; empty where it has no name of its own.
    """
    fitting = _FITS.get(name.rpartition(".")[2].lower()) if "." in name else None
    if fitting is None or media_type is None:
        return None
    if media_type in {MEDIA_TYPES[kind] for kind in fitting}:
        return None
    kind = _KINDS.get(media_type)
    return "" if kind is None else kind.value
