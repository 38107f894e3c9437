"""What a user of the library writes, with every type spelled out: checked by mypy in strict mode, and run as a test."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, assert_never

from pratique import (
    HeldCredential,
    Issuer,
    PratiqueError,
    PrivateKey,
    PublicKey,
    Report,
    Signer,
    SoftwareSigner,
    TravelDocument,
    TrustStore,
    Verdict,
    Verifier,
    parse_mrz,
    qr,
)
from pratique.model import Credential, Holder, Vaccination
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.mrz import td3
from pratique.report import Check, RefusedError, Step
from pratique.request import Consideration, Refusal, Request, VerifierList, consider, read
from pratique.rules.ready_made import ready_made
from pratique.trust import Acceptance, TrustList

if TYPE_CHECKING:
    from pratique.rules.ruleset import RuleSet
    from pratique.sdcwt import Challenge

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER = "https://health.example.org"
PASSPORT: str = td3(
    surname="ERIKSSON",
    given_names="ANNA MARIA",
    document_number="L898902C3",
    issuing_state="UTO",
    nationality="UTO",
    birth_date=date(1974, 8, 12),
    sex="F",
    expiry_date=date(2032, 4, 15),
)


def issue(key: PrivateKey, document: TravelDocument) -> HeldCredential:
    """An issuer service."""
    signer: Signer = SoftwareSigner(key)
    issuer: Issuer = Issuer(ISSUER, signer=signer)
    evidence = Vaccination(target="1D47", date=PartialDate(2026, 3, 14), product=Coding("who-pq", "yf-stamaril"))
    holder = Holder(name="ERIKSSON<<ANNA<MARIA", birth_date=PartialDate(1974, 8, 12))
    return issuer.issue(evidence, at=NOW, document=document, holder=holder)


def present(held: HeldCredential) -> tuple[str, bytes]:
    """A holder's wallet or kiosk."""
    names: tuple[str, ...] = held.disclosable
    complete: bool = held.is_complete
    assert complete
    text: str = held.present(disclose=[name for name in names if name == "event.date"])
    picture: bytes = qr.render.png(text)
    return text, picture


def wallet(key: PrivateKey, issuer: Issuer) -> tuple[str, Challenge]:
    """A wallet that keeps a batch of copies and answers a border's request with one of them."""
    fact = Vaccination(target="1D47", date=PartialDate(2026, 3, 14))
    copies: tuple[HeldCredential, ...] = issuer.issue_batch(fact, holder_keys=[key.public], at=NOW)
    rules: RuleSet = ready_made("yellow-fever-entry")
    desk: PrivateKey = PrivateKey.generate()
    asked: Request = Request.for_rules(
        rules, verifier="https://b.example", names={"en": "Border"}, audience="https://b.example", at=NOW
    )
    scanned: str = asked.sign(SoftwareSigner(desk))
    entry: dict[str, Any] = {
        "id": "https://b.example",
        "country": "UTO",
        "names": {"en": "Border"},
        "keys": [{"public_key": desk.public.jwk}],
        "purposes": ["entry"],
        "max_retention": "P1D",
    }
    listed: VerifierList = VerifierList.from_json(
        {"id": "x", "sequence": 1, "issued_at": "2026-01-01T00:00:00Z", "verifiers": [entry]}
    )
    found: Consideration = consider(read(scanned), verifiers=listed, rule_set=rules, at=NOW)
    refusals: tuple[Refusal, ...] = found.refusals
    assert refusals == ()
    text: str = copies[0].present(request=found, signer=SoftwareSigner(key), at=NOW)
    return text, asked.challenge


def trust(key: PublicKey) -> TrustStore:
    """A keeper of a trust list."""
    entry: dict[str, Any] = {
        "key_id": base64.b64encode(key.key_id).decode(),
        "public_key": key.jwk,
        "formats": ["pratique"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
    }
    trust_list: TrustList = TrustList.from_json(
        {
            "id": "local",
            "sequence": 1,
            "issued_at": "2026-01-01T00:00:00Z",
            "issuers": [{"id": ISSUER, "country": "UTO", "keys": [entry]}],
        }
    )
    return TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{"countries": ["UTO"]}]}))


def border(verifier: Verifier, picture: bytes, document: TravelDocument | None) -> str:
    """A border app."""
    texts: tuple[str, ...] = qr.read.read(picture)
    report: Report = verifier.verify(texts[0], at=NOW, document=document)
    verdict: Verdict = report.verdict
    check: Check = report.check(Step.BINDING)
    kept: dict[str, Any] = report.record()
    assert kept["codes"]["binding"] == check.code.value
    rules: RuleSet = ready_made("covid-19")
    on_terms: dict[str, Any] | None = report.record(rules=rules)
    assert on_terms is not None
    assert on_terms["purpose"] == rules.purpose
    match verdict:
        case Verdict.ACCEPT:
            credential: Credential = report.raise_for_refusal()
            return f"{credential.evidence[0].kind.value}: {report.explain()}"
        case Verdict.REFER | Verdict.REJECT:
            return report.for_traveller()
        case _:
            assert_never(verdict)


def refused(verifier: Verifier, text: str) -> PratiqueError:
    """Those who prefer exceptions."""
    try:
        verifier.verify(text, at=NOW).raise_for_refusal()
    except RefusedError as error:
        return error
    raise AssertionError


def main() -> None:
    """The three together."""
    key: PrivateKey = PrivateKey.generate()
    document: TravelDocument = parse_mrz(PASSPORT)
    held = issue(key, document)
    text, picture = present(held)
    verifier: Verifier = Verifier(trust(key.public))
    assert border(verifier, picture, document).startswith("vaccination: Accept")
    assert border(verifier, picture, None) == "Show your travel document."
    shown, challenge = wallet(PrivateKey.generate(), Issuer(ISSUER, signer=SoftwareSigner(key)))
    by_key: Report = verifier.verify(shown, at=NOW, challenge=challenge)
    assert by_key.verdict is Verdict.ACCEPT
    assert refused(verifier, text).code.value == "binding.document_needed"
    try:
        parse_mrz("nothing")
    except PratiqueError as error:
        code: str = error.code.value
        assert code == "mrz.invalid"
