"""The trust store: a folder or a file, errors that name the file, and no silence about what is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW, World
from crafting import shown, verify
from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.report import Verdict
from pratique.trust import Acceptance, TrustList, TrustStore
from pratique.verify import Verifier

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = {"accept": [{}]}


@pytest.fixture
def world() -> World:
    return World()


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_folder_is_read_with_every_list_in_it(world: World, tmp_path: Path) -> None:
    other = World()
    write(tmp_path / "a.trust.json", world.list_document)
    write(tmp_path / "b.trust.json", {**other.list_document, "id": "other"})
    write(tmp_path / "notes.json", "not a list")
    write(tmp_path / "acceptance.json", EVERYTHING)
    store = TrustStore.load(tmp_path)
    assert [trust_list.id for trust_list in store.lists] == ["world", "other"]
    assert Verifier(store).verify(shown(world), at=NOW, compared_by_eye=True).verdict is Verdict.ACCEPT


def test_file_is_read_with_the_acceptance_beside_it(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "any name", world.list_document)
    write(tmp_path / "acceptance.json", EVERYTHING)
    store = TrustStore.load(str(path))
    assert Verifier(store).verify(shown(world), at=NOW, compared_by_eye=True).verdict is Verdict.ACCEPT


def test_missing_acceptance_accepts_nothing(world: World, tmp_path: Path) -> None:
    write(tmp_path / "a.trust.json", world.list_document)
    report = Verifier(TrustStore.load(tmp_path)).verify(shown(world), at=NOW)
    assert report.decisive.code is Reason.ISSUER_NOT_ACCEPTED


def test_damaged_entry_does_not_take_the_store_down(world: World, tmp_path: Path) -> None:
    world.trusted.insert(0, {"id": "damaged"})
    world.home.entry["keys"].insert(0, {"key_id": "?"})
    write(tmp_path / "a.trust.json", world.list_document)
    write(tmp_path / "acceptance.json", EVERYTHING)
    store = TrustStore.load(tmp_path)
    assert [aside.where for aside in store.lists[0].set_aside] == ["issuers/0", "issuers/1/keys/0"]
    assert Verifier(store).verify(shown(world), at=NOW, compared_by_eye=True).verdict is Verdict.ACCEPT


def load_error(path: Path) -> TrustError:
    with pytest.raises(TrustError) as raised:
        TrustStore.load(path)
    return raised.value


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"id": "a", "id": "b"}', b"NaN", b"[" * 100, b'{"id": "list"}']
)
def test_list_that_cannot_be_used_is_named_by_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.trust.json").write_bytes(content)
    error = load_error(tmp_path)
    assert error.code is Reason.TRUST_LIST_INVALID
    assert "bad.trust.json" in str(error)


@pytest.mark.parametrize("content", [b"", b"null", b'{"accept": {}}', b'{"accept": [{"countries": ["XY"]}]}'])
def test_acceptance_that_cannot_be_used_is_named_by_its_file(world: World, tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "a.trust.json", world.list_document)
    (tmp_path / "acceptance.json").write_bytes(content)
    error = load_error(tmp_path)
    assert error.code is Reason.ACCEPTANCE_INVALID
    assert "acceptance.json" in str(error)


def test_acceptance_that_leads_nowhere_is_no_absence(world: World, tmp_path: Path) -> None:
    write(tmp_path / "a.trust.json", world.list_document)
    (tmp_path / "acceptance.json").symlink_to(tmp_path / "gone.json")
    assert load_error(tmp_path).code is Reason.ACCEPTANCE_INVALID


def test_folder_in_place_of_a_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.trust.json").mkdir()
    assert "a.trust.json" in str(load_error(tmp_path))


@pytest.mark.parametrize("name", ["nothing", "nothing.trust.json"])
def test_path_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    assert name in str(load_error(tmp_path / name))


def test_folder_without_a_list_is_no_store(tmp_path: Path) -> None:
    write(tmp_path / "acceptance.json", EVERYTHING)
    assert "*.trust.json" in str(load_error(tmp_path))


def test_two_lists_of_one_id_are_refused(world: World, tmp_path: Path) -> None:
    """What the newer took out would still stand in the older."""
    write(tmp_path / "a.trust.json", world.list_document)
    write(tmp_path / "old.trust.json", {**world.list_document, "sequence": 7})
    error = load_error(tmp_path)
    assert error.code is Reason.TRUST_LIST_INVALID
    assert "'world'" in str(error)
    with pytest.raises(TrustError):
        TrustStore([TrustList.from_json(world.list_document)] * 2)


def test_one_issuer_may_be_on_several_lists(world: World) -> None:
    second = TrustList.from_json({**world.list_document, "id": "second"})
    lists = [TrustList.from_json(world.list_document), second]
    text = shown(world)
    for acceptance in (EVERYTHING, {"accept": [{"lists": ["second"]}]}):
        store = TrustStore(lists, acceptance=Acceptance.from_json(acceptance))
        report = Verifier(store).verify(text, at=NOW, compared_by_eye=True)
        assert report.verdict is Verdict.ACCEPT
        assert report.lists == {"world": 1, "second": 1}


def test_store_without_lists_has_no_keys() -> None:
    assert TrustStore().keys_for("pratique", bytes(8)) == ()


def test_keys_are_found_by_format_and_identifier(world: World) -> None:
    identifier = world.home.keys[0].public.key_id
    (found,) = world.store.keys_for("pratique", identifier)
    assert found.key == world.home.keys[0].public
    assert world.store.keys_for("eu-dcc", identifier) == ()
    assert verify(world, shown(world)).verdict is Verdict.ACCEPT


def test_acceptance_of_a_store_is_never_exchanged() -> None:
    """What was accepted by it is remembered; another decision needs another store."""
    with pytest.raises(AttributeError):
        TrustStore().acceptance = Acceptance()  # type: ignore[misc]
