"""Parts with a cost of their own: Base45, and a trust list as large as any."""

from __future__ import annotations

import base64
import json
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import authority
from benchmarks.measure import ABSENT, Effort, Table, micro, take_turns
from benchmarks.symbols import optional
from pratique.codec import base45
from pratique.codec import json as strict_json
from pratique.trust import TrustList, TrustStore

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


def many_keys(scene: Scene, effort: Effort) -> Table:
    entry = authority.key_entry(scene.state.public_key(), clock=scene.world.clock, formats=["eu-dcc"])
    keys = [entry | {"key_id": base64.b64encode(number.to_bytes(8, "big")).decode()} for number in range(effort.keys)]
    document = {
        **scene.world.list_document,
        "issuers": [*scene.world.trusted, {**scene.state.entry(), "id": "many", "keys": keys}],
    }
    encoded = json.dumps(document).encode()
    begin = time.perf_counter()
    store = TrustStore([TrustList.from_json(strict_json.decode(encoded))])
    loaded = time.perf_counter() - begin
    small, wanted = scene.world.store, scene.dcc.envelope().key_id
    spent = take_turns(
        {
            "small": lambda: small.keys_for("eu-dcc", wanted),
            "large": lambda: store.keys_for("eu-dcc", wanted),
        },
        rounds=max(1, effort.rounds // 2),
        turn=effort.turn,
    )
    return Table(
        "A large trust list",
        f"The candidate keys for a code, with {len(keys):,} keys in the store and with two. Keys are parsed when they "
        "are first used.",
        ("", "time"),
        (
            ("load and check the list", f"{loaded:.2f} s, {len(encoded) / 1e6:.1f} MB"),
            ("look a key up among all", micro(spent["large"])),
            ("look a key up among two", micro(spent["small"])),
        ),
    )
