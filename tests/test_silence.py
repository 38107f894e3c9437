"""A border's busy day: thousands of random codes of every format are verified, and nothing that is said tells a claim.

Every claim is a marked word or a date, every place in a status list a number and every salt 16 random bytes that stand
nowhere else. What is read for them: every word that reports, sessions, errors and requests say of themselves, logs,
both output streams, warnings, the text of tracebacks, and the file of records. An audit hook of the interpreter watches
meanwhile that no file is opened for writing and nothing is connected to, and that no program is started.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import random
import sys
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import cbor2
import pytest
from click.testing import CliRunner

import passes
import seals
import shc
import who
from authority import (
    ISSUER_ID,
    NOW,
    DccState,
    World,
    dcc_recovery,
    dcc_test,
    dcc_vaccination,
    holder_key,
    rfc3339,
)
from pratique import formats, schemas
from pratique.bundle import Bundle
from pratique.cli import group
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError
from pratique.model import Dose, Evidence, Exemption, Holder, Prophylaxis, Recovery, StatusReference, Vaccination
from pratique.model import TestResult as Tested
from pratique.model.codes import Coding
from pratique.model.dates import PartialDate
from pratique.mrz import TravelDocument, parse_mrz, td3
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.report import RefusedError, Report, Verdict
from pratique.request import Request, VerifierList, consider, read
from pratique.revocation import Revocation
from pratique.rules.ready_made import NAMES, ready_made
from pratique.sdcwt import Challenge
from pratique.status import StatusStore
from pratique.status.dcc_hash_list import HashBatch
from pratique.status.foreign import ForeignRevocation
from pratique.status.smart_rid import CardList
from pratique.trust import TrustStore, wire
from pratique.verify import Verifier
from revocation import batch, sha
from status_lists import ADDRESS, ListSigner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pratique.present import HeldCredential
    from pratique.rules import RuleSet

SEED = 20_261_123
OF_EACH = 220  # codes of each format; each is verified in several ways
MARK = "QXZ"  # in no word that anybody but a traveller has
PIECE = 24  # characters of a QR text that nobody says by chance
PLACES = range(1_000_000, 2**21)  # in a status list: numbers that nobody says by chance
BORDER = "https://border.example"
RULES = [ready_made(name) for name in NAMES]
BORDER_KEY = PrivateKey.generate()


class Shown(NamedTuple):
    """A code, and everything that nobody may say of it."""

    text: str
    secrets: frozenset[str]
    challenge: Challenge | None = None


class Travellers:
    """Makes codes of every format, whose claims are all marked."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.state = DccState(world.clock, country="AUT")
        self.cards = shc.ShcIssuer(world.clock)
        self.ministry = passes.Ministry(world.clock)
        self.seals = seals.SealState()
        self.certificate = self.seals.signer()
        self.revoked: dict[str, list[str]] = {"dcc": [], "shc": []}
        world.trusted += [
            self.state.entry(formats=["eu-dcc", "who-hcert"]),
            self.cards.entry(),
            self.ministry.entry(),
            self.seals.entry(world.clock),
        ]

    def word(self, most: int = 12) -> str:
        return MARK + "".join(self.chance.choices("QXZJKVW", k=self.chance.randint(4, most - len(MARK))))

    def day(self, first: int = 2001, last: int = 2019) -> date:
        return date(self.chance.randint(first, last), self.chance.randint(1, 12), self.chance.randint(1, 28))

    def odd(self, value: Any) -> Any:
        """Return a value, or now and then one of another type or form, which is marked as well."""
        if self.chance.random() < 0.9:
            return value
        return self.chance.choice([[self.word()], {self.word(): self.word()}, f"{self.word()}\n{self.word()}", ""])

    def passport(self) -> TravelDocument:
        zone = td3(
            issuing_state="UTO",
            surname=self.word(),
            given_names=self.word(),
            document_number=self.word(9),
            nationality="UTO",
            birth_date=self.day(1930, 1999),
            sex="F",
            expiry_date=date(2031, 7, 7),
        )
        return parse_mrz(zone, today=NOW.date())

    def own(self) -> Shown:
        """Return a credential of ours, shown in part, in every third case in a key binding token."""
        held, document = self.held()
        names = self.chance.sample(held.disclosable, self.chance.randint(0, len(held.disclosable)))
        secrets = _dates(
            None if held.credential.holder is None else held.credential.holder.birth_date,
            held.credential.evidence[0].date,
        )
        secrets |= {held.credential.number or MARK, *_salts(held)}
        if held.credential.status is not None:
            secrets.add(str(held.credential.status.index))
        if document is not None:
            secrets |= _dates(document.birth_date)
        if document is None and self.chance.random() < 0.3:
            challenge = Challenge(BORDER, self.chance.randbytes(16))
            signer = SoftwareSigner(holder_key())
            text = held.present(
                disclose=names, audience=challenge.audience, nonce=challenge.nonce, signer=signer, at=NOW
            )
            return self._shown(text, secrets, challenge)
        return self._shown(held.present(disclose=names), secrets)

    def held(self) -> tuple[HeldCredential, TravelDocument | None]:
        document = self.passport() if self.chance.random() < 0.03 else None  # each takes 50 ms to derive
        place = StatusReference(ADDRESS, self.chance.choice(PLACES)) if self.chance.random() < 0.5 else None
        holder = Holder(
            name=f"{self.word()}<<{self.word()}",
            name_native=self.word(),
            birth_date=PartialDate.from_date(self.day(1930, 1999)),
            document_number=self.word(),
            national_id=self.word(),
            guardian=self.word(),
        )
        bound: dict[str, Any] = {"holder_key": holder_key().public} if document is None else {"document": document}
        return self.world.home.issue(self.fact(), holder=holder, status=place, **bound), document

    def fact(self) -> Evidence:
        target = self.chance.choice(["1D47", "1C81", "RA01"])
        stated: dict[str, Any] = {
            "target": target,
            "date": PartialDate.from_date(self.day()),
            "centre": self.word(),
            "practitioner": self.word(),
            "authority": self.word(),
        }
        given: dict[str, Any] = {"product": Coding("who-pq", self.word()), "dose": Dose(1, 2), "batch": self.word()}
        tested = {"test_method": Coding("loinc", self.word()), "test_result": Coding("snomed", self.word())}
        kind, further = self.chance.choice(
            [(Vaccination, given), (Prophylaxis, given), (Tested, tested), (Recovery, {}), (Exemption, {})]
        )
        made: Evidence = kind(**stated, **further)
        return made

    def dcc(self) -> Shown:
        born, happened = self.day(1930, 1999), self.day()
        number = f"URN:UVCI:01:AT:{self.word()}"
        named = {"is": self.odd(self.word()), "ci": number}
        make, more = self.chance.choice(
            [
                (dcc_vaccination, {"dt": str(happened), "mp": self.odd(self.word()), "vp": self.word()}),
                (dcc_test, {"sc": f"{happened}T10:27:15Z", "tc": self.odd(self.word()), "nm": self.word()}),
                (dcc_recovery, {"fr": str(happened)}),
            ]
        )
        payload = make(**named, **more)
        payload["nam"] = {name: self.odd(self.word()) for name in ("fn", "fnt", "gn", "gnt")}
        payload["dob"] = self.odd(str(born))
        if self.chance.random() < 0.2:
            self.revoked["dcc"].append(number)
        return self._shown(self.state.sign(payload), _dates(born, happened))

    def yellow_card(self) -> Shown:
        born, happened = self.day(1930, 1999), self.day()
        form = self.chance.choice([1, 2, 3])
        dose = {"cn": self.odd(self.word()), "is": self.word(), "bo": self.odd(self.word())}
        changes = {"n": self.odd(self.word()), "dob": self.odd(str(born)), "gn": self.word()}
        changes |= {"nid" if form < 3 else "id": self.word()}
        dose |= {"dv" if form == 3 else "dt": str(happened)}
        return self._shown(who.sign_card(form, dose, changes=changes), _dates(born, happened))

    def core_data(self) -> Shown:
        born, happened = self.day(1930, 1999), self.day()
        made = {**who.DDCC_VACCINATION, "birthDate": str(born), "date": str(happened)}
        made |= {name: self.odd(self.word()) for name in ("name", "identifier", "lot", "centre", "hw", "hcid", "pha")}
        return self._shown(who.legacy(made), _dates(born, happened))

    def card(self) -> Shown:
        born, happened = self.day(1930, 1999), self.day()
        performer = [{"actor": {"display": self.word()}}]
        given = shc.dose(lotNumber=self.odd(self.word()), performer=performer, occurrenceDateTime=str(happened))
        patient = {**shc.PATIENT, "name": [{"family": self.odd(self.word()), "given": [self.word()]}]}
        patient["birthDate"] = self.odd(str(born))
        number = self.word()
        subject = {"fhirVersion": "4.0.1", "fhirBundle": shc.bundle(given, patient=patient)}
        if self.chance.random() < 0.2:
            self.revoked["shc"].append(number)
        content = shc.payload(vc={"credentialSubject": subject, "rid": number})
        return self._shown(self.cards.text(content), _dates(born, happened))

    def nzcp(self) -> Shown:
        born = self.day(1930, 1999)
        subject = {"givenName": self.odd(self.word()), "familyName": self.odd(self.word()), "dob": self.odd(str(born))}
        claims = {"vc": passes.credential(subject), 7: self.chance.randbytes(16)}
        return self._shown(self.ministry.sign(claims), _dates(born))

    def seal(self) -> Shown:
        born, happened = self.day(1930, 1999), self.day()
        person = {"n": self.odd(self.word()), "dob": self.odd(str(born)), "i": self.word(9)}
        message = seals.vaccination(pid=person, dvc=str(happened), adm=self.odd(self.word()), lot=self.word())
        message["uvci"] = self.word()
        return self._shown(self.seals.sign(message, cer=self.certificate), _dates(born, happened))

    def _shown(self, text: str, secrets: set[str], challenge: Challenge | None = None) -> Shown:
        middle = len(text) // 2
        pieces = {text[middle : middle + PIECE], text[-PIECE:]}
        return Shown(text, frozenset(secrets | pieces), challenge)

    def all(self) -> list[Shown]:
        kinds: list[Callable[[], Shown]] = [
            *(self.own, self.own, self.dcc, self.yellow_card),
            *(self.core_data, self.card, self.nzcp, self.seal),
        ]
        return [make() for make in kinds for _ in range(OF_EACH)]


def _dates(*days: PartialDate | date | None) -> set[str]:
    """Return the ways in which days could be written out."""
    plain = [str(day) for day in days if day is not None]
    return {form for day in plain for form in (day, day.replace("-", ""), f"{day[8:]}.{day[5:7]}.{day[:4]}")}


def _salts(held: HeldCredential) -> Iterator[str]:
    message = cbor2.loads(qr_text.decode(held.text)).value
    for encoded in message[1].get(17, []):
        salt = cbor2.loads(encoded)[0]
        yield from (salt.hex(), base64.b64encode(salt).decode()[:20], base64.urlsafe_b64encode(salt).decode()[:20])
        yield repr(salt)[2:-1]


# The audit hook cannot be taken away again: it looks only while a test wants it to.

_WATCHED: list[str] | None = None
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FORBIDDEN = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove"),
    *("os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod", "os.putenv", "shutil."),
    *("tempfile.", "urllib.", "http.", "smtplib.", "ftplib.", "sqlite3.", "syslog.", "webbrowser.", "ctypes."),
)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _WATCHED is None:
        return
    opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if opened or event.startswith(_FORBIDDEN):
        _WATCHED.append(f"{event} {arguments!r}"[:200])


@pytest.fixture(scope="module", autouse=True)
def _watchman() -> None:
    sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield the list of what was written to, connected to or started meanwhile."""
    global _WATCHED
    _WATCHED, compiled, sys.dont_write_bytecode = [], sys.dont_write_bytecode, True
    try:
        yield _WATCHED
    finally:
        _WATCHED, sys.dont_write_bytecode = None, compiled


def test_the_watch_sees_files_connections_and_programs(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    with watched() as seen:
        (tmp_path / "kept").write_text("x")
        os.close(os.open(tmp_path / "kept", os.O_RDWR))
        socket.socket().close()
        subprocess.run([sys.executable, "-V"], capture_output=True, check=True)
        (tmp_path / "kept").read_text()
    events = Counter(entry.split()[0] for entry in seen)
    assert events["open"] >= 2
    assert {"socket.__new__", "subprocess.Popen"} <= events.keys()
    assert not any(entry.endswith("'r', 524288)") for entry in seen)


def said_of(report: Report) -> Iterator[str]:
    """Yield all that a report and what hangs on it say of themselves, but for the credential's own members."""
    rules = _judged(report)
    yield json.dumps(report.record(), ensure_ascii=False)
    yield json.dumps(report.record(rules=rules), ensure_ascii=False)
    yield f"{report!r} {report} {report.explain()} {report.for_traveller()} {report.checks!r} {report.judgement!r}"
    yield " ".join(f"{check.sentence} {check.detail}" for check in report.checks)
    credential = report.credential
    if credential is not None:
        yield f"{credential!r} {credential} {credential.evidence!r} {credential.holder!r} {credential.presentation!r}"
        yield f"{credential.binding!r} {credential.status!r} {credential.issuer!r} {credential.validity!r}"
    try:
        report.raise_for_refusal()
    except RefusedError as error:  # its pickle has the report in it, and so what was disclosed
        yield from said_by(error, pickled=False)


def said_by(error: BaseException, *, pickled: bool = True) -> Iterator[str]:
    """Yield what an error says, by itself, in a traceback, and where it is sent to another process."""
    yield f"{error} {error!r} {error.args!r} {getattr(error, 'hint', '')}"
    yield "".join(traceback.format_exception(error))
    if pickled:
        yield pickle.dumps(error).decode("latin-1")


def _judged(report: Report) -> RuleSet | None:
    judgement = report.judgement
    return None if judgement is None else next(rules for rules in RULES if rules.id == judgement.rule_set)


def leaks(shown: Shown, said: Iterator[str]) -> list[str]:
    """Return what was said and must not be."""
    return [text for text in said if MARK.lower() in text.lower() or any(secret in text for secret in shown.secrets)]


class Border:
    """A world with travellers, and the verifiers of its desks."""

    def __init__(self) -> None:
        chance = self.chance = random.Random(SEED)  # noqa: S311 - the same day every time
        self.world = World()
        lists = ListSigner(self.world.home)
        self.travellers = Travellers(self.world, chance)
        self.shown = self.travellers.all()
        chance.shuffle(self.shown)
        places = chance.randbytes(PLACES.stop // 8)
        token = lists.cwt(places)
        revoked = self.travellers.revoked
        hashes = HashBatch.from_json(batch(*map(sha, revoked["dcc"])))
        key_id = shc.b64u(self.travellers.cards.thumbprint)
        cards = CardList.from_json({"kid": key_id, "method": "rid", "ctr": 1, "rids": revoked["shc"]})
        revocation = Revocation(StatusStore([token]), foreign=ForeignRevocation([hashes, cards]))
        document = {
            **self.world.list_document,
            "next_update": rfc3339(NOW + timedelta(days=20)),
            "expires_at": rfc3339(NOW + timedelta(days=50)),
        }
        bundle = Bundle(
            id="day",
            sequence=1,
            issued_at=NOW - timedelta(hours=6),
            next_update=NOW + timedelta(days=2),
            expires_at=NOW + timedelta(days=7),
            trust_lists=(wire.to_cbor(document),),
            acceptance=b'{"accept": [{}]}',
            status_lists=(token,),
        )
        narrow = json.dumps({"accept": [{"kinds": ["test"]}], "deny": [{"issuers": [ISSUER_ID]}]}).encode()
        self.desks = [
            self.world.verifier(revocation=revocation),
            self.world.verifier(),
            Verifier.of_bundle(bundle),
            Verifier.of_bundle(replace(bundle, acceptance=narrow)),
            Verifier(TrustStore()),
        ]

    def asked(self, shown: Shown) -> Iterator[Report]:
        """Yield the reports on one code, whole and broken, asked in several ways."""
        chance = self.chance
        text, at = shown.text, chance.choice([0, 0, 0, 1, 3, 20, 400, -800])
        options: dict[str, Any] = {"at": NOW + timedelta(days=at), "rules": chance.choice([None, *RULES])}
        way = chance.random()
        if way < 0.4:
            options["compared_by_eye"] = True
        elif way < 0.5 and not text.startswith("PQ1"):
            options["document"] = self.travellers.passport()
        challenge = shown.challenge if chance.random() < 0.7 else Challenge(BORDER, bytes(16))
        for desk in chance.sample(self.desks, 2):
            yield desk.verify(text, challenge=challenge, **options)
        place = chance.randrange(len(text))
        broken = chance.choice(
            [
                text[:place],
                text[:place] + chance.choice("09AZ$ {\x00é") + text[place + 1 :],
                text[place:],
                f"{text[:5]}{text[place:]}{text[5:place]}",
                text + text,
                f" {text}",
            ]
        )
        yield self.desks[0].verify(broken, **options)


@pytest.fixture(scope="module")
def border() -> Border:
    return Border()


@pytest.fixture(autouse=True)
def _silence(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is printed or logged at any level, and nobody warns."""
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
    assert capfd.readouterr() == ("", "")
    assert caplog.get_records("call") == []
    assert warned == []


def test_leak_of_any_kind_would_be_found(border: Border) -> None:
    for shown in border.shown[:200]:
        for secret in (*shown.secrets, f"about {MARK}JJJ", MARK.lower()):
            assert leaks(shown, iter([f"it says {secret}."]))
        assert leaks(shown, iter(["it says nothing"])) == []


def test_nothing_that_is_said_or_written_in_a_day_tells_a_claim(border: Border) -> None:
    codes: Counter[Reason] = Counter()
    verdicts: Counter[Verdict] = Counter()
    formats_seen: Counter[str | None] = Counter()
    found: list[str] = []
    records: set[str] = set()
    with watched() as touched:
        for shown in border.shown:
            for report in border.asked(shown):
                records |= {json.dumps(report.record()), json.dumps(report.record(rules=_judged(report)))}
                codes.update(check.code for check in report.checks)
                verdicts[report.verdict] += 1
                formats_seen[report.format] += report.credential is not None
                found += leaks(shown, said_of(report))
    assert found == []
    assert touched == []
    for record in sorted(records - {"null"})[::5]:  # they differ in their codes alone
        schemas.check(json.loads(record), "record")
    assert verdicts.total() >= 5000
    assert all(verdicts[verdict] > 50 for verdict in Verdict)
    kinds = {"pratique", "eu-dcc", "who-hcert", "smart-health-card", "nz-covid-pass", "icao-vds-nc"}
    assert {kind for kind in kinds if formats_seen[kind] < 50} == set()
    assert set(map(str, EXPECTED)) - set(map(str, codes)) == set()


EXPECTED = {
    *(
        Reason.KEY_UNKNOWN,
        Reason.SIGNATURE_INVALID,
        Reason.EXPIRED,
        Reason.NOT_YET_VALID,
        Reason.ISSUER_SCOPE,
        Reason.ISSUER_DENIED,
    ),
    *(Reason.STATUS_VALID, Reason.STATUS_REVOKED, Reason.STATUS_UNAVAILABLE, Reason.STATUS_NOT_LISTED),
    *(Reason.KEY_PROVEN, Reason.OTHER_NONCE, Reason.HOLDER_MISMATCH, Reason.COMPARED_BY_EYE, Reason.DOCUMENT_NEEDED),
    *(Reason.CONTENT_DEVIATES, Reason.CONTENT_INVALID),
}


def test_sessions_tell_no_claim(border: Border) -> None:
    chance = random.Random(SEED)  # noqa: S311
    joined: Counter[Reason] = Counter()
    found: list[str] = []
    with watched() as touched:
        for start in range(0, len(border.shown) - 4, 4):
            several = border.shown[start : start + chance.randint(1, 4)]
            rules = chance.choice([None, *RULES])
            document = border.travellers.passport() if chance.random() < 0.2 else None
            if document is not None:  # hashes of documents take their time
                several = [shown for shown in several if not shown.text.startswith("PQ1")] or several[:1]
            session = border.desks[0].session(at=NOW, rules=rules, document=document)
            for shown in several:
                session.add(shown.text)
            report = session.report()
            joined[report.joining.code] += 1
            said = [
                json.dumps([report.record(), report.record(rules=rules)], ensure_ascii=False),
                f"{report!r} {report} {report.explain()} {report.joining!r} {report.joining.sentence}",
                f"{session!r} {report.judgement!r} {report.rules!r} {sorted(report.missing)}",
            ]
            for shown in several:
                found += leaks(shown, iter(said))
    assert found == []
    assert touched == []
    assert len(joined) >= 3


def test_errors_below_the_verifier_tell_no_claim(border: Border) -> None:
    raised = 0
    found: list[str] = []
    with watched() as touched:
        for shown in border.shown:
            place = border.chance.randrange(len(shown.text))
            for text in (shown.text, shown.text[:place], shown.text[:place] + "Q" + shown.text[place + 1 :]):
                try:
                    reader, known = formats.recognise(text)
                    envelope = reader.envelope(known)
                    found += leaks(shown, iter([f"{reader!r} {envelope!r} {envelope}"]))
                    envelope.read()
                except PratiqueError as error:
                    raised += 1
                    found += leaks(shown, said_by(error))
    assert found == []
    assert touched == []
    assert raised > 1000


def test_wallet_and_its_answers_to_requests_tell_no_claim(border: Border) -> None:
    listed = {
        "id": BORDER,
        "country": "UTO",
        "names": {"en": "Border"},
        "keys": [{"public_key": BORDER_KEY.public.jwk}],
        "purposes": ["entry"],
        "max_retention": "P2D",
    }
    verifiers = VerifierList.from_json(
        {"id": "x", "sequence": 1, "issued_at": "2026-11-01T00:00:00Z", "verifiers": [listed]}
    )
    signer = SoftwareSigner(holder_key())
    found: list[str] = []
    outcomes: Counter[bool] = Counter()
    with watched() as touched:
        for _ in range(150):
            held, _ = border.travellers.held()
            rules = border.chance.choice(RULES)
            claims = border.chance.sample(held.disclosable, 2) if border.chance.random() < 0.5 else None
            asked = Request.for_rules(
                rules, verifier=BORDER, names={"en": "Border"}, audience=BORDER, at=NOW, claims=claims
            )
            considered = consider(
                read(asked.sign(SoftwareSigner(BORDER_KEY))), verifiers=verifiers, rule_set=rules, at=NOW
            )
            said = [f"{held!r} {held} {asked!r} {considered!r} {considered.explain()} {considered.excess}"]
            shown = Shown("", frozenset(_salts(held)))
            for options in ({"request": considered}, {"rules": rules}, {"disclose": [MARK.lower()[::-1]]}):
                try:
                    held.present(**options, at=NOW, signer=signer if "request" in options else None)
                    outcomes[True] += 1
                except PratiqueError as error:
                    outcomes[False] += 1
                    said += said_by(error)
            found += leaks(shown, iter(said))
    assert found == []
    assert touched == []
    assert len(outcomes) == 2


def test_command_line_tells_no_claim_beside_the_report_and_records_none(border: Border, tmp_path: Path) -> None:
    trust, records, rules = tmp_path / "trust", tmp_path / "desk.records", tmp_path / "entry.json"
    trust.mkdir()
    (trust / "world.trust.json").write_text(json.dumps(border.world.list_document))
    (trust / "acceptance.json").write_text('{"accept": [{}]}')
    rules.write_text(json.dumps(ready_made("covid-19").document))
    several = border.shown[:200]
    texts = "\n".join(text.replace("\n", "") for shown in several for text in (shown.text, shown.text[:-7])) + "\n"
    options = ["--trust", str(trust), "--rules", str(rules), "--record", str(records), "--at", rfc3339(NOW)]
    result = CliRunner().invoke(group, ["verify", "-", *options], input=texts)
    assert result.exit_code in (1, 2)
    written = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.parent != trust}
    assert written.keys() == {"desk.records", "desk.records.lock", "entry.json"}
    assert len(written["desk.records"].splitlines()) >= 300
    for shown in several:
        assert leaks(shown, iter([result.stdout, result.stderr, *written.values()])) == []
    shown_to_auditor = CliRunner().invoke(group, ["records", "show", str(records), "--at", rfc3339(NOW)])
    assert shown_to_auditor.exit_code == 0
    assert MARK not in shown_to_auditor.stdout
