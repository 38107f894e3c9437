from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pratique.cose.keys import PrivateKey, PublicKey

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.mark.parametrize("algorithm", ["ESP256", "Ed25519", "ESP384", "ML-DSA-44"])
def test_the_two_files_are_one_pair_and_nothing_secret_is_printed(run: Run, tmp_path: Path, algorithm: str) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "key.pub.pem"
    result = run("keygen", "--algorithm", algorithm, "--out", private, "--public", public)
    assert result.exit_code == 0
    key = PrivateKey.from_pem(private.read_bytes())
    assert key.public == PublicKey.from_pem(public.read_bytes())
    assert key.public.key_id.hex() in result.stdout
    assert key.public.thumbprint.hex() in result.stdout
    assert all(line not in result.output for line in private.read_text().splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_only_its_owner_can_read_the_private_key(run: Run, tmp_path: Path) -> None:
    private = tmp_path / "key.pem"
    private.write_text("old")
    private.chmod(0o644)
    assert run("keygen", "--out", private, "--force").exit_code == 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_the_public_key_can_be_a_jwk(run: Run, tmp_path: Path) -> None:
    public = tmp_path / "key.jwk"
    assert run("keygen", "--out", tmp_path / "key.pem", "--public", public).exit_code == 0
    assert PublicKey.from_jwk(json.loads(public.read_text())).kind == "EC P-256"


@pytest.mark.parametrize("there", ["key.pem", "key.pub.pem"])
def test_a_file_that_is_there_is_not_replaced(run: Run, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    result = run("keygen", "--out", tmp_path / "key.pem", "--public", tmp_path / "key.pub.pem")
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert (tmp_path / there).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_password_encrypts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\nsecond line\n")
    private = tmp_path / "key.pem"
    result = run("keygen", "--out", private, "--password-file", tmp_path / "password")
    assert result.exit_code == 0
    assert b"ENCRYPTED" in private.read_bytes()
    assert "correct horse" not in result.output
    PrivateKey.from_pem(private.read_bytes(), b"correct horse")


def test_an_empty_password_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n")
    result = run("keygen", "--out", tmp_path / "key.pem", "--password-file", tmp_path / "password")
    assert result.exit_code == 2
    assert not (tmp_path / "key.pem").exists()


def test_one_file_for_both_keys_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("keygen", "--out", tmp_path / "key.pem", "--public", tmp_path / "key.pem").exit_code == 2
