"""The formats that are read, and those that are recognised and refused: by how a text looks, and by nothing else."""

from __future__ import annotations

from typing import Final

from pratique.errors import DecodeError
from pratique.formats import hc1, nzcp, pratique, smart_health_card, vds_nc
from pratique.formats.base import Envelope, Facts, Reader
from pratique.formats.refused import REFUSED
from pratique.qr.text import scanned
from pratique.reasons import Reason

READERS: Final[tuple[Reader, ...]] = (
    pratique.READER,
    hc1.READER,
    hc1.EXEMPTION_READER,
    nzcp.READER,
    smart_health_card.READER,
    vds_nc.READER,
)

_ALL: Final = (*READERS, *REFUSED)
_BY_START: Final = {reader.prefix[:4]: reader for reader in READERS if reader.recognises is None}

__all__ = ["READERS", "REFUSED", "Envelope", "Facts", "Reader", "in_small_letters", "reader_of", "recognise"]


def reader_of(text: str) -> Reader | None:
    """Return the reader of a text, by how it looks alone; None where it is in no format that is known."""
    for reader in _ALL:
        if reader.takes(text):
            return reader
    return None


def in_small_letters(text: str) -> str:
    """Return that a text of no known format would be in one if it were in capitals, in words; else nothing."""
    return "the text is in small letters, and a code is in capitals" if text[:4].upper() in _BY_START else ""


def recognise(text: str) -> tuple[Reader, str]:
    """Return the reader of a scanned text, and the text without the line end that scanners add.

    The envelope of a format that is recognised and refused raises UnsupportedError, whatever the text is.
    Raises: DecodeError: `format.unknown`, `qr.too_long`.
    """
    text = scanned(text)
    reader = _BY_START.get(text[:4])  # what most travellers show, seen at once
    if reader is None or not text.startswith(reader.prefix):
        reader = reader_of(text)
    if reader is not None:
        return reader, text
    if detail := in_small_letters(text):
        raise DecodeError(Reason.FORMAT_UNKNOWN, detail)
    known = ", ".join(reader.prefix for reader in READERS)
    raise DecodeError(Reason.FORMAT_UNKNOWN, f"the text begins with none of {known}")
