"""The common model that every format maps to: frozen values, no input or output, no cryptography."""

from pratique.model.codes import Coding
from pratique.model.credential import (
    Credential,
    DocumentBinding,
    DocumentNumber,
    IssuerIdentity,
    KeyBinding,
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

__all__ = [
    "Clearance",
    "Coding",
    "Credential",
    "DocumentBinding",
    "DocumentNumber",
    "Dose",
    "Evidence",
    "Exemption",
    "Holder",
    "IssuerIdentity",
    "KeyBinding",
    "Kind",
    "PartialDate",
    "Prophylaxis",
    "Recovery",
    "StatusReference",
    "TestResult",
    "Vaccination",
    "Validity",
]
