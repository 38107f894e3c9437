"""How many hashes a credential has says nothing about which claims it has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import EVERY_KIND, HOLDER, NOW, SIMPLE_59, Authority, Clock, holder_key
from claims import EVIDENCE, HOLDERS
from pratique.cose.signer import SoftwareSigner
from pratique.formats import profile
from pratique.issue import Issuer
from pratique.model import (
    Clearance,
    Coding,
    Dose,
    Evidence,
    Exemption,
    Holder,
    Kind,
    PartialDate,
    Prophylaxis,
    Recovery,
    TestResult,
    Vaccination,
)

if TYPE_CHECKING:
    from pratique.present import HeldCredential

HOME = Authority(Clock())
KEY = holder_key().public


def counts(held: HeldCredential) -> tuple[Any, ...]:
    """Return the number of hashes in every map, by its path, with whatever is in it opened."""
    found: dict[tuple[Any, ...], int] = {}
    shown = cbor2.loads(held.encoded).value[1].get(17, [])
    opened = {hashlib.sha256(entry).digest(): cbor2.loads(entry) for entry in shown}

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        for key, entry in value.items():
            if key == SIMPLE_59:
                found[path] = len(entry)
                for digest in entry:
                    if len(opened[digest]) == 3 and isinstance(opened[digest][1], Mapping):
                        walk(opened[digest][1], (*path, opened[digest][2]))
            elif isinstance(entry, Mapping):
                walk(entry, (*path, key))

    walk(cbor2.loads(cbor2.loads(held.encoded).value[2]), ())
    return tuple(sorted((tuple(map(str, path)), count) for path, count in found.items()))


EMPTY: dict[Kind, Evidence] = {
    Kind.VACCINATION: Vaccination(target="1D47"),
    Kind.PROPHYLAXIS: Prophylaxis(target="1D47"),
    Kind.TEST: TestResult(target="1D47"),
    Kind.RECOVERY: Recovery(target="1D47"),
    Kind.EXEMPTION: Exemption(target="1D47"),
}


@settings(max_examples=80, deadline=None)
@given(EVIDENCE, st.none() | HOLDERS)
def test_the_number_of_hashes_does_not_tell_which_claims_there_are(evidence: Evidence, holder: Holder | None) -> None:
    if isinstance(evidence, Clearance):
        assert counts(HOME.issue(evidence, holder_key=KEY)) == ()
        return
    most = profile.most_hidden(evidence.kind)
    held = HOME.issue(evidence, holder=holder, holder_key=KEY)
    assert held.is_complete
    found = dict(counts(held))
    assert found.pop(()) == most.top
    assert found.pop(("-65537",)) == most.event
    assert found.pop(("-65537", "13"), most.details) == most.details
    assert found.pop(("-65538",), most.holder) == most.holder
    assert found == {}
    bare = HOME.issue(EMPTY[evidence.kind], holder_key=KEY)
    assert dict(counts(bare)) == {(): most.top, ("-65537",): most.event}


@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_a_credential_with_every_claim_needs_no_decoy(evidence: Evidence) -> None:
    values = {
        "date": PartialDate(2026, 3, 14), "product": Coding("x", "y"), "dose": Dose(1), "country": "UTO",
        "batch": "B", "centre": "C", "practitioner": "P", "authority": "A", "test_method": Coding("x", "y"),
        "test_result": Coding("x", "y"), "sampled_at": NOW,
    }  # fmt: skip
    if isinstance(evidence, Clearance):
        return
    full = type(evidence)(
        target="RA01", **{field.name: values[field.name] for field in fields(evidence) if field.name in values}
    )
    held = HOME.issue(full, holder=HOLDER, holder_key=KEY)
    shown = cbor2.loads(held.encoded).value[1][17]
    assert not any(len(cbor2.loads(entry)) == 1 for entry in shown)


def test_an_issuer_may_leave_decoys_out() -> None:
    issuer = Issuer(HOME.id, signer=SoftwareSigner(HOME.keys[-1]), decoys=False)
    assert counts(issuer.issue(Vaccination(target="1D47"), at=NOW, holder_key=KEY)) == ()
    date = Vaccination(target="1D47", date=PartialDate(2026, 3, 14))
    assert dict(counts(issuer.issue(date, at=NOW, holder_key=KEY))) == {("-65537",): 1}
