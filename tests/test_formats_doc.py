"""The tables of formats in README and `docs/formats.md` are those that the readers state of themselves.

After a change of a reader: `python tests/test_formats_doc.py` writes the tables anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pratique.formats import READERS, Facts, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "formats.md"


def formats() -> Iterator[tuple[str, Reader, Facts]]:
    """Yield title, reader and facts of each format, in the order of the readers."""
    for reader in READERS:
        for facts in reader.facts:
            yield reader.titles[facts.format], reader, facts


def table(columns: tuple[str, ...], row: Callable[[str, Reader, Facts], tuple[str, ...]]) -> str:
    """Return a table with a row for each format."""
    lines = [columns, ("---",) * len(columns), *(row(*found) for found in formats())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def overview(title: str, reader: Reader, facts: Facts) -> tuple[str, ...]:
    return title, f"`{reader.prefix}`", facts.signed_by, facts.trust_anchor, facts.shows, facts.revocation


def layers(title: str, reader: Reader, facts: Facts) -> tuple[str, ...]:
    return title, f"`{reader.prefix}`", f"`{facts.format}`", facts.layers


def disclosure(title: str, _: Reader, facts: Facts) -> tuple[str, ...]:
    return title, facts.person, facts.event, facts.number, facts.withheld


TABLES = {
    (README, "formats"): table(
        ("format", "begins with", "signed by", "trusted through", "shows to whoever scans it", "taken back by"),
        overview,
    ),
    (PAGE, "layers"): table(("format", "begins with", "in trust lists", "layers"), layers),
    (PAGE, "disclosure"): table(
        ("format", "who it is about", "what happened", "its number", "what its holder can leave out"), disclosure
    ),
}


def between(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->\n)", re.DOTALL)


@pytest.mark.parametrize(("page", "name"), TABLES, ids=lambda part: getattr(part, "name", part))
def test_table_is_what_the_readers_say(page: Path, name: str) -> None:
    assert between(name).findall(page.read_text(encoding="utf-8")) == [TABLES[page, name]], (
        "run: python tests/test_formats_doc.py"
    )


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_every_format_states_its_facts(reader: Reader) -> None:
    assert [facts.format for facts in reader.facts] == list(reader.titles)


@pytest.mark.parametrize("found", list(formats()), ids=lambda found: found[2].format)
def test_facts_are_short_and_fit_a_cell(found: tuple[str, Reader, Facts]) -> None:
    _, _, facts = found
    for name in Facts.__slots__:
        text = getattr(facts, name)
        assert re.fullmatch(r"[^|\n`]{3,140}[^.| \n]", text), name


if __name__ == "__main__":
    for (path, mark), made in TABLES.items():
        text = path.read_text(encoding="utf-8")
        path.write_text(between(mark).sub(lambda _, made=made: made, text), encoding="utf-8")
