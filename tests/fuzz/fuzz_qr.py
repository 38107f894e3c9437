"""Fuzz the reader of QR pictures and the decoder of QR texts: anything but a PratiqueError is a finding.

Run: pip install atheris && python tests/fuzz/fuzz_qr.py -max_total_time=60
A folder of PNG and JPEG files as the last argument is a good start.
"""

from __future__ import annotations

import sys

from pratique.errors import PratiqueError
from pratique.qr import picture, read, text


def qr_text(data: bytes) -> None:
    content = text.scanned(data.decode("latin-1"))
    assert text.encode(text.decode(content)) == content


READERS = (read.read, picture.load, qr_text)


def one_input(data: bytes) -> None:
    """Give one input to every reader, so that the files of a corpus need no prefix."""
    for reader in READERS:
        try:
            reader(data)
        except PratiqueError:
            continue


def main() -> None:
    import atheris  # noqa: PLC0415 - only the fuzzing itself needs it, and it is not installed with the tests

    picture.MAX_PIXELS = 1_000_000  # large pictures are slow, and no more of a test
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
