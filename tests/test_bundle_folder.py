"""The folder of a kiosk: what the command line does not show. `tests/cli/test_bundle.py` has the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from authority import DOCUMENT, NOW, World
from keepers import ANNA, BO, CLEO, DAY, list_document, root, signed_list
from pratique import bundle_folder
from pratique.bundle import Bundle
from pratique.errors import TrustError
from pratique.freshness import AgeLimits
from pratique.reasons import Reason
from pratique.report import Step, Verdict
from pratique.trust import wire
from pratique.trust.repository import Repository
from pratique.verify import Verifier

if TYPE_CHECKING:
    from pathlib import Path

ROOT = root()


def bundle(sequence: int = 1, *, world: World | None = None, bundle_id: str = "border") -> Bundle:
    document = list_document(**({} if world is None else {"issuers": world.trusted}))
    return Bundle(
        id=bundle_id,
        sequence=sequence,
        issued_at=NOW - DAY,
        next_update=NOW + DAY,
        expires_at=NOW + 5 * DAY,
        trust_lists=(wire.to_cbor(document),),
        acceptance=b'{"accept": [{}]}',
    )


def test_kiosk_that_was_offline_behaves_as_documented_at_each_age(tmp_path: Path) -> None:
    world = World()
    text = world.home.issue_vaccination().present()
    bundle_folder.take(tmp_path / "kiosk", bundle(world=world).sign([ANNA, BO]), root=ROOT, at=NOW)
    installed = bundle_folder.load(tmp_path / "kiosk", root=ROOT)
    verifier = Verifier.of_bundle(installed.bundle, ages=AgeLimits(soft=3 * DAY))
    codes = {}
    for days in (0, 1, 2, 5):
        report = verifier.verify(text, at=NOW + days * DAY, document=DOCUMENT)
        codes[days] = (report.check(Step.TRUST).code, report.verdict)
    assert codes[0] == (Reason.KEY_FOUND, Verdict.ACCEPT)
    assert codes[1] == (Reason.TRUST_LIST_DUE, Verdict.ACCEPT)
    assert codes[2] == (Reason.TRUST_LIST_STALE, Verdict.REFER)
    assert codes[5] == (Reason.TRUST_LIST_EXPIRED, Verdict.REJECT)


def test_kiosk_notices_the_end_of_its_root(tmp_path: Path) -> None:
    world = World()
    text = world.home.issue_vaccination().present()
    pinned = root(expires_at=NOW + DAY)
    bundle_folder.take(tmp_path / "kiosk", bundle(world=world).sign([ANNA, BO]), root=pinned, at=NOW)
    verifier = Verifier.of_bundle(bundle_folder.load(tmp_path / "kiosk").bundle)
    for at, verdict in ((NOW + DAY - timedelta(seconds=1), Verdict.ACCEPT), (NOW + DAY, Verdict.REFER)):
        assert verifier.verify(text, at=at, document=DOCUMENT).verdict is verdict


def test_trust_lists_and_bundles_can_share_a_folder_and_an_id(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path, ROOT)
    repository.update(signed_list(sequence=7), at=NOW)
    bundle_folder.take(tmp_path, bundle(1, bundle_id="who").sign([ANNA, BO]), root=ROOT, at=NOW)
    assert [(each.id, each.sequence) for each in repository.load().lists] == [("who", 7)]
    assert bundle_folder.load(tmp_path).bundle.sequence == 1
    repository.update(signed_list(sequence=8), at=NOW)
    bundle_folder.take(tmp_path, bundle(2, bundle_id="who").sign([ANNA, BO]), root=ROOT, at=NOW)
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"root.json", "state.json", ".lock", "who.8.trust.cose", "who.2.bundle"}


def test_one_kind_of_document_is_not_taken_for_the_other(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path, ROOT)
    with pytest.raises(TrustError) as refused:
        bundle_folder.take(tmp_path, signed_list(), root=ROOT, at=NOW)
    assert refused.value.code is Reason.DOCUMENT_KIND
    with pytest.raises(TrustError) as refused:
        repository.update(bundle().sign([ANNA, BO]), at=NOW)
    assert refused.value.code is Reason.DOCUMENT_KIND


def test_root_that_does_not_vouch_for_the_first_bundle_is_not_pinned(tmp_path: Path) -> None:
    folder = tmp_path / "kiosk"
    data = bundle().sign([ANNA, BO])
    for wrong in (root(BO, CLEO), root(lists=frozenset({"harbour"}))):
        with pytest.raises(TrustError):
            bundle_folder.take(folder, data, root=wrong, at=NOW)
        assert not folder.exists()
    assert bundle_folder.take(folder, data, root=ROOT, at=NOW).is_new


def test_root_of_the_folder_must_come_from_the_one_that_the_caller_pins(tmp_path: Path) -> None:
    bundle_folder.take(tmp_path, bundle().sign([ANNA, BO]), root=ROOT, at=NOW)
    with pytest.raises(TrustError) as refused:
        bundle_folder.load(tmp_path, root=root(ANNA, BO))
    assert refused.value.code is Reason.ROOT_SUCCESSION


def test_folder_with_several_bundles_says_so(tmp_path: Path) -> None:
    bundle_folder.take(tmp_path, bundle().sign([ANNA, BO]), root=ROOT, at=NOW)
    repository = Repository.open(tmp_path)
    other = bundle(bundle_id="harbour").sign([ANNA, BO])
    repository.update(other, at=NOW, series=bundle_folder._TAKEN)
    with pytest.raises(TrustError, match="several bundles") as refused:
        bundle_folder.load(tmp_path)
    assert refused.value.code is Reason.TRUST_FOLDER_INVALID


def test_what_a_crash_left_half_written_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    bundle_folder.take(tmp_path, bundle().sign([ANNA, BO]), root=ROOT, at=NOW)
    (tmp_path / "border.2.bundle.0a1b2c3d.tmp").write_bytes(b"half")
    (tmp_path / "border.2.bundle").write_bytes(bundle(2).sign([ANNA, BO]))  # whole, and not yet in use
    assert bundle_folder.load(tmp_path).bundle.sequence == 1
    bundle_folder.take(tmp_path, bundle(3).sign([ANNA, BO]), root=ROOT, at=NOW)
    assert bundle_folder.load(tmp_path).bundle.sequence == 3
    assert {file.name for file in tmp_path.iterdir()} == {"root.json", "state.json", ".lock", "border.3.bundle"}
