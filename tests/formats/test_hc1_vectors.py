"""Every published EU DCC test vector, as text and as a picture, gives the outcome that its metadata expects.

The trust list of each is made from the certificate that the vector names, the clock is the vector's, the clock
skew the default. Fields that the vectors' own notes call wrong are not compared, and no other is left out.
"""

from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from conftest import VECTORS, Vector, load_vectors
from pratique.codec.cbor import Tag
from pratique.cose.certificates import Certificate
from pratique.errors import DecodeError
from pratique.formats import hc1
from pratique.model.codes import country_alpha3
from pratique.qr.read import read
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEXTS = load_vectors("eu-dcc")
_FILES = load_vectors("eu-dcc-image")
PICTURES = [vector for vector in _FILES if vector.meta["expected"]["image_decode"]]
NO_PICTURES = [vector for vector in TEXTS if vector.meta["expected"]["image_decode"] is False] + [
    vector for vector in _FILES if vector.meta["expected"]["image_decode"] is None
]

if not TEXTS or not PICTURES:
    pytest.skip(f"the outside test vectors of EU DCC are not at {VECTORS}", allow_module_level=True)

# Where our answer is not the expected one: the fields, and why that is right.
DEVIATIONS: Mapping[str, tuple[frozenset[str], str]] = {
    "minvws-readme": (frozenset({"signature_valid"}), "its certificate is not published, so nothing can verify it"),
    "common-Q1": (frozenset({"overall"}), "its picture is unreadable on purpose; the text beside it is in order"),
}

_USAGES = {
    f"1.3.6.1.4.1.{arc}.2021.1.{number}": kind
    for arc in ("1847", "0.1847")  # the second is a slip that many national certificates have
    for number, kind in ((1, "test"), (2, "vaccination"), (3, "recovery"))
}
_NO_COUNTRY = "UTO"  # of the certificates that state none: those of the common tests


@cache
def certificate(encoded: str) -> Certificate:
    return Certificate.read(base64.b64decode(encoded))


def issuer_entry(encoded: str, country: str) -> dict[str, Any]:
    """Return the entry of a trust list for one certificate, with the scope that its extended key usage sets."""
    found = certificate(encoded)
    kinds = sorted({_USAGES[usage] for usage in found.extended_key_usage or () if usage in _USAGES})
    key = {
        "key_id": base64.b64encode(found.hcert_key_id).decode(),
        "certificate": encoded,
        "formats": ["eu-dcc"],
        "not_before": found.not_before.isoformat(),
        "not_after": found.not_after.isoformat(),
        **({"scope": {"kinds": kinds}} if kinds else {}),
    }
    return {"id": country, "country": country, "keys": [key]}


def clock(vector: Vector) -> datetime:
    """Return the vector's clock; without one nothing is expected of its times."""
    at = datetime.fromisoformat(vector.meta["clock"] or "2021-06-01T00:00:00Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def country(vector: Vector) -> str:
    """Return the country under which the certificate would be listed: its own, else the vector's."""
    own = certificate(vector.meta["key"]["value"]).country or vector.meta["issuer_country"] or ""
    return country_alpha3(own) or _NO_COUNTRY


def picture(vector: Vector) -> Path:
    return vector.folder / str(vector.meta["inputs"]["image"][0])


def verify(vector: Vector, text: str) -> Report:
    key = vector.meta["key"]
    issuers = [] if key is None else [issuer_entry(key["value"], country(vector))]
    document = {"id": "vectors", "sequence": 1, "issued_at": "2021-01-01T00:00:00Z", "issuers": issuers}
    trust_list = TrustList.from_json(document)
    assert not trust_list.set_aside
    store = TrustStore([trust_list], acceptance=Acceptance.from_json({"accept": [{}]}))
    return Verifier(store).verify(text, at=clock(vector))


def observed(report: Report) -> dict[str, Any]:
    """Return our answers in the words of the vectors' metadata; None where we say nothing."""
    outcomes = {check.step: check.outcome for check in report.checks}
    decoded = outcomes[Step.READ] is Outcome.PASSED and outcomes[Step.DECODE] is not Outcome.FAILED
    return {
        "decode": decoded,
        "signature_valid": outcomes[Step.SIGNATURE] is Outcome.PASSED,
        "schema_valid": outcomes[Step.DECODE] is Outcome.PASSED,
        "expired_at_clock": outcomes[Step.VALIDITY] is Outcome.FAILED,
        "key_usage_ok": report.check(Step.ISSUER).code is not Reason.KEY_SCOPE,
        "overall": "INVALID" if report.verdict is Verdict.REJECT else "VALID",
    }


def deviating(vector: Vector, report: Report) -> frozenset[str]:
    """Return the fields in which a report is not as expected, but for those that are wrong in the vector itself."""
    expected, answers = vector.meta["expected"], observed(report)
    return frozenset(
        name
        for name, answer in answers.items()
        if name not in vector.meta["known_bad"] and expected[name] is not None and expected[name] != answer
    )


def allowed(vector: Vector) -> frozenset[str]:
    return DEVIATIONS.get(vector.name, (frozenset(), ""))[0]


@pytest.mark.parametrize("vector", TEXTS, ids=lambda vector: vector.name)
def test_text_gives_the_outcome_that_its_metadata_expects(vector: Vector) -> None:
    report = verify(vector, vector.text())
    assert deviating(vector, report) == allowed(vector), report.explain()


@pytest.mark.parametrize("vector", PICTURES, ids=lambda vector: vector.name)
def test_picture_gives_the_outcome_that_its_metadata_expects(vector: Vector) -> None:
    texts = read(picture(vector))
    assert vector.meta["image_text"] in {*texts, None}
    reports = [verify(vector, text) for text in texts if text.startswith(hc1.PREFIX)]
    assert reports
    assert [deviating(vector, report) for report in reports] == [allowed(vector)] * len(reports)


def test_deviations_are_of_vectors_that_exist() -> None:
    assert DEVIATIONS.keys() <= {vector.name for vector in (*TEXTS, *PICTURES)}


def test_vectors_are_all_there() -> None:
    assert (len(TEXTS), len(PICTURES)) == (300, 272)


@pytest.mark.parametrize("vector", NO_PICTURES, ids=lambda vector: vector.name)
def test_file_that_holds_no_picture_is_refused(vector: Vector) -> None:
    with pytest.raises(DecodeError) as raised:
        read(picture(vector))
    assert raised.value.code is Reason.IMAGE_UNREADABLE


def test_files_that_hold_no_picture_are_these() -> None:
    assert [vector.name for vector in NO_PICTURES] == ["common-Q1", "IE-img-Test.png"]


def test_es256_with_a_p384_key_is_refused_by_default() -> None:
    (vector,) = [vector for vector in TEXTS if vector.name == "ES-403"]
    assert verify(vector, vector.text()).decisive.code is Reason.KEY_UNSUITABLE


def plain(value: Any) -> Any:
    """Return a payload as its JSON says it: tagged times without their tag."""
    if isinstance(value, Tag):
        return value.value
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


def test_payload_is_read_as_it_was_signed() -> None:
    differing: Counter[str] = Counter()
    for vector in TEXTS:
        expected = vector.meta.get("payload")
        if not expected or not vector.meta["expected"]["decode"] or "payload" in vector.meta["known_bad"]:
            continue
        if plain(hc1.envelope(vector.text().rstrip("\r\n")).payload()) != expected:
            differing[vector.name] += 1
    assert differing == {}


def test_issuer_country_is_the_certificates_wherever_one_is_stated() -> None:
    """What step 7 relies on: of the genuine certificates whose `iss` is a country, none names another."""
    pairs: Counter[bool] = Counter()
    for vector in TEXTS:
        if not vector.meta["key"] or not certificate(vector.meta["key"]["value"]).country:
            continue
        report = verify(vector, vector.text())
        if report.credential is not None and report.credential.issuer.country is not None:
            pairs[report.credential.issuer.country == country(vector)] += 1
    assert pairs[True] > 250
    assert pairs[False] == 0
