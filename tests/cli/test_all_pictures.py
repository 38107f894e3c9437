"""`pratique verify` over the folders of all vectors' pictures: every line of the table is what the metadata expects.

One trust folder holds the keys of all vectors at once. Only the clock differs: each vector states its own, so the
pictures of one clock are verified in one run.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from conftest import VECTORS, Vector, load_vectors
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.formats import hc1
from pratique.model.codes import country_alpha3
from pratique.trust.entries import Limits, key_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from conftest import Run

FORMATS: Final = (
    "at1",
    "divoc",
    "eu-dcc",
    "eu-dcc-image",
    "nl-coronacheck",
    "nzcp",
    "shc",
    "shl",
    "vds-nc",
    "who-ddcc",
)
PICTURED: Final = [vector for name in FORMATS for vector in load_vectors(name) if vector.meta["inputs"].get("image")]
if not PICTURED:
    pytest.skip(f"the outside test vectors are not at {VECTORS}", allow_module_level=True)

_OPEN: Final = Limits(not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2040, 1, 1, tzinfo=UTC))
_SMART_ISSUERS: Final = (
    "https://spec.smarthealth.cards/examples/issuer",
    "https://smarthealth.cards/examples/issuer",
)
CLOCKS: Final = {"who-ddcc": "2022-01-01", "shc": "2026-01-01", "shl": "2026-01-01"}
"""Where a vector states no clock: when those of its format were in use; else the summer of the first EU DCC."""
# What the command says otherwise than the metadata expects: the fields, and why that is right.
_OTHER_KEY = "the folder of all keys has the one that signed it, which its own metadata leaves out on purpose"
DEVIATIONS: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "PL-1.0.0-6": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "PL-1.2.1-6": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "PL-1.3.0-6": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "PL-img-1.0.0-6.png": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "PL-img-1.2.1-6.png": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "PL-img-1.3.0-6.png": (frozenset({"key_usage_ok", "signature_valid"}), _OTHER_KEY),
    "spec-02": (frozenset({"decode"}), "a laboratory report without a patient: nobody can be compared with it"),
    "hl7-IPS_IG": (frozenset({"decode"}), "a link to a record elsewhere, which is never opened"),
}


def issuers(vector: Vector) -> Iterator[dict[str, Any]]:
    """Yield entries of a trust list for the keys that a vector names."""
    key = vector.meta["key"]
    if key is None:
        return
    if key["type"] == "x509":
        certificate = Certificate.read(base64.b64decode(key["value"]))
        country = country_alpha3(certificate.country or vector.meta["issuer_country"] or "") or "UTO"
        format_ = "who-hcert" if vector.meta["format"] == "who-ddcc" else "eu-dcc"
        yield {"id": f"{format_}:{country}", "country": country, "keys": [key_entry(certificate, format_=format_)]}
    elif key["type"] == "jwks":
        keys = [key_entry(PublicKey.from_jwk(jwk), format_="smart-health-card", limits=_OPEN) for jwk in key["value"]]
        for issuer in _SMART_ISSUERS:
            yield {"id": issuer, "country": "USA", "keys": keys}
    elif key["type"] == "did":
        for method in key["value"]["verificationMethod"]:
            did, _, name = method["id"].partition("#")
            public_key = PublicKey.from_jwk(method["publicKeyJwk"])
            entry = key_entry(public_key, format_="nz-covid-pass", key_id=name.encode(), limits=_OPEN)
            yield {"id": did, "country": "NZL", "keys": [entry]}
    elif key["type"] == "spki-pem":
        key_id = hc1.envelope(vector.text().rstrip("\r\n")).key_id
        entry = key_entry(PublicKey.from_pem(key["value"].encode()), format_="who-hcert", key_id=key_id, limits=_OPEN)
        yield {"id": "who-hcert:UTO", "country": "UTO", "keys": [entry]}
    else:
        raise AssertionError(key["type"])


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trust folder with the keys of all vectors, each of which is accepted for everything."""
    merged: dict[str, dict[str, Any]] = {}
    for vector in PICTURED:
        for issuer in issuers(vector):
            keys = merged.setdefault(issuer["id"], {**issuer, "keys": []})["keys"]
            keys += [key for key in issuer["keys"] if key not in keys]
    folder = tmp_path_factory.mktemp("trust")
    document = {"id": "vectors", "sequence": 1, "issued_at": "2020-01-01T00:00:00Z", "issuers": list(merged.values())}
    (folder / "vectors.trust.json").write_text(json.dumps(document))
    (folder / "acceptance.json").write_text('{"accept": [{}]}')
    return folder


def by_clock() -> dict[str, list[Vector]]:
    """Return the vectors by the time that they are to be judged by."""
    found: dict[str, list[Vector]] = defaultdict(list)
    for vector in PICTURED:
        found[vector.meta["clock"] or CLOCKS.get(vector.meta["format"], "2021-06-01")].append(vector)
    return found


def observed(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line of the command says, in the words of the vectors' metadata."""
    if "error" in line:
        return {"image_decode": False, "decode": False, "overall": "INVALID"}
    outcomes = {check["step"]: check["outcome"] for check in line["checks"]}
    return {
        "image_decode": True,
        "decode": "failed" not in (outcomes["read"], outcomes["decode"]),
        "signature_valid": outcomes["signature"] == "passed",
        "schema_valid": outcomes["decode"] == "passed",
        "expired_at_clock": outcomes["validity"] == "failed",
        "key_usage_ok": not any(check["code"] == "key.scope" for check in line["checks"]),
        "overall": "INVALID" if line["verdict"] == "reject" else "VALID",
    }


def differing(vector: Vector, line: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields in which a line is not as expected, but for those that are wrong in the vector itself."""
    answers = observed(line)
    return frozenset(
        name
        for name, expected in vector.meta["expected"].items()
        if expected not in (None, answers.get(name)) and name in answers and name not in vector.meta["known_bad"]
    )


def test_every_line_is_what_the_metadata_expects(run: Run, trust: Path, tmp_path: Path) -> None:
    found = {}
    for i, (clock, vectors) in enumerate(by_clock().items()):
        folder = tmp_path / str(i)
        folder.mkdir()
        for vector in vectors:
            for j, name in enumerate(vector.meta["inputs"]["image"]):
                (folder / f"{vector.name}@{j}.png").symlink_to(vector.folder / name)
        result = run("verify", folder, "--trust", trust, "--at", clock, "--json")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        for vector in vectors:
            own = [line for line in lines if line["source"].startswith(f"{folder}/{vector.name}@")]
            assert len(own) == 1, vector.name
            found[vector.name] = differing(vector, own[0])
    assert {name: fields for name, fields in found.items() if fields} == {
        name: fields for name, (fields, _) in DEVIATIONS.items()
    }


def test_one_table_shows_them_all(run: Run, trust: Path) -> None:
    folders = [VECTORS / name for name in FORMATS if any(vector.folder.parent.name == name for vector in PICTURED)]
    result = run("verify", *folders, "--trust", trust, "--at", "2021-10-01T00:00:00Z")
    header, *rows = result.stdout.split("\n\n")[0].splitlines()
    assert header.split() == ["code", "format", "kind", "country", "verdict", "reason"]
    shown = {vector.folder for vector in PICTURED for row in rows if row.startswith(f"{vector.folder}/")}
    missing = {vector.name for vector in PICTURED} - {folder.name for folder in shown}
    assert missing == {"common-Q1"}  # its file has no picture's name
