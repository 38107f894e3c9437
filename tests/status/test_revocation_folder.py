"""The folder of foreign revocation lists: what is read from it, what is set aside, what takes whose place."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from authority import NOW
from pratique.cose.keys import PublicKey
from pratique.errors import DecodeError
from pratique.reasons import Reason
from pratique.status import revocation_folder
from pratique.status.foreign import Damage
from pratique.status.revocation_folder import keep, keep_as_of, load, read
from revocation import batch, sha
from seals import SealState, certificate_list
from shc import ISS, b64u

if TYPE_CHECKING:
    from pathlib import Path

KID = b64u(bytes(range(32)))


def cards(*rids: str, **changes: Any) -> bytes:
    return json.dumps({"kid": KID, "method": "rid", "ctr": 1, "rids": rids, **changes}).encode()


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_lists_of_every_network_are_read_and_other_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "at.dcc.json").write_bytes(written(batch(sha("a"), sha("b"))))
    (tmp_path / "all.dcc.json").write_bytes(written([batch(sha("c")), batch(sha("d"), hash_type="SIGNATURE")]))
    (tmp_path / "quebec.rids.json").write_bytes(cards("a", iss=ISS))
    (tmp_path / "uto.crl").write_bytes(certificate_list(SealState(), 7))
    (tmp_path / "README.txt").write_text("lists of today", encoding="utf-8")
    (tmp_path / "as-of.json").write_bytes(written({"eu-dcc": "2026-11-23T08:00:00+02:00"}))
    lists = load(tmp_path)
    assert repr(lists) == "ForeignRevocation(4 hashes, 1 card lists, 1 certificate lists)"
    assert lists.damage == ()
    assert all(map(lists.concern, ("eu-dcc", "smart-health-card", "icao-vds-nc")))


def test_empty_folder_holds_nothing(tmp_path: Path) -> None:
    lists = load(str(tmp_path))
    assert not any(map(lists.concern, ("eu-dcc", "smart-health-card", "icao-vds-nc")))


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DecodeError) as caught:
        load(tmp_path / "nowhere")
    assert caught.value.code is Reason.STATUS_LIST_INVALID


@pytest.mark.parametrize(
    ("name", "network"),
    [("x.dcc.json", "eu-dcc"), ("x.rids.json", "smart-health-card"), ("x.crl", "icao-vds-nc"), ("as-of.json", None)],
)
@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"[1]", b"0\x80", b'{"rids":[]}', b"\xff", b'{"eu-dcc":1}'])
def test_file_that_cannot_be_used_is_set_aside_and_the_rest_read(
    tmp_path: Path, name: str, network: str | None, content: bytes
) -> None:
    (tmp_path / "at.dcc.json").write_bytes(written(batch(sha("a"))))
    (tmp_path / name).write_bytes(content)
    lists = load(tmp_path)
    assert len(lists._hashes) == 1
    if (name, content) == ("as-of.json", b"{}"):
        assert lists.damage == ()
        return
    (found,) = lists.damage
    assert (found.where.partition(",")[0], found.network, found.left_out) == (name, network, True)


def test_batch_that_cannot_be_used_is_set_aside_and_those_beside_it_read(tmp_path: Path) -> None:
    (tmp_path / "all.dcc.json").write_bytes(written([batch(sha("a")), batch(sha("b"), country="XX"), batch(sha("c"))]))
    lists = load(tmp_path)
    assert len(lists._hashes) == 2
    fault = "country is not an ISO 3166-1 alpha-2 code"
    assert lists.damage == (Damage("all.dcc.json, batch 1", "eu-dcc", fault, left_out=True),)
    with pytest.raises(DecodeError, match=fault):
        keep(tmp_path, (tmp_path / "all.dcc.json").read_bytes())


def test_link_that_leads_nowhere_is_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.crl").symlink_to(tmp_path / "gone")
    assert load(tmp_path).damage == (
        Damage("x.crl", "icao-vds-nc", "it cannot be read: No such file or directory", left_out=True),
    )


def test_entries_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    (tmp_path / "at.dcc.json").write_bytes(written(batch(sha("a"), entries=[{"hash": "?"}, {}, {"hash": None}])))
    (tmp_path / "q.rids.json").write_bytes(cards("a", "ü"))
    assert load(tmp_path).damage == (
        Damage("at.dcc.json", "eu-dcc", "3 entries are none and were set aside", left_out=False),
        Damage("q.rids.json", "smart-health-card", "1 entries are none and were set aside", left_out=False),
    )


def test_file_that_is_too_large_is_set_aside(tmp_path: Path) -> None:
    with (tmp_path / "x.dcc.json").open("wb") as file:
        file.truncate(revocation_folder.MAX_FILE + 1)
    assert [each.detail for each in load(tmp_path).damage] == ["more than 67108864 bytes"]


def test_files_in_memory_are_read_as_those_of_a_folder_are() -> None:
    files = {"at.dcc.json": written(batch(sha("a"))), "x.crl": b"", "README": b"", "as-of.json": b"{}"}
    lists = read(files)
    assert repr(lists) == "ForeignRevocation(1 hashes, 0 card lists, 0 certificate lists)"
    assert [each.where for each in lists.damage] == ["x.crl"]


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    for data in (written(batch(sha("a"))), written([batch(sha("b"))]), cards("a"), certificate_list(SealState(), 7)):
        path = keep(tmp_path, data)
        assert path.read_bytes() == data
        assert keep(tmp_path, data) == path
    keep_as_of(tmp_path, "eu-dcc", NOW)
    assert repr(load(tmp_path)) == "ForeignRevocation(2 hashes, 1 card lists, 1 certificate lists)"
    assert load(tmp_path).damage == ()
    assert len(list(tmp_path.iterdir())) == 6  # with the lock


def test_later_card_list_takes_the_place_of_the_one_at_hand(tmp_path: Path) -> None:
    first = keep(tmp_path, cards("a", ctr=1))
    assert keep(tmp_path, cards("a", "b", ctr=2)) == first
    assert json.loads(first.read_bytes())["ctr"] == 2


def test_earlier_card_list_is_refused_and_the_one_at_hand_stays(tmp_path: Path) -> None:
    path = keep(tmp_path, cards("a", ctr=2))
    before = path.read_bytes()
    for data in (cards("a", ctr=1), cards(ctr=2)):
        with pytest.raises(DecodeError) as caught:
            keep(tmp_path, data)
        assert caught.value.code is Reason.STATUS_ROLLBACK
    assert path.read_bytes() == before


def test_card_lists_of_two_issuers_with_one_key_stand_side_by_side(tmp_path: Path) -> None:
    paths = {
        keep(tmp_path, cards("a", ctr=9, iss=ISS)),
        keep(tmp_path, cards("b", iss="https://b.example")),
        keep(tmp_path, cards("c")),
    }
    assert len(paths) == 3


def test_forged_certificate_list_does_not_displace_the_genuine_one(tmp_path: Path) -> None:
    state, other = SealState(), SealState("AU", "AUS", key="ES256")
    keep(tmp_path, certificate_list(state, 7))
    keep(tmp_path, certificate_list(state, made=NOW + timedelta(days=900), number=99, signed_by=other.key))
    found = load(tmp_path)._certificates.newest(PublicKey.from_native(state.key.public_key()))
    assert found is not None
    assert found.serials == {7}


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"x", b"0\x00", b'{"rids":1}'])
def test_what_is_no_list_is_not_kept(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(DecodeError):
        keep(tmp_path, data)
    assert list(tmp_path.iterdir()) == []


def test_times_of_networks_are_noted_one_by_one_and_do_not_go_back(tmp_path: Path) -> None:
    keep_as_of(tmp_path, "eu-dcc", NOW)
    keep_as_of(tmp_path, "smart-health-card", NOW - timedelta(days=1))
    keep_as_of(tmp_path, "eu-dcc", NOW)
    with pytest.raises(DecodeError) as caught:
        keep_as_of(tmp_path, "eu-dcc", NOW - timedelta(seconds=1))
    assert caught.value.code is Reason.STATUS_ROLLBACK
    noted = json.loads((tmp_path / "as-of.json").read_bytes())
    assert noted == {"eu-dcc": "2026-11-23T12:00:00Z", "smart-health-card": "2026-11-22T12:00:00Z"}
    with pytest.raises(ValueError, match="networks"):
        keep_as_of(tmp_path, "eu", NOW)
