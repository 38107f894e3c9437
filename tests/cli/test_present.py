from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pratique.present import HeldCredential
from pratique.qr import read, render
from pratique.qr import text as qr_text
from pratique.request import read as read_request
from pratique.sdcwt import KeyBindingToken

if TYPE_CHECKING:
    from conftest import Asking, Run, World


def test_by_default_nothing_beyond_what_is_always_shown_goes_to_stdout(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"])
    assert result.exit_code == 0
    assert HeldCredential.from_text(result.stdout).disclosable == ()


def test_only_what_is_named_is_shown(run: Run, world: World) -> None:
    shown = HeldCredential.from_text(
        run("present", world["held.pq1"], "--show", "event.date", "--show", "holder").stdout
    )
    assert shown.disclosable == (
        "event.date", "holder.name", "holder.birth_date", "holder.sex", "holder.nationality",
    )  # fmt: skip


def test_the_list_has_every_claim_with_its_value(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--list")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    for name in HeldCredential.from_text(world["held.pq1"].read_text()).disclosable:
        assert name in lines
    assert lines["event.product"].endswith("STAMARIL (YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0)")
    assert lines["holder.name"].endswith("ERIKSSON<<ANNA<MARIA")


def test_a_copy_that_shows_less_says_so(run: Run, world: World) -> None:
    result = run("present", "-", "--list", stdin=world.text("event.date"))
    assert "this copy does not open every claim" in result.stdout


def test_a_code_on_paper_shows_no_more_than_it_has(run: Run, world: World) -> None:
    run("present", world["held.pq1"], "--show", "event", "--qr", world["paper.png"])
    shown = HeldCredential.from_text(run("present", world["paper.png"], "--show", "event.date").stdout)
    assert shown.disclosable == ("event.date",)
    refused = run("present", world["paper.png"], "--show", "holder.name")
    assert (refused.exit_code, "disclosures.unknown" in refused.stderr) == (2, True)
    assert "holder" not in run("present", world["paper.png"], "--list").stdout


def test_a_picture_without_a_credential_is_an_error(run: Run, world: World) -> None:
    world["other.png"].write_bytes(render.png("https://menu.example"))
    result = run("present", world["other.png"])
    assert (result.exit_code, "0 codes in the picture begin with PQ1:" in result.stderr) == (2, True)


def test_files_carry_the_same_text(run: Run, world: World) -> None:
    files = ["--out", world["shown.txt"], "--qr", world["shown.png"]]
    result = run("present", world["held.pq1"], "--show", "event.date", *files)
    assert (result.exit_code, result.stdout) == (0, "")
    assert read.read(world["shown.png"]) == (world["shown.txt"].read_text().rstrip("\n"),)
    again = run("present", world["held.pq1"], *files)
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_a_terminal_gets_the_code_drawn(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--terminal")
    assert result.exit_code == 0
    assert "▀" in result.stdout
    assert "PQ1:" not in result.stdout


@pytest.mark.parametrize("text", ["", "PQ1:", "HC1:ABC", "\x00", "not a credential", "PQ1:" + "A" * 9000])
def test_what_is_no_credential_is_an_error(run: Run, text: str) -> None:
    result = run("present", "-", stdin=text)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_a_claim_that_is_not_held_is_refused_with_those_that_are(run: Run, world: World) -> None:
    result = run("present", world["held.pq1"], "--show", "holder.shoe_size")
    assert result.exit_code == 2
    assert "hint: It can show: event.date" in result.stderr


def test_rules_take_the_least_that_makes_them_hold_and_say_what_stays_closed(run: Run, asking: Asking) -> None:
    result = run("present", asking["test.pq1"], "--rules", asking["covid.json"])
    assert result.exit_code == 0
    shown = HeldCredential.from_text(result.stdout)
    assert set(shown.disclosable) == {"event.test_method", "event.test_result", "event.sampled_at"}
    rows = {line[:14].rstrip(): line[14:] for line in result.stderr.splitlines()}
    assert rows["rules"].startswith("UTO-covid-19-entry 1.0.0")
    assert rows["stays closed"] == "event.centre, holder.name"


def test_rules_that_need_nothing_show_nothing(run: Run, asking: Asking) -> None:
    result = run("present", asking["held.pq1"], "--rules", asking["entry.json"])
    assert HeldCredential.from_text(result.stdout).disclosable == ()
    assert "shown         nothing beyond what every code shows" in result.stderr


@pytest.mark.parametrize(
    ("rules", "at", "words"),
    [
        ("entry.json", [], "FAIL  nothing shown is a fact that counts for entry"),
        ("covid.json", ["--at", "2100-01-01"], "rules.not_in_force"),
    ],
)
def test_rules_that_cannot_be_met_are_refused_in_words_and_nothing_is_shown(
    run: Run, asking: Asking, rules: str, at: list[str], words: str
) -> None:
    result = run("present", asking["test.pq1"], "--rules", asking[rules], *at, "--out", asking["shown.txt"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "REFUSED: nothing is shown." in result.stderr
    assert words in result.stderr
    assert not asking["shown.txt"].exists()


def test_the_rule_that_does_not_hold_is_described(run: Run, asking: Asking) -> None:
    later = (datetime.now(UTC) + timedelta(hours=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    result = run("present", asking["test.pq1"], "--rules", asking["covid.json"], "--at", later)
    assert result.exit_code == 1
    assert "rules.not_met: " in result.stderr
    assert "ok  TR-UTO-0201: The test did not detect the virus." in result.stderr
    assert "FAIL  TR-UTO-0202: The sample was taken at most 24 hours ago" in result.stderr


def test_a_request_is_answered_with_what_its_rules_need(asking: Asking) -> None:
    result = asking.answer(asking.ask())
    assert result.exit_code == 0
    shown = HeldCredential.from_text(result.stdout)
    assert set(shown.disclosable) == {"event.test_method", "event.test_result", "event.sampled_at"}
    assert result.stderr.startswith("asked by   https://border.example (Utopia (specimens))")
    assert "kept       1 day\n" in result.stderr


def test_a_key_signs_for_the_audience_and_nonce_of_the_request(asking: Asking) -> None:
    request = asking.ask("--audience", "https://border.example/lane/7").read_text()
    result = asking.answer(request, "wallet.pq1", "--holder-key", asking["phone.pem"])
    assert result.exit_code == 0
    token = KeyBindingToken.decode(qr_text.decode(result.stdout.rstrip("\n")))
    asked = read_request(request).unverified()
    assert (token.audience, token.nonce) == ("https://border.example/lane/7", asked.nonce)
    assert "event.sampled_at, event.test_method, event.test_result" in result.stderr


def test_a_credential_that_is_bound_to_a_key_needs_it_and_no_other(asking: Asking) -> None:
    without = asking.answer(asking.ask(), "wallet.pq1")
    assert (without.exit_code, without.stdout) == (2, "")
    assert "give --holder-key" in without.stderr
    other = asking.answer(asking.ask(), "wallet.pq1", "--holder-key", asking["desk.pem"])
    assert (other.exit_code, other.stdout) == (2, "")
    assert "binding.other_key" in other.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--claim", "holder.name", "--claim", "event.test_result"], "request.asks_too_much"),
        (["--purpose", "transit"], "request.purpose"),
        (["--keep", "P30D"], "request.retention"),
        (["--at", "2026-01-02", "--valid", "1"], "request.expired"),
        (["--audience", "https://clinic.example"], "request.verifier_mismatch"),
    ],
)
def test_a_request_that_may_not_be_is_refused_with_its_code_and_nothing_is_shown(
    asking: Asking, options: list[str], code: str
) -> None:
    result = asking.answer(asking.ask(*options), "test.pq1", "--out", asking["shown.txt"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "REFUSED: nothing is shown." in result.stderr
    assert f"  {code}: " in result.stderr
    assert not asking["shown.txt"].exists()


def test_a_request_of_a_stranger_or_by_other_rules_is_refused(asking: Asking) -> None:
    stranger = asking.answer(asking.ask(key="phone.pem"))
    assert stranger.exit_code == 1
    assert "request.signer_unknown" in stranger.stderr
    assert "asked by" not in stranger.stderr
    other = asking.answer(asking.ask(), rules="entry.json")
    assert other.exit_code == 1
    assert "request.other_rules" in other.stderr


def test_a_request_for_less_than_the_rules_need_is_said_not_to_do(asking: Asking) -> None:
    result = asking.answer(asking.ask("--claim", "event.test_result", "--claim", "event.sampled_at"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Not shown: event.test_method." in result.stderr


@pytest.mark.parametrize("missing", ["--rules", "--verifiers"])
def test_a_request_is_held_against_rules_and_verifiers(run: Run, asking: Asking, missing: str) -> None:
    options = {"--rules": asking["covid.json"], "--verifiers": asking["list.json"], "--request": asking.ask()}
    del options[missing]
    result = run("present", asking["test.pq1"], *[part for pair in options.items() for part in pair])
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_credential_bound_to_a_key_says_that_rules_alone_do_not_prove_whose_it_is(run: Run, asking: Asking) -> None:
    result = run("present", asking["wallet.pq1"], "--rules", asking["covid.json"])
    assert result.exit_code == 0
    assert "nobody can tell by it that it is yours" in result.stderr
    signed = run("present", asking["wallet.pq1"], "--rules", asking["covid.json"], "--holder-key", asking["phone.pem"])
    assert (signed.exit_code, signed.stdout) == (2, "")


def test_claims_are_chosen_by_hand_or_by_rules(run: Run, asking: Asking) -> None:
    result = run("present", asking["test.pq1"], "--rules", asking["covid.json"], "--show", "holder")
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_copy_that_does_not_open_everything_does_not_say_that_nothing_stays_closed(run: Run, asking: Asking) -> None:
    part = run("present", asking["held.pq1"], "--qr", asking["paper.png"])
    assert part.exit_code == 0
    shown = run("present", asking["paper.png"], "--rules", asking["entry.json"])
    assert (shown.exit_code, "what this copy does not open" in shown.stderr) == (0, True)
    whole = run("present", asking["held.pq1"], "--rules", asking["entry.json"])
    assert "what this copy does not open" not in whole.stderr


def test_a_list_is_said_to_be_unverified_and_shows_nothing(run: Run, asking: Asking) -> None:
    assert run("present", asking["held.pq1"], "--list").stdout.startswith("Nothing here is verified")
    for chosen in (("--rules", asking["entry.json"]), ("--show", "event")):
        refused = run("present", asking["held.pq1"], "--list", *chosen)
        assert (refused.exit_code, "leave out what chooses" in refused.stderr) == (2, True)


def test_what_an_editor_puts_before_a_copy_does_not_count(run: Run, world: World) -> None:
    text = world["held.pq1"].read_text().rstrip("\n")
    for edited in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), b"  " + text.encode() + b"\r\n"):
        world["edited.pq1"].write_bytes(edited)
        assert run("present", world["edited.pq1"]).exit_code == 0
