"""`--key` with a key in a security module: every command that signs, and what a border says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import tokens as softhsm
from pratique.cose.pkcs11 import Pkcs11Signer
from pratique.cose.sign1 import Sign1
from pratique.request import read

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World
    from pratique.cose.keys import PublicKey
    from tokens import Tokens


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    path = tmp_path / "pin.txt"
    path.write_bytes(softhsm.PIN + b"\n")
    return path


def public_key(tokens: Tokens, label: str) -> PublicKey:
    with Pkcs11Signer.open(tokens.uri(label), pin=softhsm.PIN) as signer:
        return signer.public_key


@pytest.mark.parametrize("label", ["p256", "p384", "ed25519"])
def test_a_border_accepts_a_credential_that_a_token_signed(
    run: Run, world: World, tokens: Tokens, pin: Path, label: str
) -> None:
    world["hsm.pem"].write_bytes(public_key(tokens, label).to_pem())
    issuer = ("--issuer", "https://hsm.example", "--mrz", f"@{world['passport.txt']}")
    issued = run(
        "issue", world["claims.json"], "--key", tokens.uri(label), "--password-file", pin, *issuer,
        "--out", world["hsm.pq1"], "--qr", world["hsm.png"],
    )  # fmt: skip
    assert issued.exit_code == 0, issued.stderr
    verify = ("verify", world["hsm.png"], "--mrz", f"@{world['passport.txt']}", "--trust", world["trust"], "--json")
    assert json.loads(run(*verify).stdout)["verdict"] == "reject"  # nobody vouches for the key yet
    listed = ("--country", "UTO", "--format", "pratique", "--issuer", "https://hsm.example", "--trust", world["trust"])
    assert run("trust", "add", world["hsm.pem"], *listed).exit_code == 0
    report = run(*verify)
    assert json.loads(report.stdout)["verdict"] == "accept", report.stdout


def test_the_pin_may_be_in_a_file_that_the_uri_names(run: Run, world: World, tokens: Tokens, pin: Path) -> None:
    options = ("--issuer", world.issuer, "--mrz", f"@{world['passport.txt']}")
    uri = tokens.uri(query=f"&pin-source=file:{pin}")
    issued = run("issue", world["claims.json"], "--key", uri, *options)
    assert issued.exit_code == 0, issued.stderr
    pin.write_bytes(b"\n")
    empty = run("issue", world["claims.json"], "--key", uri, *options)
    assert (empty.exit_code, "first line of the file is empty" in empty.stderr) == (2, True)
    pin.unlink()
    absent = run("issue", world["claims.json"], "--key", uri, *options)
    assert (absent.exit_code, f"{pin}: No such file" in absent.stderr) == (2, True)


def test_keepers_sign_with_keys_in_tokens_and_in_files(run: Run, world: World, tokens: Tokens, pin: Path) -> None:
    for label in ("p256", "ed25519"):
        world[f"{label}.pem"].write_bytes(public_key(tokens, label).to_pem())
    keys = ("--key", world["p256.pem"], "--key", world["ed25519.pem"], "--key", world["issuer.pub.pem"])
    made = run("trust", "root", "--id", "border", *keys, "--threshold", 3, "--out", world["root.json"])
    assert made.exit_code == 0, made.stderr
    first, second = (tokens.uri(label, query=f"&pin-source={pin}") for label in ("p256", "ed25519"))
    bundle = ("--trust", world["trust"], "--id", "border", "--sequence", 1, "--out", world["b.bundle"])
    made = run("bundle", "make", *bundle, "--key", first, "--key", world["issuer.pem"])
    assert made.exit_code == 0, made.stderr
    assert run("bundle", "show", world["b.bundle"], "--root", world["root.json"]).exit_code == 1
    signed = run("trust", "sign", world["b.bundle"], "--key", second)
    assert signed.exit_code == 0, signed.stderr
    shown = run("bundle", "show", world["b.bundle"], "--root", world["root.json"])
    assert shown.exit_code == 0, shown.stderr


def test_a_token_signs_status_lists_and_requests(run: Run, world: World, tokens: Tokens, pin: Path) -> None:
    key = ("--key", tokens.uri(), "--password-file", pin)
    register = ("--uri", "https://health.example/status/1", "--size", "8000")
    assert run("status", "create", world["register"], *register).exit_code == 0
    published = run("status", "publish", world["register"], *key, "--out", world["list.cwt"])
    assert published.exit_code == 0, published.stderr
    Sign1.decode(world["list.cwt"].read_bytes()).verify(public_key(tokens, "p256"))
    asked = run("request", "make", "--rules", world["entry.json"], *key, "--verifier", "https://border.example")
    assert asked.exit_code == 0, asked.stderr
    assert read(asked.stdout.strip()).verify([public_key(tokens, "p256")]).verifier == "https://border.example"


@pytest.mark.parametrize(
    "case",
    [
        ("pkcs11:token=Health;object=p256", "pkcs11.uri_invalid"),
        ("pkcs11:token=Health;object=p256?module-path={library}&pin-value=824517", "pkcs11.uri_invalid"),
        ("pkcs11:token=Health;object=p256?module-path=/nowhere.so", "pkcs11.module_unusable"),
        ("pkcs11:token=Nowhere;object=p256?module-path={library}", "pkcs11.token_not_found"),
        ("pkcs11:token=Health;object=nothing?module-path={library}", "pkcs11.key_not_found"),
        ("pkcs11:token=Health;object=agrees?module-path={library}", "key.unsuitable"),
        ("pkcs11:token=Health;object=p521?module-path={library}", "key.unsupported"),
    ],
)
def test_a_key_that_cannot_be_used_is_one_line_that_says_why(
    run: Run, world: World, tokens: Tokens, pin: Path, case: tuple[str, str]
) -> None:
    uri, complaint = case
    assert tokens.module is not None
    key = ("--key", uri.format(library=softhsm.LIBRARY), "--password-file", pin)
    result = run("issue", world["claims.json"], *key, "--issuer", world.issuer, "--mrz", f"@{world['passport.txt']}")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {complaint}")
    assert softhsm.PIN.decode() not in result.output


def test_a_wrong_pin_is_said_and_not_repeated(run: Run, world: World, tokens: Tokens, pin: Path) -> None:
    pin.write_bytes(softhsm.WRONG_PIN)
    key = ("--key", tokens.uri(), "--password-file", pin)
    result = run("issue", world["claims.json"], *key, "--issuer", world.issuer, "--mrz", f"@{world['passport.txt']}")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: pkcs11.pin_refused")
    assert softhsm.WRONG_PIN.decode() not in result.output


def test_a_missing_pin_is_said_with_where_to_put_it(run: Run, world: World, tokens: Tokens) -> None:
    signing = ("trust", "sign", world["entry.json"], "--out", world["entry.cose"])
    result = run(*signing, "--key", tokens.uri())
    assert result.exit_code == 2
    assert result.stderr.startswith("error: pkcs11.pin_refused")
    assert "--password-file" in result.stderr
    assert not world["entry.cose"].exists()


def test_a_session_ends_with_the_command(run: Run, world: World, tokens: Tokens, pin: Path) -> None:
    key = ("--key", tokens.uri(), "--password-file", pin)
    options = ("--issuer", world.issuer, "--mrz", f"@{world['passport.txt']}")
    assert run("issue", world["claims.json"], *key, *options).exit_code == 0
    pin.write_bytes(softhsm.WRONG_PIN)
    assert run("issue", world["claims.json"], *key, *options).exit_code == 2  # asked again, so it was logged out
