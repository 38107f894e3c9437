"""A world in memory for tests: health authorities with keys, trust lists, acceptance, and a clock that tests move.

    world = World()
    text = world.home.issue_vaccination().present()
    assert world.verify(text, document=DOCUMENT).verdict is Verdict.ACCEPT

    state = DccState(world.clock)                 # a second implementation: cbor2, zlib and cryptography alone
    world.trusted.append(state.entry())
    report = world.verify(state.sign(dcc_vaccination()))

Nothing here is mocked: what tests verify was signed, and every list is read by the code that users run.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.signer import SoftwareSigner
from pratique.issue import Issuer
from pratique.model import (
    Clearance,
    Dose,
    Evidence,
    Exemption,
    Holder,
    Prophylaxis,
    Recovery,
    StatusReference,
    TestResult,
    Vaccination,
)
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.mrz import TravelDocument, parse_mrz, td3
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.present import HeldCredential
    from pratique.report import Report

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER_ID = "https://health.example.org"  # 26 characters, as the sizes in the design assume
STATUS = StatusReference("https://health.example.org", 123_456)

MRZ = td3(
    issuing_state="UTO",
    surname="ERIKSSON",
    given_names="ANNA MARIA",
    document_number="L898902C3",
    nationality="UTO",
    birth_date=date(1974, 8, 12),
    sex="F",
    expiry_date=date(2032, 4, 15),
)
DOCUMENT: TravelDocument = parse_mrz(MRZ, today=NOW.date())
OTHER_DOCUMENT: TravelDocument = parse_mrz(
    td3(
        issuing_state="UTO",
        surname="SPECIMEN",
        given_names="OTTO",
        document_number="X12345678",
        nationality="UTO",
        birth_date=date(1981, 1, 30),
        sex="M",
        expiry_date=date(2030, 6, 1),
    ),
    today=NOW.date(),
)

HOLDER = Holder(
    name="ERIKSSON<<ANNA<MARIA",
    name_native="Anna María Eriksson",
    birth_date=PartialDate(1974, 8, 12),
    sex="F",
    nationality="UTO",
    document_number="L898902C3",
    national_id="740812-123",
    guardian="Carl Eriksson",
)
VACCINATION = Vaccination(
    target="1D47",
    date=PartialDate(2026, 3, 14),
    product=Coding("who-pq", "yf-stamaril"),
    dose=Dose(1, 1),
    country="UTO",
    batch="AB123-77",
    centre="Port clinic",
    practitioner="Dr Nilsson",
    authority="Ministry of Health",
)
PROPHYLAXIS = Prophylaxis(target="1F40", date=PartialDate(2026, 11, 1), product=Coding("atc", "P01BB51"), dose=Dose(1))
TEST_RESULT = TestResult(
    target="RA01",
    sampled_at=datetime(2026, 11, 22, 9, 41, 7, tzinfo=UTC),
    test_method=Coding("loinc", "LP6464-4"),
    test_result=Coding("snomed", "260415000"),
    centre="Airport laboratory",
)
RECOVERY = Recovery(target="RA01", date=PartialDate(2026, 9, 2), country="UTO")
EXEMPTION = Exemption(target="1D47", date=PartialDate(2026, 10, 5), practitioner="Dr Nilsson")
CLEARANCE = Clearance(rule="UTO-entry-2026")
EVERY_KIND: tuple[Evidence, ...] = (VACCINATION, PROPHYLAXIS, TEST_RESULT, RECOVERY, EXEMPTION, CLEARANCE)


@cache
def holder_key() -> PrivateKey:
    """Return the key in the holder's phone: binding to it costs nothing, where a document costs some 60 ms."""
    return PrivateKey.generate("ESP256")


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Clock:
    """The time in the world; only tests move it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def forward(self, by: timedelta) -> None:
        self.now += by

    def set(self, now: datetime) -> None:
        self.now = now


class Authority:
    """One issuer of pratique credentials: its keys, the last of which signs, and its entry on trust lists."""

    def __init__(self, clock: Clock, *, id: str = ISSUER_ID, country: str = "UTO", algorithm: str = "ESP256") -> None:  # noqa: A002 - the claim's name
        self.clock = clock
        self.id = id
        self.country = country
        self.keys: list[PrivateKey] = []
        self.entry: dict[str, Any] = {"id": id, "country": country, "names": {"en": f"Health of {country}"}, "keys": []}
        self.add_key(algorithm)

    def add_key(self, algorithm: str = "ESP256", **entry: Any) -> PrivateKey:
        """Make a key that signs from now on, with its entry; members given here replace those of the entry."""
        key = PrivateKey.generate(algorithm)
        self.keys.append(key)
        self.entry["keys"].append(key_entry(key.public, clock=self.clock, formats=["pratique"]) | entry)
        return key

    @property
    def issuer(self) -> Issuer:
        return Issuer(self.id, signer=SoftwareSigner(self.keys[-1]))

    def issue(self, evidence: Evidence, **options: Any) -> HeldCredential:
        """Issue at the world's time, bound to DOCUMENT unless `holder_key` or another document is given."""
        if "holder_key" not in options:
            options.setdefault("document", DOCUMENT)
        options.setdefault("at", self.clock.now)
        return self.issuer.issue(evidence, **options)

    def issue_vaccination(self, *, claims: dict[str, Any] | None = None, **options: Any) -> HeldCredential:
        """Issue VACCINATION with HOLDER; `claims` replaces claims of the event, None takes one out."""
        return self.issue(replace(VACCINATION, **claims or {}), **{"holder": HOLDER, **options})

    def issue_test(self, *, claims: dict[str, Any] | None = None, **options: Any) -> HeldCredential:
        return self.issue(replace(TEST_RESULT, **claims or {}), **{"holder": HOLDER, **options})

    def issue_recovery(self, *, claims: dict[str, Any] | None = None, **options: Any) -> HeldCredential:
        return self.issue(replace(RECOVERY, **claims or {}), **{"holder": HOLDER, **options})

    def issue_exemption(self, *, claims: dict[str, Any] | None = None, **options: Any) -> HeldCredential:
        return self.issue(replace(EXEMPTION, **claims or {}), **{"holder": HOLDER, **options})

    def issue_prophylaxis(self, *, claims: dict[str, Any] | None = None, **options: Any) -> HeldCredential:
        return self.issue(replace(PROPHYLAXIS, **claims or {}), **{"holder": HOLDER, **options})

    def issue_clearance(self, *, rule: str = CLEARANCE.rule, **options: Any) -> HeldCredential:
        return self.issue(Clearance(rule=rule), **options)


def key_entry(key: PublicKey, *, clock: Clock, formats: list[str], key_id: bytes | None = None) -> dict[str, Any]:
    """Return a trust-list entry for a key whose window is a year around the world's time."""
    return {
        "key_id": base64.b64encode(key.key_id if key_id is None else key_id).decode(),
        "public_key": key.jwk,
        "formats": formats,
        "not_before": rfc3339(clock.now - timedelta(days=365)),
        "not_after": rfc3339(clock.now + timedelta(days=365)),
    }


@dataclass
class World:
    """A clock, a home authority that is trusted and accepted, and a verifier made anew from what the test has set.

    `trusted` are the issuer entries of the trust list, `acceptance` its document; tests change both as they like.
    """

    clock: Clock = field(default_factory=Clock)
    acceptance: dict[str, Any] = field(default_factory=lambda: {"accept": [{}]})
    sequence: int = 1

    def __post_init__(self) -> None:
        self.home = Authority(self.clock)
        self.trusted: list[dict[str, Any]] = [self.home.entry]

    @property
    def list_document(self) -> dict[str, Any]:
        """Return the trust list as its JSON document."""
        issued_at = rfc3339(self.clock.now - timedelta(days=1))
        return {"id": "world", "sequence": self.sequence, "issued_at": issued_at, "issuers": self.trusted}

    @property
    def store(self) -> TrustStore:
        return TrustStore([TrustList.from_json(self.list_document)], acceptance=Acceptance.from_json(self.acceptance))

    def verifier(self, **options: Any) -> Verifier:
        return Verifier(self.store, **options)

    def verify(self, text: str, **options: Any) -> Report:
        """Verify at the world's time, unless `at` is given."""
        return self.verifier().verify(text, **{"at": self.clock.now, **options})

    def authority(self, *, trust: bool = True, **options: Any) -> Authority:
        """Return another authority, on the trust list unless told otherwise."""
        made = Authority(self.clock, **{"id": "https://health.example.net", "country": "RUR", **options})
        if trust:
            self.trusted.append(made.entry)
        return made


# The EU's format, built with other libraries than those under test.

_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
ES256, PS256 = -7, -37
DCC_KEY_IDS = {ES256: bytes.fromhex("d919375fc1e7b6b2"), PS256: bytes.fromhex("534661a04cc0f4a6")}


def base45(data: bytes) -> str:
    """Return Base45 text, one group at a time, straight from RFC 9285 section 4."""
    text = ""
    for i in range(0, len(data), 2):
        group = data[i : i + 2]
        number = int.from_bytes(group)
        for _ in range(len(group) + 1):
            number, digit = divmod(number, 45)
            text += _BASE45[digit]
    return text


@cache
def _dcc_key(alg: int) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if alg == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


class DccState:
    """A state that signs EU DCCs. One key for each algorithm, the same in every test of a run."""

    def __init__(self, clock: Clock, *, country: str = "AUT", iss: str | None = "AT") -> None:
        self.clock = clock
        self.country = country
        self.iss = iss

    def public_key(self, alg: int = ES256) -> PublicKey:
        return PublicKey.from_native(_dcc_key(alg).public_key())

    def entry(self, *algs: int, **key: Any) -> dict[str, Any]:
        """Return the state's entry for a trust list; members given here replace those of its key entries."""
        keys = [
            key_entry(self.public_key(alg), clock=self.clock, formats=["eu-dcc"], key_id=DCC_KEY_IDS[alg]) | key
            for alg in algs or (ES256,)
        ]
        return {"id": self.country, "country": self.country, "keys": keys}

    def sign(self, payload: Any, **options: Any) -> str:
        """Sign at the world's time; options as of `sign_dcc`."""
        return sign_dcc(payload, **{"now": self.clock.now, "iss": self.iss, **options})


def sign_dcc(  # noqa: PLR0913 - each is a way in which deployed certificates differ
    payload: Any,
    *,
    kid_in: str = "protected",
    alg_in: str = "protected",
    tagged: bool | str = True,
    alg: int = ES256,
    key_id: bytes | None = None,
    now: datetime = NOW,
    iss: str | None = "AT",
    claims: dict[Any, Any] | None = None,
    level: int = 9,
) -> str:
    """Return the text of an EU DCC over a payload, as states sign it.

    Args:
        payload: the DCC, or whatever is to stand in its place.
        kid_in, alg_in: `protected`, `unprotected`, `both` or `none`.
        tagged: True for tag 18, False for no tag, "cwt" for tag 61 around tag 18.
        alg: -7 (ES256, P-256) or -37 (PS256, RSA 2048).
        key_id: by default the identifier that `DccState` gives its key.
        claims: replaces claims of the CWT; a value of None takes one out.
        level: of compression.
    """
    if key_id is None:
        key_id = DCC_KEY_IDS[alg]
    cwt = {1: iss, 4: int((now + timedelta(days=180)).timestamp()), 6: int(now.timestamp()), -260: {1: payload}}
    cwt = {name: value for name, value in {**cwt, **(claims or {})}.items() if value is not None}
    placed: dict[str, dict[int, Any]] = {"protected": {}, "unprotected": {}}
    for label, value, place in ((1, alg, alg_in), (4, key_id, kid_in)):
        for name, header in placed.items():
            if place in (name, "both"):
                header[label] = value
    protected = cbor2.dumps(placed["protected"]) if placed["protected"] else b""
    body = cbor2.dumps(cwt)
    signature = _dcc_signature(alg, cbor2.dumps(["Signature1", protected, b"", body]))
    message: Any = [protected, placed["unprotected"], body, signature]
    if tagged:
        message = cbor2.CBORTag(18, message)
    if tagged == "cwt":
        message = cbor2.CBORTag(61, message)
    return "HC1:" + base45(zlib.compress(cbor2.dumps(message), level))


def _dcc_signature(alg: int, message: bytes) -> bytes:
    key = _dcc_key(alg)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


PERSON = {"fn": "Musterfrau-Gößinger", "fnt": "MUSTERFRAU<GOESSINGER", "gn": "Gabriele", "gnt": "GABRIELE"}


def _dcc(group: str, entry: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {"ver": "1.3.0", "nam": PERSON, "dob": "1998-02-26", group: [{**entry, **changes}]}


_CERTIFICATE = {"tg": "840539006", "co": "AT", "is": "Ministry of Health, Austria", "ci": "URN:UVCI:01:AT:10807843F94"}


def dcc_vaccination(**changes: Any) -> dict[str, Any]:
    """Return the payload of a vaccination certificate; `changes` replaces members of its one entry."""
    vaccine = {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2, "dt": "2026-02-18"}
    return _dcc("v", {**_CERTIFICATE, **vaccine}, changes)


def dcc_test(**changes: Any) -> dict[str, Any]:
    """Return the payload of a test certificate."""
    test = {"tt": "LP6464-4", "nm": "PCR", "sc": "2026-11-22T10:27:15Z", "tr": "260415000", "tc": "Testing center 1"}
    return _dcc("t", {**_CERTIFICATE, **test}, changes)


def dcc_recovery(**changes: Any) -> dict[str, Any]:
    """Return the payload of a recovery certificate."""
    recovery = {"fr": "2026-09-02", "df": "2026-10-04", "du": "2027-02-28"}
    return _dcc("r", {**_CERTIFICATE, **recovery}, changes)


# The profile's own format, built with other libraries than those under test, so that anything can be put into it.

SIMPLE_59 = cbor2.CBORSimpleValue(59)


def disclosure(value: Any, key: Any, *, salt: bytes | None = None) -> tuple[bytes, bytes]:
    """Return a disclosure of SD-CWT and its hash."""
    encoded = ordered([salt or os.urandom(16), value, key])
    return encoded, hashlib.sha256(encoded).digest()


def sign_sdcwt(
    authority: Authority,
    payload: Any,
    disclosures: Iterable[bytes] = (),
    *,
    protected: dict[Any, Any] | None = None,
    unprotected: dict[Any, Any] | None = None,
) -> bytes:
    """Return a message signed with an authority's ESP256 key, whatever is in it; its QR text is `pq1` of it.

    `protected` and `unprotected` replace members of the headers; a value of None takes one out.
    """
    key = authority.keys[-1]
    shown = list(disclosures)
    headers = (
        {1: -9, 4: key.public.key_id, 16: 293} | (protected or {}),
        ({17: shown} if shown else {}) | (unprotected or {}),
    )
    first, second = ({name: value for name, value in header.items() if value is not None} for header in headers)
    encoded = ordered(first)
    body = payload if isinstance(payload, bytes) else ordered(payload)
    r, s = decode_dss_signature(
        key.native.sign(cbor2.dumps(["Signature1", encoded, b"", body]), ec.ECDSA(hashes.SHA256()))
    )
    return b"\xd2" + cbor2.dumps([encoded, second, body, r.to_bytes(32) + s.to_bytes(32)])


def ordered(value: Any) -> bytes:
    """Return deterministic CBOR (RFC 8949 section 4.2.1): what cbor2 calls canonical sorts by length first."""
    if isinstance(value, dict):
        entries = sorted((ordered(key), ordered(entry)) for key, entry in value.items())
        head = bytearray(cbor2.dumps(len(entries)))
        head[0] |= 0xA0
        return bytes(head) + b"".join(key + entry for key, entry in entries)
    if isinstance(value, list):
        head = bytearray(cbor2.dumps(len(value)))
        head[0] |= 0x80
        return bytes(head) + b"".join(map(ordered, value))
    return cbor2.dumps(value)


def pq1(message: bytes) -> str:
    return "PQ1:" + base45(message)
