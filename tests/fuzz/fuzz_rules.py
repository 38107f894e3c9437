"""Fuzz rule sets, rules of member states, and the logic in them, compiled and asked of certificates.

Anything but a PratiqueError is a finding. Run:
pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_rules.py -max_total_time=60
"""

from __future__ import annotations

import json
from datetime import timedelta

from fuzzing import fuzz

from authority import HOLDER, VACCINATION, DccState, World, dcc_vaccination, holder_key
from pratique.formats import hc1
from pratique.rules import RuleSet, Shown, judge
from pratique.rules.certlogic import compile_logic
from pratique.rules.dcc_rules import rule_set_from_dcc, value_set_from_dcc
from pratique.rules.minimum import disclose_for
from pratique.rules.moments import parse, parse_date, zone_of
from pratique.rules.ready_made import ready_made

WORLD = World()
HELD = WORLD.home.issue(VACCINATION, holder=HOLDER, holder_key=holder_key().public)
DCC = hc1.envelope(DccState(WORLD.clock).sign(dcc_vaccination()))
SHOWN = (Shown(HELD.credential), Shown(DCC.read(), original=DCC.payload))
BASE = ready_made("clearance").document
DCC_RULE = {"Identifier": "VR-AT-0001", "Type": "Acceptance", "Engine": "CERTLOGIC", "CertificateType": "General"}


def decoded(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("latin-1")


def asked(rule_set: RuleSet) -> None:
    for at in (WORLD.clock.now, rule_set.valid_to - timedelta(microseconds=1)):
        repr(judge(rule_set, SHOWN, at).detail)
        disclose_for(rule_set, HELD, at)


def whole(data: bytes) -> None:
    asked(RuleSet.decode(data))
    asked(RuleSet.from_payload(data))


def logic(data: bytes) -> None:
    """The logic is asked of anything, and of certificates as part of a rule set."""
    expression = compile_logic(decoded(data))
    expression.evaluate(decoded(data[::-1]))
    expression.holds({"event": decoded(data[::-1])})
    asked(RuleSet.from_json(BASE | {"rules": [BASE["rules"][0] | {"logic": decoded(data), "applies_to": {}}]}))


def member(data: bytes) -> None:
    for name in BASE:
        asked(RuleSet.from_json(BASE | {name: decoded(data)}))


def member_state(data: bytes) -> None:
    value = decoded(data)
    rule_set_from_dcc([value], value_sets={}, about=BASE)
    rule_set_from_dcc([DCC_RULE | {"Logic": value}], value_sets={}, about=BASE)
    value_set_from_dcc(value)


def text(data: bytes) -> None:
    """Dates and zones are whatever a certificate or a rule set says."""
    for read in (parse, parse_date):
        try:
            read(data.decode("latin-1"))
        except (ValueError, OverflowError):
            continue
    zone_of(data.decode("latin-1"))


TARGETS = (whole, logic, member, member_state, text)

if __name__ == "__main__":
    fuzz(TARGETS)
