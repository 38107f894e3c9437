"""The exceptions of pratique.

Everything that input can cause is a `PratiqueError`; misuse by the programmer is `TypeError` or `ValueError`.

    PratiqueError
    ├── DecodeError         bytes, text or a picture are not what they should be
    ├── UnsupportedError    recognised, but not read or not offered here
    ├── KeyMaterialError    a key or certificate cannot be used
    ├── TrustError          a trust list or acceptance file cannot be used
    ├── SignatureError      a signature does not hold
    ├── StatusError         a status list or a register of statuses cannot be used
    ├── DisclosureError     a disclosure does not hold, or names nothing
    ├── ClaimError          claims cannot be put into a credential
    ├── RequestError        a verifier's request cannot be read, or is not answered
    ├── RuleError           entry rules cannot be used, or not applied to what is shown
    ├── FetchError          a file could not be fetched
    └── CapacityError       a text does not fit into a QR code
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.reasons import Reason


class PratiqueError(Exception):
    """An error that input caused.

    `code` is stable and documented; the message says what was found, what was expected and where, and never holds a
    claim, a name, a document number or a key. `hint` says what to do about it, where that is known.
    """

    def __init__(self, code: Reason, detail: str = "", *, hint: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.code.value}: {self.detail or self.code.meaning}"


class DecodeError(PratiqueError):
    """Bytes, text or a picture that are not exactly what they should be."""


class UnsupportedError(PratiqueError):
    """A format, algorithm or feature that is recognised, but not offered here."""


class KeyMaterialError(PratiqueError):
    """A key or certificate that cannot be read, or does not fit its algorithm."""


class TrustError(PratiqueError):
    """A trust list or acceptance file that cannot be used."""


class SignatureError(PratiqueError):
    """A signature that does not hold."""


class StatusError(PratiqueError):
    """A status list that cannot be used, or a register of statuses that does not do what is asked."""


class DisclosureError(PratiqueError):
    """A disclosure that matches no hash, comes twice, or names a claim that is not there."""


class ClaimError(PratiqueError):
    """Claims that cannot be put into a credential."""


class RuleError(PratiqueError):
    """Entry rules that cannot be used, or not applied to what a credential says."""


class FetchError(PratiqueError):
    """A file that could not be fetched from the address that an operator named."""


class RequestError(PratiqueError):
    """A verifier's request that cannot be read, or that the holder's side does not answer."""


class CapacityError(PratiqueError):
    """A text that does not fit into a QR code."""
