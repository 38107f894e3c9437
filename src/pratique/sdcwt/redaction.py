"""The issuer's side: entries of a map are replaced by salted hashes, and the disclosures are kept for the holder."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.sdcwt.labels import REDACTED_KEYS, SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.sdcwt.disclosure import Path


class Redaction:
    """Collects the disclosures of one credential while its claims are hidden, innermost first."""

    def __init__(self) -> None:
        self._paths: dict[bytes, Path] = {}

    @property
    def disclosures(self) -> tuple[bytes, ...]:
        """Return every disclosure made so far: CBOR of [salt, value, key], as the holder will send it."""
        return tuple(self._paths)

    @property
    def paths(self) -> dict[bytes, Path]:
        """Return where each disclosure opens its claim."""
        return self._paths.copy()

    def hide(self, entries: Mapping[int, Any] | Mapping[str, Any], within: Path = ()) -> dict[Any, Any]:
        """Return the map that stands for `entries` with all of them hidden: one array of hashes, or nothing.

        `within` is the path of the map in which they stand. Each entry gets 16 fresh random bytes of salt. Hashes are
        sorted, so that their order says nothing.
        Source: draft-ietf-spice-sd-cwt-07, sections 4.1 and 4.2.
        """
        if not entries:
            return {}
        made = {
            cbor.encode([secrets.token_bytes(SALT_BYTES), value, key]): (*within, key) for key, value in entries.items()
        }
        self._paths |= made
        return {REDACTED_KEYS: sorted(hashlib.sha256(disclosure).digest() for disclosure in made)}
