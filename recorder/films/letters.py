"""Letters of a font, drawn by FreeType.

FreeType is a library of the system, and comes with fontconfig. FFmpeg as it is packed for Python
draws no text. The structures are those of `freetype.h`, which have stayed the same since 2.0; only
their begins are declared. The library is loaded with this module, before a process that makes
media gives up other files.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Coverage = NDArray[np.uint8]  # of each pixel, 0…255

_LIBRARY = "libfreetype.so.6"
_LOAD = 1 << 2 | 1 << 3  # FT_LOAD_RENDER | FT_LOAD_NO_BITMAP
_GRAY = 2  # FT_PIXEL_MODE_GRAY
_SUBPIXELS = 64  # FreeType counts in 26.6


class LettersFailed(Exception):
    """The font cannot be read, or there is no FreeType."""


class Letter(NamedTuple):
    """One letter: its pixels, where they begin from the pen, and how far the pen goes on."""

    coverage: Coverage
    left: int
    top: int
    advance: float


class _Generic(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("finalizer", ctypes.c_void_p))


class _Bitmap(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.c_uint),
        ("width", ctypes.c_uint),
        ("pitch", ctypes.c_int),
        ("buffer", ctypes.c_void_p),
        ("num_grays", ctypes.c_ushort),
        ("pixel_mode", ctypes.c_ubyte),
        ("palette_mode", ctypes.c_ubyte),
        ("palette", ctypes.c_void_p),
    )


class _Slot(ctypes.Structure):
    _fields_ = (
        ("library", ctypes.c_void_p),
        ("face", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("glyph_index", ctypes.c_uint),
        ("generic", _Generic),
        ("metrics", ctypes.c_long * 8),
        ("linear_advance", ctypes.c_long * 2),
        ("advance", ctypes.c_long * 2),
        ("format", ctypes.c_int),
        ("bitmap", _Bitmap),
        ("bitmap_left", ctypes.c_int),
        ("bitmap_top", ctypes.c_int),
    )


class _Face(ctypes.Structure):
    _fields_ = (
        ("counts_and_flags", ctypes.c_long * 5),
        ("family_name", ctypes.c_void_p),
        ("style_name", ctypes.c_void_p),
        ("num_fixed_sizes", ctypes.c_int),
        ("available_sizes", ctypes.c_void_p),
        ("num_charmaps", ctypes.c_int),
        ("charmaps", ctypes.c_void_p),
        ("generic", _Generic),
        ("bbox", ctypes.c_long * 4),
        ("units_and_heights", ctypes.c_short * 8),
        ("glyph", ctypes.POINTER(_Slot)),
    )


def _loaded() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    face = ctypes.POINTER(_Face)
    library.FT_New_Face.argtypes = (
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_long,
        ctypes.POINTER(face),
    )
    library.FT_Set_Pixel_Sizes.argtypes = (face, ctypes.c_uint, ctypes.c_uint)
    library.FT_Get_Char_Index.argtypes = (face, ctypes.c_ulong)
    library.FT_Get_Char_Index.restype = ctypes.c_uint
    library.FT_Load_Glyph.argtypes = (face, ctypes.c_uint, ctypes.c_int)
    return library


_freetype = _loaded()


def can_draw() -> bool:
    """Tell whether this machine has FreeType."""
    return _freetype is not None


class Letters:
    """The letters of one font. What the font does not have is blank."""

    def __init__(self, path: Path, index: int) -> None:
        """Open the font. Raises LettersFailed."""
        if _freetype is None:
            raise LettersFailed("no FreeType")
        self._library = _freetype
        handle = ctypes.c_void_p()
        self._face = ctypes.POINTER(_Face)()
        self._pixels = 0
        if self._library.FT_Init_FreeType(ctypes.byref(handle)) != 0:
            raise LettersFailed("FreeType does not start")
        if self._library.FT_New_Face(handle, bytes(path), index, ctypes.byref(self._face)) != 0:
            raise LettersFailed(f"not a font: {path.name}")
        self.letter = cache(self._letter)

    def _letter(self, character: str, pixels: int) -> Letter:
        """Draw one character as high as asked."""
        if pixels != self._pixels:
            self._library.FT_Set_Pixel_Sizes(self._face, 0, pixels)
            self._pixels = pixels
        glyph = self._library.FT_Get_Char_Index(self._face, ord(character))
        if glyph == 0 or self._library.FT_Load_Glyph(self._face, glyph, _LOAD) != 0:
            return Letter(np.zeros((0, 0), np.uint8), 0, 0, pixels / 2)
        slot = self._face.contents.glyph.contents
        advance = slot.advance[0] / _SUBPIXELS
        return Letter(_pixels_of(slot.bitmap), slot.bitmap_left, slot.bitmap_top, advance)


def _pixels_of(bitmap: _Bitmap) -> Coverage:
    rows, width, pitch = bitmap.rows, bitmap.width, bitmap.pitch
    if bitmap.pixel_mode != _GRAY or not bitmap.buffer or pitch < width:
        return np.zeros((0, 0), np.uint8)
    data = ctypes.string_at(bitmap.buffer, rows * pitch)
    return np.frombuffer(data, np.uint8).reshape(rows, pitch)[:, :width].copy()
