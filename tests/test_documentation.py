"""The examples of README and `docs/` run, page by page, and print what the page says.

What stands in a page, and what happens to it here:

- ```python: run, in one namespace for the page; a ```output block right after it is what it prints.
- ```console: lines after `$ ` are run, the lines after them are what they print; `echo $?` shows the exit code of the
  command before, and a command whose code is not shown must end with 0. A command of pratique alone runs within this
  process, which spares the start of one, and every other is run by a shell.
- ```json name.json (or any other language with a file name): written to that file.
- Everything else, ```sh among it, is left alone.

A page has a folder of its own. `...` in an expected output stands for anything, at the end of it for any lines too.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import tokens
from pratique.cli import group
from pratique.reasons import Reason

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WIDTH = 100  # of the terminal; click leaves two columns of it free
BASH = shutil.which("bash") or "/bin/bash"
FENCE = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`((?:tests|schemas|benchmarks|examples|pratique)/[a-z][\w./-]*)`")
# The pages whose `words.with_a_dot` are codes
WITH_CODES = ("border", "formats", "security", "security-module", "status", "verification")
ALONE = re.compile(
    r"pratique (?P<arguments>[^|&;<>$`*?()~\\#]*?)(?: > (?P<file>[\w.-]+))?"
)  # nothing for a shell to do
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file name after it, its text, and the line of the page it begins at."""

    language: str
    file: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        language, _, file = match["info"].strip().partition(" ")
        found.append(Block(language, file.strip(), match["body"], text.count("\n", 0, match.start()) + 1))
    return found


def is_as_written(actual: str, expected: str) -> bool:
    """Return whether an output is the expected one; `...` stands for anything, and ends of lines do not count."""
    parts = [re.escape(part) for part in _stripped(expected).split("...")]
    return re.fullmatch(".*?".join(parts), _stripped(actual), re.DOTALL) is not None


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


class Runner:
    """Runs the blocks of one page in one folder."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.namespace: dict[str, Any] = {"__name__": "documentation"}
        commands = folder.parent / "bin"
        commands.mkdir()
        pratique = commands / "pratique"
        pratique.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pratique.cli "$@"\n')
        pratique.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(folder.parent),
            "XDG_CONFIG_HOME": str(folder.parent / "config"),
            "COLUMNS": str(WIDTH),
            "PYTHONUTF8": "1",
            "SOFTHSM2_CONF": "softhsm2.conf",
        }

    def run(self) -> None:
        pending: tuple[Block, str] | None = None
        for block in blocks(self.page):
            if block.language == "output" and pending is not None:
                self.compare(pending[1], block.body, block.line)
            pending = None
            if block.language == "python":
                pending = (block, self.python(block))
            elif block.language == "console":
                self.console(block)
            elif block.file:
                (self.folder / block.file).write_text(block.body, encoding="utf-8")

    def compare(self, actual: str, expected: str, line: int) -> None:
        if not is_as_written(actual, expected):
            pytest.fail(f"{self.page.name}:{line}: expected\n{expected}\ngot\n{actual}", pytrace=False)

    def python(self, block: Block) -> str:
        printed = io.StringIO()
        source = "\n" * block.line + block.body  # so that a traceback names the page's line
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(source, str(self.page), "exec"), self.namespace)  # noqa: S102 - that is what this file is for
        return printed.getvalue()

    def console(self, block: Block) -> None:
        exit_code = 0
        for command, expected, line in self._commands(block):
            if command == "echo $?":
                actual, exit_code = f"{exit_code}\n", 0
            else:
                if exit_code:
                    pytest.fail(f"{self.page.name}:{line}: the command before ended with {exit_code}", pytrace=False)
                actual, exit_code = self.command(command)
            if expected.strip() or not exit_code:
                self.compare(actual, expected or "...", line)
        if exit_code:
            pytest.fail(f"{self.page.name}:{block.line}: the last command ended with {exit_code}", pytrace=False)

    def command(self, command: str) -> tuple[str, int]:
        """Return what a command prints, on both streams, and its exit code."""
        alone = ALONE.fullmatch(command)
        if alone is None:
            ended = subprocess.run(  # noqa: S603 - the pages are ours
                [BASH, "-o", "pipefail", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                check=False,
            )
            return ended.stdout, ended.returncode
        with contextlib.chdir(self.folder):
            result = CliRunner(env=self.environment).invoke(
                group, shlex.split(alone["arguments"]), terminal_width=WIDTH - 2
            )
        if not isinstance(result.exception, SystemExit | None):
            raise result.exception
        if alone["file"] is None:
            return result.output, result.exit_code
        (self.folder / alone["file"]).write_bytes(result.stdout_bytes)
        return result.stderr, result.exit_code

    def _commands(self, block: Block) -> list[tuple[str, str, int]]:
        """Return each command with the output that the page shows, and its line."""
        commands: list[tuple[str, str, int]] = []
        for i, line in enumerate(block.body.splitlines(keepends=True), block.line + 1):
            if line.startswith("$ "):
                commands.append((line[2:].strip(), "", i))
            elif commands and commands[-1][0].endswith("\\"):
                commands[-1] = (commands[-1][0][:-1] + line.strip(), "", commands[-1][2])
            elif commands:
                commands[-1] = (commands[-1][0], commands[-1][1] + line, commands[-1][2])
        return commands


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_examples_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    if page.name == "security-module.md" and (absent := tokens.why_absent(of_debian=True)):
        pytest.skip(absent)
    folder = tmp_path / "page"
    folder.mkdir()
    if page.name == "README.md":  # its examples begin where the first command of the quick start ends
        runner = Runner(page, folder)
        runner.console(Block("console", "", "$ pratique demo\n...\n", 0))
    else:
        runner = Runner(page, folder)
    runner.run()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    dead = [
        match["target"]
        for match in LINK.finditer(text)
        if "://" not in match["target"] and not (page.parent / match["target"]).exists()
    ]
    assert dead == []


def test_quick_start_is_two_commands_of_one_line() -> None:
    commands = [block.body for block in blocks(ROOT / "README.md") if block.language == "sh"]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert commands[0].strip().endswith("pratique demo")
    assert "pytest" in commands[1]


def test_ci_runs_the_second_command_of_the_quick_start() -> None:
    _, second = [block.body for block in blocks(ROOT / "README.md") if block.language == "sh"]
    command = [BASH, ROOT / ".ci" / "run", "--show-test-command"]
    printed = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    assert printed.stdout.decode() == second


@pytest.mark.parametrize(
    ("actual", "expected", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a  \nb\n", "a\nb", True),
        ("a\nb\nc\n", "a\n...\n", True),
        ("a 12 c\n", "a ... c\n", True),
        ("a\nb\n", "a\n", False),
        ("a b\n", "a ... c\n", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(actual: str, expected: str, same: bool) -> None:  # noqa: FBT001
    assert is_as_written(actual, expected) is same


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_of_the_project_that_a_page_names_are_there(page: Path) -> None:
    named = NAMED.findall(page.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "src")
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("page", [ROOT / "docs" / f"{name}.md" for name in WITH_CODES], ids=_name)
def test_codes_that_a_page_names_are_those_of_the_library(page: Path) -> None:
    areas = {code.value.partition(".")[0] for code in Reason}
    named = re.findall(r"`([a-z0-9]+)\.([a-z_]+)`", FENCE.sub("", page.read_text(encoding="utf-8")))
    codes = {f"{area}.{name}" for area, name in named if area in areas}
    assert codes - {code.value for code in Reason} == set()
