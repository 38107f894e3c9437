"""Signed lists on the command line: signing, verifying, checking and showing them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from authority import MRZ, NOW, World, rfc3339
from keepers import ANNA, BO, DAY, WORLD, list_document, root, signed_list
from pratique.bundle import Bundle
from pratique.cose.keys import PrivateKey
from pratique.trust import signed, wire
from pratique.trust.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run  # type: ignore[import-not-found]

AT = rfc3339(NOW)
SECOND = timedelta(seconds=1)
ROOT = root()


@dataclass(frozen=True)
class Desk:
    """A folder with a root, a list in JSON and signed, a trust folder that took it in, and a keeper's key."""

    path: Path

    def __getitem__(self, name: str) -> Path:
        return self.path / name

    def write(self, name: str, content: Any) -> Path:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self[name].write_bytes(data)
        return self[name]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write("root.json", ROOT.to_json())
    made.write("who.trust.json", list_document())
    made.write("who.trust.cose", signed_list())
    made.write("keeper.pem", PrivateKey.generate("ESP256").to_pem())
    repository = Repository.create(tmp_path / "trust", ROOT)
    repository.update(signed_list(), at=NOW)
    made.write("trust/acceptance.json", {"accept": [{}]})
    return made


@pytest.mark.parametrize(
    ("at", "words", "code"),
    [
        (NOW - DAY - timedelta(seconds=61), "VOUCHED FOR, AND TOO EARLY", 1),
        (NOW - DAY - timedelta(seconds=60), "VOUCHED FOR", 0),
        (NOW + 29 * DAY - SECOND, "VOUCHED FOR", 0),
        (NOW + 29 * DAY, "VOUCHED FOR, AND OVER", 1),
        (NOW + 180 * DAY, "NOT VOUCHED FOR\nroot.expired: root 'roots of Utopia' counted until ", 1),
    ],
)
def test_verify_says_whether_a_list_counts_now(run: Run, desk: Desk, at: Any, words: str, code: int) -> None:
    arguments = ("trust", "verify", desk["who.trust.cose"], "--root", desk["root.json"], "--at", rfc3339(at))
    result = run(*arguments)
    assert result.exit_code == code
    assert result.stdout.startswith(words)
    view = json.loads(run(*arguments, "--json").stdout)
    assert view.get("counts", False) is (code == 0)


def test_verify_does_not_vouch_for_a_list_that_the_root_does_not_name(run: Run, desk: Desk) -> None:
    narrow = desk.write("narrow.json", root(lists=frozenset({"eu"})).to_json())
    result = run("trust", "verify", desk["who.trust.cose"], "--root", narrow, "--at", AT)
    assert result.exit_code == 1
    assert result.stdout.startswith("NOT VOUCHED FOR\ndocument.unexpected: ")


@pytest.mark.parametrize("kind", ["trust-list", "bundle", "rule-set", "verifier-list", "root"])
def test_verify_of_what_is_signed_and_is_nothing_is_a_no(run: Run, desk: Desk, kind: str) -> None:
    file = desk.write("nothing", signed.sign(kind, b"\xa0", [ANNA, BO]))
    result = run("trust", "verify", file, "--root", desk["root.json"], "--at", AT, "--json")
    assert (result.exit_code, [*json.loads(result.stdout)]) == (1, ["error"])


def test_sign_refuses_a_list_with_errors_unless_told_otherwise(run: Run, desk: Desk) -> None:
    """What `trust check` calls an error: here a key that leaked and counts on in another entry."""
    world = World()
    leaked = {**world.home.entry["keys"][0], "withdrawn": {"at": AT, "reason": "compromise"}}
    again = {**world.home.entry["keys"][0], "key_id": "AAAA"}
    document = list_document(issuers=[{**world.home.entry, "keys": [leaked, again]}])
    arguments = ("--key", desk["keeper.pem"], "--at", AT)
    for file in (
        desk.write("leak.json", document),
        desk.write("leak.cose", signed.sign("trust-list", wire.to_cbor(document), [ANNA])),
    ):
        result = run("trust", "sign", file, "--out", desk["out.cose"], *arguments)
        assert result.exit_code == 2
        assert "withdrawn for compromise in one entry and counts on in another" in result.stderr
        assert "--despite-errors" in result.stderr
        assert not desk["out.cose"].exists()
        assert run("trust", "sign", file, "--out", desk["out.cose"], *arguments, "--despite-errors").exit_code == 0
        desk["out.cose"].unlink()


def test_sign_refuses_a_list_that_has_ended(run: Run, desk: Desk) -> None:
    end = rfc3339(NOW + 29 * DAY)
    result = run("trust", "sign", desk["who.trust.cose"], "--key", desk["keeper.pem"], "--at", end)
    assert (result.exit_code, f"it ended {end}" in result.stderr) == (2, True)


def test_sign_with_a_key_that_signs_no_documents_is_a_usage_error(run: Run, desk: Desk) -> None:
    key = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = desk.write("rsa.pem", key.private_bytes(*form))
    for file in ("who.trust.json", "who.trust.cose"):
        result = run("trust", "sign", desk[file], "--key", pem, "--out", desk["out"], "--at", AT)
        assert (result.exit_code, "documents are signed with" in result.stderr) == (2, True)


def test_sign_with_one_key_twice_is_a_usage_error(run: Run, desk: Desk) -> None:
    keys = ("--key", desk["keeper.pem"]) * 2
    result = run("trust", "sign", desk["who.trust.json"], *keys, "--out", desk["out"], "--at", AT)
    assert (result.exit_code, "it counts once" in result.stderr) == (2, True)


def test_check_finds_a_folder_of_signed_lists_in_order(run: Run, desk: Desk) -> None:
    result = run("trust", "check", "--trust", desk["trust"], "--at", AT)
    assert result.exit_code == 0
    assert [line.rpartition(":")[2] for line in result.stdout.splitlines()[:3]] == [" in order"] * 3
    assert "lists: 1, errors: 0, notes: 0" in result.stdout


@pytest.mark.parametrize(
    ("at", "text", "code"),
    [
        (NOW + 6 * DAY - SECOND, "", 0),
        (NOW + 6 * DAY, "note: next_update: the next edition was due", 0),
        (NOW + 29 * DAY, "error: expires_at: it ended", 1),
        (NOW + 150 * DAY - SECOND, "error: expires_at: it ended", 1),
        (NOW + 150 * DAY, "note: expires_at: it ends 2027-05-22T12:00:00Z: its successor is due", 1),
        (NOW + 180 * DAY, "nothing new counts until its successor is here", 1),
        (NOW - timedelta(seconds=61), "error: the clock: ", 1),
    ],
)
def test_check_looks_at_root_memory_and_age(run: Run, desk: Desk, at: Any, text: str, code: int) -> None:
    result = run("trust", "check", "--trust", desk["trust"], "--at", rfc3339(at))
    assert (result.exit_code, text in result.stdout) == (code, True)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("state.json", b"{}", "trust.folder_invalid"),
        ("root.json", b"{}", "root.invalid"),
        ("who.1.trust.cose", b"", "who.1.trust.cose:\n  error: "),
        ("eu.1.trust.cose", b"", "trust.list_not_taken"),
        ("acceptance.json", b"[]", "acceptance: "),
        ("local.trust.json", b"{}", "list: id is missing"),
        ("local.trust.json", json.dumps(root().to_json()).encode(), "it is another document, and no trust list"),
    ],
)
def test_check_names_what_is_damaged_in_a_folder(run: Run, desk: Desk, name: str, content: bytes, text: str) -> None:
    desk.write(f"trust/{name}", content)
    result = run("trust", "check", "--trust", desk["trust"], "--at", AT)
    assert (result.exit_code, text in result.stdout) == (1, True)


def test_check_finds_a_local_list_with_the_id_of_a_signed_one(run: Run, desk: Desk) -> None:
    shutil.copy(desk["who.trust.json"], desk["trust"])
    result = run("trust", "check", "--trust", desk["trust"], "--at", AT)
    assert (result.exit_code, "several lists with the id 'who'" in result.stdout) == (1, True)


def test_check_looks_at_lists_together(run: Run, desk: Desk) -> None:
    """An issuer on two lists, and a key that leaked by one of them."""
    leaked = {**WORLD.home.entry["keys"][0], "withdrawn": {"at": AT, "reason": "compromise"}}
    document = list_document(id="own", issuers=[{**WORLD.home.entry, "keys": [leaked]}])
    desk.write("trust/own.trust.json", document)
    result = run("trust", "check", "--trust", desk["trust"], "--at", AT)
    assert result.exit_code == 0
    assert "the key leaked, as list own says" in result.stdout
    assert f"{WORLD.home.id}: it is on the lists own, who" in result.stdout


def test_check_takes_one_signed_list(run: Run, desk: Desk) -> None:
    assert run("trust", "check", "--trust", desk["who.trust.cose"], "--at", AT).exit_code == 0
    assert run("trust", "check", "--trust", desk["keeper.pem"], "--at", AT).exit_code == 1


def test_check_of_signed_lists_without_a_root_says_that_they_do_not_count(run: Run, desk: Desk) -> None:
    desk["trust/root.json"].unlink()
    result = run("trust", "check", "--trust", desk["trust"], "--at", AT)
    assert (result.exit_code, "no root is pinned" in result.stdout) == (1, True)


def test_show_says_who_vouches_how_old_a_list_is_and_which_keys_are_withdrawn(run: Run, desk: Desk) -> None:
    world = World()
    keys = [
        {**world.home.entry["keys"][0], "key_id": key_id, "withdrawn": {"at": AT, "reason": reason}}
        for key_id, reason in (("AAAA", "compromise"), ("AAAB", "superseded"))
    ]
    issuer = {**world.home.entry, "keys": keys, "status_lists": ["https://health.example.org/status/"]}
    Repository.open(desk["trust"]).update(signed_list(sequence=2, issuers=[issuer]), at=NOW)
    desk.write("trust/own.trust.json", {**World().list_document})
    shown = run("trust", "show", "--trust", desk["trust"], "--at", rfc3339(NOW + 6 * DAY)).stdout
    assert "vouched for by  root roots of Utopia, version 1, until 2027-05-22" in shown
    assert "age             due" in shown
    assert "LEAKED 2026-11-23" in shown
    assert "SUPERSEDED 2026-11-23" in shown
    assert "status lists of https://health.example.org: https://health.example.org/status/" in shown
    assert "vouched for by  its owner, who made it" in shown
    late = run("trust", "show", "--trust", desk["trust"], "--at", rfc3339(NOW + 180 * DAY)).stdout
    assert "which is OVER" in late
    assert "age             over" in late


@pytest.mark.parametrize("holder", ["--trust", "--bundle"])
@pytest.mark.parametrize(
    ("hours", "words", "code"),
    [
        (47, "trust.key_found", 0),
        (48, "trust.list_due", 0),
        (72, "trust.list_stale", 3),
        (96, "trust.list_expired", 1),
    ],
)
def test_verifier_warns_refers_and_rejects_at_ages_of_its_own(  # noqa: PLR0913, PLR0917 - pytest gives them
    run: Run, desk: Desk, holder: str, hours: int, words: str, code: int
) -> None:
    text = WORLD.home.issue_vaccination().present()
    issued_at = NOW - DAY
    bundle = Bundle(
        id="border",
        sequence=1,
        issued_at=issued_at,
        next_update=NOW + 20 * DAY,
        expires_at=NOW + 29 * DAY,
        trust_lists=(wire.to_cbor(list_document()),),
        acceptance=b'{"accept": [{}]}',
    )
    where = desk["trust"] if holder == "--trust" else desk.write("border.bundle", bundle.sign([ANNA, BO]))
    result = run(
        "verify", text, holder, where, "--root", desk["root.json"], "--mrz", MRZ.replace("\n", ""), "--json",
        "--ages", "2,3,4", "--at", rfc3339(issued_at + timedelta(hours=hours)),
    )  # fmt: skip
    report = json.loads(result.stdout)
    (step,) = (check for check in report["checks"] if check["step"] == "trust")
    assert (result.exit_code, step["code"]) == (code, words)


@pytest.mark.parametrize("ages", ["1,2", "3,2,1", "1,2,x", "", "1,2,99999", "-1,2,3", "1,2,3,4", "²,3,4"])
def test_ages_that_are_none_are_a_usage_error(run: Run, desk: Desk, ages: str) -> None:
    result = run("verify", "PQ1:A", "--trust", desk["trust"], f"--ages={ages}")
    assert (result.exit_code, "three ages in days" in result.stderr) == (2, True)


def test_an_age_can_be_without_limit(run: Run, desk: Desk) -> None:
    text = WORLD.home.issue_vaccination().present()
    result = run("verify", text, "--trust", desk["trust"], "--ages=-,5,-", "--mrz", MRZ.replace("\n", ""), "--at", AT)
    assert result.exit_code == 0


def test_bundle_counts_no_more_once_its_root_is_over(run: Run, desk: Desk) -> None:
    bundle = Bundle(
        id="border",
        sequence=1,
        issued_at=NOW,
        next_update=NOW + 300 * DAY,
        expires_at=NOW + 400 * DAY,
        trust_lists=(wire.to_cbor(list_document()),),
        acceptance=b"{}",
    )
    file = desk.write("border.bundle", bundle.sign([ANNA, BO]))
    for at, code in ((NOW + 180 * DAY - SECOND, 0), (NOW + 180 * DAY, 1)):
        result = run("bundle", "show", file, "--root", desk["root.json"], "--at", rfc3339(at))
        assert result.exit_code == code


def test_explain_goes_by_a_bundle_too_and_is_no_yes_for_a_leaked_key(run: Run, desk: Desk) -> None:
    world = World()
    text = world.home.issue_vaccination().present()
    key = {**world.home.entry["keys"][0], "withdrawn": {"at": AT, "reason": "compromise"}}
    for entry, code in ((world.home.entry, 0), ({**world.home.entry, "keys": [key]}, 1)):
        bundle = Bundle(
            id="border",
            sequence=1,
            issued_at=NOW - DAY,
            next_update=NOW + DAY,
            expires_at=NOW + DAY,
            trust_lists=(wire.to_cbor(list_document(issuers=[entry])),),
            acceptance=b'{"accept": [{}]}',
        )
        file = desk.write("border.bundle", bundle.sign([ANNA, BO]))
        result = run("trust", "explain", text, "--bundle", file, "--root", desk["root.json"], "--at", AT)
        assert (result.exit_code, "The line accept/0 accepts it." in result.stdout) == (code, True)
    both = run("trust", "explain", text, "--bundle", file, "--trust", desk["trust"])
    assert both.exit_code == 2


def test_keys_by_cohort_and_addresses_of_status_lists_go_onto_a_list(run: Run, desk: Desk) -> None:
    """With commands alone: an issuer's key for January, one for its status lists, and where it publishes those."""
    issuer = ("--network", "single", "--country", "UTO", "--issuer", "https://health.example", "--at", AT)
    january = ("--not-before", "2027-01-01", "--not-after", "2027-02-01", "--kinds", "vaccination", "--targets", "1D47")
    key = desk.write("key.jwk", PrivateKey.generate("ESP256").public.jwk)
    address = "https://health.example/status/"
    into = ("--into", desk["who.trust.json"])
    assert run("trust", "import", key, *issuer, *january, "--format", "pratique", *into).exit_code == 0
    lists = ("--status-list", address, "--format", "token-status-list")
    for _ in range(2):
        assert run("trust", "import", key, *issuer, *lists, *into).exit_code == 0
    added = run("trust", "add", key, *issuer[2:-2], *lists, "--trust", desk["own"])
    assert added.exit_code == 0
    (own,) = json.loads(desk["own/local.trust.json"].read_bytes())["issuers"]
    entry = json.loads(desk["who.trust.json"].read_bytes())["issuers"][-1]
    assert entry["status_lists"] == own["status_lists"] == [address]
    cohort, signer = entry["keys"]
    assert (cohort["not_before"], cohort["not_after"]) == ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z")
    assert cohort["scope"] == {"kinds": ["vaccination"], "targets": ["1D47"]}
    assert signer["formats"] == ["token-status-list"]
    assert run("trust", "check", "--trust", desk["who.trust.json"], "--at", AT).exit_code == 0


@pytest.mark.parametrize(
    "address", ["http://health.example/status/", "https://health.example", "status", "https://a/#b"]
)
def test_address_of_a_status_list_is_an_https_address(run: Run, desk: Desk, address: str) -> None:
    result = run("trust", "add", desk["keeper.pem"], "--country", "UTO", "--format", "eu-dcc", "--status-list", address)
    assert (result.exit_code, "a status list is at an https address" in result.stderr) == (2, True)


def test_folder_without_a_root_is_told_how_to_pin_one(run: Run, desk: Desk, tmp_path: Path) -> None:
    result = run("trust", "update", desk["who.trust.cose"], "--trust", tmp_path / "new")
    assert (result.exit_code, "no root is pinned" in result.stderr) == (2, True)


def test_show_as_json_names_the_root_and_the_age_of_a_signed_list(run: Run, desk: Desk) -> None:
    view = json.loads(run("trust", "show", "--trust", desk["trust"], "--at", AT, "--json").stdout)
    (trust_list,) = view["lists"]
    assert trust_list["root"] == {"id": ROOT.id, "version": ROOT.version, "expires_at": rfc3339(ROOT.expires_at)}
    assert (trust_list["age"], trust_list["set_aside"]) == ("fresh", [])


def test_update_as_json_has_a_line_for_each_and_goes_on_after_a_fault(run: Run, desk: Desk) -> None:
    newer = desk.write("newer.cose", signed_list(sequence=9))
    files = (desk["no such file"], newer, newer)
    result = run("trust", "update", *files, "--trust", desk["trust"], "--at", AT, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [line["source"] for line in lines] == [str(file) for file in files]
    assert lines[0]["error"]["code"] == "fetch.failed"
    taken = {"kind": "trust-list", "id": "who", "number": 9}
    assert [{**line, "source": ""} for line in lines[1:]] == [
        {"source": "", **taken, "is_new": True},
        {"source": "", **taken, "is_new": False},
    ]
    words = run("trust", "update", *files[:2], "--trust", desk["trust"], "--at", AT)
    assert words.exit_code == 1
    assert "no such file: fetch.failed: No such file or directory" in words.stderr
    assert "edition 9: was here already" in words.stderr


def test_update_goes_on_after_what_is_not_signed(run: Run, desk: Desk) -> None:
    newer = desk.write("newer.cose", signed_list(sequence=9))
    result = run("trust", "update", desk["who.trust.json"], newer, "--trust", desk["trust"], "--at", AT)
    assert result.exit_code == 1
    assert "no signed trust list and no signed root" in result.stderr
    assert "edition 9: taken in" in result.stderr
