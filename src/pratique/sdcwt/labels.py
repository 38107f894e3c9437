"""The numbers of SD-CWT. Source: draft-ietf-spice-sd-cwt-07, sections 3, 4, 8 and 13."""

from __future__ import annotations

from typing import Final

from pratique.codec.cbor import Simple

SD_CLAIMS: Final = 17  # unprotected header: the disclosures that travel with this copy
SD_ALG: Final = 170  # protected header: the hash algorithm; absent means SHA-256
SD_AEAD_CLAIMS: Final = 171  # unprotected header: encrypted disclosures, an optional feature
SD_AEAD: Final = 172  # protected header: its algorithm
TYP: Final = 16  # protected header
TYP_SD_CWT: Final = 293  # application/sd-cwt
SHA_256: Final = -16  # COSE algorithm number

REDACTED_KEYS: Final = Simple(59)  # map key: an array of the hashes of redacted entries
REDACTED_ELEMENT: Final = 60  # tag around the hash of a redacted array element
REDACTION_TAGS: Final = frozenset({REDACTED_ELEMENT})
REDACTION_KEYS: Final = frozenset({REDACTED_KEYS})

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
MAX_KEY_BYTES: Final = 255  # of a text map key

# The key binding token
TYP_KEY_BINDING: Final = 294  # application/kb+cwt
TAG_SIGN1: Final = 18
KCWT: Final = 13  # protected header: the SD-CWT (RFC 9528, section 10.6)
KCCS: Final = 14  # protected header: a claims set whose cnf has the holder's key, where the SD-CWT has its thumbprint
AUD, IAT, CNF, CNONCE = 3, 6, 8, 39  # CWT claims (RFC 8392, RFC 8747, RFC 9711)
CNF_KEY: Final = 1  # confirmation method: a COSE_Key
