"""A holder shows exactly what they choose, and what they leave out is nowhere in what they show."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import (
    CLEARANCE,
    DOCUMENT,
    EVERY_KIND,
    HOLDER,
    OTHER_DOCUMENT,
    STATUS,
    VACCINATION,
    World,
    holder_key,
    pq1,
)
from claims import EVIDENCE, HOLDERS
from pratique.errors import DecodeError, DisclosureError, PratiqueError
from pratique.formats import profile
from pratique.model import Clearance, Evidence, Holder, Kind
from pratique.present import HeldCredential
from pratique.qr import text as qr_text
from pratique.qr.render import modules
from pratique.reasons import Reason
from pratique.report import Step, Verdict

WORLD = World()
KEY = holder_key().public
HELD = WORLD.home.issue_vaccination(status=None)


def message(text: str) -> bytes:
    return qr_text.decode(text)


def disclosures(encoded: bytes) -> list[bytes]:
    return cbor2.loads(encoded).value[1].get(17, [])


def names_shown(evidence: Evidence, holder: Holder | None) -> set[str]:
    shown = {f"event.{name}" for name, _ in evidence.known()} - {"event.target", "event.rule"}
    return shown | {f"holder.{name}" for name, _ in (holder.known() if holder else ())}


def kept(value: Any, prefix: str, names: set[str], *always: str) -> Any:
    """Return evidence or a holder with only the named claims, as the model would have it."""
    known = {name: entry for name, entry in value.known() if f"{prefix}.{name}" in names or name in always}
    return type(value)(**known)


@settings(max_examples=120, deadline=None)
@given(EVIDENCE, HOLDERS, st.data())
def test_any_choice_of_claims_verifies_and_shows_exactly_these(
    evidence: Evidence, holder: Holder, data: st.DataObject
) -> None:
    who = None if isinstance(evidence, Clearance) else holder
    held = WORLD.home.issue(evidence, holder=who, holder_key=KEY)
    assert set(held.disclosable) == names_shown(evidence, who)
    chosen = {name for name in held.disclosable if data.draw(st.booleans())}
    text = held.present(disclose=data.draw(st.permutations(sorted(chosen))))
    report = WORLD.verify(text)
    assert report.check(Step.ISSUER).code is Reason.ISSUER_ENTITLED
    credential = report.credential
    assert credential is not None
    assert credential.evidence == (kept(evidence, "event", chosen, "target", "rule"),)
    in_holder = {name for name in chosen if name.startswith("holder.")}
    assert credential.holder == (kept(holder, "holder", in_holder) if in_holder else None)
    again = HeldCredential.from_text(text)
    assert set(again.disclosable) == chosen
    assert again.present(disclose=chosen) == text
    assert again.present() == held.present()


@settings(max_examples=100, deadline=None)
@given(EVIDENCE, HOLDERS, st.data())
def test_nothing_of_a_claim_that_is_not_shown_is_in_the_bytes(
    evidence: Evidence, holder: Holder, data: st.DataObject
) -> None:
    who = None if isinstance(evidence, Clearance) else holder
    held = WORLD.home.issue(evidence, holder=who, holder_key=KEY)
    chosen = {name for name in held.disclosable if data.draw(st.booleans())}
    encoded = message(held.present(disclose=chosen))
    shown = disclosures(encoded)
    signed = cbor2.loads(encoded).value[2]
    hidden = [disclosure for disclosure in disclosures(held.encoded) if disclosure not in shown]
    opened = b"".join(shown) + signed
    for disclosure in hidden:
        salt, value, _ = (*cbor2.loads(disclosure), None, None)[:3]  # of a decoy, the salt alone
        assert disclosure not in encoded
        assert salt not in encoded
        if isinstance(value, str) and len(value.encode()) > 5 and not in_clear(value, evidence, shown):
            assert value.encode() not in encoded
        if isinstance(value, dict):  # a map that stays closed: the hashes of its entries are not there either
            for digest in value[cbor2.CBORSimpleValue(59)]:
                assert digest not in encoded
        assert hashlib.sha256(disclosure).digest() in opened or is_inside_of(disclosure, hidden)


def in_clear(value: str, evidence: Evidence, shown: list[bytes]) -> bool:
    """Return whether another claim, which is shown, says the same or has it as a part."""
    said = [str(entry) for name, entry in evidence.known() if name in ("target", "rule")]
    return any(value in text for text in [*said, WORLD.home.id, profile.PROFILE]) or any(
        value.encode() in disclosure for disclosure in shown
    )


def is_inside_of(disclosure: bytes, others: list[bytes]) -> bool:
    digest = hashlib.sha256(disclosure).digest()
    return any(digest in other for other in others)


def test_the_smallest_presentation_names_nobody_and_nothing() -> None:
    encoded = message(HELD.present())
    assert disclosures(encoded) == []
    for secret in ("ERIKSSON", "ANNA", "Anna", "L898902C3", "740812", "AB123", "stamaril", "Port clinic", "Nilsson"):
        assert secret.encode() not in encoded
    for number in (20_526, 1684):  # the days of vaccination and birth
        assert cbor2.dumps(number) not in cbor2.loads(encoded).value[2]
    assert not any(hashlib.sha256(entry).digest() in encoded for entry in nested(HELD.encoded))


def nested(encoded: bytes) -> list[bytes]:
    """Return the disclosures that stand inside the holder or the details."""
    shown = disclosures(encoded)
    return [entry for entry in shown if is_inside_of(entry, shown)]


def test_what_is_shown_of_a_claim_is_the_maps_it_stands_in_and_no_neighbour() -> None:
    shown = [cbor2.loads(entry) for entry in disclosures(message(HELD.present(disclose=["holder.birth_date"])))]
    assert {entry[2] for entry in shown} == {-65538, 3}
    shown = [cbor2.loads(entry) for entry in disclosures(message(HELD.present(disclose=["event.batch"])))]
    assert {entry[2] for entry in shown} == {13, 3}


def test_one_name_stands_for_all_claims_of_a_map() -> None:
    everything = HELD.present(disclose=HELD.disclosable)
    assert set(disclosures(message(everything))) == set(disclosures(HELD.encoded))
    assert HELD.present(disclose=["event", "holder"]) == everything
    report = WORLD.verify(HELD.present(disclose=["holder"]))
    assert report.credential.holder == HOLDER
    assert [name for name, _ in report.credential.evidence[0].known()] == ["target"]


def test_asking_for_one_claim_twice_shows_it_once() -> None:
    assert HELD.present(disclose=["event.date", "event.date", "event.date"]) == HELD.present(disclose=["event.date"])


@pytest.mark.parametrize(
    "name", ["", "event.", "date", "event.dat", "event.kind", "event.target", "event.details", "holder.", "issuer", "*"]
)
def test_a_name_that_is_none_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(DisclosureError) as refused:
        HELD.present(disclose=["event.date", name])
    assert refused.value.code is Reason.DISCLOSURE_UNKNOWN
    assert "event.date" in refused.value.hint


def test_a_copy_cannot_show_what_it_was_not_given() -> None:
    copy = HeldCredential.from_text(HELD.present(disclose=["event.date"]))
    assert copy.disclosable == ("event.date",)
    with pytest.raises(DisclosureError):
        copy.present(disclose=["event.product"])
    with pytest.raises(DisclosureError):
        copy.present(disclose=["holder"])


def test_a_copy_knows_whether_it_is_complete() -> None:
    assert HELD.is_complete
    assert HeldCredential.from_text(HELD.text).is_complete
    assert not HeldCredential.from_text(HELD.present(disclose=["event", "holder.name"])).is_complete
    assert not HeldCredential.from_text(HELD.present()).is_complete
    assert WORLD.home.issue(CLEARANCE, holder_key=KEY).is_complete


def test_a_file_may_end_with_a_line_end() -> None:
    for end in ("\n", "\r\n", ""):
        assert HeldCredential.from_text(HELD.text + end).encoded == HELD.encoded


@pytest.mark.parametrize("text", ["", "PQ1:", "HC1:ABC", "pq1:", "PQ1:" + "0" * 9000])
def test_what_is_no_credential_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        HeldCredential.from_text(text)


def test_disclosures_of_another_credential_are_refused() -> None:
    other = WORLD.home.issue_vaccination()
    parts = cbor2.loads(HELD.encoded).value
    mixed = cbor2.dumps(cbor2.CBORTag(18, [parts[0], {17: disclosures(other.encoded)[:1]}, *parts[2:]]))
    with pytest.raises(DisclosureError):
        HeldCredential(mixed)
    report = WORLD.verify(pq1(mixed))
    assert report.verdict is Verdict.REJECT
    assert report.check(Step.DISCLOSURES).code is Reason.DISCLOSURE_UNMATCHED
    assert report.credential is None


def test_every_changed_bit_of_a_credential_is_refused() -> None:
    text = HELD.present(disclose=["event.date", "holder.birth_date"])
    assert WORLD.verify(text, document=DOCUMENT).verdict is Verdict.ACCEPT
    verifier, encoded = WORLD.verifier(), message(text)
    for position in range(len(encoded)):
        for bit in range(8):
            changed = bytearray(encoded)
            changed[position] ^= 1 << bit
            report = verifier.verify(qr_text.encode(bytes(changed)), at=WORLD.clock.now)
            assert report.verdict is Verdict.REJECT, (position, bit)
            assert report.credential is None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_changed_character_of_a_text_is_refused(data: st.DataObject) -> None:
    text = HELD.present(disclose=["event.product"])
    position = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda found: found != text[position]))
    changed = text[:position] + character + text[position + 1 :]
    assert WORLD.verify(changed).verdict is Verdict.REJECT


def test_a_text_that_breaks_off_anywhere_is_refused() -> None:
    text = HELD.present(disclose=["event.product"])
    verifier = WORLD.verifier()
    for end in range(len(text)):
        assert verifier.verify(text[:end], at=WORLD.clock.now).verdict is Verdict.REJECT


def test_the_same_credential_is_another_travellers_with_another_document() -> None:
    text = HELD.present()
    assert WORLD.verify(text, document=DOCUMENT).verdict is Verdict.ACCEPT
    report = WORLD.verify(text, document=OTHER_DOCUMENT)
    assert report.verdict is Verdict.REJECT
    assert report.check(Step.BINDING).code is Reason.DOCUMENT_MISMATCH


def test_the_symbols_are_as_small_as_designed() -> None:
    """In modules a side at level M; the addresses of issuer and status list have 26 characters, as in the design."""
    assert len(WORLD.home.id) == len(STATUS.uri) == 26
    vaccination = WORLD.home.issue_vaccination(status=STATUS)
    assert modules(WORLD.home.issue_clearance().present()) == 61
    assert modules(vaccination.present()) == 81
    assert modules(vaccination.present(disclose=["event.date", "event.product"])) == 85  # the design allowed 89


EVERY_CLAIM = ("date", "product", "dose", "country", "batch", "centre", "practitioner", "authority")


@pytest.mark.parametrize("claims", [{}, dict.fromkeys(EVERY_CLAIM)])
def test_the_symbol_has_one_size_whatever_claims_there_are(claims: dict[str, Any]) -> None:
    for holder in (HOLDER, Holder(name="ERIKSSON<<ANNA"), None):
        held = WORLD.home.issue_vaccination(claims=claims, holder=holder, status=STATUS, holder_key=KEY)
        assert modules(held.present()) == modules(WORLD.home.issue_vaccination(status=STATUS, holder_key=KEY).present())


def test_the_less_is_shown_the_smaller_the_symbol() -> None:
    chosen: list[str] = []
    sizes = [len(HELD.present())]
    for name in HELD.disclosable:
        chosen.append(name)
        sizes.append(len(HELD.present(disclose=chosen)))
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_names_are_those_of_the_model_in_the_order_of_the_profile(evidence: Evidence) -> None:
    held = WORLD.home.issue(evidence, holder=None if evidence.kind is Kind.CLEARANCE else HOLDER, holder_key=KEY)
    model = {f"event.{field.name}" for field in fields(evidence)} | {f"holder.{field.name}" for field in fields(Holder)}
    assert set(held.disclosable) <= model
    assert list(held.disclosable) == [name for name in profile.PATHS if name in held.disclosable]


def test_no_repr_or_message_shows_a_claim() -> None:
    with pytest.raises(PratiqueError) as refused:
        HELD.present(disclose=["event.lot"])
    for shown in (repr(HELD), str(refused.value), refused.value.hint):
        for secret in ("ERIKSSON", "AB123", "stamaril", str(VACCINATION.date)):
            assert secret not in shown
