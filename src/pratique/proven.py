"""A code whose signature holds, on its way through the later steps of a verification."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pratique.formats import Envelope, Reader
    from pratique.model import Credential
    from pratique.trust import TrustedKey


class Proven(NamedTuple):
    """What steps 1 to 5 proved: the code, how it was read, the keys that verify it (most often one), what it says."""

    reader: Reader
    envelope: Envelope
    keys: tuple[TrustedKey, ...]
    credential: Credential
