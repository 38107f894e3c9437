"""`pratique bundle`: packed by an operator, installed by a kiosk, verified with."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pratique.bundle import Bundle
from pratique.codec import json as strict_json
from pratique.cose.keys import PrivateKey
from pratique.cose.signer import SoftwareSigner
from pratique.trust import TrustList, signed, wire
from pratique.trust.repository import Repository
from pratique.trust.root import Root

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from conftest import Run, World

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@dataclass
class Operator:
    """The files of an operator with two keepers, both of whom must sign; the trust folder is the demonstration's."""

    run: Run
    path: Path
    trust: Path
    keys: tuple[PrivateKey, PrivateKey]
    root: Root

    @property
    def signers(self) -> list[SoftwareSigner]:
        return [SoftwareSigner(key) for key in self.keys]

    def make(self, *more: object, sequence: int = 1, name: str = "border", at: datetime = NOW, keys: int = 2) -> Result:
        arguments = ["--trust", self.trust, "--id", name, "--sequence", sequence, "--out", self.path / "border.bundle"]
        for i in range(keys):
            arguments += ["--key", self.path / f"keeper{i}.pem"]
        return self.run("bundle", "make", *arguments, "--at", moment(at), "--force", *more)

    def install(self, *more: object, at: datetime = NOW) -> Result:
        file, kiosk = self.path / "border.bundle", self.path / "kiosk"
        return self.run(
            "bundle", "install", file, "--into", kiosk, "--root", self.path / "root.json", "--at", moment(at), *more
        )

    def show(self, path: str = "border.bundle", *more: object, at: datetime = NOW) -> Result:
        return self.run(
            "bundle", "show", self.path / path, "--root", self.path / "root.json", "--at", moment(at), *more
        )

    def bundle(self) -> Bundle:
        return Bundle.load(self.path / "border.bundle", self.root)


@pytest.fixture
def operator(run: Run, world: World, tmp_path: Path) -> Operator:
    keys = (PrivateKey.generate(), PrivateKey.generate("Ed25519"))
    for i, key in enumerate(keys):
        (tmp_path / f"keeper{i}.pem").write_bytes(key.to_pem())
    root = Root(
        id="border",
        version=1,
        issued_at=NOW - 90 * DAY,
        expires_at=NOW + 900 * DAY,
        threshold=2,
        keys=tuple(key.public for key in keys),
    )
    (tmp_path / "root.json").write_text(strict_json.encode(root.to_json()))
    return Operator(run, tmp_path, world["trust"], keys, root)


def _verify(operator: Operator, world: World, *more: object, at: datetime = NOW) -> Any:
    result = operator.run(
        "verify", world["card.png"], "--mrz", f"@{world['passport.txt']}", "--json", "--at", moment(at), *more
    )
    return json.loads(result.stdout)


def test_bundle_travels_from_an_operator_to_a_kiosk(operator: Operator, world: World) -> None:
    made = operator.make()
    assert made.exit_code == 0, made.stderr
    assert "bundle border, sequence 1" in made.stderr
    shown = operator.show()
    assert shown.exit_code == 0
    assert shown.stdout.startswith("VOUCHED FOR\n")
    installed = operator.install()
    assert installed.exit_code == 0, installed.stderr
    assert installed.stderr == "bundle border, sequence 1: taken in\n"
    shutil.rmtree(operator.trust)
    report = _verify(operator, world, "--bundle", operator.path / "kiosk")
    assert report["verdict"] == "accept"
    file = ["--bundle", operator.path / "border.bundle", "--root", operator.path / "root.json"]
    assert _verify(operator, world, *file)["verdict"] == "accept"


def test_folder_that_took_no_bundle_in_is_told_how(operator: Operator, world: World, tmp_path: Path) -> None:
    (folder := tmp_path / "kiosk").mkdir()
    result = operator.run("verify", world["card.png"], "--bundle", folder)
    assert (result.exit_code, f"pratique bundle install FILE --into {folder}" in result.stderr) == (2, True)


def test_local_list_gets_the_times_of_the_bundle_where_it_has_none(operator: Operator) -> None:
    operator.make("--due", "2", "--ends", "5")
    bundle = operator.bundle()
    assert (bundle.next_update, bundle.expires_at) == (NOW + 2 * DAY, NOW + 5 * DAY)
    (trust_list,) = bundle.trust().lists
    assert (trust_list.next_update, trust_list.expires_at) == (NOW + 2 * DAY, NOW + 5 * DAY)
    file = operator.trust / "local.trust.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps({**document, "expires_at": moment(NOW + DAY)}))
    operator.make("--due", "2", "--ends", "5")
    (trust_list,) = operator.bundle().trust().lists
    assert (trust_list.next_update, trust_list.expires_at) == (NOW + DAY, NOW + DAY)
    over = operator.make(at=NOW + DAY)
    assert over.exit_code == 2
    assert "no trust list that could be packed" in over.stderr


def test_entries_that_cannot_be_used_are_left_out_and_said(operator: Operator) -> None:
    file = operator.trust / "local.trust.json"
    document = json.loads(file.read_text())
    good = document["issuers"][0]
    key = good["keys"][0]
    faulty = [{**key, "not_after": "soon"}, {**key, "public_key": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}]
    document["issuers"] = [{**good, "keys": [key, *faulty]}, {"id": "https://nobody.example"}]
    file.write_text(json.dumps(document))
    made = operator.make()
    assert made.exit_code == 0, made.stderr
    for where in ("issuers/0/keys/1", "issuers/0/keys/2", "issuers/1"):
        assert f"left out: local.trust.json, {where}: " in made.stderr
    (trust_list,) = operator.bundle().trust().lists
    assert len(trust_list.keys) == 1
    assert trust_list.set_aside == ()


def test_signed_lists_that_count_are_packed_and_others_said(operator: Operator) -> None:
    file = operator.trust / "local.trust.json"
    document = json.loads(file.read_text())
    document |= {"next_update": moment(NOW + DAY), "expires_at": moment(NOW + 2 * DAY)}
    file.unlink()
    repository = Repository.create(operator.trust, operator.root)
    payload = wire.to_cbor(document)
    repository.update(signed.sign(signed.TRUST_LIST, payload, operator.signers), at=NOW)
    stranger = {**document, "id": "stranger"}
    data = signed.sign(signed.TRUST_LIST, wire.to_cbor(stranger), operator.signers)
    (operator.trust / "stranger.1.trust.cose").write_bytes(data)
    made = operator.make()
    assert made.exit_code == 0, made.stderr
    assert "left out: stranger.1.trust.cose" in made.stderr
    assert operator.bundle().trust_lists == (payload,)
    over = operator.make(at=NOW + 2 * DAY)
    assert over.exit_code == 2
    assert "no trust list that could be packed" in over.stderr


def test_acceptance_that_cannot_be_used_is_refused_and_one_that_is_not_there_accepts_nobody(operator: Operator) -> None:
    file = operator.trust / "acceptance.json"
    file.write_text('{"accept": [{"countries": ["?"]}]}')
    refused = operator.make()
    assert refused.exit_code == 2
    assert "trust.acceptance_invalid" in refused.stderr
    file.unlink()
    made = operator.make()
    assert made.exit_code == 0
    assert "left out: acceptance.json: it is not there, so that the bundle accepts nobody" in made.stderr
    assert "no issuer is accepted" in operator.show().stderr


def test_revocation_list_that_cannot_be_read_is_refused(operator: Operator, tmp_path: Path) -> None:
    folder = tmp_path / "revocation"
    folder.mkdir()
    cards = {"kid": base64.urlsafe_b64encode(bytes(32)).decode().rstrip("="), "method": "rid", "ctr": 1, "rids": ["a"]}
    (folder / "a.rids.json").write_text(json.dumps(cards))
    (folder / "README").write_text("not a list")
    made = operator.make("--revocation", folder)
    assert made.exit_code == 0, made.stderr
    assert set(operator.bundle().revocation) == {"a.rids.json"}
    (folder / "b.crl").write_bytes(b"damaged")
    refused = operator.make("--revocation", folder)
    assert refused.exit_code == 2
    assert "b.crl" in refused.stderr


def test_status_list_that_nobody_entitled_signed_is_left_out(operator: Operator, tmp_path: Path) -> None:
    key = tmp_path / "keeper0.pem"
    register, folder = tmp_path / "register", tmp_path / "status"
    folder.mkdir()
    operator.run("status", "create", register, "--uri", "https://lists.example/1", "--size", "80")
    operator.run("status", "publish", register, "--key", key, "--out", folder / "x.statuslist", "--at", moment(NOW))
    (folder / "y.statuslist").write_bytes(b"damaged")
    made = operator.make("--status", folder)
    assert made.exit_code == 0, made.stderr
    assert "left out: https://lists.example/1: no key of its issuer" in made.stderr
    assert "left out: y.statuslist" in made.stderr
    assert operator.bundle().status_lists == ()


def test_rules_of_a_bundle_are_asked_without_being_given(operator: Operator, world: World) -> None:
    example = operator.run("rules", "example", "yellow-fever-entry").stdout
    (operator.path / "entry.json").write_text(example)
    made = operator.make("--rules", operator.path / "entry.json")
    assert made.exit_code == 0, made.stderr
    operator.install()
    report = _verify(operator, world, "--bundle", operator.path / "kiosk")
    checks = {check["step"]: check for check in report["checks"]}
    assert checks["rules"]["code"] != "rules.none_given"


@pytest.mark.parametrize(
    ("after", "age", "words", "exit_code"),
    [
        (timedelta(seconds=-61), "early", "VOUCHED FOR, AND TOO EARLY", 1),
        (timedelta(), "fresh", "VOUCHED FOR", 0),
        (2 * DAY - timedelta(seconds=1), "fresh", "VOUCHED FOR", 0),
        (2 * DAY, "due", "VOUCHED FOR", 0),
        (7 * DAY - timedelta(seconds=1), "due", "VOUCHED FOR", 0),
        (7 * DAY, "over", "VOUCHED FOR, AND OVER", 1),
    ],
)
def test_ages_are_those_that_the_bundle_states(
    operator: Operator, after: timedelta, age: str, words: str, exit_code: int
) -> None:
    operator.make("--due", "2", "--ends", "7")
    shown = operator.show(at=NOW + after)
    assert (shown.stdout.splitlines()[0], shown.exit_code) == (words, exit_code)
    view = json.loads(operator.show("border.bundle", "--json", at=NOW + after).stdout)
    assert view["counts"] is (exit_code == 0)
    assert view["parts"][0] == {
        "kind": "bundle",
        "name": "border",
        "content": "sequence 1",
        "age": age,
        "issued_at": moment(NOW),
        "next_update": moment(NOW + 2 * DAY),
        "expires_at": moment(NOW + 7 * DAY),
    }
    assert [part["kind"] for part in view["parts"]] == ["bundle", "root", "trust list"]


def test_too_few_signatures_do_not_count_until_another_keeper_signs(operator: Operator) -> None:
    operator.make(keys=1)
    shown = operator.show()
    assert (shown.stdout.splitlines()[0], shown.exit_code) == ("NOT VOUCHED FOR", 1)
    assert json.loads(operator.show("border.bundle", "--json").stdout)["error"]["code"] == "document.threshold"
    refused = operator.install()
    assert refused.exit_code == 1
    assert "document.threshold" in refused.stderr
    assert not (operator.path / "kiosk").exists()
    file = operator.path / "border.bundle"
    assert operator.run("trust", "sign", file, "--key", operator.path / "keeper1.pem").exit_code == 0
    assert operator.install().exit_code == 0


def test_older_bundle_is_refused_and_the_newer_still_counts(operator: Operator) -> None:
    operator.make(sequence=4)
    operator.install()
    operator.make(sequence=3)
    refused = operator.install()
    assert refused.exit_code == 1
    assert "document.rollback" in refused.stderr
    view = json.loads(operator.show("kiosk", "--json").stdout)
    assert (view["sequence"], view["counts"]) == (4, True)


def test_another_bundle_of_the_same_sequence_is_refused_and_the_same_is_no_error(operator: Operator) -> None:
    operator.make(sequence=4)
    operator.install()
    again = operator.install("--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout) == {"kind": "bundle", "id": "border", "number": 4, "is_new": False}
    operator.make("--ends", "9", sequence=4)
    refused = operator.install("--json")
    assert json.loads(refused.stdout)["error"]["code"] == "document.rollback"


@pytest.mark.parametrize(
    ("after", "taken"), [(7 * DAY - timedelta(seconds=1), True), (7 * DAY, False), (7 * DAY + DAY, False)]
)
def test_bundle_past_its_end_is_refused(operator: Operator, after: timedelta, *, taken: bool) -> None:
    operator.make("--due", "2", "--ends", "7")
    result = operator.install(at=NOW + after)
    assert (result.exit_code == 0) is taken
    assert ("document.expired" in result.stderr) is not taken


def test_clock_set_back_takes_nothing(operator: Operator) -> None:
    operator.make()
    operator.install(at=NOW + DAY)
    operator.make(sequence=2)
    refused = operator.install(at=NOW + DAY - timedelta(seconds=61))
    assert refused.exit_code == 1
    assert "trust.clock_set_back" in refused.stderr
    assert operator.install(at=NOW + DAY - timedelta(seconds=60)).exit_code == 0


def test_bundle_of_another_id_is_refused(operator: Operator) -> None:
    operator.make()
    operator.install()
    operator.make(sequence=9, name="harbour")
    refused = operator.install()
    assert "document.unexpected" in refused.stderr
    assert operator.install("--id", "border").exit_code == 1
    assert operator.install("--id", "harbour").exit_code == 1
    assert json.loads(operator.show("kiosk", "--json").stdout)["id"] == "border"
    shutil.rmtree(operator.path / "kiosk")
    assert operator.install("--id", "border").exit_code == 1
    assert operator.install("--id", "harbour").exit_code == 0


def test_bundle_with_a_part_that_cannot_be_used_is_refused(operator: Operator) -> None:
    operator.make()
    operator.install()
    good = operator.bundle()
    for part in ({"rule_sets": (b"{}",)}, {"acceptance": b"["}, {"trust_lists": (b"",)}):
        members = {name: getattr(good, name) for name in Bundle.__slots__}
        bad = Bundle(**{**members, **part, "sequence": 2})
        (operator.path / "border.bundle").write_bytes(bad.sign(operator.signers))
        assert operator.install().exit_code == 1
    assert json.loads(operator.show("kiosk", "--json").stdout)["sequence"] == 1


def test_kiosk_follows_the_root_and_no_other(operator: Operator) -> None:
    operator.make()
    operator.install()
    key = PrivateKey.generate()
    keys = (operator.keys[0].public, key.public)
    successor = Root(
        id="border", version=2, issued_at=NOW, expires_at=NOW + 900 * DAY, threshold=2, keys=keys
    )  # fmt: skip
    (operator.path / "root2.cose").write_bytes(successor.sign([*operator.signers, SoftwareSigner(key)]))
    command = ["bundle", "install", operator.path / "root2.cose", "--into", operator.path / "kiosk"]
    taken = operator.run(*command, "--root", operator.path / "root.json", "--at", moment(NOW))
    assert taken.stderr == "root border, version 2: taken in\n"
    lost = operator.show("kiosk")
    assert (lost.exit_code, lost.stdout.splitlines()[0]) == (1, "NOT VOUCHED FOR")
    (operator.path / "keeper1.pem").write_bytes(key.to_pem())
    operator.make(sequence=2)
    assert operator.install().exit_code == 0
    assert operator.show("kiosk").exit_code == 0


def test_folder_whose_bundle_was_exchanged_does_not_count(operator: Operator, world: World) -> None:
    operator.make()
    operator.install()
    (file,) = (operator.path / "kiosk").glob("*.bundle")
    operator.make("--ends", "29")
    shutil.copy(operator.path / "border.bundle", file)
    refused = operator.run("verify", world["card.png"], "--bundle", operator.path / "kiosk")
    assert refused.exit_code == 2
    assert "trust.list_altered" in refused.stderr


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--due", "8", "--ends", "7"], "--due is later than --ends"),
        (["--sequence", "0"], "0 is not in the range"),
        (["--key", "{}/no.pem"], "does not exist"),
    ],
)
def test_misuse_is_said(operator: Operator, more: list[str], complaint: str) -> None:
    result = operator.make(*more)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not (operator.path / "border.bundle").exists()


def test_bundle_in_a_file_needs_a_root_and_stands_alone(operator: Operator, world: World) -> None:
    operator.make()
    file = operator.path / "border.bundle"
    assert "--root is needed" in operator.run("verify", world["card.png"], "--bundle", file).stderr
    both = ["--bundle", file, "--root", operator.path / "root.json", "--trust", operator.trust]
    assert "give --bundle alone" in operator.run("verify", world["card.png"], *both).stderr


def test_folder_without_a_bundle_says_so(operator: Operator) -> None:
    kiosk = operator.path / "kiosk"
    Repository.create(kiosk, operator.root)
    shown = operator.show("kiosk")
    assert shown.exit_code == 1
    assert "holds no bundle" in shown.stdout


def test_packed_list_is_the_local_one(operator: Operator) -> None:
    operator.make()
    local = TrustList.from_json(json.loads((operator.trust / "local.trust.json").read_text()))
    (packed,) = operator.bundle().trust().lists
    assert [key.key_id for key in packed.keys] == [key.key_id for key in local.keys]
    assert (packed.id, packed.sequence, packed.issuers) == (local.id, local.sequence, local.issuers)
