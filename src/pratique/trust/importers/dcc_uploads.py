"""Who uploaded the entries of the EU gateway's list: signatures from the gateway's trust anchor down.

The trust anchor signs the certificates with which states upload (UPLOAD), authenticate and are authorities (CSCA); a
state signs the certificates of its signers (DSC) with its UPLOAD certificate. An entry whose signature does not hold is
left out, other than in a widely copied client, which writes a line to its log.

Source: eu-digital-green-certificates/dgc-lib, SignedMessageParser and DgcGatewayDownloadConnector: CMS apart from the
certificate in DER, of one signer, whose certificate it brings along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pratique.cose.certificates import Certificate
from pratique.cose.signed_data import SignedData
from pratique.errors import PratiqueError, SignatureError
from pratique.reasons import Reason
from pratique.trust.importers.collector import unbase64
from pratique.trust.importers.dcc_lists import SIGNER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.cose.keys import PublicKey
    from pratique.trust.importers.collector import Collector
    from pratique.trust.importers.dcc_lists import Listed

UPLOAD: Final = "UPLOAD"
MAX_SIGNATURE_BYTES: Final = 16 * 1024
"""Of one CMS message with one certificate; the gateway's have about 2,000."""


def signed(entries: Iterable[Listed], anchor: Certificate | PublicKey, collector: Collector) -> tuple[Listed, ...]:
    """Return the entries that the trust anchor, or for a signer's certificate its state, has signed; remark on others.

    Not checked: the dates of the certificates that signed; the gateway takes the one and the other off its list.
    """
    key = anchor.public_key if isinstance(anchor, Certificate) else anchor
    kept: list[Listed] = []
    uploaders: set[tuple[str, bytes]] = set()  # by country, as the list names it
    for entry in sorted(entries, key=lambda entry: entry.use == SIGNER):  # those who upload come first
        signer = _signer(entry, collector)
        if signer is None:
            continue
        if (str(entry.country), signer.der) not in uploaders if entry.use == SIGNER else signer.public_key != key:
            collector.leave_out(entry.where, Reason.IMPORT_SIGNATURE, "somebody signed the entry who may not")
            continue
        kept.append(entry)
        if entry.use == UPLOAD:
            uploaders.add((str(entry.country), unbase64(entry.material)))
    return tuple(kept)


def _signer(entry: Listed, collector: Collector) -> Certificate | None:
    """Return the certificate of whoever signed an entry; None, with a remark, where nobody did."""
    try:
        signature = unbase64(entry.signature)
        if len(signature) > MAX_SIGNATURE_BYTES:
            raise SignatureError(Reason.IMPORT_SIGNATURE, f"a signature of {len(signature)} bytes")
        return SignedData.verify_detached(signature, unbase64(entry.material)).signer
    except PratiqueError as error:
        collector.leave_out(entry.where, error.code, error.detail)
        return None
