"""The common model that every format maps to: frozen values, no input or output, no cryptography."""

from pratique.model.codes import Coding
from pratique.model.credential import (
    Credential,
    DocumentBinding,
    DocumentNumber,
    IssuerIdentity,
    KeyBinding,
    Presentation,
    Span,
    StatusReference,
    Validity,
)
from pratique.model.dates import PartialDate
from pratique.model.evidence import (
    Clearance,
    Dose,
    Evidence,
    Exemption,
    Kind,
    Prophylaxis,
    Recovery,
    TestResult,
    Vaccination,
)
from pratique.model.holder import Holder
from pratique.model.revocation import CardIdentifier, HashedIdentifiers, RevocationIdentifiers, SignerIdentifier

__all__ = [
    "CardIdentifier",
    "Clearance",
    "Coding",
    "Credential",
    "DocumentBinding",
    "DocumentNumber",
    "Dose",
    "Evidence",
    "Exemption",
    "HashedIdentifiers",
    "Holder",
    "IssuerIdentity",
    "KeyBinding",
    "Kind",
    "PartialDate",
    "Presentation",
    "Prophylaxis",
    "Recovery",
    "RevocationIdentifiers",
    "SignerIdentifier",
    "Span",
    "StatusReference",
    "TestResult",
    "Vaccination",
    "Validity",
]
