"""QR codes as PNG, by segno."""

from __future__ import annotations

import io

import segno

__all__ = ["qr_png"]

_SCALE = 5


def qr_png(text: str) -> bytes:
    """Return a picture of ``text`` that a telephone reads."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="png", scale=_SCALE)
    return buffer.getvalue()
