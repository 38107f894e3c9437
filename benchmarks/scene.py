"""What is measured: credentials, certificates and the verifiers that trust them, made anew in every run.

The EU certificate is signed by the tests' second maker, so that no part of what reads it has written it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import authority
import passes
import seals
import shc
import who
from pratique.cose.keys import PublicKey
from pratique.formats import recognise
from pratique.model import Coding, PartialDate
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pratique.formats import Envelope
    from pratique.present import HeldCredential
    from pratique.report import Report

ROOT = Path(__file__).parents[1]
VECTORS = Path(os.environ.get("PRATIQUE_VECTORS", ROOT.parent / "shared" / "vectors"))
PUBLISHED = "eu-dcc/AT-1"

SHOWN = ("event.date", "event.product")
TRAVELLERS = 16  # of each format, so that nothing about one of them can be remembered from the time before
_PRODUCTS = ("yf-stamaril", "yf-17dd", "yf-chumakov")


@dataclass(frozen=True, slots=True)
class Case:
    """QR texts with a verifier that knows their key, and the time at which they are verified."""

    name: str
    texts: Sequence[str]
    verifier: Verifier
    at: datetime
    key: PublicKey
    at_most: float = 1.5
    """The time allowed for it, as a multiple of the bare signature check."""
    turns: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", cycle(self.texts))

    @property
    def text(self) -> str:
        return self.texts[0]

    def verify(self) -> Report:
        """Take every step of a verification, of the next traveller's code each time."""
        return self.verifier.verify(next(self.turns), at=self.at)

    def envelopes(self) -> list[Envelope]:
        recognised = [recognise(text) for text in self.texts]
        return [reader.envelope(text) for reader, text in recognised]

    def raw(self) -> Callable[[], object]:
        """Return the bare signature check of the same codes, all that it needs ready beforehand."""
        native = self.key.native
        assert isinstance(native, ec.EllipticCurvePublicKey)
        algorithm = ec.ECDSA(hashes.SHA256())
        turns = cycle([(der(envelope.signature), envelope.to_be_signed) for envelope in self.envelopes()])
        return lambda: native.verify(*next(turns), algorithm)


def _day(number: int) -> str:
    return f"{authority.NOW - timedelta(days=30 + 7 * number):%Y-%m-%d}"


def _born(number: int) -> dict[str, Any]:
    return {"dob": f"{1950 + 3 * number}-08-12"}


def _dcc_of(number: int) -> dict[str, Any]:
    payload = authority.dcc_vaccination(dt=_day(number), ci=f"URN:UVCI:01:AT:{10807843 + number}F94")
    name = {**authority.PERSON, "gn": f"Gabriele {number}"}
    return {**payload, "nam": name, **_born(number)}


def der(signature: bytes) -> bytes:
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


class Scene:
    """A health authority, states, a ministry of New Zealand, an issuer of cards, and a verifier that accepts them."""

    def __init__(self) -> None:
        self.world = authority.World()
        self.state = authority.DccState(self.world.clock)
        self.world.trusted.append(self.state.entry(formats=["eu-dcc", "who-hcert"]))
        ministry = passes.Ministry(self.world.clock)
        self.world.trusted.append(ministry.entry())
        cards = shc.ShcIssuer(self.world.clock)
        self.world.trusted.append(cards.entry())
        seal_state = seals.SealState("SE", "SWE")
        self.world.trusted.append(seal_state.entry(self.world.clock))
        self.verifier = self.world.verifier()
        self.at = self.world.clock.now
        self.document = authority.DOCUMENT
        self.held = [self._issue(i) for i in range(TRAVELLERS)]
        self.hidden = self._own("own credential, nothing disclosed", [held.present() for held in self.held])
        shown = [held.present(disclose=SHOWN) for held in self.held]
        self.shown = self._own("own credential, date and product disclosed", shown)
        state_key = self.state.public_key()
        doses = [self.state.sign(_dcc_of(i)) for i in range(TRAVELLERS)]
        self.dcc = Case("EU DCC, vaccination", doses, self.verifier, self.at, state_key)
        yellow_cards = [
            who.sign_card(3, {"dv": _day(i), "bo": f"AB123-{i}"}, changes=_born(i)) for i in range(TRAVELLERS)
        ]
        self.yellow_card = Case("WHO yellow card", yellow_cards, self.verifier, self.at, state_key)
        ministry_key = PublicKey.from_native(ministry.key.public_key())
        subjects = [{"givenName": f"Anna {i}", **_born(i)} for i in range(TRAVELLERS)]
        passes_ = [ministry.sign({"vc": passes.credential(subject)}) for subject in subjects]
        self.nz_pass = Case("NZ COVID Pass", passes_, self.verifier, self.at, ministry_key)
        cards_ = [cards.text(shc.payload(shc.dose(), shc.dose(occurrenceDateTime=_day(i)))) for i in range(TRAVELLERS)]
        card_key = PublicKey.from_jwk(cards.jwk)
        self.card = Case("SMART Health Card", cards_, self.verifier, self.at, card_key, at_most=2.0)
        signer = PublicKey.from_native(seals.private_key("ES256").public_key())
        sealed = [seal_state.sign(seals.vaccination(pid={"dob": _born(i)["dob"]})) for i in range(TRAVELLERS)]
        self.seal = Case("ICAO VDS-NC", sealed, self.verifier, self.at, signer, at_most=2.0)

    def _issue(self, number: int) -> HeldCredential:
        claims = {
            "date": PartialDate.parse(_day(number)),
            "product": Coding("who-pq", _PRODUCTS[number % len(_PRODUCTS)]),
            "batch": f"AB123-{number}",
        }
        return self.world.home.issue_vaccination(claims=claims)

    def _own(self, name: str, texts: Sequence[str]) -> Case:
        return Case(name, texts, self.verifier, self.at, self.world.home.keys[-1].public)

    def cases(self) -> tuple[Case, ...]:
        """Return what is verified, with a certificate that a member state published where the vectors are at hand."""
        ours = (self.hidden, self.shown, self.dcc, self.yellow_card, self.nz_pass, self.card, self.seal)
        folder = VECTORS / PUBLISHED
        return (*ours, published(folder)) if folder.is_dir() else ours

    def write_trust(self, folder: Path) -> None:
        """Write the trust folder that `pratique verify --trust` reads."""
        (folder / "world.trust.json").write_text(json.dumps(self.world.list_document), encoding="utf-8")
        (folder / "acceptance.json").write_text(json.dumps(self.world.acceptance), encoding="utf-8")


def published(folder: Path) -> Case:
    """Return the case of an outside test vector, whose metadata has the certificate that signed it."""
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    certificate = meta["key"]["value"]
    key_id = hashlib.sha256(base64.b64decode(certificate)).digest()[:8]
    entry = {
        "key_id": base64.b64encode(key_id).decode(),
        "certificate": certificate,
        "formats": ["eu-dcc"],
        "not_before": "2020-01-01T00:00:00Z",
        "not_after": "2030-01-01T00:00:00Z",
    }
    issuer = {"id": "eu-dcc:AUT", "country": "AUT", "keys": [entry]}
    trust_list = TrustList.from_json(
        {"id": "published", "sequence": 1, "issued_at": "2026-01-01T00:00:00Z", "issuers": [issuer]}
    )
    store = TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{}]}))
    text = (folder / "input.txt").read_text(encoding="utf-8").rstrip("\r\n")
    at = datetime.fromisoformat(meta["clock"])
    return Case(f"EU DCC as published ({folder.name})", [text], Verifier(store), at, trust_list.keys[0].key)
