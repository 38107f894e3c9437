"""The parsers of trust lists and acceptance, written by hand, refuse what the schemas refuse, and nothing else."""

from __future__ import annotations

import base64
import copy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authority import DccState, World
from pratique import schemas
from pratique.codec import json
from pratique.errors import DecodeError, TrustError
from pratique.trust import Acceptance, TrustList

WORLD = World()
WORLD.trusted.append(DccState(WORLD.clock).entry())
TRUST_LIST = WORLD.list_document
TRUST_LIST["issuers"][0]["scope"] = {"kinds": ["vaccination", "test"], "targets": ["1D47", "RA01"]}
TRUST_LIST["issuers"][0]["keys"][0]["scope"] = {"kinds": ["vaccination"]}
TRUST_LIST["issuers"][0]["keys"][0]["withdrawn"] = {"at": "2026-11-20T00:00:00Z", "reason": "superseded"}
TRUST_LIST["issuers"][0]["status_lists"] = ["https://health.example.org/status/"]
TRUST_LIST |= {"next_update": "2026-11-30T00:00:00Z", "expires_at": "2026-12-30T00:00:00Z"}
ACCEPTANCE = {
    "accept": [{}, {"lists": ["world"], "countries": ["UTO", "RUR"], "formats": ["pratique"], "until": "2027-01-01"}],
    "deny": [{"issuers": ["https://health.example.net"], "kinds": ["test"], "targets": ["RA01"], "from": "2026-02-28"}],
}


def schema_takes(document: Any, name: str) -> bool:
    try:
        schemas.check(document, name)
    except DecodeError:
        return False
    return True


def trust_list_takes(document: Any) -> bool:
    """Return whether the parser takes a trust list whole: neither refused, nor any entry of it set aside."""
    try:
        return not TrustList.from_json(document).set_aside
    except TrustError:
        return False


def acceptance_takes(document: Any) -> bool:
    try:
        Acceptance.from_json(document)
    except TrustError:
        return False
    return True


TAKES = {"trust-list": trust_list_takes, "acceptance": acceptance_takes}
DOCUMENTS = {"trust-list": TRUST_LIST, "acceptance": ACCEPTANCE}


def changed(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy in which one member or item is another, or gone where the value is `...`."""
    copied = copy.deepcopy(document)
    if not path:
        return value
    parent = copied
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copied


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value in a document, the document's own first."""
    if isinstance(value, dict):
        return [path, *(p for name, entry in value.items() for p in paths(entry, (*path, name)))]
    if isinstance(value, list):
        return [path, *(p for i, entry in enumerate(value) for p in paths(entry, (*path, i)))]
    return [path]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_document_that_the_cases_start_from_is_taken_by_both(name: str) -> None:
    schemas.check(DOCUMENTS[name], name)
    assert TAKES[name](DOCUMENTS[name])


WITHDRAWN = ("issuers", 0, "keys", 0, "withdrawn")
ISSUER, KEY = ("issuers", 0), ("issuers", 0, "keys", 0)
CERTIFICATE = base64.b64encode(b"not looked at before it is needed").decode()

GOOD_LISTS = [
    (("next_update",), ...),
    (("expires_at",), ...),
    (("sequence",), 2**53 - 1),
    ((*ISSUER, "status_lists"), ...),
    ((*ISSUER, "status_lists"), []),
    ((*ISSUER, "status_lists"), ["http://not.looked.at", "neither is this"]),
    (WITHDRAWN, ...),
    ((*WITHDRAWN, "reason"), "compromise"),
    ((*WITHDRAWN, "at"), "2030-01-01T00:00:00Z"),
    ((*KEY, "formats"), ["token-status-list"]),
    (("issuers",), []),
    ((*ISSUER, "keys"), []),
    ((*ISSUER, "names"), ...),
    ((*ISSUER, "names"), {}),
    ((*ISSUER, "names"), {"zh-Hant": "衛生", "en": "Health"}),
    ((*ISSUER, "scope"), ...),
    ((*ISSUER, "scope"), {}),
    ((*ISSUER, "scope"), {"targets": ["XN109.Z9"]}),
    ((*ISSUER, "country"), "XOM"),
    ((*ISSUER, "keys", 0, "certificate"), CERTIFICATE),
    (KEY, TRUST_LIST["issuers"][1]["keys"][0]),
    ((*KEY, "formats"), ["pratique", "pratique", "vds-nc"]),
    ((*KEY, "not_after"), "2027-01-01T00:00:00+02:00"),
    ((*KEY, "not_after"), "2027-01-01T00:00:00.123456Z"),
    ((*KEY, "key_id"), "AA=="),
    ((*KEY, "key_id"), "AB=="),  # bits that do not count are not zero; Python reads it, and it is a hint alone
    ((*KEY, "public_key"), {"kty": "never heard of", "kid": "1", "key_ops": []}),
]
BAD_LISTS = [
    ((), []),
    ((), None),
    (("id",), ...),
    (("id",), ""),
    (("id",), 7),
    (("sequence",), 0),
    (("sequence",), True),
    (("sequence",), 1.0),
    (("sequence",), "1"),
    (("issued_at",), "yesterday"),
    (("issued_at",), "2026-01-01"),
    (("issued_at",), "2026-01-01T00:00:00"),
    (("issued_at",), "2026-01-01 00:00:00Z"),
    (("issued_at",), "2026-02-30T00:00:00Z"),
    (("issued_at",), "2026-01-01T00:00:00Z\n"),
    (("issued_at",), "2026-01-01T24:00:00Z"),
    (("issued_at",), "0001-01-01T00:00:00+23:00"),
    (("issuers",), {}),
    (("signature",), "in the wrong place"),
    (("sequence",), 2**53),
    (("next_update",), None),
    (("next_update",), "2026-11-30"),
    (("expires_at",), 1_800_000_000),
    ((*ISSUER, "status_lists"), "https://health.example.org/status/"),
    ((*ISSUER, "status_lists"), None),
    ((*ISSUER, "status_lists"), [""]),
    ((*ISSUER, "status_lists", 0), 1),
    (WITHDRAWN, True),
    (WITHDRAWN, None),
    (WITHDRAWN, {}),
    ((*WITHDRAWN, "at"), ...),
    ((*WITHDRAWN, "at"), "2026-11-20"),
    ((*WITHDRAWN, "reason"), ...),
    ((*WITHDRAWN, "reason"), "expired"),
    ((*WITHDRAWN, "reason"), "compromise\n"),
    ((*WITHDRAWN, "reason"), 1),
    (ISSUER, None),
    ((*ISSUER, "id"), ...),
    ((*ISSUER, "id"), ""),
    ((*ISSUER, "country"), "A1A"),
    ((*ISSUER, "country"), "uto"),
    ((*ISSUER, "country"), "UTO\n"),
    ((*ISSUER, "country"), "UT"),
    ((*ISSUER, "names"), "Ministry"),
    ((*ISSUER, "names"), {"en": ""}),
    ((*ISSUER, "names"), {"english language": "Ministry"}),
    ((*ISSUER, "scope"), None),
    ((*ISSUER, "scope"), {"kind": ["test"]}),
    ((*ISSUER, "scope"), {"kinds": []}),
    ((*ISSUER, "scope"), {"kinds": ["vaccinations"]}),
    ((*ISSUER, "scope"), {"kinds": "test"}),
    ((*ISSUER, "scope"), {"targets": ["yellow fever"]}),
    ((*ISSUER, "until"), "2027-01-01"),
    ((*ISSUER, "keys"), None),
    (KEY, "key"),
    ((*KEY, "key_id"), ...),
    ((*KEY, "key_id"), ""),
    ((*KEY, "key_id"), "AAA"),
    ((*KEY, "key_id"), "AA=="[::-1]),
    ((*KEY, "key_id"), "A-_A"),
    ((*KEY, "key_id"), "AA==\n"),
    ((*KEY, "key_id"), [1]),
    ((*KEY, "formats"), []),
    ((*KEY, "formats"), ["EU DCC"]),
    ((*KEY, "formats"), "pratique"),
    ((*KEY, "not_before"), ...),
    ((*KEY, "not_after"), 1_800_000_000),
    ((*KEY, "public_key"), ...),
    ((*KEY, "public_key"), "-----BEGIN PUBLIC KEY-----"),
    ((*KEY, "public_key"), {}),
    ((*KEY, "public_key"), {"kty": "EC", "d": "private"}),
    ((*KEY, "public_key"), {"kty": "EC", "x": 5}),
    ((*KEY, "public_key"), {"kty": "EC", "key_ops": "verify"}),
    ((*KEY, "public_key"), {"kty": "EC", "key_ops": [1]}),
    ((*KEY, "certificate"), "not base64"),
    ((*KEY, "scope"), {"kinds": ["vaccination"], "countries": ["UTO"]}),
    ((*KEY, "not_before_"), "2026-01-01T00:00:00Z"),
]
GOOD_ACCEPTANCES = [
    ((), {}),
    (("accept",), ...),
    (("accept",), []),
    (("accept", 0), {"from": "2026-01-01", "until": "2026-01-02"}),
    (("accept", 0), {"formats": ["not-known-yet"]}),
    (("deny", 0, "targets"), ["1C81", "XN109.Z9"]),
]
BAD_ACCEPTANCES = [
    ((), []),
    ((), None),
    (("reject",), []),
    (("accept",), None),
    (("accept",), {}),
    (("accept", 0), "*"),
    (("accept", 0), {"country": ["UTO"]}),
    (("accept", 0), {"countries": []}),
    (("accept", 0), {"countries": "UTO"}),
    (("accept", 0), {"countries": ["Utopia"]}),
    (("accept", 0), {"countries": ["UTO", 1]}),
    (("deny", 0), {"countries": ["UT"]}),
    (("deny", 0), {"issuers": [""]}),
    (("deny", 0), {"lists": [None]}),
    (("deny", 0), {"formats": ["EU-DCC"]}),
    (("deny", 0), {"kinds": ["tests"]}),
    (("deny", 0), {"kinds": [[]]}),
    (("deny", 0), {"targets": ["1d47"]}),
    (("deny", 0), {"from": "20260101"}),
    (("deny", 0), {"from": "2026-W01-1"}),
    (("deny", 0), {"from": "2026-02-30"}),
    (("deny", 0), {"from": "2026-01-01T00:00:00Z"}),
    (("deny", 0), {"until": 20260101}),
    (("deny", 0), {"until": None}),
    (("deny", 0), {"until": "2026-01-01\n"}),
]
TABLE = [
    *(("trust-list", path, value, True) for path, value in GOOD_LISTS),
    *(("trust-list", path, value, False) for path, value in BAD_LISTS),
    *(("acceptance", path, value, True) for path, value in GOOD_ACCEPTANCES),
    *(("acceptance", path, value, False) for path, value in BAD_ACCEPTANCES),
]


@pytest.mark.parametrize(("name", "path", "value", "good"), TABLE)
def test_schema_and_parser_judge_one_change_alike(
    name: str, path: tuple[str | int, ...], value: Any, *, good: bool
) -> None:
    document = changed(DOCUMENTS[name], path, value)
    assert schema_takes(document, name) is good
    assert TAKES[name](document) is good


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.from_regex(r"[0-9A-Z]{2,4}(\.[0-9A-Z]{1,2})?\n?", fullmatch=True),
    st.from_regex(r"[a-z]{2,8}(-[a-z0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9+/=]{0,9}", fullmatch=True),
    st.from_regex(
        r"20[0-9]{2}-[0-3][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:00([+-][0-2][0-9]:[0-6][0-9]|Z))?", fullmatch=True
    ),
    st.sampled_from(["vaccination", "test", "clearance", "pratique", "eu-dcc", "UTO", "1D47", "verify", "sig"]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(["kinds", "targets", "kty", "en", "from", "countries", "x"]), SCALARS, max_size=2),
)


def in_order(value: Any) -> bool:
    """Return whether times that belong together stand in their order wherever they do: no schema can say that."""
    if isinstance(value, list):
        return all(map(in_order, value))
    if not isinstance(value, dict):
        return True
    for names in (("issued_at", "next_update", "expires_at"), ("not_before", "not_after"), ("from", "until")):
        times = [datetime.fromisoformat(value[name]) for name in names if name in value]
        if times != sorted(times) or (names[0] == "from" and len(set(times)) < len(times)):
            return False
    return all(map(in_order, value.values()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_and_parser_agree_on_any_change_of_one_value(name: str) -> None:
    document = DOCUMENTS[name]

    @settings(max_examples=200, deadline=None)
    @given(st.sampled_from(paths(document)), VALUES)
    def agree(path: tuple[str | int, ...], value: Any) -> None:
        given_ = changed(document, path, value)
        assert (schema_takes(given_, name) and in_order(given_)) is TAKES[name](given_)

    agree()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_and_parser_agree_wherever_one_value_is_taken_out_or_one_is_added(name: str) -> None:
    document = DOCUMENTS[name]
    for path in paths(document)[1:]:
        without = changed(document, path, ...)
        assert schema_takes(without, name) is TAKES[name](without), path
    for path in paths(document):
        more = changed(document, (*path, "more"), 1) if is_object(document, path) else document
        assert schema_takes(more, name) is TAKES[name](more) is (more is document), path


def is_object(document: Any, path: tuple[str | int, ...]) -> bool:
    for step in path:
        document = document[step]
    return isinstance(document, dict)


def test_schemas_are_read_once_however_many_values_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas.check(TRUST_LIST, "trust-list")
    monkeypatch.setattr(schemas, "_FOLDERS", ())
    schemas.check(TRUST_LIST, "trust-list")


def test_one_faulty_entry_is_set_aside_and_named_and_the_rest_is_used() -> None:
    document = changed(TRUST_LIST, (*KEY, "key_id"), "AAA")
    trust_list = TrustList.from_json(document)
    assert [aside.where for aside in trust_list.set_aside] == ["issuers/0/keys/0"]
    assert [key.issuer.country for key in trust_list.keys] == ["AUT"]


def test_what_python_writes_as_json_is_what_both_read() -> None:
    assert trust_list_takes(json.decode(json.encode(TRUST_LIST)))
