"""The verifier's status lists: who may say what about whom, how old it may be, and what a folder keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW, World, rfc3339
from pratique.cose.keys import PrivateKey
from pratique.errors import DecodeError, PratiqueError, StatusError
from pratique.model import StatusReference
from pratique.reasons import Reason
from pratique.status import StatusAnswer, StatusPolicy, StatusStore
from pratique.status import store as module
from status_lists import ADDRESS, ListSigner, bitmap, issuer_of

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ISSUED, ENDS = NOW - HOUR, NOW + 24 * HOUR  # of the tokens of `ListSigner`, unless a test says otherwise


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def lists(world: World) -> ListSigner:
    return ListSigner(world.home)


def ask(world: World, store: StatusStore, index: int = 7, *, uri: str = ADDRESS, **options: Any) -> StatusAnswer:
    """Ask as the verifier does: for the home authority's credential, by the trust store, at the world's time."""
    trust = world.store
    issuer = options.pop("issuer", None) or issuer_of(trust, world.home.id)
    return store.status(StatusReference(uri, index), issuer=issuer, keys=trust, **{"at": world.clock.now, **options})


def test_credential_is_valid_or_revoked_as_the_list_says(world: World, lists: ListSigner) -> None:
    for data in (lists.cwt(bitmap(i7=1)), lists.jwt(bitmap(i7=1))):
        store = StatusStore([data])
        assert ask(world, store, 6) == StatusAnswer(Reason.STATUS_VALID, ADDRESS, 0, ISSUED, ENDS)
        answer = ask(world, store, 7)
        assert (answer.code, answer.value) == (Reason.STATUS_REVOKED, 1)
        assert "7" not in answer.detail.replace(rfc3339(ISSUED), "")


@pytest.mark.parametrize(
    ("bits", "value", "code"),
    [
        (2, 0, Reason.STATUS_VALID),
        (2, 1, Reason.STATUS_REVOKED),
        (2, 2, Reason.STATUS_SUSPENDED),
        (2, 3, Reason.STATUS_APPLICATION),
        (4, 15, Reason.STATUS_APPLICATION),
        (8, 2, Reason.STATUS_SUSPENDED),
        (8, 255, Reason.STATUS_APPLICATION),
    ],
)
def test_every_status_has_its_answer(world: World, lists: ListSigner, bits: int, value: int, code: Reason) -> None:
    answer = ask(world, StatusStore([lists.cwt(bytes([value]), bits=bits)]), 0)
    assert (answer.code, answer.value) == (code, value)


def test_number_beyond_the_list_is_unknown(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt(bitmap(80))])
    assert ask(world, store, 79).code is Reason.STATUS_VALID
    for index in (80, 2**32 - 1):
        answer = ask(world, store, index)
        assert (answer.code, answer.value) == (Reason.STATUS_UNKNOWN, None)


def test_list_that_is_not_at_hand_is_unavailable(world: World, lists: ListSigner) -> None:
    assert ask(world, StatusStore()).code is Reason.STATUS_UNAVAILABLE
    assert ask(world, StatusStore([lists.cwt(sub=ADDRESS + "0")])).code is Reason.STATUS_UNAVAILABLE


def test_address_that_is_not_the_issuers_is_refused_before_anything_else(world: World, lists: ListSigner) -> None:
    other = "https://health.example.org/status/2"
    assert ask(world, StatusStore([lists.cwt(sub=other)]), uri=other).code is Reason.STATUS_FOREIGN_LIST
    world.home.entry["status_lists"] = []
    assert ask(world, StatusStore([lists.cwt()])).code is Reason.STATUS_FOREIGN_LIST


def test_status_list_swapped_between_issuers_is_refused(world: World, lists: ListSigner) -> None:
    """The other issuer signs a list of its own under the home authority's address: it says that nothing is revoked."""
    other = ListSigner(world.authority())
    assert ask(world, StatusStore([lists.cwt(bitmap(i7=1))])).code is Reason.STATUS_REVOKED
    for data in (other.cwt(bitmap()), other.jwt(bitmap())):
        answer = ask(world, StatusStore([data]))
        assert (answer.code, answer.value, answer.issued_at) == (Reason.STATUS_LIST_INVALID, None, None)
    other.entry["key_id"] = lists.entry["key_id"]  # identifiers collide: both keys are tried, one of them counts
    data = other.cwt(bitmap(), protected={4: lists.key.public.key_id})
    assert ask(world, StatusStore([data])).code is Reason.STATUS_LIST_INVALID
    assert ask(world, StatusStore([lists.cwt(bitmap(i7=1))])).code is Reason.STATUS_REVOKED


def test_list_of_one_issuer_says_nothing_about_credentials_of_another(world: World, lists: ListSigner) -> None:
    other = world.authority()
    trust = world.store
    store = StatusStore([lists.cwt()])
    with pytest.raises(StopIteration):
        issuer_of(trust, "nobody")
    answer = ask(world, store, issuer=issuer_of(trust, other.id))
    assert answer.code is Reason.STATUS_FOREIGN_LIST
    other.entry["status_lists"] = [ADDRESS]
    assert ask(world, store, issuer=issuer_of(world.store, other.id)).code is Reason.STATUS_LIST_INVALID
    assert ask(world, store).code is Reason.STATUS_VALID


def test_answer_for_one_issuer_is_not_that_for_the_next(world: World, lists: ListSigner) -> None:
    other = world.authority()
    other.entry["status_lists"] = [ADDRESS]
    trust, store = world.store, StatusStore([lists.cwt()])
    reference = StatusReference(ADDRESS, 7)
    codes = [
        store.status(reference, issuer=issuer_of(trust, authority.id), keys=trust, at=NOW).code
        for authority in (world.home, other, world.home, other)
    ]
    assert codes == [Reason.STATUS_VALID, Reason.STATUS_LIST_INVALID] * 2


def test_key_for_credentials_signs_no_list(world: World, lists: ListSigner) -> None:
    lists.entry["formats"] = ["pratique"]
    assert ask(world, StatusStore([lists.cwt()])).code is Reason.STATUS_LIST_INVALID


def test_forged_signature_is_refused_each_time(world: World, lists: ListSigner) -> None:
    data = lists.cwt(bitmap())
    store = StatusStore([data[:-1] + bytes([data[-1] ^ 1])])
    for _ in range(2):
        answer = ask(world, store)
        assert answer.code is Reason.STATUS_LIST_INVALID
        assert "signature" in answer.detail


def test_damaged_list_under_a_genuine_signature_is_refused(world: World, lists: ListSigner) -> None:
    answer = ask(world, StatusStore([lists.cwt(status_list={"bits": 1, "lst": b"no stream"})]))
    assert answer.code is Reason.STATUS_LIST_INVALID
    assert "deflate.invalid" in answer.detail


def test_token_without_a_key_identifier_is_nobodys(world: World, lists: ListSigner) -> None:
    assert ask(world, StatusStore([lists.cwt(protected={4: None})])).code is Reason.STATUS_LIST_INVALID
    assert ask(world, StatusStore([lists.jwt(header={"kid": None})])).code is Reason.STATUS_LIST_INVALID


def test_key_named_by_its_text_is_found(world: World, lists: ListSigner) -> None:
    lists.entry["key_id"] = "a2V5LTE="  # key-1
    assert ask(world, StatusStore([lists.jwt(header={"kid": "key-1"})])).code is Reason.STATUS_VALID


@pytest.mark.parametrize(
    ("member", "by", "code"),
    [
        ("not_before", timedelta(), Reason.STATUS_VALID),
        ("not_before", SECOND, Reason.STATUS_LIST_INVALID),
        ("not_after", timedelta(), Reason.STATUS_VALID),
        ("not_after", -SECOND, Reason.STATUS_LIST_INVALID),
    ],
)
def test_window_of_the_key_covers_the_time_of_issue(
    world: World, lists: ListSigner, member: str, by: timedelta, code: Reason
) -> None:
    lists.entry[member] = rfc3339(ISSUED + by)
    assert ask(world, StatusStore([lists.cwt()])).code is code


@pytest.mark.parametrize(
    ("reason", "at", "code"),
    [
        ("superseded", ISSUED + SECOND, Reason.STATUS_VALID),
        ("superseded", ISSUED, Reason.STATUS_LIST_INVALID),
        ("compromise", ISSUED + SECOND, Reason.STATUS_LIST_INVALID),
    ],
)
def test_withdrawn_key_makes_a_list_count_no_more(
    world: World, lists: ListSigner, reason: str, at: datetime, code: Reason
) -> None:
    store = StatusStore([lists.cwt()])
    assert ask(world, store).code is Reason.STATUS_VALID
    lists.entry["withdrawn"] = {"at": rfc3339(at), "reason": reason}
    assert ask(world, store).code is code


def test_key_that_leaked_under_another_name_makes_a_list_count_no_more(world: World, lists: ListSigner) -> None:
    """It signs credentials of another issuer too, and was withdrawn there."""
    store = StatusStore([lists.cwt()])
    leaked = {**lists.entry, "key_id": "AAAA", "formats": ["pratique"]}
    leaked["withdrawn"] = {"at": rfc3339(NOW), "reason": "compromise"}
    world.authority().entry["keys"].append(leaked)
    answer = ask(world, store)
    assert answer.code is Reason.STATUS_LIST_INVALID
    assert "compromise" in answer.detail


def test_key_that_cannot_be_read_does_not_hide_the_one_that_can(world: World, lists: ListSigner) -> None:
    world.home.entry["keys"].insert(
        0, {**lists.entry, "public_key": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}
    )
    world.home.entry["keys"].insert(0, {**lists.entry, "public_key": PrivateKey.generate("Ed25519").public.jwk})
    assert ask(world, StatusStore([lists.cwt()])).code is Reason.STATUS_VALID


# Age


@pytest.mark.parametrize(
    ("at", "grace", "code"),
    [
        (ENDS - SECOND, timedelta(), Reason.STATUS_VALID),
        (ENDS, timedelta(), Reason.STATUS_EXPIRED),
        (ENDS + SECOND, timedelta(), Reason.STATUS_EXPIRED),
        (ENDS - SECOND, HOUR, Reason.STATUS_VALID),
        (ENDS, HOUR, Reason.STATUS_STALE),
        (ENDS + HOUR - SECOND, HOUR, Reason.STATUS_STALE),
        (ENDS + HOUR, HOUR, Reason.STATUS_EXPIRED),
    ],
)
def test_list_counts_until_its_end_and_its_grace(
    world: World, lists: ListSigner, at: datetime, grace: timedelta, code: Reason
) -> None:
    answer = ask(world, StatusStore([lists.cwt()]), at=at, policy=StatusPolicy(grace=grace))
    assert (answer.code, answer.value) == (code, 0)


@pytest.mark.parametrize(
    ("age", "code"),
    [(2 * HOUR - SECOND, Reason.STATUS_VALID), (2 * HOUR, Reason.STATUS_STALE), (30 * HOUR, Reason.STATUS_EXPIRED)],
)
def test_verifier_may_want_a_newer_list_than_the_issuer_does(
    world: World, lists: ListSigner, age: timedelta, code: Reason
) -> None:
    answer = ask(world, StatusStore([lists.cwt()]), at=ISSUED + age, policy=StatusPolicy(max_age=2 * HOUR))
    assert answer.code is code


def test_list_without_an_end_ends_by_policy(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt(exp=None)])
    for lifetime in (StatusPolicy().lifetime, 5 * HOUR):
        policy = StatusPolicy(lifetime=lifetime)
        ends = ISSUED + lifetime
        assert ask(world, store, at=ends - SECOND, policy=policy).code is Reason.STATUS_VALID
        answer = ask(world, store, at=ends, policy=policy)
        assert (answer.code, answer.expires_at) == (Reason.STATUS_EXPIRED, ends)


def test_list_of_the_last_second_of_the_calendar_is_from_the_future(world: World, lists: ListSigner) -> None:
    lists.entry["not_after"] = "9999-12-31T23:59:59Z"
    store = StatusStore([lists.cwt(iat=253_402_300_799, exp=None)])
    assert ask(world, store).code is Reason.STATUS_NOT_YET


def test_list_is_due_once_its_time_to_live_is_over(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt()])
    assert not ask(world, store, at=ISSUED + 12 * HOUR - SECOND).is_due
    answer = ask(world, store, at=ISSUED + 12 * HOUR)
    assert (answer.code, answer.is_due) == (Reason.STATUS_VALID, True)
    assert not ask(world, StatusStore([lists.cwt(ttl=None)]), at=ENDS - SECOND).is_due


@pytest.mark.parametrize("at", [ISSUED - 2 * HOUR, ENDS, ENDS + 9000 * HOUR], ids=str)
def test_list_of_any_age_still_says_that_a_credential_is_revoked(world: World, lists: ListSigner, at: datetime) -> None:
    answer = ask(world, StatusStore([lists.cwt(bitmap(i7=1))]), at=at)
    assert answer.code is Reason.STATUS_REVOKED


def test_clock_set_back_does_not_make_an_old_list_new(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt()])
    assert ask(world, store, at=ISSUED - module.CLOCK_SKEW).code is Reason.STATUS_VALID
    assert ask(world, store, at=ISSUED - module.CLOCK_SKEW - SECOND).code is Reason.STATUS_NOT_YET


def test_list_that_counts_from_a_later_time_is_not_used_before(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt(nbf=NOW + HOUR)])
    assert ask(world, store).code is Reason.STATUS_NOT_YET
    assert ask(world, store, at=NOW + HOUR).code is Reason.STATUS_VALID


# Several tokens


def test_newest_of_several_tokens_counts(world: World, lists: ListSigner) -> None:
    older, newer = lists.cwt(bitmap(), iat=ISSUED - HOUR), lists.cwt(bitmap(i7=1))
    for tokens in ([older, newer], [newer, older]):
        store = StatusStore(tokens)
        assert len(store.lists) == 1
        assert ask(world, store).code is Reason.STATUS_REVOKED


def test_token_that_cannot_be_read_is_set_aside_and_the_rest_works(world: World, lists: ListSigner) -> None:
    store = StatusStore([b"junk", lists.cwt(), lists.cwt(protected={16: "x"})])
    assert [(aside.where, aside.error.code) for aside in store.set_aside] == [
        ("tokens/0", Reason.JWS_MALFORMED),
        ("tokens/2", Reason.STATUS_LIST_INVALID),
    ]
    assert ask(world, store).code is Reason.STATUS_VALID
    assert repr(store) == "StatusStore(1 lists)"


# Adding


def add_error(world: World, store: StatusStore, data: bytes, at: datetime = NOW) -> Reason:
    with pytest.raises(PratiqueError) as refused:
        store.add(data, keys=world.store, at=at)
    return refused.value.code


def test_newer_token_takes_the_place_of_the_older_and_not_the_other_way(world: World, lists: ListSigner) -> None:
    store = StatusStore()
    older, newer = lists.cwt(bitmap(i7=1)), lists.jwt(bitmap(), iat=ISSUED + SECOND)
    store.add(older, keys=world.store, at=NOW)
    assert ask(world, store).code is Reason.STATUS_REVOKED
    store.add(newer, keys=world.store, at=NOW)
    assert ask(world, store).code is Reason.STATUS_VALID
    assert add_error(world, store, older) is Reason.STATUS_ROLLBACK
    assert ask(world, store).code is Reason.STATUS_VALID


def test_other_form_of_the_same_edition_changes_nothing(world: World, lists: ListSigner) -> None:
    store = StatusStore()
    first = store.add(lists.cwt(), keys=world.store, at=NOW)
    assert store.add(lists.jwt(), keys=world.store, at=NOW) is first


def test_token_that_nobody_entitled_signed_ousts_nothing(world: World, lists: ListSigner) -> None:
    store = StatusStore([lists.cwt(bitmap(i7=1))])
    other = ListSigner(world.authority(), address="https://health.example.net/status/1")
    assert add_error(world, store, other.cwt(sub=ADDRESS, iat=NOW)) is Reason.STATUS_LIST_INVALID
    assert add_error(world, store, b"junk") is Reason.JWS_MALFORMED
    broken = lists.cwt(iat=NOW, status_list={"bits": 1, "lst": b"?"})
    assert add_error(world, store, broken) is Reason.STATUS_LIST_INVALID
    assert ask(world, store).code is Reason.STATUS_REVOKED


def test_token_from_the_future_is_not_taken(world: World, lists: ListSigner) -> None:
    store = StatusStore()
    ahead = NOW + module.CLOCK_SKEW
    assert add_error(world, store, lists.cwt(iat=ahead + SECOND)) is Reason.STATUS_NOT_YET
    assert add_error(world, store, lists.cwt(nbf=ahead + SECOND)) is Reason.STATUS_NOT_YET
    assert store.add(lists.cwt(iat=ahead), keys=world.store, at=NOW).issued_at == ahead


def test_list_by_a_key_that_leaked_gives_way_to_an_older_one(world: World, lists: ListSigner) -> None:
    store = StatusStore()
    store.add(lists.cwt(iat=NOW), keys=world.store, at=NOW)
    lists.entry["withdrawn"] = {"at": rfc3339(NOW), "reason": "compromise"}
    successor = ListSigner(world.home)
    store.add(successor.cwt(bitmap(i7=1)), keys=world.store, at=NOW)
    assert ask(world, store).code is Reason.STATUS_REVOKED


# Folders


def test_what_a_loaded_store_takes_is_there_when_it_is_loaded_again(
    world: World, lists: ListSigner, tmp_path: Path
) -> None:
    older, newer = lists.cwt(bitmap()), lists.jwt(bitmap(i7=1), iat=ISSUED + SECOND)
    for data in (older, newer):
        StatusStore.load(tmp_path).add(data, keys=world.store, at=NOW)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [newer]
    store = StatusStore.load(str(tmp_path))
    assert ask(world, store).code is Reason.STATUS_REVOKED
    assert add_error(world, store, older) is Reason.STATUS_ROLLBACK


def test_saved_store_is_loaded_again(world: World, lists: ListSigner, tmp_path: Path) -> None:
    StatusStore([lists.cwt(), lists.cwt(sub=ADDRESS + "0"), lists.jwt(sub=ADDRESS + "1")]).save(tmp_path)
    store = StatusStore.load(tmp_path)
    assert (len(store.lists), store.set_aside) == (3, ())
    assert ask(world, store).code is Reason.STATUS_VALID


def held_bytes(store: StatusStore) -> int:
    """Return how many bytes of tokens a store keeps in memory."""
    return sum(len(held.signed.data) for held in store._held.values())


def test_loaded_store_keeps_no_token_in_memory_beside_its_list(world: World, lists: ListSigner, tmp_path: Path) -> None:
    data, newer = lists.cwt(bitmap(i7=1)), lists.cwt(bitmap(), iat=NOW)
    StatusStore([data]).save(tmp_path)
    store = StatusStore.load(tmp_path)
    assert held_bytes(store) == len(data)
    for _ in range(2):  # the second trust store has its keys anew
        assert ask(world, store).code is Reason.STATUS_REVOKED
        assert held_bytes(store) == 0
    assert [each.data for each in store.lists] == [data]
    assert store.add(newer, keys=world.store, at=NOW).data == newer
    assert held_bytes(store) == 0
    assert store.add(newer, keys=world.store, at=NOW).data == newer
    assert ask(world, store).code is Reason.STATUS_VALID


def test_file_that_became_another_is_not_what_was_proven(world: World, lists: ListSigner, tmp_path: Path) -> None:
    old, newer = lists.cwt(bitmap(i7=1)), lists.cwt(bitmap(), iat=NOW)
    StatusStore([lists.cwt(bitmap(), iat=ISSUED - HOUR)]).save(tmp_path)
    store = StatusStore.load(tmp_path)
    assert ask(world, store).code is Reason.STATUS_VALID
    StatusStore([newer]).save(tmp_path)  # another process
    with pytest.raises(StatusError, match="is another than it was") as refused:
        _ = store.lists
    assert refused.value.code is Reason.STATUS_LIST_INVALID
    with pytest.raises(StatusError) as rolled_back:
        store.add(old, keys=world.store, at=NOW)
    assert rolled_back.value.code is Reason.STATUS_ROLLBACK
    assert [each.data for each in store.lists] == [newer]


def test_file_that_cannot_be_read_is_set_aside(world: World, lists: ListSigner, tmp_path: Path) -> None:
    StatusStore([lists.cwt()]).save(tmp_path)
    (tmp_path / "0.statuslist").write_bytes(b"junk")
    (tmp_path / "1.statuslist").mkdir()
    (tmp_path / "2.statuslist.0123.tmp").write_bytes(b"left behind")
    (tmp_path / "3.statuslist").symlink_to(tmp_path / "nowhere")
    store = StatusStore.load(tmp_path)
    assert [aside.where for aside in store.set_aside] == ["0.statuslist", "1.statuslist", "3.statuslist"]
    assert ask(world, store).code is Reason.STATUS_VALID


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("nothing", "file"):
        with pytest.raises(StatusError) as refused:
            StatusStore.load(tmp_path / name)
        assert refused.value.code is Reason.STATUS_LIST_INVALID


def test_refused_token_leaves_no_trace_in_the_folder(world: World, tmp_path: Path) -> None:
    store = StatusStore.load(tmp_path)
    other = ListSigner(world.authority(), address="https://health.example.net/status/1")
    add_error(world, store, other.cwt(sub=ADDRESS))
    with pytest.raises(DecodeError):
        store.add(b"junk", keys=world.store, at=NOW)
    assert [*tmp_path.iterdir()] == []
    assert store.lists == ()


KILLED = """
import os, sys
from pathlib import Path
from pratique import files
calls = 0
def dying(original):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls > int(sys.argv[2]):
            os._exit(9)
        return original(*arguments, **options)
    return call
os.fsync = dying(os.fsync)
os.replace = dying(os.replace)
Path.replace = dying(Path.replace)
Path.open = dying(Path.open)
files.replace(Path(sys.argv[1]), b"new" * 100_000)
"""


def test_process_that_dies_while_it_writes_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "a.statuslist"
    seen = set()
    for calls in range(6):
        path.write_bytes(b"old")
        ended = subprocess.run([sys.executable, "-c", KILLED, os.fspath(path), str(calls)], check=False)  # noqa: S603
        content = path.read_bytes()
        assert content in (b"old", b"new" * 100_000)
        seen.add((ended.returncode, content[:3]))
    assert seen == {(9, b"old"), (9, b"new"), (0, b"new")}
