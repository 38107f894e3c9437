"""Hash lists of the EU DCC gateway: which batch counts for whom, by which hash, until when."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import who
from authority import (
    DCC_KEY_IDS,
    ES256,
    NOW,
    PS256,
    Clock,
    DccState,
    dcc_recovery,
    dcc_test,
    dcc_vaccination,
    sign_dcc,
)
from authority import base45 as base45_text
from pratique.codec import base45, cbor, deflate
from pratique.cose import algorithms
from pratique.errors import DecodeError
from pratique.formats.hc1 import Hc1Envelope, envelope, exemption_envelope
from pratique.model import HashedIdentifiers
from pratique.reasons import Reason
from pratique.status import dcc_hash_list
from pratique.status.dcc_hash_list import HashBatch, HashLists, HashType, read_batches
from revocation import LATER, UCI, b64, batch, sha

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, FIPS 186-4


def read(text: str) -> HashedIdentifiers:
    opened = envelope(text)
    opened.read()
    return opened.revocation_identifiers()


def find(
    identifiers: HashedIdentifiers, *batches: dict[str, Any], country: str = "AUT", alg: int = ES256, at: datetime = NOW
) -> HashType | None:
    lists = HashLists(map(HashBatch.from_json, batches))
    return lists.find(identifiers, country=country, key_id=DCC_KEY_IDS[alg], at=at)


@pytest.fixture
def state() -> DccState:
    return DccState(Clock())


def test_certificate_is_found_by_its_identifier(state: DccState) -> None:
    assert find(read(state.sign(dcc_vaccination())), batch(sha(UCI))) is HashType.UCI


def test_certificate_that_is_not_listed_is_not_found(state: DccState) -> None:
    assert find(read(state.sign(dcc_vaccination(ci=UCI + "#1"))), batch(sha(UCI))) is None


@pytest.mark.parametrize("made", [dcc_vaccination, dcc_test, dcc_recovery])
def test_every_kind_of_certificate_has_an_identifier(state: DccState, made: Any) -> None:
    assert find(read(state.sign(made())), batch(sha(UCI))) is HashType.UCI


@pytest.mark.parametrize("number", ["urn:uvci:01:at:x", "01/LU/9#Z", "dgci:V1:FR:C51", " 01ITA ", "URN:UVCI:01:SE:Å"])
def test_identifier_is_hashed_exactly_as_it_stands(state: DccState, number: str) -> None:
    identifiers = read(state.sign(dcc_vaccination(ci=number)))
    assert find(identifiers, batch(sha(number))) is HashType.UCI
    stripped = number.strip().removeprefix("URN:UVCI:").partition("#")[0].upper()
    assert find(identifiers, batch(sha(stripped))) is None


def test_every_entry_of_an_early_certificate_counts(state: DccState) -> None:
    payload = dcc_vaccination()
    payload["v"].append({**payload["v"][0], "ci": "second", "co": "DE"})
    identifiers = read(state.sign(payload))
    assert find(identifiers, batch(sha("second"))) is HashType.UCI
    assert find(identifiers, batch(sha("DEsecond"), hash_type="COUNTRYCODEUCI")) is HashType.COUNTRYCODEUCI


@pytest.mark.parametrize("prefix", ["FR", "SE", "AT"], ids=["the CWT's issuer", "the entry's country", "who revokes"])
def test_country_before_the_identifier_is_read_in_every_way_that_deployments_do(state: DccState, prefix: str) -> None:
    identifiers = read(state.sign(dcc_vaccination(co="SE"), iss="FR"))
    listed = batch(sha(f"{prefix}{UCI}"), hash_type="COUNTRYCODEUCI")
    assert find(identifiers, listed) is HashType.COUNTRYCODEUCI


@pytest.mark.parametrize("prefix", ["DE", "", "at"])
def test_another_country_before_the_identifier_is_another_certificate(state: DccState, prefix: str) -> None:
    identifiers = read(state.sign(dcc_vaccination(co="SE"), iss="FR"))
    assert find(identifiers, batch(sha(f"{prefix}{UCI}"), hash_type="COUNTRYCODEUCI")) is None


def test_certificate_without_issuer_and_country_is_found_by_who_revokes(state: DccState) -> None:
    identifiers = read(state.sign(dcc_vaccination(co=None), iss=None))
    assert find(identifiers, batch(sha(f"AT{UCI}"), hash_type="COUNTRYCODEUCI")) is HashType.COUNTRYCODEUCI


def test_hash_of_one_type_is_not_one_of_another(state: DccState) -> None:
    identifiers = read(state.sign(dcc_vaccination()))
    assert (
        find(identifiers, batch(sha(UCI), hash_type="SIGNATURE"), batch(sha(UCI), hash_type="COUNTRYCODEUCI")) is None
    )


def with_signature(text: str, signature: bytes) -> str:
    """Return a certificate with another signature, all else as it was."""
    opened = Hc1Envelope(deflate.inflate(base45.decode(text[4:])))
    message = opened.signed
    data = cbor.encode(cbor.Tag(18, [message.protected, dict(message.unprotected), message.payload, signature]))
    return "HC1:" + base45_text(zlib.compress(data))


def test_signature_is_hashed_by_r_alone_so_that_n_minus_s_is_revoked_too(state: DccState) -> None:
    text = state.sign(dcc_vaccination())
    signature = envelope(text).signature
    mirrored = signature[:32] + (ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    listed = batch(sha(signature[:32]), hash_type="SIGNATURE")
    for each in (signature, mirrored):
        changed = with_signature(text, each)
        opened = envelope(changed)
        assert algorithms.verify(opened.algorithm, state.public_key(), opened.signature, opened.to_be_signed)
        assert find(read(changed), listed) is HashType.SIGNATURE
    assert find(read(text), batch(sha(signature), hash_type="SIGNATURE")) is None


def test_signature_by_rsa_is_hashed_whole(state: DccState) -> None:
    text = state.sign(dcc_vaccination(), alg=PS256)
    signature = envelope(text).signature
    of_key = {"hash_type": "SIGNATURE", "kid": b64(DCC_KEY_IDS[PS256])}
    assert find(read(text), batch(sha(signature), **of_key), alg=PS256) is HashType.SIGNATURE
    assert find(read(text), batch(sha(signature[:128]), **of_key), alg=PS256) is None


def test_batch_of_another_key_does_not_count(state: DccState) -> None:
    other = batch(sha(UCI), kid=b64(DCC_KEY_IDS[PS256]))
    assert find(read(state.sign(dcc_vaccination())), other) is None


def test_batch_for_any_key_of_the_country_counts(state: DccState) -> None:
    identifiers = read(state.sign(dcc_vaccination()))
    assert find(identifiers, batch(sha(UCI), kid="UNKNOWN_KID")) is HashType.UCI
    assert find(identifiers, batch(sha(UCI), kid="UNKNOWN_KID"), country="DEU") is None


def test_no_country_revokes_what_another_signed(state: DccState) -> None:
    identifiers = read(state.sign(dcc_vaccination()))
    assert find(identifiers, batch(sha(UCI), country="FR")) is None
    assert find(identifiers, batch(sha(UCI), country="FR", kid="UNKNOWN_KID")) is None


@pytest.mark.parametrize(
    ("after", "counts"), [(-1, True), (0, False), (1, False)], ids=["before", "at the end", "after"]
)
def test_batch_counts_until_it_expires(state: DccState, after: int, counts: bool) -> None:  # noqa: FBT001
    at = LATER + timedelta(seconds=after)
    assert (find(read(state.sign(dcc_vaccination())), batch(sha(UCI)), at=at) is HashType.UCI) is counts


@pytest.mark.parametrize("order", [1, -1])
def test_hash_in_two_batches_counts_until_the_later_end(state: DccState, order: int) -> None:
    batches = [batch(sha(UCI), expires="2026-01-01T00:00:00Z"), batch(sha(UCI))][::order]
    assert find(read(state.sign(dcc_vaccination())), *batches) is HashType.UCI


def test_one_among_many_is_found_and_none_beside_it() -> None:
    many = [sha(str(number)) for number in range(50_000)]
    listed = HashBatch("AUT", None, HashType.UCI, LATER, tuple(many))
    lists = HashLists([listed])
    assert len(lists) == len(many)
    for number in (0, 1, 24_999, 49_999):
        found = HashedIdentifiers(b"", None, ((str(number), None),))
        assert lists.find(found, country="AUT", key_id=b"k", at=NOW) is HashType.UCI
    for number in range(50_000, 52_000):
        found = HashedIdentifiers(b"", None, ((str(number), None),))
        assert lists.find(found, country="AUT", key_id=b"k", at=NOW) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(min_size=16, max_size=16) | st.binary(min_size=1, max_size=1).map(lambda b: b * 16), max_size=200
    ),
    st.lists(st.binary(min_size=16, max_size=16), max_size=20),
)
def test_packed_set_says_what_a_set_says(listed: list[bytes], others: list[bytes]) -> None:
    packed = dcc_hash_list._PackedSet([each + b"\0\0\0\7" for each in listed])
    assert len(packed) == len(set(listed))
    near = [each[1:] + each[:1] for each in listed]
    for value in [*listed, *others, *near]:
        assert packed.counts_until(value) == (7 if value in set(listed) else 0)


def test_hash_across_two_records_is_not_found() -> None:
    one, other = bytes(range(16)), bytes(range(16, 32))
    packed = dcc_hash_list._PackedSet([one + b"\0\0\0\7", other + b"\0\0\0\7"])
    joined = one + b"\0\0\0\7" + other + b"\0\0\0\7"
    assert [packed.counts_until(joined[i : i + 16]) for i in range(1, 20)] == [0] * 19


def test_exemption_has_an_identifier_too() -> None:
    entry = {"tg": "840539006", "co": "AT", "is": "x", "ci": "URN:E", "du": "2027-01-01"}
    text = sign_dcc({"ver": "1.3.0", "nam": {"fnt": "A"}, "dob": "1998-02-26", "ve": [entry]})
    opened = exemption_envelope("AT1:" + text[4:])
    opened.read()
    assert find(opened.revocation_identifiers(), batch(sha("URN:E"))) is HashType.UCI


def test_every_certificate_in_a_who_code_counts() -> None:
    holder = {"nam": {"fnt": "ERIKSSON", "gnt": "ANNA<MARIA"}, "dob": "1974-08-12"}
    parts = {1: [dcc_vaccination(ci="one") | holder, dcc_test(ci="two") | holder], -6: who.card(3)}
    identifiers = read(who.sign(parts))
    assert identifiers.entries == (("one", "AT"), ("two", "AT"))
    assert find(identifiers, batch(sha("two"))) is HashType.UCI


@pytest.mark.parametrize("number", [None, 1, b"x", ["x"]])
def test_entry_without_an_identifier_can_be_revoked_by_its_signature_alone(state: DccState, number: Any) -> None:
    text = state.sign(dcc_vaccination(ci=number, co=7))
    assert read(text).entries == ()
    listed = batch(sha(envelope(text).signature[:32]), hash_type="SIGNATURE")
    assert find(read(text), listed, batch(sha("None"))) is HashType.SIGNATURE


def test_certificate_that_was_not_read_has_no_identifiers(state: DccState) -> None:
    with pytest.raises(ValueError, match="read before"):
        envelope(state.sign(dcc_vaccination())).revocation_identifiers()


def test_identifiers_do_not_show_themselves(state: DccState) -> None:
    assert repr(read(state.sign(dcc_vaccination()))) == "HashedIdentifiers(entries=1)"


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "XX"},
        {"country": None},
        {"country": "AUT"},
        {"hashType": "NAME"},
        {"hashType": None},
        {"hashType": ["UCI"]},
        {"kid": None},
        {"kid": ""},
        {"kid": "****"},
        {"kid": "é"},
        {"kid": b64(bytes(65))},
        {"kid": "unknown_kid "},
        {"expires": None},
        {"expires": "soon"},
        {"expires": 1},
        {"entries": None},
        {"entries": {}},
    ],
    ids=str,
)
def test_batch_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as caught:
        HashBatch.from_json(batch(sha(UCI), **changes))
    assert caught.value.code is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize("document", [None, 1, "x", [1], [[]], {}, [{}]])
def test_document_that_holds_no_batch_has_a_fault(document: Any) -> None:
    assert read_batches(document).good == ()
    assert list(read_batches(document).faults) == [0]


def test_batch_that_is_none_leaves_those_beside_it() -> None:
    found = read_batches([None, batch(sha("a")), batch(sha("b"), kid="?"), batch(sha("c"))])
    assert [each.hashes for each in found.good] == [(sha("a"),), (sha("c"),)]
    assert list(found.faults) == [0, 2]


def test_damaged_entry_is_set_aside_and_the_rest_counts() -> None:
    good = {"hash": b64(sha(UCI))}
    bad = [None, 1, {}, {"hash": None}, {"hash": b64(bytes(15))}, {"hash": b64(bytes(17))}, {"hash": "*"}, good["hash"]]
    read_ = HashBatch.from_json(batch(entries=[*bad, good]))
    assert (read_.damaged, read_.hashes) == (len(bad), (sha(UCI),))
    assert repr(read_) == "HashBatch(AUT, UCI, 1 hashes)"


def test_sizes_are_limited() -> None:
    with pytest.raises(DecodeError, match="100001 entries in one batch, at most 100000"):
        HashBatch.from_json(batch(entries=[None] * 100_001))
    with pytest.raises(DecodeError, match="100001 batches in one file, at most 100000"):
        read_batches([None] * 100_001)
    too_many = HashBatch("AUT", None, HashType.UCI, LATER, (bytes(16),) * 4_000_001)
    with pytest.raises(DecodeError, match="more than 4000000 hashes"):
        HashLists([too_many])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(batch(), JSON)) | JSON, st.sampled_from([*batch(), None]))
def test_any_document_is_read_or_has_a_fault(document: Any, name: str | None) -> None:
    if name is not None and isinstance(document, dict):
        document = {**batch(sha(UCI)), name: document.get(name)}
    HashLists(read_batches(document).good)


def test_time_in_any_zone_is_the_same_moment() -> None:
    made = HashBatch.from_json(batch(sha(UCI), expires="2026-12-23T14:00:00+02:00"))
    assert made.expires_at == datetime(2026, 12, 23, 12, tzinfo=UTC)
