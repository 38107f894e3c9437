from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.cli import output

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b[1;1HACCEPT", "\\u001b[2J\\u001b[1;1HACCEPT"),
        ("line\r\nline", "line\\u000d\\u000aline"),
        ("\x9b31m", "\\u009b31m"),
        ("\u202eTPECCA", "\\u202eTPECCA"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("tab\there", "tab\\u0009here"),
        ("bell\x07\x08\x7f", "bell\\u0007\\u0008\\u007f"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\udc80", "\\udc80"),
    ],
)
def test_what_a_terminal_would_obey_is_spelt(hostile: str, shown: str) -> None:
    assert output.safe(hostile) == shown


@pytest.mark.parametrize("text", ["", "Musterfrau-Gößinger", "山田太郎", "محمد", "a b ~!"])
def test_letters_of_every_script_stay(text: str) -> None:
    assert output.safe(text) == text


@given(st.text(alphabet=st.characters()))
def test_nothing_unprintable_is_left(text: str) -> None:
    assert output.safe(text).isprintable()


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_json_reads_back_and_obeys_no_terminal(value: object) -> None:
    printed: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("click.echo", printed.append)
        output.print_json(value)
    assert json.loads(printed[0]) == value
    assert all(line.isprintable() for line in printed[0].split("\n"))


def test_a_file_is_not_replaced_unless_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    output.write_new(file, b"one")
    with pytest.raises(FileExistsError):
        output.write_new(file, b"two")
    assert file.read_bytes() == b"one"
    output.write_new(file, b"two", force=True)
    assert file.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        output.write_new(tmp_path / "missing" / "file", b"one")
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        output.write_new(folder, b"one", force=True)
    assert list(tmp_path.iterdir()) == [folder]
