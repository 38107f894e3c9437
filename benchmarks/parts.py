"""Parts with a cost of their own: Base45."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.measure import ABSENT, Effort, Table, micro, take_turns
from benchmarks.symbols import optional
from pratique.codec import base45

if TYPE_CHECKING:
    from benchmarks.scene import Scene


def base45_text(scene: Scene, effort: Effort) -> Table:
    text = scene.dcc.text[4:]
    data = base45.decode(text)
    other = optional("base45")
    competitors = {"decode": lambda: base45.decode(text), "encode": lambda: base45.encode(data)}
    if other is not None:
        competitors["their decode"] = lambda: other.b45decode(text)
        competitors["their encode"] = lambda: other.b45encode(data)
    spent = take_turns(competitors, rounds=max(1, effort.rounds // 2), turn=effort.turn)
    rows = [("pratique", micro(spent["decode"]), "1.0", micro(spent["encode"]), "1.0")]
    if other is None:
        rows.append(("base45", ABSENT, "", "", ""))
    else:
        decode, encode = spent["their decode"], spent["their encode"]
        rows.append(
            (
                f"base45 {version('base45')}",
                micro(decode),
                f"{decode / spent['decode']:.1f}",
                micro(encode),
                f"{encode / spent['encode']:.1f}",
            )
        )
    return Table(
        "Base45",
        f"The {len(text)} characters of an EU DCC.",
        ("", "decode", "ratio", "encode", "ratio"),
        tuple(rows),
    )
