"""How a credential is bound to a travel document: a slow salted hash of three fields of its machine-readable zone.

A verifier has the passport in hand and derives the tag in some 60 ms. Whoever finds the QR code alone would have to
guess document number, birth date and expiry date together, and pay that price for each guess. The salt keeps two
credentials for one passport apart. The hash does not replace looking at the passport: it says which one belongs here.
"""

from __future__ import annotations

import hmac
import secrets

from pratique.errors import DecodeError, UnsupportedError
from pratique.model.credential import DocumentBinding
from pratique.mrz import TravelDocument, mrz_information
from pratique.reasons import Reason

ARGON2ID_46_MIB = 1  # the number of the only derivation so far, as it stands in credentials

# The first of the OWASP settings for Argon2id: memory hinders a guessing machine most, and a phone still has it.
MEMORY_KIB = 46 * 1024
ITERATIONS = 1
LANES = 1  # more would favour the attacker, who has more cores than a border officer's phone
SALT_BYTES = 16  # RFC 9106, section 3.1: recommended for passwords
TAG_BYTES = 16  # 128 bits: wrong documents match by chance once in 3.4e38


def document_tag(document: TravelDocument, salt: bytes) -> bytes:
    """Return the 16-byte tag of a travel document under a 16-byte salt: Argon2id, version 1.3 (RFC 9106).

    Takes 46 MiB of memory and some 60 ms; other threads run meanwhile. Raises: ValueError: a salt of another length.
    """
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - loads OpenSSL

    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    derivation = Argon2id(salt=salt, length=TAG_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return derivation.derive(mrz_information(document))


def new_binding(document: TravelDocument) -> DocumentBinding:
    """Return a binding to a travel document under a fresh random salt."""
    salt = secrets.token_bytes(SALT_BYTES)
    return DocumentBinding(ARGON2ID_46_MIB, salt, document_tag(document, salt))


def matches(document: TravelDocument, binding: DocumentBinding) -> bool:
    """Return whether a credential is bound to this travel document; compared in constant time.

    Raises: UnsupportedError (`content.invalid`): a derivation that is not known here. DecodeError (`content.invalid`):
    a salt or tag of another length, which no issuer that follows the profile makes.
    """
    if binding.derivation != ARGON2ID_46_MIB:
        raise UnsupportedError(Reason.CONTENT_INVALID, f"document binding by derivation {binding.derivation}")
    if len(binding.salt) != SALT_BYTES or len(binding.tag) != TAG_BYTES:
        raise DecodeError(Reason.CONTENT_INVALID, f"a binding has {SALT_BYTES} bytes of salt and {TAG_BYTES} of tag")
    return hmac.compare_digest(document_tag(document, binding.salt), binding.tag)
