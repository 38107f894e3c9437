from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pratique import Issuer, PrivateKey, SoftwareSigner, schemas
from pratique.model import Vaccination

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World


@pytest.fixture(autouse=True)
def _nobody_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "none"))


def test_without_trust_the_first_word_is_unverified(run: Run, world: World) -> None:
    result = run("inspect", world["card.png"])
    assert result.exit_code == 0
    assert result.stdout.startswith("UNVERIFIED")
    assert "Yellow fever (1D47)" in result.stdout
    assert "ESP256" in result.stdout
    assert "stays closed  up to 4 entries" in result.stdout


def test_with_trust_it_says_by_whom_it_was_signed(run: Run, world: World) -> None:
    result = run("inspect", world["card.png"], "--trust", world["trust"])
    assert result.exit_code == 0
    assert result.stdout.startswith("SIGNATURE VERIFIED by a key of Ministry of Health of Utopia (UTO)")
    assert "This is no verdict" in result.stdout


def test_a_forged_code_stays_unverified_with_the_reason(run: Run, world: World) -> None:
    result = run("inspect", world["forged.png"], "--trust", world["trust"])
    assert result.stdout.startswith("UNVERIFIED")
    assert "does not match" in result.stdout.splitlines()[1]
    assert "VERIFIED by" not in result.stdout


def test_disclosures_are_named(run: Run, world: World) -> None:
    result = run("inspect", world.text("event.date", "holder.name"))
    assert "disclosed     event.date, holder.name" in result.stdout
    assert "ERIKSSON<<ANNA<MARIA" in result.stdout


def test_json_holds_the_credential(run: Run, world: World) -> None:
    unverified = json.loads(run("inspect", world["held.pq1"], "--json").stdout)
    assert unverified["signature_verified"] is False
    assert unverified["reason"] == "trust.key_unknown"
    schemas.check(unverified["credential"], "credential")
    verified = json.loads(run("inspect", world["held.pq1"], "--json", "--trust", world["trust"]).stdout)
    assert verified["signature_verified"] is True
    assert verified["issuer"]["country"] == "UTO"


def test_a_foreign_certificate_is_shown_with_names_for_its_codes(run: Run, vectors: Path) -> None:
    result = run("inspect", vectors / "eu-dcc-image" / "AT-img-1.png" / "input.png")
    assert result.exit_code == 0
    assert result.stdout.startswith("UNVERIFIED")
    assert "Comirnaty (EU/1/20/1528)" in result.stdout
    assert "Austria (AUT)" in result.stdout
    assert "Selective disclosure" not in result.stdout


@pytest.mark.parametrize("code", ["PQ1:", "PQ1:ABC", "HC1:NCF", "nothing.png"])
def test_what_cannot_be_taken_apart_is_an_error(run: Run, code: str) -> None:
    result = run("inspect", code)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_a_folder_is_a_usage_error(run: Run, world: World) -> None:
    assert run("inspect", world.path).exit_code == 2


def test_a_code_from_a_phone_tells_to_whom_it_was_shown(run: Run) -> None:
    phone = PrivateKey.generate()
    issuer = Issuer("https://health.example.org", signer=SoftwareSigner(PrivateKey.generate()))
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    held = issuer.issue(Vaccination(target="1D47", batch="AB1"), holder_key=phone.public, at=now)
    text = held.present(
        disclose=["event.batch"],
        audience="https://border.example",
        nonce=bytes(16),
        signer=SoftwareSigner(phone),
        at=now,
    )
    result = run("inspect", text)
    assert result.exit_code == 0
    assert "shown to  https://border.example" in result.stdout
    assert "disclosed     event.batch" in result.stdout
    view = json.loads(run("inspect", "--json", text).stdout)
    assert view["disclosed"] == ["event.batch"]
    assert view["credential"]["presentation"]["audience"] == "https://border.example"
