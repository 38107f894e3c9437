"""The issuer's side: entries of a map are replaced by salted hashes, and the disclosures are kept for the holder."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.sdcwt.labels import REDACTED_KEYS, SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping


class Redaction:
    """Collects the disclosures of one credential while its claims are hidden, innermost first."""

    def __init__(self) -> None:
        self._disclosures: list[bytes] = []

    @property
    def disclosures(self) -> tuple[bytes, ...]:
        """Return every disclosure made so far: CBOR of [salt, value, key], as the holder will send it."""
        return tuple(self._disclosures)

    def hide(self, entries: Mapping[int, Any] | Mapping[str, Any]) -> dict[Any, Any]:
        """Return the map that stands for `entries` with all of them hidden: one array of hashes, or nothing.

        Each entry gets 16 fresh random bytes of salt. Hashes are sorted, so that their order says nothing.
        Source: draft-ietf-spice-sd-cwt-07, sections 4.1 and 4.2.
        """
        if not entries:
            return {}
        made = [cbor.encode([secrets.token_bytes(SALT_BYTES), value, key]) for key, value in entries.items()]
        self._disclosures.extend(made)
        return {REDACTED_KEYS: sorted(hashlib.sha256(disclosure).digest() for disclosure in made)}
