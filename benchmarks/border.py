"""A border with everything on: signed trust list, status list, entry rules; and the peers of other formats."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import authority
from benchmarks import peers
from benchmarks.measure import ABSENT, Effort, Table, at_most, micro, take_turns
from benchmarks.scene import TRAVELLERS
from pratique.model import StatusReference
from pratique.revocation import Revocation
from pratique.rules import RuleSet, Shown, judge
from pratique.rules.ready_made import ready_made
from pratique.status import StatusStore
from pratique.trust import TrustList, TrustStore, wire
from pratique.verify import Verifier
from status_lists import ADDRESS, ListSigner, bitmap

if TYPE_CHECKING:
    from benchmarks.scene import Scene

_TARGET, _RULES_TARGET = 1.6, 50
_RULES = 10
_CARD_PEERS = {
    "joserfc": ", `jws.deserialize_compact`, inflated and read as JSON, from the text",
    "healthcards": ", `parser.JWS`, from the text",
}


def everything_on(scene: Scene, effort: Effort) -> Table:
    world = scene.world
    lists = ListSigner(world.home)
    held = [world.home.issue_vaccination(status=StatusReference(ADDRESS, 3 * i)) for i in range(TRAVELLERS)]
    dates = {"next_update": scene.at + timedelta(days=7), "expires_at": scene.at + timedelta(days=30)}
    document = {**world.list_document, **{name: authority.rfc3339(moment) for name, moment in dates.items()}}
    store = TrustStore([TrustList.from_cbor(wire.to_cbor(document))], acceptance=world.store.acceptance)
    verifier = Verifier(store, revocation=Revocation(StatusStore([lists.cwt(bitmap(100_000, i7=1))])))
    yellow_fever, ten = ready_made("yellow-fever-entry"), _ten_rules()
    plain = replace(scene.hidden, texts=[each.present() for each in held])
    shown = Shown(held[0].credential)
    spent = take_turns(
        {
            "raw": plain.raw(),
            "status": lambda: verifier.verify(next(plain.turns), at=scene.at),
            "rules": lambda: verifier.verify(next(plain.turns), at=scene.at, rules=yellow_fever),
            "ten": lambda: judge(ten, shown, scene.at),
        },
        rounds=effort.rounds,
        turn=effort.turn,
    )
    raw = spent["raw"]
    names = {
        "status": "trust and status list",
        "rules": "trust, status list and the rules for yellow fever",
    }
    rows = [
        (
            f"pratique: own credential, {name}",
            micro(spent[key]),
            micro(raw),
            f"{spent[key] / raw:.2f}",
            at_most(_TARGET, spent[key] / raw),
        )
        for key, name in names.items()
    ]
    rows.append(
        (
            f"{_RULES} rules alone, compiled before",
            micro(spent["ten"]),
            "",
            "",
            at_most(_RULES_TARGET, spent["ten"] * 1e6, " µs"),
        )
    )
    return Table(
        "A border with everything on",
        "As above, with a trust list that was signed and has dates, a status list of 100,000 on which the credential "
        "is looked up, and entry rules.",
        ("", "time", "bare check", "ratio", "target"),
        tuple(rows),
    )


def _ten_rules() -> RuleSet:
    """Return the rule for yellow fever ten times."""
    document = ready_made("yellow-fever-entry").document
    (rule,) = document["rules"]
    return RuleSet.from_json({**document, "rules": [{**rule, "id": f"VR-UTO-{n:04}"} for n in range(_RULES)]})


def other_peers(scene: Scene, effort: Effort) -> Table:
    """Return what libraries for other formats take; for VDS-NC and NZ COVID Passes none installs."""
    measured = peers.measured_card(scene.card, effort)
    rows = [(f"{name}{does}", ABSENT, "", "") for name, does in _CARD_PEERS.items()]
    if measured is not None:
        raw = measured["raw"]
        rows = [
            (
                f"{name} {measured['versions'][name]}{does}",
                micro(measured[name]),
                micro(raw),
                f"{measured[name] / raw:.2f}",
            )
            for name, does in _CARD_PEERS.items()
        ]
    return Table(
        "Peers of SMART Health Cards",
        "The signature alone: no trust, time, scope or report. healthcards asks the issuer's server for the keys each "
        "time; here they come from memory. For VDS-NC and NZ COVID Passes no library installs.",
        ("", "time", "bare check", "ratio"),
        tuple(rows),
    )
