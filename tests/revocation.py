"""Foreign revocation lists for tests, as those who publish them write them.

listed = batch(sha("URN:UVCI:01:AT:10807843F94"))
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

from authority import DCC_KEY_IDS, ES256, NOW

UCI = "URN:UVCI:01:AT:10807843F94"
"""The identifier of the certificates that `authority` makes."""
LATER = NOW + timedelta(days=30)


def sha(data: bytes | str) -> bytes:
    """Return the first half of a SHA-256, which is what the gateway's lists are made of."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).digest()[:16]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def batch(*hashes: bytes, hash_type: str = "UCI", **changes: Any) -> dict[str, Any]:
    """Return a batch of Austria as the gateway writes it, for its key on P-256; changes are to its members."""
    made = {
        "country": "AT",
        "expires": LATER.isoformat(),
        "kid": b64(DCC_KEY_IDS[ES256]),
        "hashType": hash_type,
        "entries": [{"hash": b64(each)} for each in hashes],
    }
    return {**made, **changes}
