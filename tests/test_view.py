"""The JSON view says what a credential says and no more, follows its schemas, and is read back."""

from __future__ import annotations

import copy
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings

from authority import (
    DOCUMENT,
    EVERY_KIND,
    HOLDER,
    STATUS,
    DccState,
    World,
    dcc_recovery,
    dcc_test,
    dcc_vaccination,
    holder_key,
)
from claims import EVIDENCE, HOLDERS
from pratique import schemas, view
from pratique.codec import json
from pratique.errors import ClaimError, DecodeError, PratiqueError
from pratique.formats import profile
from pratique.model import Clearance, Kind
from pratique.reasons import Reason
from pratique.report import Outcome, Step
from pratique.view import credential_view, read_issue_request, report_view

WORLD = World()
STATE = DccState(WORLD.clock)
WORLD.trusted.append(STATE.entry())


def through_json(value: Any) -> Any:
    return json.decode(json.encode(value))


def held_view(evidence: Any, **options: Any) -> dict[str, Any]:
    holder = {} if isinstance(evidence, Clearance) else {"holder": HOLDER}
    held = WORLD.home.issue(evidence, **{"holder_key": holder_key().public, **holder, **options})
    return through_json(credential_view(held.credential))


@pytest.mark.parametrize("evidence", EVERY_KIND, ids=lambda evidence: evidence.kind.value)
def test_the_view_of_every_kind_follows_the_schema(evidence: Any) -> None:
    schemas.check(held_view(evidence), "credential")
    schemas.check(held_view(evidence, status=STATUS), "credential")


def test_the_view_of_a_minimal_presentation_has_no_claim_that_was_not_shown() -> None:
    report = WORLD.verify(WORLD.home.issue_vaccination().present(), document=DOCUMENT)
    seen = through_json(credential_view(report.credential))
    schemas.check(seen, "credential")
    assert seen["events"] == [{"kind": "vaccination", "target": "1D47"}]
    assert "holder" not in seen
    assert seen["withheld"] == 4
    assert seen["binding"] == "travel-document"


@pytest.mark.parametrize("payload", [dcc_vaccination(), dcc_test(), dcc_recovery(), dcc_vaccination(co="Austria")])
def test_the_view_of_an_eu_certificate_follows_the_schema(payload: dict[str, Any]) -> None:
    report = WORLD.verify(STATE.sign(payload), compared_by_eye=True)
    seen = through_json(report_view(report))
    schemas.check(seen, "report")
    assert seen["credential"]["format"] == "eu-dcc"
    assert seen["credential"]["holder"]["name"] == "MUSTERFRAU<GOESSINGER<<GABRIELE"


@pytest.mark.parametrize("text", ["", "HC1:", "PQ1:", "PQ1:ABC", "shc:/1", "HC1:NC"])
def test_the_view_of_a_report_on_anything_follows_the_schema(text: str) -> None:
    schemas.check(through_json(report_view(WORLD.verify(text))), "report")


def test_the_view_of_each_verdict_follows_the_schema() -> None:
    held = WORLD.home.issue_vaccination()
    for verdict, options in (("accept", {"document": DOCUMENT}), ("refer", {})):
        seen = through_json(report_view(WORLD.verify(held.present(disclose=["event"]), **options)))
        schemas.check(seen, "report")
        assert seen["verdict"] == verdict


@settings(max_examples=60, deadline=None)
@given(EVIDENCE, HOLDERS)
def test_whatever_can_be_issued_has_a_view_that_follows_the_schema_and_asks_for_the_same(
    evidence: Any, holder: Any
) -> None:
    options = {} if isinstance(evidence, Clearance) else {"holder": holder}
    held = WORLD.home.issue(evidence, holder_key=holder_key().public, **options)
    seen = through_json(credential_view(held.credential))
    schemas.check(seen, "credential")
    request = {"event": seen["events"][0], **({"holder": seen["holder"]} if seen.get("holder") else {})}
    asked = read_issue_request(request)
    assert asked.evidence == evidence
    assert asked.holder == (holder if options and holder.known() else None)


VIEW = held_view(EVERY_KIND[0], status=STATUS)
TEST_VIEW = held_view(EVERY_KIND[2])
CLEARANCE_VIEW = held_view(EVERY_KIND[5])


def changed(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    copied = copy.deepcopy(document)
    parent = copied
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copied


EVENT = ("events", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), ...),
        (("format",), "PQ1:"),
        (("number",), ""),
        (("issuer",), ...),
        (("issuer", "country"), "UT"),
        (("issuer", "key"), "x"),
        (("validity",), None),
        (("validity", "expires_at"), "2036-12-01"),
        (("validity", "expires_at"), "2036-12-01T00:00:00"),
        (("validity", "expires_at"), "2036-02-30T00:00:00Z"),
        (("validity", "until"), "2036-12-01T00:00:00Z"),
        (("binding",), "passport"),
        (("status", "index"), -1),
        (("status", "index"), "1"),
        (("status", "uri"), "http://health.example.org"),
        (("status", "idx"), 1),
        (("events",), [{}]),
        (("events",), ...),
        ((*EVENT, "kind"), ...),
        ((*EVENT, "kind"), "immunisation"),
        ((*EVENT, "kind"), "test"),
        ((*EVENT, "kind"), "clearance"),
        ((*EVENT, "target"), "yellow fever"),
        ((*EVENT, "date"), "2026-02-30"),
        ((*EVENT, "date"), "14.3.2026"),
        ((*EVENT, "product"), "yf-stamaril"),
        ((*EVENT, "dose"), []),
        ((*EVENT, "dose"), [1, 2, 3]),
        ((*EVENT, "dose"), [1.0]),
        ((*EVENT, "dose"), ["1"]),
        ((*EVENT, "batch"), 7),
        ((*EVENT, "centre"), ""),
        ((*EVENT, "test_result"), "snomed|260415000"),
        ((*EVENT, "rule"), "UTO-entry"),
        ((*EVENT, "lot"), "AB123"),
        (("holder", "name"), ""),
        (("holder", "birth_date"), "74"),
        (("holder", "birth_date"), "1974-13"),
        (("holder", "sex"), "f"),
        (("holder", "nationality"), "Utopian"),
        (("holder", "document_number"), "L898902<3"),
        (("holder", "passport"), "L898902C3"),
        (("withheld",), ...),
        (("withheld",), -1),
        (("deviations",), []),
        (("signature",), "x"),
    ],
)
def test_a_view_that_departs_in_one_place_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    schemas.check(VIEW, "credential")
    with pytest.raises(DecodeError) as refused:
        schemas.check(changed(VIEW, path, value), "credential")
    assert refused.value.code is Reason.JSON_SCHEMA


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "ok"),
        (("verdict",), ...),
        (("at",), "now"),
        (("checks",), []),
        (("checks", 0, "step"), "decode"),
        (("checks", 9), ...),
        (("checks", 3, "outcome"), "ok"),
        (("checks", 3, "code"), "signature"),
        (("checks", 3, "meaning"), ...),
        (("checks", 3, "detail"), ""),
        (("checks", 3, "claims"), []),
        (("issuer", "country"), "ut"),
        (("issuer", "trust_list"), ...),
        (("credential", "format"), ...),
        (("credential", "events", 0, "lot"), "AB123"),
        (("log",), []),
    ],
)
def test_a_report_that_departs_in_one_place_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    seen = through_json(report_view(WORLD.verify(WORLD.home.issue_clearance().present(), document=DOCUMENT)))
    schemas.check(seen, "report")
    with pytest.raises(DecodeError):
        schemas.check(changed(seen, path, value), "report")


REQUEST: dict[str, Any] = {
    "event": VIEW["events"][0],
    "holder": VIEW["holder"],
    "valid_from": "2026-12-01T00:00:00Z",
    "valid_until": "2030-01-01T00:00:00+01:00",
}


def test_a_request_is_read_into_the_model() -> None:
    asked = read_issue_request(REQUEST)
    assert asked.evidence == EVERY_KIND[0]
    assert asked.holder == HOLDER
    assert (asked.valid_until.year, asked.valid_until.hour) == (2029, 23)
    assert "ERIKSSON" not in repr(asked)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("event",), ...),
        (("event", "target"), ...),
        (("event", "date"), "2026-03"),
        (("event", "dose"), [0]),
        (("event", "country"), "Utopia"),
        (("event", "vaccine"), "atc|J07BL01"),
        (("event", "product"), "who-pq|é"),
        (("event", "kind"), "recovery"),
        (("holder",), {}),
        (("holder", "name"), "Anna Eriksson"),
        (("holder", "name"), "ERIKSSON<<ANNA\n"),
        (("holder", "sex"), ""),
        (("valid_from",), "2026-12-01"),
        (("valid_until",), 2030),
        (("issuer",), "https://health.example.org"),
        (("binding",), "travel-document"),
    ],
)
def test_a_request_that_departs_in_one_place_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(DecodeError) as refused:
        read_issue_request(changed(REQUEST, path, value))
    assert refused.value.code is Reason.JSON_SCHEMA


@pytest.mark.parametrize("document", [None, [], "event", 5, {}])
def test_a_request_that_is_no_such_object_is_refused(document: Any) -> None:
    with pytest.raises(PratiqueError):
        read_issue_request(document)


def test_a_request_of_every_kind_can_be_issued() -> None:
    for evidence in EVERY_KIND:
        asked = read_issue_request({"event": held_view(evidence)["events"][0]})
        WORLD.home.issue(asked.evidence, holder_key=holder_key().public)


@pytest.mark.parametrize("batch", ["\ud800", "A\x00B", "A\nB", "\u202egnp.exe"])
def test_a_text_that_nobody_can_print_is_refused_at_issue(batch: str) -> None:
    asked = read_issue_request(changed(REQUEST, ("event", "batch"), batch))
    with pytest.raises(ClaimError):
        WORLD.home.issue(asked.evidence, holder_key=holder_key().public)


def test_no_message_about_a_request_quotes_a_value() -> None:
    marker = "GEHEIM7731"
    for path in (
        ("event", "date"),
        ("event", "product"),
        ("holder", "birth_date"),
        ("holder", "name"),
        ("valid_from",),
    ):
        with pytest.raises(PratiqueError) as refused:
            read_issue_request(changed(REQUEST, path, f"{marker} <{marker}>"))
        assert marker not in str(refused.value)
        assert marker not in refused.value.detail


@pytest.mark.parametrize("kind", Kind)
def test_the_schema_has_the_claims_of_the_model_for_each_kind(kind: Kind) -> None:
    described = set(schemas.load("credential")["$defs"][kind.value]["properties"])
    model = {"rule"} if kind is Kind.CLEARANCE else {field.name for field in fields(view._TYPES[kind])}
    assert described == {"kind", *model}


def test_the_schema_has_the_claims_of_the_profile_for_the_holder() -> None:
    described = set(schemas.load("credential")["$defs"]["holder"]["properties"])
    assert described == {name.removeprefix("holder.") for name in profile.PATHS if name.startswith("holder.")}


def test_the_schema_has_every_code_and_step_of_a_report() -> None:
    check = schemas.load("report")["$defs"]["check"]["properties"]
    assert check["step"]["enum"] == [step.value for step in Step]
    assert check["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert all(re.search(check["code"]["pattern"], reason.value) for reason in Reason)
