"""The holder's side: the copy that an issuer handed out, and the presentations that show a part of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pratique.cose import sign1
from pratique.errors import DecodeError, DisclosureError, KeyMaterialError, RequestError
from pratique.formats import profile
from pratique.formats.pratique import PratiqueEnvelope
from pratique.model import IssuerIdentity, KeyBinding
from pratique.model.dates import rfc3339
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.sdcwt import Challenge, KeyBindingToken, key_binding
from pratique.sdcwt.labels import SD_CLAIMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer
    from pratique.model import Credential
    from pratique.request.consideration import Consideration
    from pratique.rules.ruleset import RuleSet
    from pratique.sdcwt import Disclosed, Path

_NAMES: dict[Path, str] = {path: name for name, path in profile.PATHS.items()}


class _Offered(NamedTuple):
    """What rules are asked of: a credential, and the claims of it that may be shown."""

    credential: Credential
    disclosable: tuple[str, ...]


class HeldCredential:
    """A credential as its holder keeps it, with the disclosures that came with it.

    Nothing in it is verified: the holder trusts the hand that gave it; a verifier checks the signature.
    """

    def __init__(self, data: bytes, *, paths: Mapping[bytes, Path] | None = None) -> None:
        """Take a credential's bytes, and read them at once unless whoever made them says what its disclosures open.

        Raises: DecodeError, DisclosureError, UnsupportedError.
        """
        if key_binding.is_token(data):
            raise DecodeError(Reason.CONTENT_INVALID, "a code that was shown to one verifier is no copy to keep")
        self._envelope = PratiqueEnvelope(data)
        self.encoded = data
        self._paths: Mapping[bytes, Path] = self._opened.paths if paths is None else paths
        if paths is None:
            _ = self.credential

    def __repr__(self) -> str:
        return f"HeldCredential(disclosable={list(self.disclosable)!r})"

    @classmethod
    def from_text(cls, text: str) -> HeldCredential:
        """Return the credential of a QR text, as its holder keeps it. Raises: as the constructor."""
        return cls(qr_text.decode(qr_text.scanned(text)))

    @cached_property
    def _opened(self) -> Disclosed:
        return self._envelope.open()

    @cached_property
    def credential(self) -> Credential:
        """Return what this copy says, every disclosure in it opened. Raises: DecodeError, DisclosureError."""
        return self._envelope.read(self._opened)

    @property
    def text(self) -> str:
        """Return the QR text of this copy, with every disclosure in it: for its holder, not for showing."""
        return qr_text.encode(self.encoded)

    @property
    def disclosable(self) -> tuple[str, ...]:
        """Return the names of the claims that can be shown, such as `event.date`, in the profile's order."""
        held = set(self._paths.values())
        return tuple(name for name, path in profile.PATHS.items() if path in held)

    @property
    def is_complete(self) -> bool:
        """Return whether there is a disclosure for every hash: an issuer must not keep claims from their holder."""
        return self._opened.withheld == 0

    def present(  # noqa: PLR0913 - what to show, and for whom
        self,
        *,
        disclose: Iterable[str] = (),
        rules: RuleSet | None = None,
        request: Consideration | None = None,
        audience: str | None = None,
        nonce: bytes | None = None,
        signer: Signer | None = None,
        at: datetime | None = None,
        holder_key: PublicKey | None = None,
        issuer: IssuerIdentity | None = None,
    ) -> str:
        """Return the QR text of a copy that shows, beyond what is always shown, just the claims chosen.

        They are chosen by hand, by rules, which take a smallest set that makes them hold, or by a request, of which the
        rules take it and which must have asked for it. The issuer's signature stays as it is; what the holder leaves
        out costs nothing. The maps that a claim stands in are opened with it, and with them no other claim.

        Given audience, nonce, signer and time, the copy stands in a key binding token: the holder's key signs that it
        is shown to this verifier, now. A request brings audience and nonce along, for a credential that is bound to a
        key.

        Args:
            disclose: names as `disclosable` gives them; `holder` or `event` alone stand for all claims of that map.
            rules: the destination's rules.
            request: a verifier's request, as `consider` looked at it.
            audience: the verifier's identifier, as its request states it.
            nonce: the verifier's, 8 to 64 bytes.
            signer: whoever holds the key that the credential is bound to.
            at: the time, aware.
            holder_key: the public key, which only a credential that is bound to its thumbprint needs.
            issuer: what the holder knows of the issuer beyond what the credential states, such as its country, for
                rules that depend on it.
        Raises: DisclosureError (`disclosures.unknown`): this copy has no such claim to show. RuleError: nothing that it
            could show makes the rules hold, or nothing of what was asked for. RequestError: something stands against
            the request. KeyMaterialError (`binding.not_to_a_key`, `binding.other_key`): there is no key to sign with,
            or the signer has another. TypeError: more than one of claims, rules and request; some of audience, nonce,
            signer and time, and not all; a naive time. ValueError: an audience or nonce that no token can hold.
        """
        if sum((bool(disclose), rules is not None, request is not None)) > 1:
            raise TypeError("claims are chosen by hand, by rules or by a request")
        if request is not None:
            asked, rules = request.raise_for_refusal()
            if at is not None and at >= asked.expires_at:  # it was considered before
                raise RequestError(Reason.REQUEST_EXPIRED, f"it ended {rfc3339(asked.expires_at)}")
            disclose = self._needed(rules, at, issuer, asked.claims)
            if isinstance(self.credential.binding, KeyBinding):
                audience, nonce = asked.audience, asked.nonce
            else:
                signer = None
        elif rules is not None:
            disclose = self._needed(rules, at, issuer)
        shown = _with_disclosures(self._envelope, self._chosen(disclose))
        if audience is None and nonce is None and signer is None:
            return qr_text.encode(shown)
        if audience is None or nonce is None or signer is None or at is None:
            raise TypeError("a key binding token takes audience, nonce, signer and at, all four")
        return qr_text.encode(self._signed(shown, Challenge(audience, nonce), signer, at, holder_key))

    def _needed(
        self, rules: RuleSet, at: datetime | None, issuer: IssuerIdentity | None, asked: frozenset[str] | None = None
    ) -> frozenset[str]:
        """Return a smallest set of claims that makes rules hold, of those asked for where that is known."""
        from pratique.rules.minimum import disclose_for  # noqa: PLC0415 - who chooses by hand needs no rules

        if at is None or at.utcoffset() is None:
            raise TypeError("rules take the time, aware")
        offered = tuple(name for name in self.disclosable if asked is None or name in asked)
        return disclose_for(rules, _Offered(self.credential, offered), at, issuer=issuer or IssuerIdentity())

    def _signed(
        self, shown: bytes, challenge: Challenge, signer: Signer, at: datetime, holder_key: PublicKey | None
    ) -> bytes:
        """Return the key binding token around what is shown."""
        bound = self.credential.binding
        if not isinstance(bound, KeyBinding):
            raise KeyMaterialError(Reason.NOT_KEY_BOUND)
        key = bound.key or holder_key
        if key is None:
            raise TypeError("the credential has the thumbprint of a key alone: give holder_key too")
        in_header = key if bound.key is None else None
        token = key_binding.encode(shown, challenge, at=at, signer=signer, key=in_header)
        if key.thumbprint != bound.thumbprint or not KeyBindingToken.decode(token).is_signed_by(key):
            raise KeyMaterialError(Reason.OTHER_KEY)
        return token

    def _chosen(self, disclose: Iterable[str]) -> list[bytes]:
        """Return the disclosures that open the claims named, in the order of their paths."""
        wanted = set()
        for name in disclose:
            paths = self._expand(name)
            if not paths:
                raise DisclosureError(
                    Reason.DISCLOSURE_UNKNOWN,
                    f"this copy cannot show {name!r}",
                    hint=f"It can show: {', '.join(self.disclosable) or 'nothing more than it always shows'}.",
                )
            wanted |= {path[:end] for path in paths for end in range(1, len(path) + 1)}
        return sorted((encoded for encoded, path in self._paths.items() if path in wanted), key=self._paths.__getitem__)

    def _expand(self, name: str) -> list[Path]:
        """Return the paths of the claims that a name stands for and that this copy can show."""
        return [
            path
            for path in self._paths.values()
            if (full := _NAMES.get(path)) is not None and (full == name or full.startswith(f"{name}."))
        ]


def _with_disclosures(envelope: PratiqueEnvelope, shown: list[bytes]) -> bytes:
    signed = envelope.signed
    return sign1.complete(signed.headers, {SD_CLAIMS: shown} if shown else {}, signed.payload, signed.signature)
