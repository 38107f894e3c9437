"""ICAO health seals from states that the tests make: every step passes, and fails alone for each of its reasons."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, OTHER_DOCUMENT, DccState, World, dcc_vaccination
from pratique import view
from pratique.errors import DecodeError, PratiqueError, UnsupportedError
from pratique.formats import READERS, recognise, vds_nc
from pratique.formats.vds_nc import SealEnvelope
from pratique.model import DocumentNumber, Dose, Kind, TestResult, Vaccination
from pratique.model.codes import Coding
from pratique.mrz import parse_mrz, td3
from pratique.reasons import Reason
from pratique.report import Outcome, Report, Step, Verdict
from seals import (
    HEALTH_SIGNER,
    NOT_AFTER,
    NOT_BEFORE,
    SealState,
    canonical,
    private_key,
    proof_of_test,
    pss,
    sealed,
    vaccination,
)

if TYPE_CHECKING:
    from pratique.mrz import TravelDocument

STATE = SealState()
CERTIFICATES_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@pytest.fixture
def world() -> World:
    made = World()
    made.trusted.append(STATE.entry(made.clock))
    return made


def verify(world: World, text: str, **options: Any) -> Report:
    return world.verify(text, **{"document": DOCUMENT, **options})


def failing(report: Report) -> dict[Step, Reason]:
    """Return the steps that stand against a credential."""
    against = (Outcome.FAILED, Outcome.INCONCLUSIVE)
    return {check.step: check.code for check in report.checks if check.outcome in against}


# What passes


def test_vaccination_is_read_into_the_common_model(world: World) -> None:
    report = verify(world, STATE.sign(vaccination()))
    assert report.verdict is Verdict.ACCEPT, report.explain()
    assert report.check(Step.BINDING).code is Reason.DOCUMENT_MATCHES
    credential = report.raise_for_refusal()
    assert credential.format == "icao-vds-nc"
    assert credential.issuer.country == "UTO"
    assert credential.number == "U32870"
    assert credential.binding == DocumentNumber("L898902C3")
    assert credential.kinds == ((Kind.VACCINATION, "RA01"),)
    assert credential.validity.issued_at is None
    assert credential.validity.not_before == NOT_BEFORE
    assert credential.validity.expires_at == NOT_AFTER + timedelta(seconds=1)
    (fact,) = credential.evidence
    assert isinstance(fact, Vaccination)
    assert (fact.target, str(fact.date), fact.country, fact.centre) == ("RA01", "2026-03-14", "UTO", "Port clinic")
    assert (fact.product, fact.vaccine) == (Coding("name", "Comirnaty"), Coding("icd11-vaccine", "XM68M6"))
    assert (fact.dose, fact.batch) == (Dose(1), "AB123")
    holder = credential.holder
    assert holder is not None
    assert (holder.name, str(holder.birth_date), holder.sex) == ("ERIKSSON<<ANNA<MARIA", "1974-08-12", "F")
    assert holder.document_number == "L898902C3"


def test_every_dose_of_every_vaccine_is_a_fact(world: World) -> None:
    message = vaccination()
    dose = message["ve"][0]["vd"][0]
    message["ve"][0]["vd"] = [dose, dose | {"seq": "2", "dvc": "2026-06-01"}]
    message["ve"].append({"des": "XM0N24", "nam": "Stamaril", "vd": [dose | {"seq": 3}]})
    credential = verify(world, STATE.sign(message)).raise_for_refusal()
    assert credential.kinds == ((Kind.VACCINATION, "RA01"), (Kind.VACCINATION, "1D47"))
    facts = [fact for fact in credential.evidence if isinstance(fact, Vaccination)]
    assert [fact.target for fact in facts] == ["RA01", "RA01", "1D47"]
    assert [fact.dose for fact in facts] == [Dose(1), Dose(2), Dose(3)]


def test_test_is_read_into_the_common_model(world: World) -> None:
    credential = verify(world, STATE.sign(proof_of_test())).raise_for_refusal()
    assert credential.kinds == ((Kind.TEST, "RA01"),)
    assert credential.number == "T1"
    (fact,) = credential.evidence
    assert isinstance(fact, TestResult)
    assert (fact.test_method, fact.test_result) == (Coding("loinc", "LP6464-4"), Coding("snomed", "260415000"))
    assert fact.sampled_at is not None
    assert fact.sampled_at.isoformat() == "2026-11-22T09:41:07+00:00"
    assert (fact.centre, fact.country, fact.test_name) == ("Airport laboratory", "UTO", "molecular(PCR), saliva")


def test_positive_test_for_antibodies_is_not_called_an_infection(world: World) -> None:
    credential = verify(world, STATE.sign(proof_of_test(tc="antibody", r="positive"))).raise_for_refusal()
    (fact,) = credential.evidence
    assert isinstance(fact, TestResult)
    assert (fact.test_method, fact.test_result) == (Coding("name", "antibody"), Coding("name", "positive"))


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_every_algorithm_of_the_report_verifies(world: World, alg: str) -> None:
    assert verify(world, STATE.sign(vaccination(), alg)).verdict is Verdict.ACCEPT


AUTHORITIES = [
    ("RSA", hashes.SHA256(), PKCS1v15()), ("RSA", hashes.SHA512(), PKCS1v15()),
    ("RSA", hashes.SHA256(), pss(hashes.SHA256(), 32)), ("RSA", hashes.SHA384(), pss(hashes.SHA256(), 20)),
    ("RSA", hashes.SHA512(), pss(hashes.SHA512(), 64)),
    ("ES256", hashes.SHA256(), None), ("ES384", hashes.SHA384(), None), ("ES512", hashes.SHA512(), None),
    ("ES384", hashes.SHA256(), None),
]  # fmt: skip


@pytest.mark.parametrize(("key", "digest", "padding"), AUTHORITIES)
def test_authority_may_sign_certificates_in_every_usual_way(world: World, key: str, digest: Any, padding: Any) -> None:
    state = SealState("XA", "UTO", key=key)
    state.digest, state.padding = digest, padding
    world.trusted = [state.entry(world.clock)]
    assert verify(world, state.sign(vaccination())).verdict is Verdict.ACCEPT
    other = SealState("XB", "UTO", key=key)
    cer = other.signer(key_id=state.key_id)
    assert failing(verify(world, state.sign(vaccination(), cer=cer))) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}


def test_certificate_whose_ecdsa_has_null_for_parameters_counts(world: World) -> None:
    """As Japan's have, which strict parsers refuse."""
    state = SealState("XC", "UTO", key="ES384")
    state.digest = hashes.SHA384()
    plain, null = bytes.fromhex("300a06082a8648ce3d040303"), bytes.fromhex("300c06082a8648ce3d0403030500")
    tbs = x509.load_der_x509_certificate(state.signer()).tbs_certificate_bytes
    assert tbs[0:2] == b"\x30\x82"
    tbs = der(0x30, tbs[4:].replace(plain, null, 1))
    signature = state.key.sign(tbs, ec.ECDSA(hashes.SHA384()))
    cer = der(0x30, tbs + null + der(0x03, b"\0" + signature))
    with pytest.raises(ValueError, match=r"invalid|asn1|parameters"):
        _ = x509.load_der_x509_certificate(cer)
    world.trusted = [state.entry(world.clock)]
    assert verify(world, state.sign(vaccination(), cer=cer)).verdict is Verdict.ACCEPT


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes((size,)) if size < 128 else bytes((0x82,)) + size.to_bytes(2)
    return bytes((tag,)) + head + content


@pytest.mark.parametrize(
    "change",
    [
        lambda seal: json.dumps(seal, indent=4),
        lambda seal: "\n " + json.dumps([seal]) + "\r\n",
        lambda seal: json.dumps({name: seal[name] for name in sorted(seal, reverse=True)}),
        lambda seal: json.dumps({**seal, "data": {name: seal["data"][name] for name in ("msg", "hdr")}}),
        lambda seal: json.dumps({**seal, "sig": {**seal["sig"], "sigvl": seal["sig"]["sigvl"] + "=="}}),
        lambda seal: json.dumps({**seal, "sig": {**seal["sig"], "cer": "\n".join(seal["sig"]["cer"])}}),
        lambda seal: json.dumps(seal).replace("ERIKSSON", "\\u0045RIKSSON"),
        lambda seal: json.dumps({**seal, "more": 1}),
    ],
)
def test_form_in_which_genuine_seals_come_is_read(world: World, change: Any) -> None:
    text = change(json.loads(STATE.sign(vaccination())))
    assert verify(world, text).verdict is Verdict.ACCEPT


def test_signer_whose_certificate_never_ends_counts(world: World) -> None:
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    cer = STATE.signer(window=(NOT_BEFORE, never))
    assert verify(world, STATE.sign(vaccination(), cer=cer)).verdict is Verdict.ACCEPT
    assert SealEnvelope(STATE.sign(vaccination(), cer=cer)).read().validity.expires_at == never


def test_plain_base64_is_read_too(world: World) -> None:
    seal = json.loads(STATE.sign(vaccination()))
    data = base64.urlsafe_b64decode(seal["sig"]["cer"] + "==")
    seal["sig"]["cer"] = base64.b64encode(data).decode()
    assert verify(world, json.dumps(seal)).verdict is Verdict.ACCEPT


def test_letters_beyond_ascii_are_signed_as_they_are(world: World) -> None:
    message = vaccination(pid={"n": "ERIKSSON  ANNA MARÍA"}, adm="Hafnarbú\U0001f600ð")
    assert verify(world, STATE.sign(message)).verdict is Verdict.ACCEPT


def test_germany_is_the_d_of_its_passports(world: World) -> None:
    state = SealState("DE", "DEU")
    world.trusted.append(state.entry(world.clock))
    assert verify(world, state.sign(vaccination(), **{"is": "D"})).verdict is Verdict.ACCEPT
    assert verify(world, state.sign(vaccination(), **{"is": "D<<"})).verdict is Verdict.ACCEPT


# Steps 1 and 2


@pytest.mark.parametrize("text", ['{"isThisAVDS": false}', "{}", "[]", '"t":"icao.vacc"', '{"t":"dcc"}', " {"])
def test_json_that_is_no_seal_is_unknown(world: World, text: str) -> None:
    assert failing(verify(world, text)) == {Step.READ: Reason.FORMAT_UNKNOWN}


def altered(**parts: Any) -> str:
    """Return a seal with parts of data or sig replaced after it was signed; None takes one out."""
    seal = json.loads(STATE.sign(vaccination()))
    for path, value in parts.items():
        *above, name = path.split("_")
        place = seal
        for each in above:
            place = place[each]
        if value is None:
            del place[name]
        else:
            place[name] = value
    return json.dumps(seal)


REFUSED = {
    "sig": (altered(sig=None), Reason.CONTENT_INVALID),
    "no alg": (altered(sig_alg=None), Reason.CONTENT_INVALID),
    "alg of another kind": (altered(sig_alg="none"), Reason.COSE_ALGORITHM),
    "alg lower": (altered(sig_alg="es256"), Reason.COSE_ALGORITHM),
    "alg number": (altered(sig_alg=-7), Reason.CONTENT_INVALID),
    "cer": (altered(sig_cer="AAAA"), Reason.CERTIFICATE_MALFORMED),
    "cer empty": (altered(sig_cer=""), Reason.CERTIFICATE_MALFORMED),
    "cer text": (altered(sig_cer="é"), Reason.BASE64URL_INVALID),
    "cer list": (altered(sig_cer=["AAAA"]), Reason.CONTENT_INVALID),
    "sigvl": (altered(sig_sigvl="A"), Reason.BASE64URL_INVALID),
    "version": (altered(data_hdr_v=2), Reason.FORMAT_UNSUPPORTED),
    "version text": (altered(data_hdr_v="1"), Reason.FORMAT_UNSUPPORTED),
    "version true": (altered(data_hdr_v=True), Reason.FORMAT_UNSUPPORTED),
    "version float": (altered(data_hdr_v=1.0), Reason.FORMAT_UNSUPPORTED),
    "float": (altered(data_msg_more=0.5), Reason.JSON_MALFORMED),
    "large": (altered(data_msg_more=2**60), Reason.JSON_MALFORMED),
    "type": (altered(data_hdr_t="icao.visa"), Reason.FORMAT_UNSUPPORTED),
    "two seals": (f"[{altered()},{altered()}]", Reason.CONTENT_INVALID),
    "twice": (altered().replace('"hdr":', '"hdr":{"t":"icao.test"},"hdr":', 1), Reason.JSON_MALFORMED),
    "twice escaped": (altered().replace('"msg":', '"\\u006dsg":{},"msg":', 1), Reason.JSON_MALFORMED),
    "trailing": (altered() + "{}", Reason.JSON_MALFORMED),
    "half a pair": (altered(data_msg_uvci="\ud800"), Reason.JSON_MALFORMED),
    "deep": (altered(data_msg_more="@").replace('"@"', "[" * 40 + "]" * 40), Reason.JSON_LIMIT),
    "nan": (altered(data_msg_more="@").replace('"@"', "NaN"), Reason.JSON_MALFORMED),
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_that_is_not_in_its_form_is_refused(world: World, name: str) -> None:
    text, reason = REFUSED[name]
    assert failing(verify(world, text)) == {Step.DECODE: reason}


def test_certificate_with_a_key_that_is_not_used_is_refused_as_that(world: World) -> None:
    cer = STATE.signer()
    spki = private_key("ES256").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    other = ec.generate_private_key(ec.SECP256K1()).public_key()
    odd = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    parts = cer.partition(spki)
    assert parts[1]
    report = verify(world, STATE.sign(vaccination(), cer=resized(cer, spki, odd)))
    assert failing(report) == {Step.DECODE: Reason.KEY_UNSUPPORTED}


def resized(cer: bytes, old: bytes, new: bytes) -> bytes:
    """Return a certificate with one part of it replaced, its lengths put right and its signature broken."""
    tbs = x509.load_der_x509_certificate(cer).tbs_certificate_bytes
    rest = cer[cer.index(tbs) + len(tbs) :]
    return der(0x30, der(0x30, tbs[4:].replace(old, new)) + rest)


def test_seal_is_refused_truncated_at_every_character(world: World) -> None:
    verifier, text = world.verifier(), STATE.sign(vaccination())
    for end in range(len(text)):
        report = verifier.verify(text[:end], at=world.clock.now)
        assert report.decisive.code in (Reason.FORMAT_UNKNOWN, Reason.JSON_MALFORMED)


def test_certificate_is_refused_truncated_at_every_byte() -> None:
    cer = STATE.signer()
    seal = json.loads(STATE.sign(vaccination()))
    for end in range(len(cer)):
        seal["sig"]["cer"] = base64.urlsafe_b64encode(cer[:end]).decode()
        with pytest.raises(DecodeError) as refused:
            SealEnvelope(json.dumps(seal))
        assert refused.value.code is Reason.CERTIFICATE_MALFORMED


CONTENT: dict[str, Any] = {
    "no pid": vaccination() | {"pid": None}, "pid text": vaccination() | {"pid": "x"},
    "no ve": vaccination() | {"ve": []}, "ve object": vaccination() | {"ve": {}},
    "ve texts": vaccination() | {"ve": ["x"]},
    "many": vaccination() | {"ve": vaccination()["ve"] * 33}, "no vd": vaccination(ve={"vd": []}),
    "tr": proof_of_test() | {"tr": None}, "dat": proof_of_test() | {"dat": "2026"},
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENT)
def test_signed_content_that_is_no_such_proof_is_refused(world: World, name: str) -> None:
    seal = STATE.sign(CONTENT[name])
    if len(seal) <= 8192:
        assert failing(verify(world, seal)) == {Step.DECODE: Reason.CONTENT_INVALID}
    else:
        assert failing(verify(world, seal)) == {Step.READ: Reason.QR_TOO_LONG}


@pytest.mark.parametrize("state", ["", "UT0", "uto", "UTOP", "<<<"])
def test_issuing_state_that_is_none_is_refused(world: World, state: str) -> None:
    assert failing(verify(world, STATE.sign(vaccination(), **{"is": state}))) == {Step.DECODE: Reason.CONTENT_INVALID}


DEVIATIONS: list[tuple[dict[str, Any], str]] = [
    (vaccination() | {"uvci": 7}, "uvci"), (vaccination(pid={"n": ["A"]}), "pid.n"),
    (vaccination(pid={"dob": "12.8.1974"}), "pid.dob"), (vaccination(pid={"dob": None, "i": None}), "pid.dob"),
    (vaccination(pid={"i": 898902}), "pid.i"), (vaccination(ve={"des": ""}), "ve.des"),
    (vaccination(ve={"dis": "1D47"}), "ve.dis"), (vaccination(dvc="2026-02-30"), "vd.dvc"),
    (vaccination(dvc="2026-02"), "vd.dvc"), (vaccination(seq=0), "vd.seq"), (vaccination(seq="one"), "vd.seq"),
    (vaccination(seq=True), "vd.seq"), (vaccination(ctr="Utopia"), "vd.ctr"),
    (proof_of_test(dat={"sc": "yesterday"}), "dat.sc"), (proof_of_test(tc=1), "tr.tc"),
    (proof_of_test(r="maybe"), "tr.r"),
    (proof_of_test() | {"sp": "here"}, "sp.ctr"), (proof_of_test() | {"utci": None}, "utci"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "member"), DEVIATIONS)
def test_member_that_is_not_in_its_form_is_named_and_referred(
    world: World, message: dict[str, Any], member: str
) -> None:
    kind = "icao.test" if "utci" in message else "icao.vacc"
    report = verify(world, STATE.sign(message, t=kind), compared_by_eye=True)
    assert report.verdict is not Verdict.ACCEPT
    assert report.check(Step.DECODE).code is Reason.CONTENT_DEVIATES
    assert report.check(Step.DECODE).detail == f"at {member}"
    assert report.credential is not None
    view.report_view(report)


# Steps 3 and 4: the chain


def test_certificate_of_an_authority_that_is_not_listed_is_unknown(world: World) -> None:
    other = SealState("XD", "UTO")
    assert failing(verify(world, other.sign(vaccination()))) == {Step.TRUST: Reason.KEY_UNKNOWN}


def test_certificate_without_the_identifier_of_its_authority_is_unknown(world: World) -> None:
    cer = STATE.signer(key_id=None)
    report = verify(world, STATE.sign(vaccination(), cer=cer))
    assert failing(report) == {Step.TRUST: Reason.KEY_UNKNOWN}
    assert report.check(Step.TRUST).detail == "key identifier absent"


def test_certificate_that_only_claims_its_authority_is_untrusted(world: World) -> None:
    forger = SealState("XD", "UTO")
    cer = forger.signer(key_id=STATE.key_id)
    report = verify(world, STATE.sign(vaccination(), cer=cer))
    assert failing(report) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}
    assert report.credential is None


def test_certificate_that_signed_itself_is_untrusted(world: World) -> None:
    state = SealState("XE", "UTO", key="ES256")
    state.key = private_key("ES256")
    report = verify(world, state.sign(vaccination(), cer=state.signer(key_id=STATE.key_id)))
    assert failing(report) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}


def test_altered_certificate_is_untrusted(world: World) -> None:
    cer = STATE.signer()
    longer = cer.replace(b"270630235959Z", b"370630235959Z")
    assert longer != cer
    assert failing(verify(world, STATE.sign(vaccination(), cer=longer))) == {
        Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED
    }


def test_certificate_signed_with_sha_1_is_untrusted(world: World) -> None:
    cer = STATE.signer()
    sha256, sha1 = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    tbs = x509.load_der_x509_certificate(cer).tbs_certificate_bytes.replace(sha256, sha1)
    signature = STATE.key.sign(tbs, PKCS1v15(), hashes.SHA1())  # noqa: S303 - to be refused
    weak = der(0x30, tbs + der(0x30, sha1 + b"\x05\0") + der(0x03, b"\0" + signature))
    assert failing(verify(world, STATE.sign(vaccination(), cer=weak))) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}


def test_authority_itself_signs_no_seals(world: World) -> None:
    """Its own certificate names its own key, and has none of what makes a signer of seals."""
    state = SealState("XF", "UTO", key="ES256")
    state.key = private_key("ES256")
    world.trusted = [state.entry(world.clock)]
    certificate = x509.load_der_x509_certificate(state.certificate())
    key_id = x509.AuthorityKeyIdentifier(state.key_id, None, None)
    cer = state.signer(usages=None, types=None, key_id=None, further=((key_id, False), (CERTIFICATES_ONLY, True)))
    assert certificate.public_key() == x509.load_der_x509_certificate(cer).public_key()
    assert failing(verify(world, state.sign(vaccination(), cer=cer)))[Step.SIGNATURE] is Reason.CERTIFICATE_USAGE


USAGE: dict[str, dict[str, Any]] = {
    "another usage": {"usages": ("2.23.136.1.1.3",)},
    "passports": {"types": ("P",)},
    "tests only": {"types": ("NT",)},
    "certificates only": {"further": ((CERTIFICATES_ONLY, True),)},
    "not understood": {"further": ((x509.UnrecognizedExtension(ObjectIdentifier("2.999.1"), b"\5\0"), True),)},
}


@pytest.mark.parametrize("name", USAGE)
def test_certificate_for_something_else_is_refused_as_that(world: World, name: str) -> None:
    cer = STATE.signer(**USAGE[name])
    assert failing(verify(world, STATE.sign(vaccination(), cer=cer))) == {Step.SIGNATURE: Reason.CERTIFICATE_USAGE}


def test_certificate_for_vaccinations_signs_no_test(world: World) -> None:
    cer = STATE.signer(types=("NV",))
    assert verify(world, STATE.sign(vaccination(), cer=cer)).verdict is Verdict.ACCEPT
    assert failing(verify(world, STATE.sign(proof_of_test(), cer=cer))) == {Step.SIGNATURE: Reason.CERTIFICATE_USAGE}


@pytest.mark.parametrize(
    ("absent", "detail"),
    [({"usages": None}, "at cer.extKeyUsage"), ({"types": None}, "at cer.documentTypeList")],
)
def test_certificate_that_does_not_say_what_it_is_for_is_referred(
    world: World, absent: dict[str, Any], detail: str
) -> None:
    report = verify(world, STATE.sign(vaccination(), cer=STATE.signer(**absent)))
    assert report.verdict is Verdict.REFER
    assert failing(report) == {Step.DECODE: Reason.CONTENT_DEVIATES}
    assert report.check(Step.DECODE).detail == detail


def test_further_usages_and_extensions_that_need_not_be_understood_do_no_harm(world: World) -> None:
    further = ((x509.UnrecognizedExtension(ObjectIdentifier("2.999.1"), b"\5\0"), False),)
    cer = STATE.signer(usages=(HEALTH_SIGNER, "2.999.2"), further=further)
    assert verify(world, STATE.sign(vaccination(), cer=cer)).verdict is Verdict.ACCEPT


@pytest.mark.parametrize("path", ["data_msg_uvci", "data_hdr_is", "data_msg_more"])
def test_data_changed_after_signing_are_refused(world: World, path: str) -> None:
    assert failing(verify(world, altered(**{path: "OTH"}))) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


def test_type_changed_after_signing_is_refused(world: World) -> None:
    assert failing(verify(world, altered(data_hdr_t="icao.test"))) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


@pytest.mark.parametrize("size", [0, 63, 65, 96, 132])
def test_signature_of_another_length_is_refused(world: World, size: int) -> None:
    text = altered(sig_sigvl=base64.urlsafe_b64encode(b"\1" * size).decode())
    assert failing(verify(world, text)) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


def test_signature_in_der_is_refused(world: World) -> None:
    seal = json.loads(STATE.sign(vaccination()))
    signature = private_key("ES256").sign(canonical(seal["data"]), ec.ECDSA(hashes.SHA256()))
    text = altered(sig_sigvl=base64.urlsafe_b64encode(signature).decode())
    assert failing(verify(world, text)) == {Step.SIGNATURE: Reason.SIGNATURE_INVALID}


def test_algorithm_of_another_curve_than_the_certificates_is_refused(world: World) -> None:
    assert failing(verify(world, altered(sig_alg="ES384"))) == {Step.SIGNATURE: Reason.KEY_UNSUITABLE}


def test_key_that_is_listed_for_another_format_does_not_count(world: World) -> None:
    world.trusted = [STATE.entry(world.clock, formats=["eu-dcc"])]
    assert failing(verify(world, STATE.sign(vaccination()))) == {Step.TRUST: Reason.KEY_UNKNOWN}


def test_key_of_another_format_under_the_same_identifier_does_not_count(world: World) -> None:
    dcc = DccState(world.clock)
    listed = STATE.entry(world.clock)["keys"][0]
    world.trusted = [dcc.entry(formats=["icao-vds-nc"], key_id=listed["key_id"])]
    assert failing(verify(world, STATE.sign(vaccination()))) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}
    assert failing(verify(world, dcc.sign(dcc_vaccination()))) == {Step.TRUST: Reason.KEY_UNKNOWN}


def test_key_of_the_signer_itself_is_no_anchor(world: World) -> None:
    """Listing a signer's own key makes nothing count: only what vouches for its certificate does."""
    entry = STATE.entry(world.clock)
    listed = SealState("XG", "UTO", key="ES256")
    listed.key = private_key("ES256")
    world.trusted = [listed.entry(world.clock, key_id=entry["keys"][0]["key_id"])]
    assert failing(verify(world, STATE.sign(vaccination()))) == {Step.SIGNATURE: Reason.CERTIFICATE_UNTRUSTED}


def test_every_key_with_the_identifier_is_tried(world: World) -> None:
    listed = STATE.entry(world.clock)["keys"][0]
    other = SealState("XD", "UTO").entry(world.clock, key_id=listed["key_id"])
    world.trusted = [other | {"id": "icao:other"}, STATE.entry(world.clock)]
    assert verify(world, STATE.sign(vaccination())).verdict is Verdict.ACCEPT


# Step 6


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOT_BEFORE - timedelta(seconds=1), Reason.NOT_YET_VALID), (NOT_BEFORE, None),
        (NOT_AFTER, None), (NOT_AFTER + timedelta(seconds=1), Reason.EXPIRED),
    ],
)  # fmt: skip
def test_window_is_that_of_the_signers_certificate(world: World, at: Any, reason: Reason | None) -> None:
    world.trusted = [STATE.entry(world.clock, not_after="2036-01-01T00:00:00Z", not_before="2020-01-01T00:00:00Z")]
    report = world.verifier(clock_skew=timedelta()).verify(STATE.sign(vaccination()), at=at, document=DOCUMENT)
    assert failing(report) == ({} if reason is None else {Step.VALIDITY: reason})


# Step 7


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"not_after": "2026-11-23T11:59:59Z"}, Reason.KEY_EXPIRED),
        ({"not_before": "2026-11-23T12:00:01Z"}, Reason.KEY_NOT_YET_VALID),
        ({"scope": {"kinds": ["test"]}}, Reason.KEY_SCOPE),
        ({"scope": {"targets": ["1D47"]}}, Reason.KEY_SCOPE),
    ],
)
def test_authority_must_be_current_and_entitled(world: World, entry: dict[str, Any], reason: Reason) -> None:
    world.trusted = [STATE.entry(world.clock, **entry)]
    assert failing(verify(world, STATE.sign(vaccination()))) == {Step.ISSUER: reason}


def test_state_that_signs_for_another_is_refused(world: World) -> None:
    report = verify(world, STATE.sign(vaccination(), **{"is": "AUS"}))
    assert failing(report) == {Step.ISSUER: Reason.ISSUER_MISMATCH}
    assert report.verdict is Verdict.REJECT


def test_authority_that_serves_two_states_is_listed_for_both(world: World) -> None:
    world.trusted.append(STATE.entry(world.clock) | {"id": "icao:AUS", "country": "AUS"})
    for state in ("UTO", "AUS"):
        report = verify(world, STATE.sign(vaccination(), **{"is": state}))
        assert report.verdict is Verdict.ACCEPT
        assert report.issuer is not None
        assert report.issuer.country == state


def test_state_that_is_not_accepted_is_refused(world: World) -> None:
    world.acceptance = {"accept": [{"formats": ["eu-dcc"]}]}
    assert failing(verify(world, STATE.sign(vaccination()))) == {Step.ISSUER: Reason.ISSUER_NOT_ACCEPTED}


# Step 9


def binding(world: World, text: str, document: TravelDocument | None = DOCUMENT, **options: Any) -> Reason:
    return world.verify(text, document=document, **options).check(Step.BINDING).code


def test_other_document_is_refused(world: World) -> None:
    assert failing(verify(world, STATE.sign(vaccination()), document=OTHER_DOCUMENT)) == {
        Step.BINDING: Reason.DOCUMENT_MISMATCH
    }


@pytest.mark.parametrize("number", ["L898902C3", "l898902c3", "L898902C3<<", "L 898902-C3"])
def test_number_is_compared_without_fillers_and_case(world: World, number: str) -> None:
    assert binding(world, STATE.sign(vaccination(pid={"i": number}))) is Reason.DOCUMENT_MATCHES


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"n": "SPECIMEN  OTTO"}, Reason.HOLDER_MISMATCH),
        ({"dob": "1974-08-13"}, Reason.HOLDER_MISMATCH),
        ({"dob": "1975"}, Reason.HOLDER_MISMATCH),
        ({"dob": "1974"}, Reason.DOCUMENT_MATCHES),
        ({"dob": None}, Reason.DOCUMENT_MATCHES),
        ({"n": "Anna Maria Eriksson"}, Reason.DOCUMENT_MATCHES),
        ({"n": "ERIKSON  ANNA MARIA"}, Reason.DOCUMENT_MATCHES),
        ({"i": "L898902C4"}, Reason.DOCUMENT_MISMATCH),
        ({"i": None}, Reason.HOLDER_MATCHES),
        ({"i": "<<"}, Reason.HOLDER_MATCHES),
        ({"i": None, "dob": "1974"}, Reason.HOLDER_UNCERTAIN),
        ({"i": None, "n": "SPECIMEN  OTTO"}, Reason.HOLDER_MISMATCH),
        ({"i": None, "dob": None}, Reason.HOLDER_NOT_SHOWN),
    ],
)
def test_number_counts_with_the_name_and_birth_date_beside_it(
    world: World, person: dict[str, Any], reason: Reason
) -> None:
    """Numbers are unique in one state only, and a seal does not say which state issued the document."""
    assert binding(world, STATE.sign(vaccination(pid=person))) is reason


def test_without_a_document_it_is_compared_by_eye(world: World) -> None:
    text = STATE.sign(vaccination())
    assert binding(world, text, None) is Reason.COMPARE_BY_EYE
    assert binding(world, text, None, compared_by_eye=True) is Reason.COMPARED_BY_EYE
    nameless = STATE.sign(vaccination(pid={"dob": None}))
    assert binding(world, nameless, None, compared_by_eye=True) is Reason.DOCUMENT_NEEDED


@pytest.mark.parametrize(("kind", "reason"), [("P", Reason.DOCUMENT_MATCHES), ("D", Reason.HOLDER_MATCHES)])
def test_number_of_a_driving_licence_is_no_passports(world: World, kind: str, reason: Reason) -> None:
    number = "L898902C3" if kind == "P" else "X1"
    assert binding(world, STATE.sign(proof_of_test(pid={"dt": kind, "dn": number}))) is reason


def test_names_are_cut_at_39_characters_on_both_sides(world: World) -> None:
    given_names = "NILAVADHANANANDA CHAYAPA DEJTHAMRONG KRASUANG"
    passport = parse_mrz(
        td3(
            issuing_state="UTO", surname="BENNELONG", given_names=given_names, document_number="L898902C3",
            nationality="UTO", birth_date=DOCUMENT.birth_date.earliest, sex="F", expiry_date=DOCUMENT.expiry_date,
        ),
        today=world.clock.now.date(),
    )  # fmt: skip
    name = f"BENNELONG  {given_names}"[:39]
    assert len(passport.name) == len(name) == 39
    for number, reason in (("L898902C3", Reason.DOCUMENT_MATCHES), (None, Reason.HOLDER_MATCHES)):
        text = STATE.sign(vaccination(pid={"n": name, "i": number}))
        assert binding(world, text, passport) is reason


# Anything at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats()
    | st.text(max_size=8)
    | st.just("2026-03-14"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["pid", "ve", "vd", "n", "dob", "i", "dt", "dn", "uvci", "seq", "dvc", "ctr", "tr", "dat", "sc"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=150)
@given(st.sampled_from(["icao.vacc", "icao.test"]), st.dictionaries(st.sampled_from(["pid", "ve", "tr", "dat"]), JSON))
def test_trusted_state_may_sign_anything_and_raises_nothing(kind: str, message: dict[str, Any]) -> None:
    template = vaccination() if kind == "icao.vacc" else proof_of_test()
    data = {"hdr": {"t": kind, "v": 1, "is": "UTO"}, "msg": {**template, **message}}
    try:
        text = sealed(data, cer=SIGNER)
    except UnicodeEncodeError:  # half a pair: what a signer cannot sign either
        return
    for eye in (False, True):
        report = VERIFIER.verify(text, at=WORLD.clock.now, compared_by_eye=eye)
        view.report_view(report)
        report.explain()


WORLD = World()
WORLD.trusted.append(STATE.entry(WORLD.clock))
VERIFIER = WORLD.verifier()
SIGNER = STATE.signer()
SAMPLE = STATE.sign(vaccination())


@settings(max_examples=300)
@given(st.integers(0, len(SAMPLE) - 1), st.characters())
def test_any_changed_character_is_refused(position: int, character: str) -> None:
    text = SAMPLE[:position] + character + SAMPLE[position + 1 :]
    report = VERIFIER.verify(text, at=WORLD.clock.now, document=DOCUMENT)
    assert report.verdict is not Verdict.ACCEPT or json.loads(text)["data"] == json.loads(SAMPLE)["data"]


@settings(max_examples=200)
@given(st.text(max_size=60) | JSON.map(lambda value: json.dumps({"data": value, "t": "icao."})))
def test_arbitrary_text_raises_only_our_errors(text: str) -> None:
    try:
        reader, text = recognise(text)
        reader.envelope(text).read()
    except PratiqueError:
        return


def test_reader_is_registered_and_says_how_its_text_begins() -> None:
    assert vds_nc.READER in READERS
    assert vds_nc.READER.prefix == "{"
    with pytest.raises(UnsupportedError):
        SealEnvelope('{"data":{"hdr":{"t":"icao.visa","v":1}},"sig":{}}')
