"""Two presentations from one batch share nothing but what all credentials of the issuer, kind, target and window share.

Everything that can be read out of a presentation is compared: every number, text and byte string at any depth, what
stands encoded in byte strings too, and the form of the whole. What everybody shares is measured on a stranger: another
person with another fact of the same kind about the same disease, in the same window.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DOCUMENT, HOLDER, NOW, OTHER_DOCUMENT, VACCINATION, Authority, Clock, World
from claims import EVIDENCE, HOLDERS
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.model import Clearance, Evidence, Holder, StatusReference
from pratique.qr import text as qr_text
from pratique.report import Outcome, Step
from pratique.sdcwt import Challenge

if TYPE_CHECKING:
    from pratique.present import HeldCredential

HOME = Authority(Clock())
WINDOW = {"valid_from": date(2026, 11, 1), "valid_until": datetime(2027, 6, 1, tzinfo=UTC)}
LIST = "https://health.example.org"
INDICES = (70_001, 923_456, 345_678, 81_923, 500_077)
STATUSES = [StatusReference(LIST, index) for index in INDICES[:4]]
BORDERS = [Challenge(f"https://border-{n}.example.org", bytes([n] * 16)) for n in (1, 2, 3)]


@cache
def keys() -> list[PrivateKey]:
    return [PrivateKey.generate() for _ in range(5)]


def parts(value: Any) -> list[Any]:
    """Return everything that stands in a value, what is encoded in byte strings included."""
    if isinstance(value, cbor2.CBORTag):
        return parts(value.value)
    if isinstance(value, (dict, cbor2.frozendict)):
        return [part for key, entry in value.items() for part in (key, *parts(entry))]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in parts(item)]
    return [value, *parts(inside)] if isinstance(value, bytes) and (inside := decoded(value)) is not None else [value]


def decoded(data: bytes) -> Any:
    """Return the map or array that a byte string holds, None where it holds none."""
    try:
        value = cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, TypeError):
        return None
    is_whole = isinstance(value, (dict, cbor2.frozendict, list)) and cbor2.dumps(value, canonical=False) == data
    return value if is_whole else None


def form(value: Any) -> Any:
    """Return the form of a value: its keys, types and lengths, without any content."""
    if isinstance(value, cbor2.CBORTag):
        return value.tag, form(value.value)
    if isinstance(value, (dict, cbor2.frozendict)):
        return tuple((key, form(entry)) for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(form, value))
    if isinstance(value, bytes) and (inside := decoded(value)) is not None:
        return form(inside)
    return (type(value).__name__, len(value)) if isinstance(value, (bytes, str)) else type(value).__name__


def message(text: str) -> Any:
    return cbor2.loads(qr_text.decode(text))


def values(text: str) -> set[Any]:
    return {(type(part).__name__, part) for part in parts(message(text))}


def shown(held: HeldCredential, key: PrivateKey, border: Challenge, disclose: Any = ()) -> str:
    return held.present(
        disclose=disclose, audience=border.audience, nonce=border.nonce, signer=SoftwareSigner(key), at=NOW
    )


def strangers(evidence: Evidence) -> HeldCredential:
    """Return the credential of somebody else about another fact that looks alike."""
    other = Clearance(rule=evidence.rule) if isinstance(evidence, Clearance) else type(evidence)(target=evidence.target)
    status = StatusReference(LIST, INDICES[4])
    return HOME.issue(other, holder_key=keys()[4].public, status=status, **WINDOW)


@settings(max_examples=40, deadline=None)
@given(EVIDENCE, st.none() | HOLDERS)
def test_two_presentations_from_a_batch_share_what_everybody_shares_and_nothing_else(
    evidence: Evidence, holder: Holder | None
) -> None:
    who = None if isinstance(evidence, Clearance) else holder
    own = keys()[:2]
    batch = HOME.issuer.issue_batch(
        evidence, at=NOW, holder_keys=[key.public for key in own], holder=who, statuses=STATUSES[:2], **WINDOW
    )
    first, second = (shown(batch[n], own[n], BORDERS[n]) for n in (0, 1))
    stranger = shown(strangers(evidence), keys()[4], BORDERS[2])
    shared = values(first) & values(second)
    assert shared <= values(stranger)
    assert form(message(first)) == form(message(stranger))
    on_paper = [values(held.present()) for held in (*batch, strangers(evidence))]
    assert on_paper[0] & on_paper[1] <= on_paper[2]


@settings(max_examples=25, deadline=None)
@given(EVIDENCE.filter(lambda evidence: not isinstance(evidence, Clearance)), HOLDERS, st.data())
def test_what_is_opened_of_both_is_all_that_they_share_beyond_that(
    evidence: Evidence, holder: Holder, data: st.DataObject
) -> None:
    own = keys()[:2]
    batch = HOME.issuer.issue_batch(evidence, at=NOW, holder_keys=[key.public for key in own], holder=holder, **WINDOW)
    chosen = {name for name in batch[0].disclosable if data.draw(st.booleans())}
    first, second = (shown(batch[n], own[n], BORDERS[n], chosen) for n in (0, 1))
    opened: set[Any] = {("int", 17)}  # the label under which it stands
    for disclosure in message(batch[0].present(disclose=chosen)).value[1].get(17, []):
        _, value, key = cbor2.loads(disclosure)
        opened |= {(type(part).__name__, part) for part in (key, *parts(value)) if not isinstance(part, bytes)}
    everybody = values(shown(strangers(evidence), keys()[4], BORDERS[2]))
    assert values(first) & values(second) <= everybody | opened


def test_the_comparison_sees_a_copy_that_is_shown_twice() -> None:
    (held,) = HOME.issuer.issue_batch(VACCINATION, at=NOW, holder_keys=[keys()[0].public], **WINDOW)
    first, second = (shown(held, keys()[0], border) for border in BORDERS[:2])
    found = {
        part
        for _, part in values(first) & values(second) - values(shown(strangers(VACCINATION), keys()[4], BORDERS[2]))
    }
    assert held.credential.number in found
    assert keys()[0].public.cose_key[-2] in found
    assert {len(part) for part in found if isinstance(part, bytes)} >= {32, 64}


def test_the_comparison_looks_into_every_layer() -> None:
    held = HOME.issue_vaccination(holder_key=keys()[0].public, status=STATUSES[0])
    found = {part for _, part in values(shown(held, keys()[0], BORDERS[0], ["event.batch"]))}
    batch = VACCINATION.batch
    assert {BORDERS[0].nonce, BORDERS[0].audience, 294, 293, HOME.id, held.credential.number, batch, 70_001} <= found
    digests = {hashlib.sha256(entry).digest() for entry in message(held.present(disclose=["event.batch"])).value[1][17]}
    assert digests <= found


def test_copies_bound_to_a_document_share_neither_salt_nor_tag() -> None:
    batch = HOME.issuer.issue_batch(VACCINATION, at=NOW, copies=2, document=DOCUMENT, holder=HOLDER, **WINDOW)
    stranger = HOME.issue(replace(VACCINATION, batch=None), document=OTHER_DOCUMENT, **WINDOW)
    assert values(batch[0].present()) & values(batch[1].present()) <= values(stranger.present())
    assert form(message(batch[0].present())) == form(message(stranger.present()))


def test_every_copy_is_a_credential_of_its_own_that_verifies() -> None:
    world = World()
    own = keys()[:4]
    batch = world.home.issuer.issue_batch(
        VACCINATION, at=NOW, holder_keys=[key.public for key in own], holder=HOLDER, statuses=STATUSES
    )
    numbers = Counter(held.credential.number for held in batch)
    assert set(numbers.values()) == {1}
    assert {held.credential.status for held in batch} == set(STATUSES)
    for held, key in zip(batch, own, strict=True):
        assert held.is_complete
        assert held.credential.binding.key == key.public
        report = world.verify(shown(held, key, BORDERS[0]), challenge=BORDERS[0])
        assert report.check(Step.SIGNATURE).outcome is Outcome.PASSED
        assert report.check(Step.BINDING).outcome is Outcome.PASSED


def test_which_copy_gets_which_status_is_drawn_by_lot() -> None:
    own = [key.public for key in keys()[:4]]
    orders = set()
    for _ in range(60):
        batch = HOME.issuer.issue_batch(Clearance(rule="UTO"), at=NOW, holder_keys=own, statuses=STATUSES)
        orders.add(tuple(held.credential.status.index for held in batch))
    assert len(orders) > 10


def test_copies_by_number_have_no_status_unless_there_is_one() -> None:
    batch = HOME.issuer.issue_batch(Clearance(rule="UTO"), at=NOW, copies=1, document=DOCUMENT)
    assert [held.credential.status for held in batch] == [None]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, TypeError),
        ({"copies": 2}, TypeError),
        ({"document": DOCUMENT}, TypeError),
        ({"document": DOCUMENT, "copies": 0}, ValueError),
        ({"document": DOCUMENT, "copies": -1}, ValueError),
        ({"document": DOCUMENT, "holder_keys": (0,)}, TypeError),
        ({"holder_keys": (0, 0)}, ValueError),
        ({"holder_keys": (0, 1), "copies": 3}, ValueError),
        ({"holder_keys": (0, 1), "statuses": STATUSES[:1]}, ValueError),
        ({"holder_keys": (0, 1), "statuses": STATUSES[:3]}, ValueError),
        ({"holder_keys": (0, 1), "statuses": [STATUSES[0], STATUSES[0]]}, ValueError),
    ],
)
def test_a_batch_that_would_share_something_is_a_mistake_of_the_program(
    options: dict[str, Any], error: type[Exception]
) -> None:
    if "holder_keys" in options:
        options = {**options, "holder_keys": [keys()[n].public for n in options["holder_keys"]]}
    with pytest.raises(error):
        HOME.issuer.issue_batch(VACCINATION, at=NOW, **options)
