from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

NAMES = ("clearance", "covid-19", "polio-exit", "yellow-fever-entry")


@pytest.fixture
def entry(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "entry.json"
    file.write_text(run("rules", "example", "yellow-fever-entry").stdout)
    return file


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_in_order(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "entry.json"
    file.write_text(run("rules", "example", name).stdout)
    result = run("rules", "check", file, "--at", "2026-11-23")
    assert result.exit_code == 0
    assert "in order" in result.stdout
    assert "in force" in result.stdout


def test_fault_is_named_with_its_place_and_the_rest_is_checked(run: Run, entry: Path, tmp_path: Path) -> None:
    document = json.loads(entry.read_text())
    document["rules"][0]["logic"] = {"nonsense": [1]}
    faulty = tmp_path / "faulty.json"
    faulty.write_text(json.dumps(document))
    result = run("rules", "check", faulty, entry)
    assert result.exit_code == 1
    assert "rules.invalid: rules/0/logic" in result.stdout
    assert "entry.json: in order" in result.stdout


def test_yellow_fever_needs_nothing(run: Run, entry: Path) -> None:
    assert run("rules", "minimum", entry).stdout == "vaccination  nothing beyond what every credential shows\n"
    assert json.loads(run("rules", "minimum", entry, "--json").stdout)["claims"] == []


def test_minimum_is_given_for_each_kind(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "entry.json"
    file.write_text(run("rules", "example", "covid-19").stdout)
    found = json.loads(run("rules", "minimum", file, "--json").stdout)
    assert found["by_kind"]["recovery"] == ["event.date"]
    assert found["claims"] == sorted({claim for claims in found["by_kind"].values() for claim in claims})


@pytest.mark.parametrize(("language", "words"), [("en", "for life"), ("fr", "pour la vie"), ("xx", "for life")])
def test_rules_are_said_in_words(run: Run, entry: Path, language: str, words: str) -> None:
    output = run("rules", "explain", entry, "--language", language).stdout
    assert words in output
    assert "not at all" in output


CASE: dict[str, Any] = {
    "issued_at": "2026-03-14T09:00:00Z",
    "claims": {"event": {"kind": "vaccination", "target": "1D47", "date": "2026-03-14"}},
}


def test_cases_are_judged_and_compared(run: Run, entry: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    days = [
        {**CASE, "name": "day 10", "at": "2026-03-24T00:00:00Z", "expected": "passed"},
        {**CASE, "name": "day 9", "at": "2026-03-23T23:59:59Z", "expected": "failed"},
    ]
    cases.write_text(json.dumps(days))
    assert run("rules", "test", entry, cases).exit_code == 0
    cases.write_text(json.dumps([*days, {**days[0], "name": "wrong", "expected": "failed"}]))
    result = run("rules", "test", entry, cases, "--json")
    assert result.exit_code == 1
    assert [json.loads(line)["answer"] for line in result.stdout.splitlines()] == ["passed", "failed", "passed"]
    assert "3 cases, 1 not as expected" in result.stderr


def test_case_can_show_a_part(run: Run, tmp_path: Path) -> None:
    file, cases = tmp_path / "entry.json", tmp_path / "cases.json"
    file.write_text(run("rules", "example", "covid-19").stdout)
    claims = {"event": {"kind": "recovery", "target": "RA01", "date": "2026-10-01"}}
    case = {"at": "2026-11-01T00:00:00Z", "claims": claims}
    shown = [({}, "passed"), ({"show": []}, "inconclusive"), ({"show": ["event.date"]}, "passed")]
    cases.write_text(json.dumps([{**case, **show, "expected": expected} for show, expected in shown]))
    assert run("rules", "test", file, cases).exit_code == 0


@pytest.mark.parametrize("cases", ["{}", "[]", "[1]", '[{"at": "2026-03-24T00:00:00Z"}]', "["])
def test_cases_that_are_none_are_a_usage_error(run: Run, entry: Path, tmp_path: Path, cases: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(cases)
    result = run("rules", "test", entry, file)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_check_as_json_has_a_line_for_each_file_and_goes_on_after_a_fault(
    run: Run, entry: Path, tmp_path: Path
) -> None:
    files = (tmp_path / "no such file", entry)
    result = run("rules", "check", *files, "--at", "2026-11-23", "--json")
    absent, found = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1
    assert (absent["file"], absent["error"]["code"]) == (str(files[0]), "fetch.failed")
    assert (found["file"], found["rules"], found["in_force"]) == (str(entry), 1, True)
    assert f"SHA-256 {found['sha256']}" in run("rules", "check", entry).stdout
    assert "no such file: error: fetch.failed: No such file" in run("rules", "check", *files).stdout


def test_explanation_as_json_has_what_each_rule_reads(run: Run, entry: Path) -> None:
    document = json.loads(entry.read_text())
    view = json.loads(run("rules", "explain", entry, "--language", "fr", "--json").stdout)
    same = ("id", "version", "destination", "valid_from", "valid_to", "purpose", "retention")
    assert [view[name] for name in same] == [document[name] for name in same]
    assert view["title"] == document["title"]["fr"]
    (rule,) = view["rules"]
    assert (rule["reads"], rule["kinds"], rule["targets"]) == (["event.valid_from", "now"], ["vaccination"], ["1D47"])
    assert rule["description"] == document["rules"][0]["description"]["fr"]


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"5", b"\xef\xbb\xbf{}", b""])
def test_what_is_neither_json_nor_signed_is_not_called_signed(
    run: Run, entry: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "odd").write_bytes(content)
    result = run("rules", "check", tmp_path / "odd", entry, "--json")
    odd, found = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, found["rules"]) == (1, 1)
    assert odd["error"]["code"] in ("json.malformed", "rules.invalid")


def test_a_signed_file_without_a_root_does_not_keep_others_from_being_checked(
    run: Run, entry: Path, tmp_path: Path
) -> None:
    (tmp_path / "signed").write_bytes(b"\xd8\x62\x84")
    result = run("rules", "check", tmp_path / "signed", entry, "--json")
    signed, found = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, found["rules"]) == (1, 1)
    assert "give --root" in signed["error"]["detail"]
