"""The issuer's side: entries of a map are replaced by salted hashes, and the disclosures are kept for the holder."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.sdcwt.labels import REDACTED_KEYS, SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.sdcwt.disclosure import Path

_DECOY_HEAD = cbor.encode([bytes(SALT_BYTES)])[:-SALT_BYTES]


class Redaction:
    """Collects the disclosures of one credential while its claims are hidden, innermost first."""

    def __init__(self) -> None:
        self._paths: dict[bytes, Path] = {}
        self._decoys: list[bytes] = []

    @property
    def disclosures(self) -> tuple[bytes, ...]:
        """Return every disclosure made so far, as the holder gets it: CBOR of [salt, value, key], of decoys [salt].

        Decoys are among them so that the holder sees that nothing was hidden from them.
        """
        return (*self._paths, *self._decoys)

    @property
    def paths(self) -> dict[bytes, Path]:
        """Return where each disclosure opens its claim; decoys open nothing."""
        return self._paths.copy()

    def hide(
        self, entries: Mapping[int, Any] | Mapping[str, Any], within: Path = (), *, at_least: int = 0
    ) -> dict[Any, Any]:
        """Return the map that stands for `entries` with all of them hidden: one array of hashes, or nothing.

        `within` is the path of the map in which they stand. Each entry gets 16 fresh random bytes of salt. Decoys make
        up what is missing to `at_least` hashes. Hashes are sorted, so that their order says nothing; the hash of a
        decoy is one like the others to everybody who has not its salt.
        Source: draft-ietf-spice-sd-cwt-07, sections 4.1, 4.2 and 10.
        """
        salts = _salts(max(len(entries), at_least))
        items: Iterable[tuple[int | str, Any]] = entries.items()
        made = {
            cbor.encode([salt, value, key]): (*within, key)
            for salt, (key, value) in zip(salts, items, strict=False)  # the other salts are for decoys
        }
        decoys = [_DECOY_HEAD + salt for salt in salts[len(made) :]]
        self._paths |= made
        self._decoys += decoys
        hashes = sorted(hashlib.sha256(disclosure).digest() for disclosure in (*made, *decoys))
        return {REDACTED_KEYS: hashes} if hashes else {}


def _salts(count: int) -> list[bytes]:
    """Return fresh random salts, drawn at once: asking the system for each takes longer than cutting them apart."""
    drawn = secrets.token_bytes(count * SALT_BYTES)
    return [drawn[i : i + SALT_BYTES] for i in range(0, len(drawn), SALT_BYTES)]
