from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pratique import schemas
from pratique.cose.keys import PublicKey
from pratique.present import HeldCredential

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World


def _office(world: World, *, passport: bool = True) -> list[object]:
    options: list[object] = ["--key", world["issuer.pem"], "--issuer", world.issuer]
    return [*options, "--mrz", f"@{world['passport.txt']}"] if passport else options


def _border(world: World) -> list[object]:
    return ["--trust", world["trust"], "--mrz", f"@{world['passport.txt']}"]


def test_the_picture_shows_nothing_beyond_what_is_always_shown(run: Run, world: World) -> None:
    held, card = world["new.pq1"], world["new.png"]
    result = run("issue", world["claims.json"], *_office(world), "--out", held, "--qr", card)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "ERIKSSON" not in result.output
    full = HeldCredential.from_text(held.read_text())
    assert full.is_complete
    assert "holder.name" in full.disclosable
    shown = json.loads(run("inspect", card, "--json").stdout)
    assert shown["disclosed"] == []
    assert "holder" not in shown["credential"]
    assert run("verify", card, *_border(world)).exit_code == 0


def test_show_names_what_the_picture_shows(run: Run, world: World) -> None:
    card = world["new.svg"]
    show = ["--show", "event.date", "--show", "holder.name"]
    result = run("issue", world["claims.json"], *_office(world), "--qr", card, *show, "--json")
    assert result.exit_code == 0
    assert card.read_text().startswith("<svg")
    issued = json.loads(result.stdout)
    schemas.check(issued["credential"], "credential")
    assert HeldCredential.from_text(issued["shown"]).disclosable == ("event.date", "holder.name")
    assert HeldCredential.from_text(issued["held"]).is_complete


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_the_holders_copy_is_for_its_holder(run: Run, world: World) -> None:
    run("issue", world["claims.json"], *_office(world), "--out", world["new.pq1"])
    assert stat.S_IMODE(world["new.pq1"].stat().st_mode) == 0o600


def test_without_a_file_the_holders_copy_goes_to_stdout(run: Run, world: World) -> None:
    result = run("issue", "-", *_office(world), stdin=world["claims.json"].read_bytes())
    assert result.exit_code == 0
    assert HeldCredential.from_text(result.stdout).is_complete


def test_a_holder_key_takes_the_place_of_a_passport(run: Run, world: World) -> None:
    run("keygen", "--algorithm", "Ed25519", "--out", world["wallet.pem"], "--public", world["wallet.jwk"])
    office = _office(world, passport=False)
    result = run("issue", world["claims.json"], *office, "--holder-key", world["wallet.jwk"], "--json")
    assert json.loads(result.stdout)["credential"]["binding"] == "holder-key"


def test_a_status_is_an_address_and_a_number(run: Run, world: World) -> None:
    status = ["--status-uri", "https://health.utopia.example/status/1", "--status-index", "17"]
    result = run("issue", world["claims.json"], *_office(world), *status, "--json")
    assert json.loads(result.stdout)["credential"]["status"]["index"] == 17
    alone = run("issue", world["claims.json"], *_office(world), *status[:2])
    assert alone.exit_code == 2
    assert alone.stderr.startswith("error: claims.invalid")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event": {"kind": "vaccination"}}, "json.schema"),
        ({"event": {"kind": "tattoo", "target": "1D47"}}, "json.schema"),
        ({"holder": {"name": "Anna Maria Eriksson"}}, ""),
        ({"surprise": 1}, "json.schema"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "claims.invalid"),
    ],
)
def test_faulty_claims_are_refused_and_not_quoted(run: Run, world: World, change: dict[str, Any], code: str) -> None:
    claims = json.loads(world["claims.json"].read_text())
    result = run("issue", "-", *_office(world), stdin=json.dumps({**claims, **change}))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {code}")
    assert len(result.stderr.splitlines()) <= 2
    assert "Eriksson" not in result.output
    assert result.stdout == ""


@pytest.mark.parametrize("claims", ["", "1", '"text"', "[", "{}\n{", "null"])
def test_what_is_no_claims_is_an_error(run: Run, world: World, claims: str) -> None:
    result = run("issue", "-", *_office(world), stdin=claims)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_both_bindings_or_none_are_refused(run: Run, world: World) -> None:
    none = run("issue", world["claims.json"], *_office(world, passport=False))
    both = run("issue", world["claims.json"], *_office(world), "--holder-key", world["issuer.pub.pem"])
    assert (none.exit_code, both.exit_code) == (2, 2)
    assert "exactly one of" in none.stderr
    assert "exactly one of" in both.stderr


def test_a_claim_that_is_not_there_cannot_be_shown(run: Run, world: World) -> None:
    result = run("issue", world["claims.json"], *_office(world), "--qr", world["new.png"], "--show", "event.colour")
    assert result.exit_code == 2
    assert "disclosures.unknown" in result.stderr
    assert not world["new.png"].exists()


def test_a_picture_of_another_kind_is_a_usage_error(run: Run, world: World) -> None:
    result = run("issue", world["claims.json"], *_office(world), "--qr", world["new.gif"])
    assert result.exit_code == 2
    assert ".png" in result.stderr


def test_a_key_that_signs_no_credential_is_refused(run: Run, world: World) -> None:
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    world["rsa.pem"].write_bytes(pem)
    options = ["--key", world["rsa.pem"], "--issuer", world.issuer, "--mrz", f"@{world['passport.txt']}"]
    result = run("issue", world["claims.json"], *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: key.unsuitable")


def _batch(world: World) -> list[dict[str, Any]]:
    claims = json.loads(world["claims.json"].read_text())
    zone = world["passport.txt"].read_text()
    jwk = PublicKey.from_pem(world["issuer.pub.pem"].read_bytes()).jwk
    return [
        {**claims, "mrz": zone},
        {**claims, "mrz": "P<UTO"},
        {**claims, "holder_key": jwk},
        claims,
        {"event": {"kind": "vaccination", "target": "1C81"}, "mrz": zone},
    ]


@pytest.mark.parametrize("lines", [False, True])
def test_a_batch_goes_on_after_a_faulty_item(run: Run, world: World, lines: bool) -> None:  # noqa: FBT001
    items = _batch(world)
    text = "\n".join(map(json.dumps, items)) + "\n" if lines else json.dumps(items)
    issued = world["issued"]
    result = run("issue", "-", *_office(world, passport=False), "--out-dir", issued, "--cards", "png", stdin=text)
    assert result.exit_code == 2
    assert "error: item 2: mrz.invalid" in result.stderr
    assert "error: item 4: claims.invalid" in result.stderr
    assert "3 of 5 credentials issued" in result.stderr
    assert sorted(file.name for file in issued.iterdir()) == [
        f"{number:06}.{suffix}" for number in (1, 3, 5) for suffix in ("png", "pq1")
    ]
    assert run("verify", issued / "000001.png", *_border(world)).exit_code == 0


def test_a_faulty_line_is_one_faulty_item(run: Run, world: World) -> None:
    good = json.dumps(_batch(world)[0])
    office = [*_office(world, passport=False), "--out-dir", world["issued"]]
    result = run("issue", "-", *office, stdin=f"{good}\n{{broken\n{good}\n")
    assert result.exit_code == 2
    assert "error: item 2: json.malformed" in result.stderr
    assert "2 of 3" in result.stderr


@pytest.mark.parametrize("items", [[], [1], [{"holder_key": 1}], [{"mrz": 1}], [{"status_index": "1"}], [None]])
def test_a_batch_of_anything_raises_nothing(run: Run, world: World, items: list[Any]) -> None:
    office = _office(world, passport=False)
    result = run("issue", "-", *office, "--out-dir", world["issued"], stdin=json.dumps(items))
    assert result.exit_code == (2 if items else 0)


def test_files_of_a_batch_and_of_one_do_not_mix(run: Run, world: World, tmp_path: Path) -> None:
    assert run("issue", world["claims.json"], *_office(world), "--out-dir", tmp_path).exit_code == 2
    assert run("issue", "-", *_office(world), "--out", world["new.pq1"], stdin="[]").exit_code == 2


def test_an_encrypted_key_needs_its_password(run: Run, world: World) -> None:
    world["password"].write_text("correct horse\n")
    run("keygen", "--out", world["locked.pem"], "--password-file", world["password"])
    options: list[object] = [
        "--key",
        world["locked.pem"],
        "--issuer",
        world.issuer,
        "--mrz",
        f"@{world['passport.txt']}",
    ]
    assert run("issue", world["claims.json"], *options).exit_code == 2
    assert run("issue", world["claims.json"], *options, "--password-file", world["password"]).exit_code == 0
