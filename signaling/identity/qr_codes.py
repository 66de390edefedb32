"""QR codes as drawings, so that a page needs no library for them."""

from __future__ import annotations

import segno

from signaling.identity.wire import QrCode

_CHECKERBOARD = 0  # the mask without long runs (ISO/IEC 18004 §7.8.2)


def qr_code(text: str) -> QrCode:
    """Draw the QR code of a text. One takes about 1 ms: let the loop go on between many.

    Every mask can be read. To look for the best one takes five times as long.
    """
    matrix = segno.make_qr(text, error="m", mask=_CHECKERBOARD).matrix
    path = "".join(
        f"M{start} {row}h{length}v1h-{length}z"
        for row, modules in enumerate(matrix)
        for start, length in _runs(modules)
    )
    return QrCode(len(matrix), path)


def _runs(modules: bytearray) -> list[tuple[int, int]]:
    """Return where each run of dark modules begins, and how long it is."""
    runs: list[tuple[int, int]] = []
    for column, dark in enumerate(modules):
        if not dark:
            continue
        if runs and sum(runs[-1]) == column:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((column, 1))
    return runs
