from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from authority import Clock
from pratique import schemas
from pratique.qr import render
from shc import ShcIssuer, dose, parts, payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Asking, Run, World


def _border(world: World, *, passport: bool = True) -> list[object]:
    options: list[object] = ["--trust", world["trust"]]
    return [*options, "--mrz", f"@{world['passport.txt']}"] if passport else options


def test_a_genuine_card_with_its_passport_is_accepted(run: Run, world: World) -> None:
    result = run("verify", world["card.png"], *_border(world))
    assert result.exit_code == 0
    first, *rest = result.stdout.splitlines()
    assert first.strip("=") == " ACCEPT "
    body = "\n".join(rest)
    assert "Yellow fever (1D47)" in body
    assert "binding.document" in body
    assert "Your certificate is in order." in body
    assert result.stderr == ""


def test_without_the_passport_it_is_referred(run: Run, world: World) -> None:
    result = run("verify", world["card.png"], *_border(world, passport=False))
    assert result.exit_code == 3
    assert " REFER " in result.stdout
    assert "binding.document_needed" in result.stdout
    assert "--mrz" in result.stderr


def test_a_forged_card_is_rejected_and_its_claims_are_not_shown(run: Run, world: World) -> None:
    result = run("verify", world["forged.png"], *_border(world))
    assert result.exit_code == 1
    assert "signature.invalid" in result.stdout
    assert "Polio" not in result.stdout
    assert "not reached: disclosures, validity, issuer, status, binding, rules" in result.stdout


def test_claims_that_the_holder_showed_are_printed_for_comparison(run: Run, world: World) -> None:
    text = world.text("holder.name", "holder.birth_date", "event.date")
    result = run("verify", text, *_border(world, passport=False), "--compared-by-eye")
    assert result.exit_code == 0
    assert "ERIKSSON<<ANNA<MARIA" in result.stdout
    assert "1974-08-12" in result.stdout
    assert "binding.by_eye" in result.stdout
    assert "(up to 8 more entries stay closed)" in result.stdout


def test_a_text_that_holds_escape_sequences_cannot_paint(run: Run, world: World) -> None:
    result = run("verify", "PQ1:\x1b[2JACCEPT", *_border(world))
    assert result.exit_code == 1
    assert "\x1b" not in result.output


@pytest.mark.parametrize("moment", ["2038-12-01", "2038-12-01T00:00:00Z"])
def test_time_is_an_argument(run: Run, world: World, moment: str) -> None:
    result = run("verify", world["card.png"], *_border(world), "--at", moment)
    assert result.exit_code == 1
    assert "validity.expired" in result.stdout
    assert "Checks, for 2038-12-01 00:00 UTC" in result.stdout


@pytest.mark.parametrize("moment", ["tomorrow", "2026-13-01", "9999-01-01", ""])
def test_a_time_that_is_none_is_a_usage_error(run: Run, world: World, moment: str) -> None:
    result = run("verify", world["card.png"], "--at", moment)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) <= 2


def test_json_of_one_code_follows_the_schema_of_reports(run: Run, world: World) -> None:
    result = run("verify", world["card.png"], *_border(world), "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    schemas.check(report, "report")
    assert report["verdict"] == "accept"


def test_json_of_many_codes_is_a_line_each(run: Run, world: World) -> None:
    result = run("verify", world["card.png"], world["forged.png"], world["missing.png"], *_border(world), "--json")
    assert result.exit_code == 2
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line.get("verdict") for line in lines] == ["accept", "reject", None]
    assert lines[0]["source"].endswith("card.png")
    assert lines[2]["error"]["code"] == "image.unreadable"


def test_json_of_an_unreadable_input_is_an_error(run: Run, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    blank.write_bytes(b"\x89PNG\r\n\x1a\n")
    result = run("verify", blank, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "image.unreadable"


def test_a_folder_gives_a_table_and_a_summary(run: Run, world: World) -> None:
    nested = world["more"]
    nested.mkdir()
    shutil.copy(world["card.png"], nested / "CARD.PNG")
    (nested / "broken.jpg").write_bytes(b"\xff\xd8broken")
    result = run("verify", world.path, *_border(world))
    header, *rows = result.stdout.splitlines()
    assert header.split() == ["code", "format", "kind", "country", "verdict", "reason"]
    cells = [row.split() for row in rows[:4]]
    assert [Path(row[0]).name for row in cells] == ["card.png", "forged.png", "CARD.PNG", "broken.jpg"]
    assert cells[0][1:] == ["pratique", "vaccination", "UTO", "accept", "-"]
    assert cells[1][1:] == ["pratique", "-", "-", "reject", "signature.invalid"]
    assert cells[3][4] == "error"
    assert rows[-1] == "4 codes: 2 accept, 0 refer, 1 reject, 1 error"
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("names", "exit_code"),
    [(["card", "card"], 0), (["card", "forged"], 1), (["card", "referred"], 3), (["forged", "referred"], 1)],
)
def test_of_many_codes_the_worst_decides(run: Run, world: World, names: list[str], exit_code: int) -> None:
    # Bound to a key that has signed nothing, so that a person must look.
    issued = run(
        "issue", world["claims.json"], "--key", world["issuer.pem"], "--issuer", world.issuer,
        "--holder-key", world["issuer.pub.pem"], "--out", world["referred.pq1"], "--qr", world["referred.png"],
    )  # fmt: skip
    assert issued.exit_code == 0
    result = run("verify", *(world[f"{name}.png"] for name in names), *_border(world))
    assert result.exit_code == exit_code, result.stdout


def test_a_folder_without_pictures_is_an_error_and_what_else_was_given_is_answered(
    run: Run, world: World, tmp_path: Path
) -> None:
    (empty := tmp_path / "empty").mkdir()
    result = run("verify", empty)
    assert result.exit_code == 2
    assert f"{empty} holds no picture" in result.stderr
    result = run("verify", empty, world["card.png"], *_border(world))
    assert result.exit_code == 2
    assert "2 codes: 1 accept, 0 refer, 0 reject, 1 error" in result.stdout


def test_stdin_takes_a_picture_and_lines_of_a_scanner(run: Run, world: World) -> None:
    assert run("verify", "-", *_border(world), stdin=world["card.png"].read_bytes()).exit_code == 0
    assert run("verify", "-", *_border(world), stdin=f"{world.text()}\r\n").exit_code == 0
    result = run("verify", "-", *_border(world), stdin=f"{world.text()}\n\nhttps://menu.example\n")
    assert result.exit_code == 1
    assert "format.unknown" in result.stdout
    assert "2 codes" in result.stdout


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"hello\n", b"\xff\xfe", b"{}"])
def test_stdin_that_holds_no_code_is_an_error_of_two_lines(run: Run, data: bytes) -> None:
    result = run("verify", "-", stdin=data)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")


def test_several_codes_in_one_picture_are_several_lines(run: Run, world: World) -> None:
    with Image.open(world["card.png"]) as one, Image.open(world["forged.png"]) as other:
        both = Image.new("L", (one.width + other.width, max(one.height, other.height)), 255)
        both.paste(one, (0, 0))
        both.paste(other, (one.width, 0))
    both.save(world["both.png"])
    result = run("verify", world["both.png"], *_border(world))
    assert result.exit_code == 1
    assert "both.png #1" in result.stdout
    assert "both.png #2" in result.stdout


def test_a_text_file_is_read(run: Run, world: World) -> None:
    world["code.txt"].write_text(f"{world.text()}\n")
    assert run("verify", world["code.txt"], *_border(world)).exit_code == 0


def test_nobody_is_trusted_until_somebody_is_added(
    run: Run, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    result = run("verify", world["card.png"])
    assert result.exit_code == 1
    assert "trust.key_unknown" in result.stdout
    assert "pratique trust add" in result.stderr


def test_a_trust_folder_that_is_not_there_is_an_error(run: Run, world: World) -> None:
    result = run("verify", world["card.png"], "--trust", world["nothing"])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: trust.list_invalid")


def test_a_faulty_zone_is_an_error_that_does_not_quote_it(run: Run, world: World) -> None:
    zone = world["passport.txt"].read_text().replace("7408122", "7408123")
    result = run("verify", world["card.png"], "--mrz", zone)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: mrz.invalid")
    assert "L898902C3" not in result.output


def test_a_zone_can_be_given_in_one_line(run: Run, world: World) -> None:
    zone = world["passport.txt"].read_text().replace("\n", "")
    assert run("verify", world["card.png"], "--trust", world["trust"], "--mrz", zone).exit_code == 0


def test_a_real_certificate_is_accepted_under_the_certificate_of_its_country(
    run: Run, vectors: Path, tmp_path: Path
) -> None:
    folder = vectors / "eu-dcc-image" / "AT-img-1.png"
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    certificate = tmp_path / "dsc.der"
    certificate.write_bytes(base64.b64decode(meta["key"]["value"]))
    trust = tmp_path / "trust"
    added = run("trust", "add", certificate, "--country", "AT", "--format", "eu-dcc", "--trust", trust)
    assert added.exit_code == 0
    border = ["--trust", trust, "--at", "2021-06-01"]
    accepted = run("verify", folder / "input.png", *border, "--compared-by-eye")
    assert accepted.exit_code == 0
    assert "Musterfrau-Gößinger" in accepted.stdout
    assert run("verify", folder / "input.png", *border).exit_code == 3
    text: str = meta["image_text"]
    tampered = text[:100] + ("A" if text[100] != "A" else "B") + text[101:]
    assert run("verify", tampered, *border).exit_code == 1
    assert run("verify", folder / "input.png", "--trust", trust, "--at", "2021-12-01").exit_code == 1


def _subprocess(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    return subprocess.run(  # noqa: S603 - this interpreter, these arguments
        [sys.executable, "-m", "pratique.cli", *map(str, arguments)],
        input=stdin, capture_output=True, check=False, env=environment, timeout=60,
    )  # fmt: skip


def test_as_a_process_it_exits_with_its_code_and_prints_in_any_encoding(world: World) -> None:
    border = _border(world)
    assert _subprocess("verify", world["card.png"], *border).returncode == 0
    text = world.text("event.centre")
    process = _subprocess("verify", "-", *border, stdin=text.encode())
    assert process.returncode == 0
    assert b"Port Clinic" in process.stdout
    missing = _subprocess("verify", "fehlt-\u00f6.png", *border)
    assert missing.returncode == 2
    assert b"Traceback" not in missing.stderr


def test_verifying_loads_nothing_that_it_does_not_need(world: World) -> None:
    code = (
        "import sys\n"
        "from pratique.cli import group\n"
        f"try: group({[str(part) for part in ('verify', world['card.png'], *_border(world))]!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'jsonschema', 'cryptography.x509', 'qrcode', 'importlib.metadata', 'pratique.issue',"
        " 'pratique.view'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)  # noqa: S603
    assert process.stderr.strip() == b"[]"


def _terminal(arguments: list[str], typed: bytes) -> tuple[int, str]:
    """Run a process whose three streams are a terminal."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "pratique.cli", *arguments], stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    os.write(master, typed)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # how Linux says that the other side was closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    return process.wait(timeout=60), shown.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_on_a_terminal_there_are_colours_and_a_progress_bar(world: World) -> None:
    arguments: list[Any] = ["verify", world["card.png"], world["forged.png"], *_border(world)]
    exit_code, shown = _terminal([str(part) for part in arguments], b"")
    assert exit_code == 1
    assert "Verifying" in shown
    assert "\x1b[31m" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_scanner_at_a_terminal_is_answered_line_by_line(world: World) -> None:
    arguments = ["verify", "-", *map(str, _border(world))]
    forged = "PQ1:NOTHING"
    exit_code, shown = _terminal(arguments, f"{world.text()}\n{forged}\n\x04".encode())
    assert exit_code == 1
    assert shown.index(" ACCEPT ") < shown.index(" REJECT ")


def test_a_picture_without_a_code_says_what_to_do(run: Run, tmp_path: Path) -> None:
    Image.new("L", (50, 50), 255).save(tmp_path / "white.png")
    result = run("verify", tmp_path / "white.png")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: qr.none_found")
    assert "\nhint: " in result.stderr


def test_a_code_of_another_kind_is_rejected(run: Run, tmp_path: Path) -> None:
    (tmp_path / "menu.png").write_bytes(render.png("https://menu.example"))
    result = run("verify", tmp_path / "menu.png")
    assert result.exit_code == 1
    assert "format.unknown" in result.stdout


@pytest.mark.parametrize(
    ("data", "format_", "code"),
    [
        (b"NL2:B4V.W9D:LWJ5W2S6A\n", "nl-domestic", "format.nl_domestic"),
        (b"https://viewer.example/#shlink:/eyJ1\n", "health-link", "format.link"),
        (b"PK\x03\x04\x14\0\0\0\x08\0\xb7L\xf2", "divoc", "format.divoc"),
    ],
)
def test_a_code_that_is_never_accepted_says_why(run: Run, tmp_path: Path, data: bytes, format_: str, code: str) -> None:
    (tmp_path / "scanned").write_bytes(data)
    for arguments in ([tmp_path / "scanned"], [data.decode().strip()] if data.isascii() else ["-"]):
        result = run("verify", *arguments, "--json", stdin=data)
        report = json.loads(result.stdout)
        assert result.exit_code == 1
        assert report["format"] == format_
        assert report["checks"][1]["code"] == code


def test_several_codes_of_one_traveller_get_one_verdict(run: Run, world: World, tmp_path: Path) -> None:
    shown, minimal = tmp_path / "shown.txt", tmp_path / "minimal.txt"
    shown.write_text(world.text("holder.name", "holder.birth_date"), encoding="utf-8")
    minimal.write_text(world.text(), encoding="utf-8")
    options = ("--together", "--trust", world["trust"])
    result = run("verify", shown, minimal, *options, "--mrz", f"@{world['passport.txt']}")
    assert result.exit_code == 0
    assert " ACCEPT " in result.stdout
    assert "All codes are the same traveller's." in result.stdout
    assert run("verify", shown, minimal, *options, "--compared-by-eye").exit_code == 3
    missing = run("verify", shown, tmp_path / "nothing.png", *options, "--mrz", f"@{world['passport.txt']}")
    assert missing.exit_code == 2
    assert run("verify", tmp_path / "nothing.png", *options).exit_code == 2


def test_json_of_one_traveller_ends_with_the_one_verdict(run: Run, world: World) -> None:
    result = run(
        "verify", world["card.png"], world["forged.png"], "--together", "--json", "--trust", world["trust"],
        "--mrz", f"@{world['passport.txt']}",
    )  # fmt: skip
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["verdict"] for line in lines] == ["accept", "reject", "refer"]
    assert lines[-1]["joining"]["code"] == "session.one_code"
    assert result.exit_code == 3


def test_parts_of_one_code_in_several_pictures_are_one_line(run: Run, world: World, tmp_path: Path) -> None:
    issuer = ShcIssuer(Clock())
    jws = issuer.jws(payload(dose()))
    for name, text in zip("cab", parts(jws, 3), strict=True):
        (tmp_path / f"{name}.txt").write_text(text)
    other = tmp_path / "other.txt"
    other.write_text(issuer.text(payload(dose())))
    sources = [tmp_path / "a.txt", other, tmp_path / "b.txt", tmp_path / "c.txt"]
    output = run("verify", *sources, "--trust", world["trust"], "--json").stdout
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["source"] for line in lines] == [str(other), " + ".join(f"{tmp_path}/{name}.txt" for name in "abc")]
    assert {line["checks"][2]["code"] for line in lines} == {"trust.key_unknown"}


def test_a_part_that_stays_alone_is_said_to_be_one(run: Run, world: World) -> None:
    first, second, _ = parts(ShcIssuer(Clock()).jws(payload(dose())), 3)
    result = run("verify", first, second, "--trust", world["trust"])
    assert result.stdout.count("qr.incomplete") == 2


def at_desk(asking: Asking, *options: object) -> list[object]:
    """Return the options of a desk that trusts the issuer for anything."""
    return ["--trust", asking["any"], "--mrz", f"@{asking['passport.txt']}", *options]


def test_the_officer_reads_which_rules_hold(run: Run, asking: Asking) -> None:
    answer = asking.answer(asking.ask()).stdout
    result = run("verify", "-", *at_desk(asking, "--rules", asking["covid.json"]), stdin=answer)
    assert result.exit_code == 0
    assert "  UTO-covid-19-entry 1.0.0: COVID-19" in result.stdout
    assert "    ok  TR-UTO-0201: The test did not detect the virus.\n" in result.stdout
    assert "hint" not in result.stderr


def test_the_officer_asks_for_what_is_missing_and_nothing_else(run: Run, asking: Asking) -> None:
    asking["shown.txt"].write_text(run("present", asking["test.pq1"], "--show", "event.test_method").stdout)
    rules = at_desk(asking, "--rules", asking["covid.json"])
    result = run("verify", asking["shown.txt"], *rules)
    assert result.exit_code == 3
    assert "     ?  TR-UTO-0201: The test did not detect the virus. Not shown: event.test_result." in result.stdout
    (hint,) = [line for line in result.stderr.splitlines() if line.startswith("hint: a wallet can be asked")]
    asked = [word for word in hint.split() if word.startswith("event.")]
    assert asked == ["event.sampled_at", "event.test_method", "event.test_result"]
    claims = [part for claim in asked for part in ("--claim", claim)]
    again = asking.answer(asking.ask(*claims))
    assert run("verify", "-", *rules, stdin=again.stdout).exit_code == 0


def test_rules_that_do_not_hold_are_named_in_words(run: Run, asking: Asking) -> None:
    result = run("verify", asking["card.png"], *at_desk(asking, "--rules", asking["covid.json"]))
    assert result.exit_code == 1
    assert "  FAIL  nothing shown is a fact that counts for entry\n" in result.stdout


def test_json_names_the_rules_and_what_to_ask_for(run: Run, asking: Asking) -> None:
    shown = run("present", asking["test.pq1"]).stdout
    options = at_desk(asking, "--rules", asking["covid.json"], "--json")
    report = json.loads(run("verify", "-", *options, stdin=shown).stdout)
    schemas.check(report, "report")
    assert report["rules"]["missing"] == ["event.sampled_at", "event.test_result"]
    together = run("verify", "-", *options, "--together", stdin=shown).stdout.splitlines()[-1]
    assert json.loads(together)["rules"]["answer"] == "inconclusive"


def test_rules_are_judged_over_all_codes_of_a_traveller(run: Run, asking: Asking) -> None:
    asking["shown.txt"].write_text(asking.answer(asking.ask()).stdout)
    both = ("verify", asking["shown.txt"], asking["card.png"], "--together")
    for rules in ("covid.json", "entry.json"):
        result = run(*both, *at_desk(asking, "--rules", asking[rules]))
        assert result.exit_code == 0
        assert "\nEntry rules\n" in result.stdout
        assert " FAIL " not in result.stdout


def test_an_answer_is_accepted_for_the_request_that_it_answers_alone(run: Run, asking: Asking) -> None:
    request = asking.ask().read_text()
    asking["shown.txt"].write_text(asking.answer(request, "wallet.pq1", "--holder-key", asking["phone.pem"]).stdout)
    verify = ("verify", asking["shown.txt"], "--trust", asking["any"], "--rules", asking["covid.json"])
    accepted = run(*verify, "--request", request)
    assert accepted.exit_code == 0
    assert "binding.key_proven" in accepted.stdout
    assert run(*verify, "--request", request, "--together").exit_code == 0
    without = run(*verify)
    assert without.exit_code == 3
    assert "--request" in without.stderr
    replayed = run(*verify, "--request", asking.ask())
    assert replayed.exit_code == 1
    assert "binding.other_nonce" in replayed.stdout
    elsewhere = run(*verify, "--request", asking.ask("--audience", "https://border.example/lane/7"))
    assert elsewhere.exit_code == 1
    assert "binding.other_audience" in elsewhere.stdout
    late = (datetime.now(UTC) + timedelta(minutes=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "binding.proof_out_of_time" in run(*verify, "--request", request, "--at", late).stdout


def test_a_request_by_other_rules_is_a_usage_error_and_one_that_ended_is_told(run: Run, asking: Asking) -> None:
    other = run(
        "verify", asking["card.png"], *at_desk(asking, "--rules", asking["entry.json"], "--request", asking.ask())
    )
    assert other.exit_code == 2
    ended = asking.ask("--at", "2026-01-02T00:00:00Z")
    assert "the request ended" in run("verify", asking["card.png"], *at_desk(asking, "--request", ended)).stderr


def bundle(run: Run, asking: Asking, *rules: str) -> list[object]:
    """Return the options of a kiosk whose bundle has these rules."""
    run("keygen", "--out", asking["root.pem"], "--public", asking["root.jwk"])
    run("trust", "root", "--id", "root", "--key", asking["root.jwk"], "--threshold", 1, "--out", asking["root.json"])
    given = [part for name in rules for part in ("--rules", asking[name])]
    made = run("bundle", "make", "--trust", asking["any"], *given, "--id", "kiosk", "--sequence", 1, "--key",
               asking["root.pem"], "--out", asking["kiosk.bundle"])  # fmt: skip
    assert made.exit_code == 0, made.stderr
    kiosk = ["--bundle", asking["kiosk.bundle"], "--root", asking["root.json"]]
    return [*kiosk, "--mrz", f"@{asking['passport.txt']}"]


def test_the_only_rules_of_a_bundle_are_asked(run: Run, asking: Asking) -> None:
    kiosk = bundle(run, asking, "entry.json")
    result = run("verify", asking["card.png"], *kiosk)
    assert result.exit_code == 0
    assert "rules.met  UTO-yellow-fever-entry" in result.stdout
    assert run("verify", asking["card.png"], *kiosk, "--rules", asking["covid.json"]).exit_code == 1
    unknown = run("verify", asking["card.png"], *kiosk, "--rule-set", "UTO-nothing")
    assert unknown.exit_code == 2
    assert "there are UTO-yellow-fever-entry" in unknown.stderr
    both = run("verify", asking["card.png"], *kiosk, "--rules", asking["entry.json"], "--rule-set", "x")
    assert both.exit_code == 2


def test_of_several_rules_of_a_bundle_one_is_chosen(run: Run, asking: Asking) -> None:
    kiosk = bundle(run, asking, "entry.json", "covid.json")
    result = run("verify", asking["card.png"], *kiosk)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "choose with --rule-set, of UTO-covid-19-entry, UTO-yellow-fever-entry" in result.stderr
    for name, exit_code in (("UTO-yellow-fever-entry", 0), ("UTO-covid-19-entry", 1)):
        assert run("verify", asking["card.png"], *kiosk, "--rule-set", name).exit_code == exit_code


def test_rules_of_a_bundle_that_are_over_do_not_go_unnoticed(run: Run, asking: Asking) -> None:
    ended = json.loads(asking["entry.json"].read_text()) | {"valid_to": "2026-01-02T00:00:00Z"}
    asking["entry.json"].write_text(json.dumps(ended | {"valid_from": "2026-01-01T00:00:00Z"}))
    result = run("verify", asking["card.png"], *bundle(run, asking, "entry.json"))
    assert result.exit_code == 3
    assert "rules.not_in_force" in result.stdout
    assert "(not in force)" in result.stdout


def test_a_rule_set_without_a_bundle_is_a_usage_error(run: Run, world: World) -> None:
    assert run("verify", world["card.png"], *_border(world), "--rule-set", "UTO-entry").exit_code == 2


def test_signed_rules_count_under_their_root(run: Run, asking: Asking) -> None:
    bundle(run, asking)
    run("trust", "sign", asking["covid.json"], "--key", asking["root.pem"], "--out", asking["covid.c"])
    run("trust", "pin", asking["root.json"], "--trust", asking["any"])
    answer = asking.answer(asking.ask()).stdout
    desk = at_desk(asking, "--rules", asking["covid.c"])
    assert run("verify", "-", *desk, "--root", asking["root.json"], stdin=answer).exit_code == 0
    assert run("verify", "-", *desk, stdin=answer).exit_code == 2


@pytest.mark.parametrize(
    "edited",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"  \t" + text.encode() + b"\r\n",
        lambda text: text.encode("utf-16"),
        lambda text: b"\n\n" + text.encode() + b"\n\n",
    ],
)
def test_what_an_editor_puts_before_a_code_does_not_count(
    run: Run, world: World, edited: Callable[[str], bytes]
) -> None:
    world["edited.txt"].write_bytes(edited(world.text()))
    assert run("verify", world["edited.txt"], *_border(world)).exit_code == 0


def test_small_letters_are_named_as_what_is_wrong(run: Run, world: World) -> None:
    world["small.txt"].write_text(world.text().lower())
    world["small.png"].write_bytes(render.png(world.text().lower()))
    for name in ("small.txt", "small.png"):
        result = run("verify", world[name], *_border(world))
        assert "in small letters, and a code is in capitals" in result.output, name


def test_a_zones_file_may_have_a_mark_and_needs_its_sign(run: Run, world: World) -> None:
    zone = world["passport.txt"].read_bytes()
    world["marked.txt"].write_bytes(b"\xef\xbb\xbf" + zone)
    border = ("--trust", world["trust"])
    assert run("verify", world["card.png"], *border, "--mrz", f"@{world['marked.txt']}").exit_code == 0
    result = run("verify", world["card.png"], *border, "--mrz", world["passport.txt"])
    assert (result.exit_code, "given as @FILE" in result.stderr) == (2, True)


def test_together_says_that_something_could_not_be_read(run: Run, world: World) -> None:
    given = ("verify", world["card.png"], world["no such file"], "--together", *_border(world))
    result = run(*given)
    assert (result.exit_code, "1 of what was given could not be read" in result.stderr) == (2, True)
    assert "Tell the traveller" in result.stdout
    *_, last = run(*given, "--json").stdout.splitlines()
    assert json.loads(last)["verdict"] == "accept"
