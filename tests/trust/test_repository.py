"""The trust folder: what it takes in, what it then is, and what it makes of files that are not what they were."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW
from crafting import shown
from keepers import ANNA, BO, CLEO, DAY, DORA, EVE, WORLD, list_document, root, signed_list
from pratique.errors import DecodeError, PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.report import Verdict
from pratique.trust import TrustStore, signed, wire
from pratique.trust.repository import CLOCK_SKEW, Repository, Series, Taken
from pratique.trust.state import MAX_STATE_BYTES
from pratique.verify import Verifier

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.trust.root import Root
    from pratique.trust.state import State

SECOND = timedelta(seconds=1)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "trust", root())


def refusal(repository: Repository, data: bytes, *, at: datetime = NOW, **options: Any) -> PratiqueError:
    before = snapshot(repository)
    with pytest.raises(PratiqueError) as refused:
        repository.update(data, at=at, **options)
    assert snapshot(repository) == before
    return refused.value


def snapshot(repository: Repository) -> dict[str, bytes]:
    """Return the files of a folder with their contents."""
    return {file.name: file.read_bytes() for file in sorted(repository.path.iterdir())}


def names(repository: Repository) -> set[str]:
    return {file.name for file in repository.path.iterdir()}


def editions(repository: Repository) -> dict[str, int]:
    """Return the lists that count, which are all that the folder remembers."""
    contents = repository.load()
    assert contents.set_aside == ()
    found = {trust_list.id: trust_list.sequence for trust_list in contents.lists}
    assert found == {list_id: seen.sequence for list_id, seen in repository.state().lists.items()}
    return found


def test_new_folder_has_its_root_and_no_list(tmp_path: Path) -> None:
    made = Repository.create(tmp_path / "a" / "trust", root())
    assert names(made) == {"root.json", "state.json", ".lock"}
    again = Repository.open(tmp_path / "a" / "trust")
    assert again.root() == root()
    assert again.load() == (root(), (), ())
    assert str(tmp_path) in repr(again)


def test_root_is_not_pinned_twice(repository: Repository) -> None:
    with pytest.raises(TrustError, match="is there already") as refused:
        Repository.create(repository.path, root(id="another"))
    assert refused.value.code is Reason.TRUST_FOLDER_INVALID
    assert repository.root() == root()


@pytest.mark.parametrize("what", ["nothing", "a file", "a folder"])
def test_what_is_no_repository_cannot_be_opened(tmp_path: Path, what: str) -> None:
    path = tmp_path / "trust"
    if what == "a file":
        path.touch()
    elif what == "a folder":
        path.mkdir()
    with pytest.raises(TrustError) as refused:
        Repository.open(path)
    assert refused.value.code is Reason.TRUST_FOLDER_INVALID
    assert "state.json" in refused.value.detail
    if what != "a folder":
        with pytest.raises(TrustError):
            Repository(path).update(signed_list(), at=NOW)


def test_list_is_taken_in_and_verifies_credentials(repository: Repository) -> None:
    assert repository.update(signed_list(), at=NOW, expect="who") == Taken("trust-list", "who", 1, is_new=True)
    assert names(repository) == {"root.json", "state.json", ".lock", "who.1.trust.cose"}
    (repository.path / "acceptance.json").write_text('{"accept": [{}]}')
    store = TrustStore.load(repository.path)
    assert store.set_aside == ()
    (trust_list,) = store.lists
    assert (trust_list.id, trust_list.sequence, trust_list.expires_at) == ("who", 1, NOW + 29 * DAY)
    report = Verifier(store).verify(shown(WORLD), at=NOW, compared_by_eye=True)
    assert report.verdict is Verdict.ACCEPT
    assert report.lists == {"who": 1}


def test_newer_edition_takes_the_place_of_the_older(repository: Repository) -> None:
    for sequence in (1, 2, 7):
        assert repository.update(signed_list(sequence=sequence), at=NOW).is_new
        assert editions(repository) == {"who": sequence}
    assert names(repository) == {"root.json", "state.json", ".lock", "who.7.trust.cose"}


def test_same_list_again_is_no_error_and_changes_nothing_but_the_time(repository: Repository) -> None:
    data = signed_list()
    repository.update(data, at=NOW)
    before = snapshot(repository)
    assert repository.update(data, at=NOW) == Taken("trust-list", "who", 1, is_new=False)
    assert snapshot(repository) == before
    repository.update(data, at=NOW + DAY)
    assert repository.state().latest == NOW + DAY


def test_signature_that_was_added_since_is_taken_in(repository: Repository) -> None:
    data = signed_list()
    repository.update(data, at=NOW)
    more = signed.add_signature(data, CLEO)
    assert repository.update(more, at=NOW) == Taken("trust-list", "who", 1, is_new=False)
    assert (repository.path / "who.1.trust.cose").read_bytes() == more
    assert editions(repository) == {"who": 1}


def test_several_lists_live_in_one_folder_by_any_name(repository: Repository) -> None:
    ids = ["who", "eu", "who.1", "../escape", "Ärzte", "WHO", "sha256-0", "a" * 300, "x\ny"]
    for i, list_id in enumerate(ids):
        repository.update(signed_list(sequence=i + 1, id=list_id), at=NOW)
    assert editions(repository) == {list_id: i + 1 for i, list_id in enumerate(ids)}
    for i, list_id in enumerate(ids):
        repository.update(signed_list(sequence=i + 100, id=list_id), at=NOW)
    assert editions(repository) == {list_id: i + 100 for i, list_id in enumerate(ids)}
    assert len(names(repository)) == 3 + len(ids)
    assert {file.name for file in repository.path.parent.iterdir()} == {"trust"}


# Time


@pytest.mark.parametrize(("late", "taken"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
def test_list_counts_until_the_second_before_it_expires(
    repository: Repository, late: timedelta, *, taken: bool
) -> None:
    data, at = signed_list(), NOW + 29 * DAY + late
    if taken:
        repository.update(data, at=at)
    else:
        assert refusal(repository, data, at=at).code is Reason.DOCUMENT_EXPIRED


@pytest.mark.parametrize(("early", "taken"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)])
def test_list_may_be_from_the_future_by_the_clock_skew(
    repository: Repository, early: timedelta, *, taken: bool
) -> None:
    data, at = signed_list(issued_at=NOW), NOW - CLOCK_SKEW + early
    if taken:
        repository.update(data, at=at)
        assert repository.state().latest == NOW
    else:
        assert refusal(repository, data, at=at).code is Reason.CLOCK_BEHIND


@pytest.mark.parametrize(("back", "taken"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)])
def test_clock_may_jump_back_by_its_skew(repository: Repository, back: timedelta, *, taken: bool) -> None:
    repository.update(signed_list(), at=NOW)
    data, at = signed_list(sequence=2), NOW - CLOCK_SKEW + back
    if taken:
        repository.update(data, at=at)
        assert repository.state().latest == NOW
    else:
        assert refusal(repository, data, at=at).code is Reason.CLOCK_SET_BACK


def test_list_whose_name_would_fill_the_memory_is_refused(repository: Repository) -> None:
    """Else the folder could not be read again."""
    data = signed_list(id="a" * MAX_STATE_BYTES)
    assert refusal(repository, data).code is Reason.TRUST_FOLDER_INVALID
    assert repository.update(signed_list(), at=NOW).is_new


def test_memory_of_the_first_moment_of_the_calendar_stops_nothing(repository: Repository) -> None:
    file = repository.path / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "latest": "0001-01-01T00:00:00Z"}))
    assert repository.update(signed_list(), at=NOW).is_new


@pytest.mark.parametrize(("late", "taken"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
def test_root_vouches_until_the_second_before_it_expires(tmp_path: Path, late: timedelta, *, taken: bool) -> None:
    repository = Repository.create(tmp_path, root(expires_at=NOW + DAY))
    data, at = signed_list(), NOW + DAY + late
    if taken:
        repository.update(data, at=at)
    else:
        assert refusal(repository, data, at=at).code is Reason.ROOT_EXPIRED


def test_time_in_any_zone_is_one_time_and_a_naive_one_is_a_mistake(repository: Repository) -> None:
    repository.update(signed_list(), at=NOW.astimezone(timezone(timedelta(hours=13))))
    assert repository.state().latest == NOW
    with pytest.raises(TypeError):
        repository.update(signed_list(), at=NOW.replace(tzinfo=None))
    repository.update(signed_list(sequence=2), at=NOW + timedelta(microseconds=1))
    assert repository.state().latest == NOW + timedelta(microseconds=1)


def test_wrong_clock_does_not_stop_updates_for_longer_than_a_root_counts(repository: Repository) -> None:
    repository.update(root(version=2, expires_at=NOW + DAY).sign([ANNA, BO]), at=datetime(2199, 1, 1, tzinfo=UTC))
    assert repository.state().latest == NOW + DAY
    following = root(version=3, issued_at=NOW + DAY, expires_at=NOW + 9 * DAY)
    assert repository.update(following.sign([ANNA, BO]), at=NOW + 2 * DAY).is_new


# What is taken in, and what is not


def test_list_is_refused_that_is_not_the_one_asked_for(repository: Repository) -> None:
    assert refusal(repository, signed_list(), expect="eu").code is Reason.DOCUMENT_UNEXPECTED
    assert refusal(repository, root(version=2).sign([ANNA, BO]), expect="who").code is Reason.DOCUMENT_UNEXPECTED


def test_faulty_list_is_refused_and_one_with_a_faulty_entry_is_not(repository: Repository) -> None:
    for payload in (b"", b"\xa0", wire.to_cbor(list_document())[:-1]):
        data = signed.sign(signed.TRUST_LIST, payload, [ANNA, BO])
        assert refusal(repository, data).code is Reason.TRUST_LIST_INVALID
    document = list_document()
    payload = wire.to_cbor(document).replace(b"country", b"county!")
    assert repository.update(signed.sign(signed.TRUST_LIST, payload, [ANNA, BO]), at=NOW).is_new
    (trust_list,) = repository.load().lists
    assert [aside.where for aside in trust_list.set_aside] == ["issuers/0"]


@pytest.mark.parametrize(
    "data", [b"", b"\xd8\x62", wire.to_cbor(list_document()), json.dumps(list_document()).encode()]
)
def test_what_is_not_signed_is_refused(repository: Repository, data: bytes) -> None:
    assert isinstance(refusal(repository, data), DecodeError)


# Roots


def test_roots_are_followed_and_lists_are_then_theirs(repository: Repository) -> None:
    second, third = root(BO, CLEO, DORA, version=2), root(CLEO, DORA, EVE, version=3)
    assert repository.update(second.sign([ANNA, BO, CLEO]), at=NOW) == Taken("root", second.id, 2, is_new=True)
    repository.update(third.sign([BO, CLEO, DORA]), at=NOW)
    assert Repository.open(repository.path).root() == third
    assert names(repository) == {"root.json", "root.2.cose", "root.3.cose", "state.json", ".lock"}
    assert refusal(repository, signed_list(ANNA, BO)).code is Reason.DOCUMENT_THRESHOLD
    repository.update(signed_list(DORA, EVE), at=NOW)
    assert editions(repository) == {"who": 1}


def test_same_root_again_is_no_error(repository: Repository) -> None:
    assert repository.update(root().sign([ANNA, BO]), at=NOW) == Taken("root", root().id, 1, is_new=False)
    data = root(version=2).sign([ANNA, BO])
    assert repository.update(data, at=NOW).is_new
    assert not repository.update(data, at=NOW).is_new
    assert repository.root() == root(version=2)


def test_list_needs_the_signatures_of_the_new_root_and_may_keep_its_sequence(repository: Repository) -> None:
    data = signed_list(ANNA, BO)
    repository.update(data, at=NOW)
    repository.update(root(CLEO, DORA, EVE, version=2).sign([ANNA, BO, CLEO, DORA]), at=NOW)
    contents = repository.load()
    assert contents.lists == ()
    assert [(aside.where, aside.error.code) for aside in contents.set_aside] == [
        ("who.1.trust.cose", Reason.DOCUMENT_THRESHOLD)
    ]
    again = signed.add_signature(signed.add_signature(data, CLEO), DORA)
    assert not repository.update(again, at=NOW).is_new
    assert editions(repository) == {"who": 1}


def test_list_that_a_new_root_does_not_vouch_for_counts_no_more(repository: Repository) -> None:
    repository.update(signed_list(), at=NOW)
    repository.update(root(version=2, lists=frozenset({"eu"})).sign([ANNA, BO]), at=NOW)
    assert [aside.error.code for aside in repository.load().set_aside] == [Reason.DOCUMENT_UNEXPECTED]
    assert refusal(repository, signed_list(sequence=2)).code is Reason.DOCUMENT_UNEXPECTED


def test_root_of_the_future_is_refused(repository: Repository) -> None:
    data = root(version=2, issued_at=NOW + DAY).sign([ANNA, BO])
    assert refusal(repository, data).code is Reason.CLOCK_BEHIND


def test_expired_root_is_followed_by_a_current_one(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path, root(expires_at=NOW - 90 * DAY))
    assert refusal(repository, signed_list()).code is Reason.ROOT_EXPIRED
    repository.update(root(version=2, expires_at=NOW - 30 * DAY).sign([ANNA, BO]), at=NOW)
    assert refusal(repository, signed_list()).code is Reason.ROOT_EXPIRED
    repository.update(root(version=3).sign([ANNA, BO]), at=NOW)
    repository.update(signed_list(), at=NOW)


@pytest.mark.parametrize(
    ("given", "comes"),
    [
        (root(), True),
        (root(version=2), True),
        (root(version=3), True),
        (root(version=4), False),
        (root(DORA, EVE), False),
        (root(id="another"), False),
    ],
)
def test_folder_must_come_from_a_root_that_the_caller_pins(repository: Repository, given: Root, *, comes: bool) -> None:
    for version in (2, 3):
        repository.update(root(version=version).sign([ANNA, BO]), at=NOW)
    repository.update(signed_list(), at=NOW)
    if comes:
        assert Repository.open(repository.path, root=given).root() == root(version=3)
        assert TrustStore.load(repository.path, root=given).lists
        return
    for load in (Repository.open, TrustStore.load):
        with pytest.raises(TrustError) as refused:
            load(repository.path, root=given)
        assert refused.value.code is Reason.ROOT_SUCCESSION


# Files that are not what they were


def damaged(repository: Repository, name: str, content: bytes | None) -> TrustError:
    """Return the error of a folder of which one file is damaged, or gone, at every way in."""
    file = repository.path / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    errors = []
    for use in (
        lambda: Repository.open(repository.path),
        repository.load,
        lambda: TrustStore.load(repository.path),
        lambda: repository.update(signed_list(sequence=9), at=NOW),
    ):
        with pytest.raises(TrustError) as refused:
            use()
        errors.append(refused.value)
    assert len({(error.code, error.detail) for error in errors}) == 1
    assert str(repository.path / name.partition(".")[0]) in errors[0].detail
    return errors[0]


STATE = {"root_version": 2, "latest": "2026-11-23T12:00:00Z", "lists": {}}
SEEN = {"sequence": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "content",
    [
        None, b"", b"{}", b"[]", b"\xff", *(json.dumps({**STATE, **change}).encode() for change in (
            {"root_version": 0}, {"root_version": True}, {"latest": "now"}, {"lists": []}, {"lists": {"who": 1}},
            {"lists": {"who": {**SEEN, "sequence": 0}}}, {"lists": {"who": {**SEEN, "sha256": "0"}}},
            {"lists": {"who": {**SEEN, "more": 1}}}, {"more": 1},
        )), b" " * (2**20 + 1),
    ],
)  # fmt: skip
def test_folder_whose_memory_cannot_be_read_is_of_no_use(repository: Repository, content: bytes | None) -> None:
    repository.update(signed_list(), at=NOW)
    assert damaged(repository, "state.json", content).code is Reason.TRUST_FOLDER_INVALID


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{}", Reason.ROOT_INVALID),
        (b"", Reason.JSON_MALFORMED),
        (b" " * (2**18 + 1), Reason.TRUST_FOLDER_INVALID),
    ],
)
def test_folder_whose_root_cannot_be_read_is_of_no_use(repository: Repository, content: bytes, code: Reason) -> None:
    repository.update(signed_list(), at=NOW)
    assert damaged(repository, "root.json", content).code is code


def test_folder_whose_root_was_changed_is_of_no_use(repository: Repository) -> None:
    repository.update(root(version=2).sign([ANNA, BO]), at=NOW)
    other = json.dumps(root(DORA, EVE).to_json()).encode()
    genuine = (repository.path / "root.json").read_bytes()
    assert damaged(repository, "root.json", other).code is Reason.DOCUMENT_THRESHOLD
    newer = json.dumps(root(version=3).to_json()).encode()
    assert damaged(repository, "root.json", newer).code is Reason.TRUST_FOLDER_INVALID
    (repository.path / "root.json").write_bytes(genuine)
    assert damaged(repository, "root.2.cose", b"").code is Reason.COSE_MALFORMED
    assert damaged(repository, "root.2.cose", None).code is Reason.TRUST_FOLDER_INVALID


def set_aside(repository: Repository) -> dict[str, Reason]:
    """Return what is set aside in a folder in which the list `eu` works on."""
    contents = repository.load()
    assert [trust_list.id for trust_list in contents.lists] == ["eu"]
    store = TrustStore.load(repository.path)
    assert [(each.where, each.error.code) for each in store.set_aside] == [
        (each.where, each.error.code) for each in contents.set_aside
    ]
    assert [trust_list.id for trust_list in store.lists] == ["eu"]
    for each in store.set_aside:
        assert str(repository.path / each.where) in each.error.detail
    return {each.where: each.error.code for each in contents.set_aside}


UNSIGNED = wire.to_cbor(list_document(2))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, Reason.TRUST_FOLDER_INVALID),
        (b"", Reason.COSE_MALFORMED),
        (UNSIGNED, Reason.COSE_MALFORMED),
        (signed.sign(signed.TRUST_LIST, UNSIGNED, [ANNA, DORA]), Reason.DOCUMENT_THRESHOLD),
        (signed.sign("rule-set", UNSIGNED, [ANNA, BO]), Reason.DOCUMENT_KIND),
        (signed_list(sequence=1), Reason.TRUST_LIST_ALTERED),
        (signed_list(sequence=3), Reason.TRUST_LIST_ALTERED),
        (signed_list(sequence=2, id="eu"), Reason.TRUST_LIST_ALTERED),
    ],
    ids=["gone", "empty", "unsigned", "too few", "another kind", "older", "newer", "another list"],
)
def test_list_that_is_not_what_was_taken_in_is_set_aside_and_the_rest_works(
    repository: Repository, content: bytes | None, code: Reason
) -> None:
    repository.update(signed_list(sequence=2), at=NOW)
    repository.update(signed_list(id="eu"), at=NOW)
    file = repository.path / "who.2.trust.cose"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert set_aside(repository) == {"who.2.trust.cose": code}
    repository.update(signed_list(sequence=2), at=NOW)  # the same again mends it
    assert editions(repository) == {"who": 2, "eu": 1}


def test_memory_that_names_another_list_for_a_file_is_noticed(repository: Repository) -> None:
    repository.update(signed_list(id="eu"), at=NOW)
    repository.update(signed_list(), at=NOW)
    state = json.loads((repository.path / "state.json").read_text())
    state["lists"]["un"] = state["lists"]["who"]
    (repository.path / "state.json").write_text(json.dumps(state))
    (repository.path / "who.1.trust.cose").rename(repository.path / "un.1.trust.cose")
    assert set_aside(repository) == {
        "un.1.trust.cose": Reason.TRUST_LIST_ALTERED,
        "who.1.trust.cose": Reason.TRUST_FOLDER_INVALID,
    }


def test_signed_list_that_no_update_took_in_is_set_aside(repository: Repository) -> None:
    repository.update(signed_list(id="eu", sequence=5), at=NOW)
    for name in ("who.1.trust.cose", "eu.6.trust.cose", "list.trust.cose"):
        (repository.path / name).write_bytes(signed_list(sequence=6, id="eu"))
    taken = dict.fromkeys(("who.1.trust.cose", "eu.6.trust.cose", "list.trust.cose"), Reason.TRUST_LIST_NOT_TAKEN)
    assert set_aside(repository) == taken


def test_folder_in_which_no_list_counts_is_no_store(repository: Repository) -> None:
    with pytest.raises(TrustError, match="no signed list"):
        TrustStore.load(repository.path)
    repository.update(signed_list(), at=NOW)
    (repository.path / "who.1.trust.cose").write_bytes(b"")
    with pytest.raises(TrustError, match=r"who\.1\.trust\.cose") as refused:
        TrustStore.load(repository.path)
    assert refused.value.code is Reason.COSE_MALFORMED


class Restless(Repository):
    """A folder that takes in a newer edition each time after it was read, as long as there are any."""

    editions: list[bytes]

    def _load(self, state: State, series: Series[Any]) -> Any:
        contents = super()._load(state, series)
        if self.editions:
            self.update(self.editions.pop(0), at=NOW)
        return contents


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_folder_that_changes_while_it_is_read_is_read_again(repository: Repository, changes: int) -> None:
    for list_id in ("eu", "who"):
        repository.update(signed_list(id=list_id), at=NOW)
    (repository.path / "eu.1.trust.cose").write_bytes(b"")
    restless = Restless(repository.path)
    restless.editions = [signed_list(sequence=2 + i) for i in range(changes)]
    contents = restless.load()
    assert [(each.id, each.sequence) for each in contents.lists] == [("who", 1 + changes)]
    assert [each.where for each in contents.set_aside] == ["eu.1.trust.cose"]


def test_local_lists_stand_beside_signed_ones(repository: Repository) -> None:
    repository.update(signed_list(), at=NOW)
    (repository.path / "own.trust.json").write_text(json.dumps(WORLD.list_document))
    assert sorted(trust_list.id for trust_list in TrustStore.load(repository.path).lists) == ["who", "world"]
    (repository.path / "same.trust.json").write_text(json.dumps({**WORLD.list_document, "id": "who"}))
    with pytest.raises(TrustError, match="several lists"):
        TrustStore.load(repository.path)


def test_signed_list_beside_local_ones_without_a_root_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "own.trust.json").write_text(json.dumps(WORLD.list_document))
    (tmp_path / "who.trust.cose").write_bytes(signed_list())
    store = TrustStore.load(tmp_path)
    assert [trust_list.id for trust_list in store.lists] == ["world"]
    assert [(each.where, each.error.code) for each in store.set_aside] == [
        ("who.trust.cose", Reason.TRUST_LIST_NOT_TAKEN)
    ]
    with pytest.raises(TrustError):
        TrustStore.load(tmp_path, root=root())


def test_signed_list_is_not_read_without_its_folder(repository: Repository) -> None:
    repository.update(signed_list(), at=NOW)
    with pytest.raises(TrustError, match="with the folder"):
        TrustStore.load(repository.path / "who.1.trust.cose")


def test_folder_that_cannot_be_written_is_an_error_with_its_name(repository: Repository, tmp_path: Path) -> None:
    (repository.path / ".lock").unlink()
    (repository.path / ".lock").mkdir()
    (tmp_path / "file").touch()
    for use in (
        lambda: repository.update(signed_list(), at=NOW),
        lambda: Repository.create(tmp_path / "file" / "trust", root()),
    ):
        with pytest.raises(TrustError, match="trust cannot be written") as refused:
            use()
        assert refused.value.code is Reason.TRUST_FOLDER_INVALID
