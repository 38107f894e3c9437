"""pratique: cross-border health credentials, verified offline, bound to the travel document, showing the minimum.

A border:

    verifier = Verifier(TrustStore.load("trust/"))
    rules = RuleSet.decode(Path("entry.json").read_bytes())
    report = verifier.verify(scanned_text, at=datetime.now(UTC), document=parse_mrz(mrz), rules=rules)
    print(report.verdict, report.explain())

An issuer:

    issuer = Issuer("https://health.example", signer=SoftwareSigner(PrivateKey.from_pem(pem)))
    fact = Vaccination(target="1D47", date=PartialDate(2026, 3, 14))
    held = issuer.issue(fact, document=parse_mrz(mrz), at=datetime.now(UTC))
    Path("card.png").write_bytes(qr.render.png(held.present(disclose={"event.date"})))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pratique import qr
    from pratique.cose.keys import PrivateKey, PublicKey
    from pratique.cose.signer import Signer, SoftwareSigner
    from pratique.errors import PratiqueError
    from pratique.issue import Issuer
    from pratique.mrz import TravelDocument, parse_mrz
    from pratique.present import HeldCredential
    from pratique.report import Report, Verdict
    from pratique.revocation import Revocation
    from pratique.rules import RuleSet
    from pratique.status import StatusStore
    from pratique.trust import TrustStore
    from pratique.verify import Verifier

__all__ = [
    "HeldCredential",
    "Issuer",
    "PratiqueError",
    "PrivateKey",
    "PublicKey",
    "Report",
    "Revocation",
    "RuleSet",
    "Signer",
    "SoftwareSigner",
    "StatusStore",
    "TravelDocument",
    "TrustStore",
    "Verdict",
    "Verifier",
    "parse_mrz",
    "qr",
]

# Each name is imported when it is first asked for (PEP 562): a border app does not load what only issuers need.
_HOMES = {
    "HeldCredential": "pratique.present",
    "Issuer": "pratique.issue",
    "PratiqueError": "pratique.errors",
    "PrivateKey": "pratique.cose.keys",
    "PublicKey": "pratique.cose.keys",
    "Report": "pratique.report",
    "Revocation": "pratique.revocation",
    "RuleSet": "pratique.rules",
    "Signer": "pratique.cose.signer",
    "SoftwareSigner": "pratique.cose.signer",
    "StatusStore": "pratique.status",
    "TravelDocument": "pratique.mrz",
    "TrustStore": "pratique.trust",
    "Verdict": "pratique.report",
    "Verifier": "pratique.verify",
    "parse_mrz": "pratique.mrz",
}


def __getattr__(name: str) -> Any:
    if name == "qr":
        return import_module("pratique.qr")
    if name not in _HOMES:
        raise AttributeError(f"module 'pratique' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
