"""Credentials that no honest issuer makes, signed all the same: what a hostile test needs beyond `authority`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authority import DOCUMENT, World, holder_key
from pratique.codec import cbor
from pratique.cose import sign1
from pratique.cose.signer import SoftwareSigner
from pratique.formats.pratique import PratiqueEnvelope
from pratique.qr import text as qr_text
from pratique.sdcwt.labels import SD_CLAIMS, TYP, TYP_SD_CWT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.cose.keys import PrivateKey
    from pratique.present import HeldCredential
    from pratique.report import Report

IDENTITY = ("holder.name", "holder.birth_date")


def held(world: World, **options: Any) -> HeldCredential:
    """Return a yellow-fever vaccination bound to the holder's key: no slow hash of a document is derived."""
    return world.home.issue_vaccination(holder_key=holder_key().public, **options)


def shown(world: World, **options: Any) -> str:
    """Return a text that `accepted` accepts: it shows name and birth date, which step 9 compares with DOCUMENT."""
    return held(world, **options).present(disclose=IDENTITY)


def verify(world: World, text: str, **options: Any) -> Report:
    """Verify with DOCUMENT in hand, so that no other step than the one under test stands against the credential."""
    return world.verify(text, **{"document": DOCUMENT, **options})


def resigned(  # noqa: PLR0913 - each is a part that a forger may change
    held: HeldCredential,
    key: PrivateKey,
    *,
    claims: dict[Any, Any] | None = None,
    protected: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
    disclosures: Iterable[bytes] | None = None,
) -> str:
    """Return the text of a credential signed again, by any key, over other claims or under other headers.

    Args:
        held: where everything comes from that is not given.
        key: who signs; its identifier goes into the header unless `protected` says otherwise.
        claims: replaces claims of the payload; a value of None takes one out.
        protected: replaces labels of the protected header, other than alg; a value of None takes one out.
        unprotected: replaces the unprotected header.
        disclosures: what travels along instead of name and birth date.
    """
    envelope = PratiqueEnvelope(qr_text.decode(held.present(disclose=IDENTITY)))
    payload = {name: value for name, value in {**envelope.claims(), **(claims or {})}.items() if value is not None}
    shown = list(envelope.disclosures if disclosures is None else disclosures)
    return signed(
        key,
        payload,
        protected=protected,
        unprotected=({SD_CLAIMS: shown} if shown else {}) if unprotected is None else unprotected,
    )


def signed(
    key: PrivateKey,
    payload: Any,
    *,
    protected: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
) -> str:
    """Return the text of anything at all, signed."""
    headers = {sign1.KEY_ID: key.public.key_id, TYP: TYP_SD_CWT, **(protected or {})}
    headers = {label: value for label, value in headers.items() if value is not None}
    data = payload if isinstance(payload, bytes) else cbor.encode(payload)
    return qr_text.encode(sign1.encode(headers, unprotected or {}, data, SoftwareSigner(key)))
