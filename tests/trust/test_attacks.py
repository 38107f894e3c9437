"""Attacks on what is signed and on those who take it in: each by its name, each refused with its own code.

What an attacker has: the documents that were ever signed, the road between operator and verifier, keys that are no
root's, and one root key of three. The folder is left as it was each time.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import cbor2
import pytest

from authority import NOW
from keepers import ANNA, BO, CLEO, DAY, DORA, EVE, list_document, root, signed_list
from pratique.cose.headers import ALG, CRIT, KEY_ID, TYP
from pratique.cose.sign import Sign, Signature, complete, encode, prepare
from pratique.cose.signer import SoftwareSigner
from pratique.errors import PratiqueError
from pratique.reasons import Reason
from pratique.trust import TrustStore, signed, wire
from pratique.trust.repository import Repository
from pratique.trust.trust_list import MAX_ISSUERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

HEADERS = {TYP: "application/pratique-trust-list+cbor"}
PAYLOAD = wire.to_cbor(list_document(6))
MEMORY = 512 * 1024 * 1024  # bytes that may be taken for the largest of documents, beside the document

# What the child does after a fork needs none of the threads that were left behind.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A folder with edition 5 of the list `who`, and 3 of `eu`, from a root that vouches for these two."""
    made = Repository.create(tmp_path / "trust", root(lists=frozenset({"who", "eu"})))
    made.update(signed_list(sequence=5), at=NOW)
    made.update(signed_list(sequence=3, id="eu"), at=NOW)
    return made


def attack(repository: Repository, data: bytes, *, at: datetime = NOW, expect: str | None = None) -> Reason:
    """Return the code with which a document is refused that must be; the folder stays what it was."""
    before = {file.name: file.read_bytes() for file in repository.path.iterdir()}
    with pytest.raises(PratiqueError) as refused:
        repository.update(data, at=at, expect=expect)
    assert {file.name: file.read_bytes() for file in repository.path.iterdir()} == before
    assert {trust_list.id: trust_list.sequence for trust_list in repository.load().lists} == {"who": 5, "eu": 3}
    return refused.value.code


def test_rollback(repository: Repository) -> None:
    """An older edition, in which a key stands that was withdrawn since."""
    assert attack(repository, signed_list(sequence=4)) is Reason.DOCUMENT_ROLLBACK
    assert attack(repository, signed_list(sequence=1, issued_at=NOW)) is Reason.DOCUMENT_ROLLBACK


def test_rollback_to_another_edition_of_the_same_number(repository: Repository) -> None:
    assert attack(repository, signed_list(sequence=5, issuers=[])) is Reason.DOCUMENT_ROLLBACK


def test_rollback_of_the_file_in_the_folder(repository: Repository) -> None:
    file = repository.path / "who.5.trust.cose"
    file.write_bytes(signed_list(sequence=4))
    contents = repository.load()
    assert [trust_list.id for trust_list in contents.lists] == ["eu"]
    assert [(each.where, each.error.code) for each in contents.set_aside] == [(file.name, Reason.TRUST_LIST_ALTERED)]


def test_freeze(repository: Repository) -> None:
    """The newest edition is held back, and the one before it offered for longer than it counts."""
    frozen = signed_list(sequence=6)
    assert attack(repository, frozen, at=NOW + 29 * DAY) is Reason.DOCUMENT_EXPIRED
    repository.update(frozen, at=NOW + 28 * DAY)


def test_freeze_of_the_root(repository: Repository) -> None:
    """A root that was followed long ago is held back, so that a key of it that leaked would count for ever."""
    late = signed_list(sequence=6, issued_at=NOW + 179 * DAY)
    assert attack(repository, late, at=NOW + 180 * DAY) is Reason.ROOT_EXPIRED


def test_wrong_list(repository: Repository) -> None:
    """Genuine, newer, and not the one that was asked for."""
    assert attack(repository, signed_list(sequence=9, id="eu"), expect="who") is Reason.DOCUMENT_UNEXPECTED
    assert attack(repository, signed_list(id="training"), expect="training") is Reason.DOCUMENT_UNEXPECTED
    assert attack(repository, signed_list(id="training")) is Reason.DOCUMENT_UNEXPECTED


def test_wrong_kind_of_document(repository: Repository) -> None:
    """What the keepers signed as something else, with the very bytes of a list or a root."""
    assert attack(repository, signed.sign("rule-set", PAYLOAD, [ANNA, BO])) is Reason.DOCUMENT_KIND
    assert attack(repository, signed.sign("bundle", root(version=2).to_cbor(), [ANNA, BO])) is Reason.DOCUMENT_KIND
    assert attack(repository, signed.sign("root", PAYLOAD, [ANNA, BO])) is Reason.ROOT_INVALID
    assert attack(repository, encode({TYP: 293}, {}, PAYLOAD, [ANNA, BO])) is Reason.DOCUMENT_KIND


def test_kind_changed_on_the_way(repository: Repository) -> None:
    rules = Sign.decode(signed.sign("rule-set", PAYLOAD, [ANNA, BO]))
    assert attack(repository, complete(HEADERS, {}, PAYLOAD, rules.signatures)) is Reason.DOCUMENT_THRESHOLD


def test_threshold_by_one_key_twice(repository: Repository) -> None:
    """Under its own name, under that of another keeper, under a name of its choice, and under none."""
    twice = complete(HEADERS, {}, PAYLOAD, [by(ANNA), by(ANNA)])
    assert attack(repository, twice) is Reason.DOCUMENT_THRESHOLD
    for key_id in (BO.key_id, b"another"):
        renamed = SoftwareSigner(ANNA._private_key, key_id=key_id)
        data = complete(HEADERS, {}, PAYLOAD, [by(ANNA), by(renamed)])
        assert attack(repository, data) is Reason.DOCUMENT_THRESHOLD
    for unprotected in ({}, {KEY_ID: ANNA.key_id}, {KEY_ID: BO.key_id}):
        unnamed = Signature.of({ALG: -9}, unprotected, ANNA.sign(prepare(HEADERS, {ALG: -9}, PAYLOAD)))
        data = complete(HEADERS, {}, PAYLOAD, [by(ANNA), unnamed])
        assert attack(repository, data) is Reason.DOCUMENT_THRESHOLD
    assert repository.update(complete(HEADERS, {}, PAYLOAD, [by(ANNA), by(ANNA), by(BO)]), at=NOW).is_new


def by(signer: SoftwareSigner) -> Signature:
    own = {ALG: signer.algorithm.label, KEY_ID: signer.key_id}
    return Signature.of(own, {}, signer.sign(prepare(HEADERS, own, PAYLOAD)))


def test_threshold_by_one_key_listed_twice() -> None:
    """A root cannot have one key twice, whatever name it is given."""
    jwk = root().to_json()["keys"][0]
    document = {**root().to_json(), "keys": [{**jwk, "kid": "first"}, {**jwk, "kid": "second"}]}
    with pytest.raises(PratiqueError, match="twice") as refused:
        root().from_json(document)
    assert refused.value.code is Reason.ROOT_INVALID


def test_too_few_signatures(repository: Repository) -> None:
    assert attack(repository, signed_list(ANNA, sequence=6)) is Reason.DOCUMENT_THRESHOLD
    assert attack(repository, signed_list(ANNA, DORA, EVE, sequence=6)) is Reason.DOCUMENT_THRESHOLD
    assert (
        attack(repository, b"\xd8\x62" + cbor2.dumps([cbor2.dumps(HEADERS), {}, PAYLOAD, []])) is Reason.COSE_MALFORMED
    )


def test_unknown_critical_header(repository: Repository) -> None:
    for headers in ({**HEADERS, CRIT: [99], 99: 1}, {**HEADERS, CRIT: [TYP, "expires"], "expires": 1}):
        assert attack(repository, encode(headers, {}, PAYLOAD, [ANNA, BO])) is Reason.COSE_CRITICAL
    understood = encode({**HEADERS, CRIT: [TYP]}, {}, PAYLOAD, [ANNA, BO])
    assert repository.update(understood, at=NOW).is_new


def test_clock_set_back(repository: Repository) -> None:
    """So that an edition which has expired would count again."""
    repository.update(signed_list(sequence=5), at=NOW + 20 * DAY)
    repository.update(signed_list(sequence=3, id="eu"), at=NOW + 20 * DAY)
    old = signed_list(sequence=6, issued_at=NOW - 25 * DAY)
    assert attack(repository, old, at=NOW + 20 * DAY) is Reason.DOCUMENT_EXPIRED
    assert attack(repository, old, at=NOW + 4 * DAY) is Reason.CLOCK_SET_BACK


def test_clock_set_back_before_anything_was_taken_in(tmp_path: Path) -> None:
    """The root itself says that it is not earlier than that."""
    repository = Repository.create(tmp_path, root())
    old = signed_list(issued_at=NOW - 300 * DAY)
    with pytest.raises(PratiqueError) as refused:
        repository.update(old, at=NOW - 290 * DAY)
    assert refused.value.code is Reason.CLOCK_SET_BACK


def test_signature_by_an_old_root_after_rotation(repository: Repository) -> None:
    """Two keepers of three left and their keys leaked."""
    lists = frozenset({"who", "eu"})
    rotated = root(BO, DORA, EVE, version=2, lists=lists)
    repository.update(rotated.sign([ANNA, BO, DORA, EVE]), at=NOW)
    repository.update(signed_list(BO, DORA, sequence=5), at=NOW)
    repository.update(signed_list(BO, DORA, sequence=3, id="eu"), at=NOW)
    assert attack(repository, signed_list(ANNA, CLEO, sequence=6)) is Reason.DOCUMENT_THRESHOLD
    assert attack(repository, signed_list(ANNA, BO, CLEO, sequence=6)) is Reason.DOCUMENT_THRESHOLD
    back = root(ANNA, BO, CLEO, version=3, lists=lists)
    assert attack(repository, back.sign([ANNA, BO, CLEO])) is Reason.DOCUMENT_THRESHOLD
    another_second = root(ANNA, CLEO, version=2, lists=lists)
    assert attack(repository, another_second.sign([ANNA, CLEO])) is Reason.DOCUMENT_THRESHOLD


def test_root_skipped_a_version(repository: Repository) -> None:
    lists = frozenset({"who", "eu"})
    assert attack(repository, root(version=3, lists=lists).sign([ANNA, BO])) is Reason.ROOT_SUCCESSION
    repository.update(root(version=2, lists=lists).sign([ANNA, BO]), at=NOW)
    assert attack(repository, root(version=1, lists=lists).sign([ANNA, BO])) is Reason.ROOT_SUCCESSION
    assert attack(repository, root(version=4, lists=lists).sign([ANNA, BO])) is Reason.ROOT_SUCCESSION


def test_one_keeper_makes_a_root_alone(repository: Repository) -> None:
    own = root(ANNA, version=2, threshold=1)
    assert attack(repository, own.sign([ANNA])) is Reason.DOCUMENT_THRESHOLD
    assert attack(repository, own.sign([ANNA, DORA, EVE])) is Reason.DOCUMENT_THRESHOLD


def test_folder_with_a_root_of_the_attackers_own(repository: Repository, tmp_path: Path) -> None:
    """Who pins the root elsewhere than in the folder notices that the whole folder was exchanged."""
    theirs = Repository.create(tmp_path / "theirs", root(DORA, EVE))
    theirs.update(signed_list(DORA, EVE, sequence=99), at=NOW)
    pinned = repository.root()
    TrustStore.load(repository.path, root=pinned)
    with pytest.raises(PratiqueError) as refused:
        TrustStore.load(theirs.path, root=pinned)
    assert refused.value.code is Reason.ROOT_SUCCESSION


def junk(count: int, entry: bytes) -> bytes:
    """Return the payload of a list with so many entries, each of these bytes."""
    head = cbor2.dumps({**cbor2.loads(wire.to_cbor(list_document(6, issuers=[]))), "issuers": 0})
    assert head.count(b"issuers\x00") == 1
    array = b"\x99" + count.to_bytes(2) if count < 2**16 else b"\x9a" + count.to_bytes(4)
    return head.replace(b"issuers\x00", b"issuers" + array + entry * count)


def in_bounded_memory(work: Callable[[], object]) -> int:
    """Return how a process ended that did this work with no more than `MEMORY` beside what it had."""
    size = Path("/proc/self/statm")  # where there is none, no limit of this kind is enforced either
    limit = int(size.read_text().split()[0]) * resource.getpagesize() + MEMORY if size.exists() else None
    child = os.fork()
    if child == 0:  # pragma: no cover - in another process
        end = 1
        try:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            work()
            end = 0
        finally:
            os._exit(end)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


ENTRY = cbor2.dumps(cbor2.dumps({"id": "junk"}))


def signed_junk(count: int, entry: bytes, *signers: SoftwareSigner) -> bytes:
    return signed.sign("trust-list", junk(count, entry), signers or (ANNA, BO))


def junk_in_header(before: bytes, after: bytes) -> bytes:
    """Return a message one header of which has 50 million entries."""
    return b"\xd8\x62\x84" + before + b"\xa1\x01\x9a\x03\x00\x00\x00" + bytes(3 << 24) + after


JUNK: dict[str, tuple[Callable[[], bytes], Reason]] = {
    "a million entries": (lambda: signed_junk(1_000_000, ENTRY), Reason.TRUST_LIST_INVALID),
    "a million empty ones": (lambda: signed_junk(1_000_000, b"\x40"), Reason.TRUST_LIST_INVALID),
    "as many as there is room for": (lambda: signed_junk(67_000_000, b"\x00"), Reason.TRUST_LIST_INVALID),
    "of strangers": (lambda: signed_junk(67_000_000, b"\x00", DORA, EVE), Reason.DOCUMENT_THRESHOLD),
    "in the unprotected header": (
        lambda: junk_in_header(cbor2.dumps(cbor2.dumps(HEADERS)), b"\x40\x80"),
        Reason.CBOR_LIMIT,
    ),
    "in the protected header": (
        lambda: junk_in_header(b"\x5a" + (7 + (3 << 24)).to_bytes(4), b"\xa0\x40\x80"),
        Reason.CBOR_LIMIT,
    ),
    "more than is read": (lambda: bytes(signed.MAX_DOCUMENT_BYTES + 1), Reason.DOCUMENT_LIMIT),
}


@pytest.mark.parametrize("name", JUNK)
def test_list_with_a_million_junk_entries(repository: Repository, name: str) -> None:
    make, code = JUNK[name]
    data = make()

    def refuse() -> None:
        assert attack(repository, data) is code

    assert in_bounded_memory(refuse) == 0


def test_list_whose_entries_are_all_junk_is_taken_in_with_all_of_them_set_aside(repository: Repository) -> None:
    data = signed.sign("trust-list", junk(MAX_ISSUERS, ENTRY), [ANNA, BO])

    def take_in() -> None:
        repository.update(data, at=NOW)
        who = repository.load().lists[1]
        assert (who.keys, len(who.set_aside)) == ((), MAX_ISSUERS)

    assert in_bounded_memory(take_in) == 0


def test_document_truncated_anywhere(repository: Repository) -> None:
    data = signed_list(sequence=6)
    for end in range(0, len(data), 7):
        assert attack(repository, data[:end]) in (Reason.COSE_MALFORMED, Reason.CBOR_MALFORMED)


def test_file_truncated_anywhere(repository: Repository) -> None:
    file = repository.path / "who.5.trust.cose"
    data = file.read_bytes()
    for end in range(0, len(data), 7):
        file.write_bytes(data[:end])
        store = TrustStore.load(repository.path)
        assert [trust_list.id for trust_list in store.lists] == ["eu"]
        assert [each.where for each in store.set_aside] == [file.name]
