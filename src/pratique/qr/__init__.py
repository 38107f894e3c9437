"""QR codes: the text they carry (`text`), writing them (`render`), finding them in pictures (`read`)."""

from pratique.qr import read, render, text

__all__ = ["read", "render", "text"]
