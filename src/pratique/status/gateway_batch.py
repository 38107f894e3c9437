"""A batch of the EU DCC gateway as it is fetched: in a CMS that the state's upload certificate signed.

    certificates = {"AUT": [Certificate.read(der)]}      # UPLOAD, of the gateway's trust list
    keep("revocation", open_batch(fetched, certificates, at=now))

What `open_batch` gives is the batch alone, without its signature: the folder is the operator's own.

Source: EU DCC gateway (dgc-gateway), revocation API; RFC 5652.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from pratique.codec import json
from pratique.cose.signed_data import SignedData
from pratique.errors import DecodeError, SignatureError
from pratique.reasons import Reason
from pratique.status.dcc_hash_list import HashBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.cose.certificates import Certificate

MAX_BATCH_BYTES: Final = 1024 * 1024  # 1,000 entries take some 40 kB

_DATA: Final = "1.2.840.113549.1.7.1"  # RFC 5652 section 4
_DER = b"\x30"


def open_batch(data: bytes, certificates: Mapping[str, Iterable[Certificate]], *, at: datetime) -> bytes:
    """Return the JSON of a batch once it is proven that its own state uploaded it.

    Args:
        data: the CMS, in DER or, as the gateway sends it, in Base64.
        certificates: the upload certificates of states, by alpha-3 code, which the caller has proven: each stands on
            the gateway's trust list under the signature of the gateway's trust anchor.
        at: the time of the check, aware: the certificate must be valid then.
    Raises: DecodeError: `cms.malformed`; `status.list_invalid`: its content is no batch. SignatureError
        (`import.signature_invalid`): it is not signed, or by none of the certificates of its country that are valid.
    Not checked: whether the gateway has deleted the batch since.
    """
    if len(data) > MAX_BATCH_BYTES:
        raise DecodeError(Reason.STATUS_LIST_INVALID, f"{len(data)} bytes, at most {MAX_BATCH_BYTES} are read")
    if not data.startswith(_DER):
        try:
            data = base64.b64decode(data.strip(), validate=True)
        except binascii.Error:
            raise DecodeError(Reason.STATUS_LIST_INVALID, "it is neither DER nor Base64") from None
    message = SignedData.verify(data, _DATA)
    batch = HashBatch.from_json(json.decode(message.content))
    for certificate in certificates.get(batch.country, ()):
        if certificate.der == message.signer.der and certificate.not_before <= at <= certificate.not_after:
            return message.content
    raise SignatureError(
        Reason.IMPORT_SIGNATURE, f"it was signed by no upload certificate of {batch.country} that is valid"
    )
