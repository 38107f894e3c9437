"""`inspect` and `verify` tell a person what a yellow card of each form says, and what a link is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from authority import DCC_KEY_IDS, ES256, MRZ, NOW, Clock, DccState
from pratique import schemas
from who import DDCC_TEST, card, sign, sign_card

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.fixture
def trust(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to which `trust add` has added Sweden's key for WHO certificates."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    key = tmp_path / "key.jwk"
    key.write_text(json.dumps(DccState(Clock()).public_key().jwk), encoding="utf-8")
    folder = tmp_path / "trust"
    command = ["trust", "add", key, "--country", "SE", "--format", "who-hcert", "--not-before", "2026-01-01"]
    assert run(*command, "--trust", folder).exit_code == 2  # a bare key has no hash of a certificate
    result = run(*command, "--key-id", DCC_KEY_IDS[ES256].hex(), "--trust", folder)
    assert result.exit_code == 0, result.stderr
    assert "who-hcert:SWE" in result.stderr
    return folder


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (1, ["first form, test codes of 2024", "Yellow fever vaccines (XM0N24)", "departs at"]),
        (2, ["second form of 2025", "STAMARIL (YellowFeverProduct", "Sanofi Pasteur", "document"]),
        (3, ["third form, draft of 2026", "STAMARIL (YellowFeverProduct", "Sanofi Pasteur", "document"]),
    ],
)
def test_a_yellow_card_of_each_form_is_explained(run: Run, trust: Path, form: int, words: list[str]) -> None:
    for options in ((), ("--trust", trust)):
        result = run("inspect", sign_card(form), *options)
        assert result.exit_code == 0
        assert result.stdout.startswith("SIGNATURE VERIFIED by" if options else "UNVERIFIED")
        lines = {line.strip().partition("  ")[0]: line for line in result.stdout.splitlines()}
        assert "WHO yellow card (ICVP) and DDCC (who-hcert), HC1:" in lines["format"]
        assert "digital yellow card (ICVP)" in lines["what it is"]
        assert lines["disease"].endswith("Yellow fever (1D47)")
        assert lines["counts from"].endswith("2026-03-24")
        assert lines["counts for life"].endswith("yes")
        assert lines["valid"].endswith("; the code itself states no end")
        for word in words:
            assert word in result.stdout


def test_json_of_a_yellow_card_follows_the_schema(run: Run) -> None:
    seen = json.loads(run("inspect", sign_card(3), "--json").stdout)
    assert seen["format"] == "who-hcert"
    schemas.check(seen["credential"], "credential")
    assert seen["credential"]["events"][0]["valid_from"] == "2026-03-24"
    assert seen["credential"]["events"][0]["lifelong"] is True


def test_verify_accepts_a_yellow_card_with_its_passport(run: Run, trust: Path) -> None:
    at = NOW.isoformat()
    result = run("verify", sign_card(3), "--trust", trust, "--at", at, "--mrz", MRZ)
    assert result.exit_code == 0, result.stdout
    assert "counts for life" in result.stdout
    early = run("verify", sign_card(3, {"dv": "2026-11-20"}), "--trust", trust, "--at", at, "--mrz", MRZ)
    assert early.exit_code == 1
    assert "counts from day 10 after it was given" in early.stdout
    assert "ask from when on you can travel" in early.stdout


def test_a_link_is_explained_and_not_opened(run: Run, trust: Path) -> None:
    text = sign({5: ["shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0"]})
    result = run("inspect", text)
    assert result.exit_code == 0
    assert result.stdout.startswith("UNVERIFIED")
    assert "a link proves nothing by itself" in " ".join(result.stdout.split())
    assert run("inspect", text, "--trust", trust).stdout.startswith("SIGNATURE VERIFIED by a trusted key, but")
    beside = run("inspect", sign({4: DDCC_TEST, 5: "shlink:/a", -6: card(3)}))
    assert "1, not opened" in beside.stdout
    assert "DDCC test result and digital yellow card" in beside.stdout


def test_an_old_core_data_set_is_shown_with_its_days(run: Run, vectors: Path) -> None:
    result = run("inspect", vectors / "who-ddcc" / "ddccv-WHOQR1" / "input.png")
    assert result.exit_code == 0
    for line in (
        "counts until  2022-07-08",
        "product       TEST",
        "valid         as above; the code itself states no end",
    ):
        assert f"  {line}\n" in result.stdout


def test_an_austrian_exemption_is_shown_with_its_last_day(run: Run, vectors: Path) -> None:
    result = run("inspect", vectors / "at1" / "hcert-kotlin-ve_good" / "input.txt")
    assert result.exit_code == 0
    assert "Austrian exemption certificate (at-exemption), AT1:" in result.stdout
    assert "exemption" in result.stdout
    assert "counts until  2021-02-18" in result.stdout
