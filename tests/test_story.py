"""The main job, end to end: issued, printed, photographed, and verified with the passport in hand."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from benchmarks.distortions import PAPER, distortions
from click.testing import CliRunner
from PIL import Image

from pratique.cli import group
from pratique.mrz import parse_mrz, td3

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

ISSUER = "https://health.example.org"
CLAIMS = {
    "event": {"kind": "vaccination", "target": "1D47", "date": "2026-03-14", "dose": [1, 1], "batch": "YF-0815"},
    "holder": {"name": "ERIKSSON<<ANNA<MARIA", "birth_date": "1974-08-12"},
}


def run(*arguments: object, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(group, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output
    return result


def passport(number: str) -> str:
    return td3(
        issuing_state="UTO",
        surname="ERIKSSON",
        given_names="ANNA MARIA",
        document_number=number,
        nationality="UTO",
        birth_date=date(1974, 8, 12),
        sex="F",
        expiry_date=date(2032, 4, 15),
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which an issuer has printed a card, and a border trusts the issuer."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "claims.json").write_text(json.dumps(CLAIMS), encoding="utf-8")
    for name, number in (("passport", "L898902C3"), ("other", "X12345678")):
        parse_mrz(passport(number))
        (folder / f"{name}.txt").write_text(passport(number), encoding="ascii")
    key, public = folder / "issuer.pem", folder / "issuer.pub.pem"
    run("keygen", "--out", key, "--public", public)
    run("issue", folder / "claims.json", "--key", key, "--issuer", ISSUER, "--mrz", f"@{folder / 'passport.txt'}",
        "--out", folder / "held.pq1", "--qr", folder / "card.png")  # fmt: skip
    run("trust", "add", public, "--country", "UTO", "--format", "pratique", "--issuer", ISSUER, "--trust",
        folder / "trust")  # fmt: skip
    return folder


@pytest.mark.parametrize("name", [name for name, _ in distortions()])
def test_a_printed_and_photographed_card_is_accepted_with_its_passport(desk: Path, name: str) -> None:
    card = Image.open(desk / "card.png").convert("L")
    sheet = Image.new("L", (card.width + 96, card.height + 96), PAPER)
    sheet.paste(card, (48, 48))
    photograph = desk / f"{name}.jpg"
    dict(distortions())[name](sheet, 7).convert("L").save(photograph, quality=90)
    run("verify", photograph, "--mrz", f"@{desk / 'passport.txt'}", "--trust", desk / "trust")


def test_the_same_card_with_another_passport_is_rejected(desk: Path) -> None:
    result = run("verify", desk / "card.png", "--mrz", f"@{desk / 'other.txt'}", "--trust", desk / "trust", exit_code=1)
    assert "binding.document_mismatch" in result.output


def test_the_same_card_under_no_trust_is_rejected(desk: Path) -> None:
    run("trust", "add", desk / "issuer.pub.pem", "--country", "UTO", "--format", "pratique", "--issuer", ISSUER,
        "--trust", desk / "facts", "--no-accept")  # fmt: skip
    result = run("verify", desk / "card.png", "--trust", desk / "facts", exit_code=1)
    assert "issuer.not_accepted" in result.output
