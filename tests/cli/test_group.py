from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from pratique.cli import group

if TYPE_CHECKING:
    from conftest import Run, World

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
COMMANDS = [
    "verify",
    "inspect",
    "issue",
    "present",
    "keygen",
    "trust",
    "trust show",
    "trust add",
    "trust check",
    *(f"trust {name}" for name in ("explain", "import", "diff", "withdraw", "renew")),
    *(f"trust {name}" for name in ("root", "sign", "verify", "pin", "update")),
    "bundle",
    *(f"bundle {name}" for name in ("make", "show", "install")),
    "status",
    *(f"status {name}" for name in ("create", "allocate", "revoke", "suspend", "reinstate")),
    *(f"status {name}" for name in ("publish", "add", "show")),
    "request",
    *(f"request {name}" for name in ("make", "show", "allow")),
    "rules",
    *(f"rules {name}" for name in ("check", "minimum", "explain", "test", "example")),
    "demo",
]
GROUPS = {"trust", "bundle", "status", "request", "rules"}


def test_the_version_is_that_of_the_distribution(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"pratique {importlib.metadata.version('pratique')}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout
    if command not in GROUPS:
        assert f"  pratique {command}" in result.stdout


def test_the_page_on_the_command_line_has_the_help_of_every_command() -> None:
    """`test_documentation.py` compares it with what is printed."""
    page = PAGE.read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"\n$ pratique {command} --help\nUsage: " not in page] == []


def test_the_group_lists_every_command_without_loading_any() -> None:
    code = "import sys\nfrom pratique.cli import group\ntry: group(['--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in sys.modules if name in ('pratique.cli.verify', 'pratique.verify')])\n"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)  # noqa: S603
    assert process.stdout.endswith(b"[]\n")
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} ".encode() in process.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["verfy"], "No such command"),
        (["verify"], "Missing argument"),
        (["verify", "x.png", "--colour"], "No such option"),
        (["keygen"], "Missing option"),
    ],
)
def test_misuse_is_two_lines_and_exit_code_2(run: Run, arguments: list[str], complaint: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert complaint in first
    assert second.startswith("hint: see pratique")


@pytest.mark.parametrize("arguments", [[], ["trust"], ["bundle"], ["status"]])
def test_no_command_at_all_gives_the_help(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Commands:" in result.stderr


def test_a_system_error_is_one_line(run: Run, world: World) -> None:
    result = run("keygen", "--out", world["no"] / "such" / "folder.pem")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "folder.pem: No such file or directory" in result.stderr


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_an_interruption_is_quiet(monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]) -> None:
    @click.command()
    def command() -> None:
        raise interruption

    monkeypatch.setattr("pratique.cli.verify.command", command)
    result = CliRunner().invoke(group, ["verify"])
    assert result.exit_code == 130
    assert result.output.strip() == ""


INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell runs in the background ignores it
from pratique.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_an_interrupted_process_shows_no_traceback() -> None:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", INTERRUPTIBLE, "verify", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"PQ1:")
    process.stdin.flush()
    while not _waits_for_input(process.pid):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in words


def _waits_for_input(pid: int) -> bool:
    """Return whether a process has read what was written to it, by what Linux says of it; elsewhere at once."""
    try:
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:  # noqa: PTH123
            return file.read().startswith("0 0x0 ")  # read, of descriptor 0
    except OSError:
        return not os.path.isdir("/proc")  # noqa: PTH112


def test_completion_is_offered() -> None:
    environment = {**os.environ, "_PRATIQUE_COMPLETE": "bash_source"}
    code = "from pratique.cli import main; main()"
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment, timeout=60
    )
    assert b"_PRATIQUE_COMPLETE=bash_complete" in process.stdout


# What a person may give in place of a file's name: each command, with the words of a text in its place.
TEXT_FOR_FILE = [
    "present {}", "present {} --list", "verify {}", "verify x.png --mrz {}", "verify x.png --mrz @{}",
    "verify x.png --rules {}", "verify x.png --request {}", "verify x.png --record {}", "issue {}",
    "issue {} --key x.pem --issuer https://x.example", "request show {}", "status add {} --into lists",
    "trust add {} --country AUT --format eu-dcc", "trust update {}", "trust check --trust {}", "trust show {}",
    "trust verify {} --root {}", "rules check {}", "rules explain {}", "rules check {} --json", "bundle show {}",
    "keygen {}", "{}",
]  # fmt: skip


@pytest.mark.parametrize("words", TEXT_FOR_FILE)
@pytest.mark.parametrize("name", ["held.pq1", "passport.txt", "claims.json", "issuer.pem"])
def test_a_text_that_was_taken_for_a_file_is_not_repeated(run: Run, world: World, name: str, words: str) -> None:
    text = world[name].read_text()
    result = run(*(text if word == "{}" else word.replace("{}", text) for word in words.split()))
    assert result.exit_code in (1, 2)
    for telling in ("ERIKSSON", "PRIVATE KEY", "1974", text[-40:].strip(), text[5:45]):
        assert telling not in result.output, words


@pytest.mark.parametrize("command", ["verify", "inspect", "trust explain"])
def test_an_empty_argument_does_not_stand_for_this_folder(
    run: Run, world: World, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.path)
    result = run(*command.split(), "", "--trust", world["trust"])
    assert (result.exit_code, "an argument is empty" in result.stderr) == (2, True)


CONTENTS = [
    "NO1:ABCDE", "mdoc:owBjMS4w", "shlink:/eyJ1cmwiOiJodHRwcyJ9", "https://viewer.example/#shlink:/eyJ1cmwiOiJo",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg" * 2,
    "L898902C36UTO7408122F3504152ZE184226B12345610", '"HC1:NCFOXN%TSMAHN"', "MRZ: P<UTOERIKSSON<<ANNA", "@PQ1:ABCDEF",
    '{"u":"https://x.example/./y"}', '[{"name": "Anna"}]', "-----BEGIN PRIVATE KEY-----", "shc:/567629095243206034",
    "hc1:ncfoxn", "CRED:1:PROOF:ABC",
]  # fmt: skip


@pytest.mark.parametrize("content", CONTENTS)
def test_no_content_is_repeated_wherever_it_was_given(run: Run, world: World, content: str) -> None:
    for arguments in (
        ("present", content), ("present", world["held.pq1"], "--show", content), ("trust", "show", "--trust", content),
        ("verify", world["card.png"], "--trust", content), ("trust", "check", "--trust", content), ("keygen", content),
        ("rules", "check", content), ("status", "add", world["card.png"], "--into", world.path / "x", content),
        ("verify", content, world["card.png"], "--trust", world["trust"]), ("trust", "update", content),
    ):  # fmt: skip
        output = run(*arguments).output
        assert content.removeprefix("@")[:30] not in output, arguments
        assert content.replace("//", "/")[-15:] not in output, arguments


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 9.41\u202fAM.png",
        "[scan] 1.png",
        "{a}.png",
        "HC1:x.png",
        "a<<b.png",
        f"{'long' * 30}/{'name' * 40}.png",
    ],
)
def test_a_file_that_is_there_keeps_its_name_whatever_it_is(run: Run, world: World, name: str) -> None:
    file = world.path / "odd" / name
    file.parent.mkdir(parents=True)
    shutil.copy(world["card.png"], file)
    for given in (file, world.path / "odd"):
        found = run("verify", given, world["card.png"], "--trust", world["trust"], "--json").stdout.splitlines()
        assert [json.loads(line)["source"] for line in found] == [str(file), str(world["card.png"])]


@pytest.mark.parametrize(
    "name", ["no such.png", "did:web:x", "https://x.example/" + "y" * 300, "pkcs11:token=x;object=y"]
)
def test_a_name_is_repeated_where_there_is_no_such_file(run: Run, name: str) -> None:
    assert name[-40:] in run("rules", "check", name).output


def test_a_reader_that_has_gone_is_no_rejection(world: World) -> None:
    read, write = os.pipe()
    os.close(read)
    arguments = ("verify", world["card.png"], "--trust", world["trust"], "--mrz", f"@{world['passport.txt']}")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pratique.cli", *arguments], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (2, b"")


@pytest.mark.parametrize("redirected", ["2>/dev/full", ">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_a_fault_that_nobody_can_be_told_is_no_rejection(world: World, redirected: str) -> None:
    command = (
        f'"{sys.executable}" -m pratique.cli verify "{world.path}/absent.png" --trust "{world["trust"]}" {redirected}'
    )
    assert subprocess.run(command, shell=True, check=False).returncode == 2  # noqa: S602 - our own command


def test_an_answer_that_goes_nowhere_is_given_all_the_same(world: World) -> None:
    given = f'"{world["card.png"]}" --trust "{world["trust"]}" --mrz "@{world["passport.txt"]}" >&-'
    command = f'"{sys.executable}" -m pratique.cli verify {given}'
    assert subprocess.run(command, shell=True, check=False).returncode == 0  # noqa: S602 - our own command
