"""The QR code is a PNG, whose modules grow with the text."""

import struct

from mooring.operations.qr_code import qr_png


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def test_a_text_becomes_a_square_png() -> None:
    png = qr_png("otpauth://totp/a:b?secret=GEZDGNBV&issuer=a")

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert size(png)[0] == size(png)[1] > 100


def test_more_text_needs_more_modules() -> None:
    assert size(qr_png("a" * 300))[0] > size(qr_png("a"))[0]
