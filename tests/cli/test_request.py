from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pratique import schemas
from pratique.cose.keys import PrivateKey
from pratique.qr import read as pictures
from pratique.qr import render
from pratique.request import VerifierList, read
from pratique.rules import RuleSet
from pratique.rules.minimum import minimum

if TYPE_CHECKING:
    from click.testing import Result

    from conftest import Asking, Run

BORDER = "https://border.example"


def make(run: Run, asking: Asking, *options: str) -> Result:
    required = ("--rules", asking["covid.json"], "--key", asking["desk.pem"], "--verifier", BORDER)
    return run("request", "make", *required, *options)


def test_a_request_asks_for_what_the_rules_can_read_and_says_what_they_say(asking: Asking) -> None:
    request = read(asking.ask().read_text()).unverified()
    rules = RuleSet.decode(asking["covid.json"].read_bytes())
    assert request.claims == minimum(rules)
    assert (request.rule_set, request.rule_set_sha256) == (rules.id, rules.sha256)
    assert (request.purpose, request.retention, request.legal_basis) == (
        rules.purpose,
        rules.retention,
        rules.legal_basis,
    )
    assert request.audience == request.verifier == BORDER


def test_every_request_has_a_nonce_of_its_own(asking: Asking) -> None:
    nonces = {read(asking.ask().read_text()).unverified().nonce for _ in range(3)}
    assert len(nonces) == 3


def test_what_is_given_replaces_what_the_rules_say(asking: Asking) -> None:
    file = asking.ask(
        "--claim", "event.test_result", "--claim", "event.sampled_at", "--purpose", "transit", "--keep", "PT12H",
        "--law", "Transit Act", "--name", "Transit", "--audience", f"{BORDER}/lane/7", "--valid", "1440",
        "--at", "2026-11-23T12:00:00Z",
    )  # fmt: skip
    document = read(file.read_text()).unverified().document
    assert document["claims"] == ["event.sampled_at", "event.test_result"]
    assert (document["purpose"], document["retention"], document["legal_basis"]) == (
        "transit",
        "PT12H",
        {"en": "Transit Act"},
    )
    assert (document["names"], document["audience"]) == ({"en": "Transit"}, f"{BORDER}/lane/7")
    assert (document["issued_at"], document["expires_at"]) == ("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z")


def test_a_picture_carries_the_same_text_and_is_read_where_other_codes_are_beside_it(run: Run, asking: Asking) -> None:
    text = asking.ask("--qr", asking["request.png"]).read_text().rstrip("\n")
    assert pictures.read(asking["request.png"]) == (text,)
    shown = run("request", "show", asking["request.png"])
    assert shown.exit_code == 0
    assert shown.stdout == run("request", "show", text).stdout == run("request", "show", "-", stdin=text).stdout


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        (["--claim", "holder.name"], "do not read holder.name"),
        (["--purpose", "marketing"], "are for entry"),
        (["--keep", "P3000D"], "keep it that long"),
        (["--at", "2100-01-01"], "are not in force"),
    ],
)
def test_what_every_wallet_refuses_is_made_and_said(run: Run, asking: Asking, options: list[str], warning: str) -> None:
    made = make(run, asking, *options)
    assert made.exit_code == 0
    assert made.stdout.startswith("PQR1:")
    assert warning in made.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--claim", "shoe size"],
        ["--purpose", "Border Control"],
        ["--keep", "forever"],
        ["--keep", "P9999D"],
        ["--valid", "1441"],
        ["--audience", "\x1b[2J"],
    ],
)
def test_what_is_not_in_its_form_is_an_error(run: Run, asking: Asking, options: list[str]) -> None:
    made = make(run, asking, *options)
    assert (made.exit_code, made.stdout) == (2, "")
    assert made.stderr.startswith("error: ")


def test_nobody_is_believed_without_a_list_of_verifiers(run: Run, asking: Asking) -> None:
    shown = run("request", "show", asking.ask("--name", "Border of Utopia"))
    assert shown.exit_code == 0
    assert shown.stdout.startswith("UNVERIFIED: anybody can write what follows.\n")
    rows = {line[:9].rstrip(): line[9:].strip() for line in shown.stdout.splitlines()[1:]}
    assert rows["asked by"] == f"Border of Utopia <{BORDER}>"
    assert rows["asks for"].startswith("event.date, event.dose")
    assert rows["kept"] == "1 day"


def test_a_list_says_who_asks_and_rules_whether_a_wallet_answers(run: Run, asking: Asking) -> None:
    request, listed = asking.ask(), ["--verifiers", asking["list.json"]]
    by_list = run("request", "show", request, *listed)
    assert by_list.exit_code == 0
    assert "UNVERIFIED" not in by_list.stdout
    assert "give them with --rules" in by_list.stderr
    by_rules = run("request", "show", request, *listed, "--rules", asking["covid.json"])
    assert (by_rules.exit_code, by_rules.stdout.splitlines()[-1]) == (0, "A wallet may answer this.")
    other = run("request", "show", request, *listed, "--rules", asking["entry.json"])
    assert other.exit_code == 1
    assert "request.other_rules: " in other.stdout
    greedy = run("request", "show", asking.ask("--claim", "holder.name"), *listed, "--rules", asking["covid.json"])
    assert greedy.exit_code == 1
    assert "request.asks_too_much: The request asks for more than its entry rules read: holder.name." in greedy.stdout


def test_of_a_stranger_nothing_is_said_but_that(run: Run, asking: Asking) -> None:
    asking["stranger.pem"].write_bytes(PrivateKey.generate().to_pem())
    shown = run("request", "show", asking.ask(key="stranger.pem"), "--verifiers", asking["list.json"])
    assert shown.exit_code == 1
    assert "request.signer_unknown: " in shown.stdout
    assert BORDER not in shown.stdout


def test_json_follows_its_schema(run: Run, asking: Asking) -> None:
    request = asking.ask("--claim", "holder.name")
    schemas.check(json.loads(run("request", "show", request, "--json").stdout)["request"], "request")
    judged = run(
        "request", "show", request, "--json", "--verifiers", asking["list.json"], "--rules", asking["covid.json"]
    )
    found = json.loads(judged.stdout)
    assert (judged.exit_code, found.pop("verified"), found["excess"]) == (1, True, ["holder.name"])
    schemas.check(found, "request", part="consideration")


def test_rules_alone_say_nothing_of_a_request(run: Run, asking: Asking) -> None:
    assert run("request", "show", asking.ask(), "--rules", asking["covid.json"]).exit_code == 2


@pytest.mark.parametrize("text", ["", "PQR1:", "PQR1:ABC", "PQ1:ABC", "HC1:", "\x00", "PQR1:" + "A" * 9000])
def test_what_is_no_request_is_an_error(run: Run, text: str) -> None:
    shown = run("request", "show", "-", stdin=text)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith("error: ")


def test_a_picture_with_another_code_is_an_error(run: Run, world: Asking) -> None:
    shown = run("request", "show", world["card.png"])
    assert shown.exit_code == 2
    assert "0 codes in the picture begin with PQR1:, one must" in shown.stderr


def test_a_text_that_holds_escape_sequences_cannot_paint(run: Run, asking: Asking) -> None:
    text = asking.ask("--name", "Border").read_text()
    asking["evil.png"].write_bytes(render.png("\x1b[2J" + text))
    assert "\x1b" not in run("request", "show", asking["evil.png"]).output


def allow(run: Run, asking: Asking, key: str, *options: object, verifier: str = BORDER) -> int:
    listed = ("--list", asking["list.json"], "--verifier", verifier, "--country", "UTO", "--purpose", "entry")
    return run("request", "allow", asking[key], *listed, *options).exit_code


def test_a_verifier_gets_one_more_key_and_new_terms(run: Run, asking: Asking) -> None:
    assert allow(run, asking, "phone.jwk", "--purpose", "transit", "--keep", "P7D", "--name", "Border") == 0
    found = VerifierList.decode(asking["list.json"].read_bytes())
    (listed,) = found.verifiers
    assert (found.sequence, len(listed.keys), listed.purposes) == (2, 2, {"entry", "transit"})
    assert (listed.max_retention.days, listed.name()) == (7, "Border")
    assert allow(run, asking, "phone.jwk") == 0
    (listed,) = VerifierList.decode(asking["list.json"].read_bytes()).verifiers
    assert len(listed.keys) == 2


def test_verifiers_stand_side_by_side(run: Run, asking: Asking) -> None:
    assert allow(run, asking, "phone.jwk", verifier="https://clinic.example") == 0
    found = VerifierList.decode(asking["list.json"].read_bytes())
    assert [each.id for each in found.verifiers] == [BORDER, "https://clinic.example"]


@pytest.mark.parametrize("options", [["--purpose", "No Code"], ["--keep", "long"], ["--country", "XX"]])
def test_faulty_entry_is_an_error_and_the_list_stays_as_it_was(run: Run, asking: Asking, options: list[str]) -> None:
    before = asking["list.json"].read_bytes()
    assert allow(run, asking, "phone.jwk", *options) == 2
    assert asking["list.json"].read_bytes() == before


def test_private_key_is_not_put_on_a_list(run: Run, asking: Asking) -> None:
    assert allow(run, asking, "desk.pem") == 2


def test_signed_lists_and_rules_count_under_the_root_that_vouches_for_them(run: Run, asking: Asking) -> None:
    run("request", "allow", asking["desk.jwk"], "--list", asking["list.json"], "--verifier", BORDER,
        "--country", "UTO", "--purpose", "entry", "--keep", "P7D", "--ends", 30)  # fmt: skip
    for name in ("root", "other"):
        run("keygen", "--out", asking[f"{name}.pem"], "--public", asking[f"{name}.jwk"])
        run("trust", "root", "--id", name, "--key", asking[f"{name}.jwk"], "--threshold", 1, "--out",
            asking[f"{name}.json"])  # fmt: skip
    for name in ("list", "covid"):
        signed = run("trust", "sign", asking[f"{name}.json"], "--key", asking["root.pem"], "--out", asking[f"{name}.c"])
        assert signed.exit_code == 0
    files = ("--verifiers", asking["list.c"], "--rules", asking["covid.c"])
    assert run("request", "show", asking.ask(), *files, "--root", asking["root.json"]).exit_code == 0
    assert run("request", "show", asking.ask(), *files, "--root", asking["other.json"]).exit_code == 2
    without = run("request", "show", asking.ask(), *files)
    assert without.exit_code == 2
    assert "--root is needed" in without.stderr
    swapped = ("--verifiers", asking["covid.c"], "--rules", asking["list.c"], "--root", asking["root.json"])
    assert "document.kind" in run("request", "show", asking.ask(), *swapped).stderr
    answered = run("present", asking["test.pq1"], "--request", asking.ask(), *files, "--root", asking["root.json"])
    assert answered.exit_code == 0
    minimum_of = run("rules", "minimum", asking["covid.c"], "--root", asking["root.json"])
    assert minimum_of.stdout == run("rules", "minimum", asking["covid.json"]).stdout


def test_root_that_is_for_other_documents_does_not_vouch_for_rules(run: Run, asking: Asking) -> None:
    run("keygen", "--out", asking["root.pem"], "--public", asking["root.jwk"])
    run("trust", "root", "--id", "root", "--key", asking["root.jwk"], "--threshold", 1, "--list", "world", "--out",
        asking["root.json"])  # fmt: skip
    run("trust", "sign", asking["covid.json"], "--key", asking["root.pem"], "--out", asking["covid.c"])
    explained = run("rules", "explain", asking["covid.c"], "--root", asking["root.json"])
    assert explained.exit_code == 2
    assert "does not vouch for a rule set" in explained.stderr


def test_claim_that_does_not_exist_is_a_misuse_that_names_those_that_do(run: Run, asking: Asking) -> None:
    result = make(run, asking, "--claim", "holder.nme")
    assert result.exit_code == 2
    assert "no claim is called holder.nme" in result.stderr
    assert "holder.name" in result.stderr
