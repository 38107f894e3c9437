from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique import schemas
from pratique.codec import cbor
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PrivateKey
from seals import SealState

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World


@pytest.fixture
def certificate(vectors: Path, tmp_path: Path) -> Path:
    """Return the file of a real certificate of Austria, in DER."""
    meta = json.loads((vectors / "eu-dcc-image" / "AT-img-1.png" / "meta.json").read_text(encoding="utf-8"))
    path = tmp_path / "dsc.der"
    path.write_bytes(base64.b64decode(meta["key"]["value"]))
    return path


def _lists(folder: Path) -> tuple[Any, Any]:
    return tuple(json.loads((folder / name).read_text()) for name in ("local.trust.json", "acceptance.json"))  # type: ignore[return-value]


def test_adding_a_certificate_says_both_things_it_did(run: Run, certificate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    result = run(
        "trust", "add", certificate, "--country", "AT", "--format", "eu-dcc", "--name", "BMSGPK", "--trust", folder
    )
    assert result.exit_code == 0
    assert "1. Key d919375fc1e7b6b2 of eu-dcc:AUT (AUT) is on" in result.stderr
    assert "2. " in result.stderr
    assert "now accepts eu-dcc by eu-dcc:AUT (AUT)" in result.stderr
    assert "expired" in result.stderr
    trust_list, acceptance = _lists(folder)
    schemas.check(trust_list, "trust-list")
    schemas.check(acceptance, "acceptance")
    key = trust_list["issuers"][0]["keys"][0]
    read = Certificate.read(certificate.read_bytes())
    assert base64.b64decode(key["key_id"]) == read.hcert_key_id
    assert key["public_key"] == read.public_key.jwk
    assert key["not_after"] == "2023-05-05T12:41:06Z"
    assert acceptance == {"accept": [{"issuers": ["eu-dcc:AUT"], "countries": ["AUT"], "formats": ["eu-dcc"]}]}


def test_adding_again_replaces_the_key_and_counts_on(run: Run, certificate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    add = ["trust", "add", certificate, "--country", "AUT", "--format", "eu-dcc", "--trust", folder]
    run(*add)
    result = run(*add, "--kinds", "vaccination,test", "--targets", "RA01")
    assert "accepts already" in result.stderr
    trust_list, acceptance = _lists(folder)
    assert trust_list["sequence"] == 2
    assert [key["scope"] for key in trust_list["issuers"][0]["keys"]] == [
        {"kinds": ["test", "vaccination"], "targets": ["RA01"]}
    ]
    assert len(acceptance["accept"]) == 1


def test_no_accept_leaves_the_decision_open(run: Run, certificate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    add = ["trust", "add", certificate, "--country", "AT", "--format", "eu-dcc", "--trust", folder, "--no-accept"]
    result = run(*add)
    assert result.exit_code == 0
    assert not (folder / "acceptance.json").exists()
    assert "Nothing was accepted" in result.stderr
    assert "no issuer is accepted" in run("trust", "show", "--trust", folder).stderr


@pytest.mark.parametrize("form", ["pem", "der", "jwk", "cose"])
def test_a_bare_key_comes_in_every_form(run: Run, tmp_path: Path, form: str) -> None:
    key = PrivateKey.generate("Ed25519").public
    data = {
        "pem": lambda: key.native.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": lambda: key.native.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": lambda: json.dumps(key.jwk).encode(),
        "cose": lambda: cbor.encode(key.cose_key),
    }[form]()
    (tmp_path / "key").write_bytes(data)
    folder = tmp_path / "trust"
    add = [
        "trust",
        "add",
        tmp_path / "key",
        "--country",
        "UTO",
        "--format",
        "pratique",
        "--issuer",
        "https://a.example",
    ]
    assert run(*add, "--trust", folder).exit_code == 0
    entry = _lists(folder)[0]["issuers"][0]["keys"][0]
    assert base64.b64decode(entry["key_id"]) == key.key_id
    assert entry["public_key"] == key.jwk


def test_a_key_that_codes_call_by_a_name_is_added_under_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(json.dumps(PrivateKey.generate("ESP256").public.jwk))
    folder = tmp_path / "trust"
    issuer = ["--issuer", "did:web:passes.example", "--key-name", "z12Kf7UQ"]
    add = ["trust", "add", tmp_path / "key", "--country", "NZ", "--format", "nz-covid-pass", *issuer, "--trust", folder]
    assert run(*add).exit_code == 0
    trust_list, acceptance = _lists(folder)
    assert base64.b64decode(trust_list["issuers"][0]["keys"][0]["key_id"]) == b"z12Kf7UQ"
    assert acceptance["accept"] == [
        {"issuers": ["did:web:passes.example"], "countries": ["NZL"], "formats": ["nz-covid-pass"]}
    ]
    assert "(z12Kf7UQ)" in run("trust", "show", "--trust", folder).stdout


def test_every_key_of_a_set_is_added(run: Run, tmp_path: Path) -> None:
    keys = [PrivateKey.generate("ESP256").public for _ in range(2)]
    jwks = {"keys": [{**key.jwk, "kid": "any", "use": "sig", "alg": "ES256", "x5c": ["AAAA"]} for key in keys]}
    (tmp_path / "jwks.json").write_text(json.dumps(jwks))
    folder = tmp_path / "trust"
    add = ["trust", "add", tmp_path / "jwks.json", "--country", "US", "--trust", folder]
    add += ["--format", "smart-health-card", "--issuer", "https://cards.example"]
    assert "one identifier is given" in run(*add, "--key-id", "ab").stderr
    assert not folder.exists()
    assert run(*add).exit_code == 0
    entries = _lists(folder)[0]["issuers"][0]["keys"]
    assert [base64.b64decode(entry["key_id"]) for entry in entries] == [key.jwk_thumbprint for key in keys]
    assert all(run(*add[:2], file, *add[3:]).exit_code == 2 for file in _faulty_sets(tmp_path))


def _faulty_sets(folder: Path) -> list[Path]:
    files = [folder / f"{i}.json" for i in range(3)]
    for file, keys in zip(files, ([], "no array", [7]), strict=True):
        file.write_text(json.dumps({"keys": keys}))
    return files


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--country", "AT", "--format", "pratique"], "--issuer is needed"),
        (["--country", "QQ", "--format", "eu-dcc"], "no country has that code"),
        (["--country", "A", "--format", "eu-dcc"], "no country has that code"),
        (["--country", "AT", "--format", "eu-dcc", "--kinds", "vaccination,tattoo"], "expected one or more of"),
        (["--country", "AT", "--format", "eu-dcc", "--key-id", "xyz"], "hexadecimal"),
        (["--country", "AT", "--format", "eu-dcc", "--key-id", "ab", "--key-name", "a"], "give one"),
        (["--country", "NZ", "--format", "nz-covid-pass", "--key-name", "a"], "--issuer is needed"),
        (["--country", "NZ", "--format", "nz-covid-pass", "--issuer", "did:web:a"], "a name that the issuer chose"),
        (["--country", "NZ", "--format", "nz-covid-pass", "--issuer", "did:web:a", "--key-name", ""], "is empty"),
        (["--country", "AT", "--format", "eu-dcc", "--issuer", ""], "json.schema"),
        (["--country", "AT", "--format", "eu-dcc", "--not-after", "1999-01-01"], "no window"),
        (["--country", "AT", "--format", "smart"], "is not one of"),
    ],
)
def test_faulty_options_change_nothing(
    run: Run, certificate: Path, tmp_path: Path, options: list[str], complaint: str
) -> None:
    result = run("trust", "add", certificate, *options, "--trust", tmp_path / "trust")
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert not (tmp_path / "trust").exists()


@pytest.mark.parametrize("data", [b"", b"\x30\x03\x02\x01\x00", b"-----BEGIN PUBLIC KEY-----\n", b"{}", b"\xff" * 20])
def test_what_is_no_key_is_an_error(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "key").write_bytes(data)
    result = run(
        "trust", "add", tmp_path / "key", "--country", "AT", "--format", "eu-dcc", "--trust", tmp_path / "trust"
    )
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert not (tmp_path / "trust").exists()


def test_a_private_key_is_not_put_on_a_list(run: Run, world: World) -> None:
    result = run(
        "trust", "add", world["issuer.pem"], "--country", "UTO", "--format", "pratique", "--issuer", "https://a.example"
    )
    assert result.exit_code == 2
    assert "private key" in result.stderr


def test_an_issuer_keeps_its_country(run: Run, world: World) -> None:
    add = ["trust", "add", world["issuer.pub.pem"], "--format", "pratique", "--issuer", world.issuer]
    result = run(*add, "--country", "AT", "--trust", world["trust"])
    assert result.exit_code == 2
    assert "trust.list_invalid" in result.stderr


def test_a_faulty_list_is_not_built_upon(run: Run, world: World) -> None:
    before = world["trust"] / "local.trust.json"
    before.write_text('{"id": "local"}')
    add = [
        "trust",
        "add",
        world["issuer.pub.pem"],
        "--country",
        "UTO",
        "--format",
        "pratique",
        "--issuer",
        world.issuer,
    ]
    assert run(*add, "--trust", world["trust"]).exit_code == 2
    assert before.read_text() == '{"id": "local"}'


def test_show_has_issuers_keys_windows_and_acceptance(run: Run, world: World) -> None:
    result = run("trust", "show", "--trust", world["trust"])
    assert result.exit_code == 0
    assert "Ministry of Health of Utopia <https://health.utopia.example>" in result.stdout
    assert "vaccination; 1D47" in result.stdout
    assert "countries UTO; issuers https://health.utopia.example; formats pratique" in result.stdout
    assert "EXPIRED" not in result.stdout
    assert "EXPIRED" in run("trust", "show", "--trust", world["trust"], "--at", "2040-01-01").stdout
    assert "NOT YET VALID" in run("trust", "show", "--trust", world["trust"], "--at", "2020-01-01").stdout


def test_check_finds_a_folder_in_order(run: Run, world: World) -> None:
    result = run("trust", "check", "--trust", world["trust"])
    assert result.exit_code == 0
    assert "errors: 0, notes: 0" in result.stdout


def test_check_lists_every_error_and_ends_with_1(run: Run, world: World) -> None:
    file = world["trust"] / "local.trust.json"
    document = json.loads(file.read_text())
    document["issuers"][0]["keys"][0]["public_key"]["x"] = "AAAA"
    file.write_text(json.dumps(document))
    (world["trust"] / "acceptance.json").write_text('{"accept": [{"colours": ["red"]}]}')
    (world["trust"] / "other.trust.json").write_text("{")
    result = run("trust", "check", "--trust", world["trust"])
    assert result.exit_code == 1
    assert "the key cannot be used" in result.stdout
    assert "error: accept" in result.stdout or "error: schema: accept" in result.stdout
    assert "error: json.malformed: line 1" in result.stdout


def test_check_without_acceptance_says_so(run: Run, world: World) -> None:
    (world["trust"] / "acceptance.json").unlink()
    result = run("trust", "check", "--trust", world["trust"])
    assert result.exit_code == 0
    assert "no issuer is accepted" in result.stdout


def test_check_of_nothing_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    result = run("trust", "check", "--trust", tmp_path)
    assert result.exit_code == 2
    assert "trust add" in result.stderr


def test_an_issuers_name_cannot_paint_on_the_terminal(run: Run, world: World) -> None:
    file = world["trust"] / "local.trust.json"
    document = json.loads(file.read_text())
    document["issuers"][0]["names"] = {"en": "\x1b[2J\u202eNobody"}
    file.write_text(json.dumps(document))
    border = ["--trust", world["trust"]]
    for result in (
        run("trust", "show", *border),
        run("verify", world["card.png"], *border),
        run("inspect", world["card.png"], *border),
    ):
        assert "Nobody" in result.stdout
        assert "\x1b[2J" not in result.output
        assert "\u202e" not in result.output


@pytest.mark.parametrize("command", [("diff", "FILE", "FILE"), ("renew", "FILE")])
@pytest.mark.parametrize("content", ["junk", "{}", '{"id": 1}'])
def test_file_that_is_no_trust_list_is_named(run: Run, tmp_path: Path, command: tuple[str, ...], content: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content)
    result = run("trust", *(file if part == "FILE" else part for part in command))
    assert result.exit_code == 2
    assert f"{file}: " in result.stderr


def test_list_of_keys_in_use_is_an_array_of_base64(run: Run, certificate: Path, tmp_path: Path) -> None:
    key_id = base64.b64encode(Certificate.read(certificate.read_bytes()).hcert_key_id).decode()
    source = [{"kid": key_id, "rawData": base64.b64encode(certificate.read_bytes()).decode(), "country": "AT"}]
    (tmp_path / "list.json").write_text(json.dumps(source))
    made = ["trust", "import", tmp_path / "list.json", "--id", "x", "--out", tmp_path / "x.json", "--force", "--in-use"]
    outcomes = []
    for content in (f'["{key_id}"]', "[]", '["!"]', '{"a": 1}', "[1]"):
        (tmp_path / "in-use.json").write_text(content)
        outcomes.append(run(*made, tmp_path / "in-use.json").exit_code)
    assert outcomes == [0, 1, 2, 2, 2]


def test_show_as_json_has_what_it_prints(run: Run, world: World) -> None:
    arguments = ("trust", "show", "--trust", world["trust"], "--json")
    view = json.loads(run(*arguments).stdout)
    (trust_list,) = view["lists"]
    (key,) = trust_list["keys"]
    entry = json.loads((world["trust"] / "local.trust.json").read_text())["issuers"][0]
    assert base64.b64decode(entry["keys"][0]["key_id"]).hex() == key["key_id"]
    assert (key["issuer"], key["name"], key["country"]) == (entry["id"], entry["names"]["en"], "UTO")
    assert (key["formats"], key["may_sign"]) == (["pratique"], {"kinds": ["vaccination"], "targets": ["1D47"]})
    assert key["usable"]
    assert {"accept": view["accept"]} == json.loads((world["trust"] / "acceptance.json").read_text())
    for at in ("2020-01-01", "2040-01-01"):
        assert not json.loads(run(*arguments, "--at", at).stdout)["lists"][0]["keys"][0]["usable"]


def test_check_as_json_counts_and_places_what_it_found(run: Run, world: World) -> None:
    arguments = ("trust", "check", "--trust", world["trust"], "--json")
    view = json.loads(run(*arguments).stdout)
    assert (view["lists"], view["errors"], view["notes"]) == (1, 0, 0)
    (world["trust"] / "other.trust.json").write_text("{")
    (world["trust"] / "acceptance.json").unlink()
    result = run(*arguments)
    view = json.loads(result.stdout)
    assert (result.exit_code, view["errors"], view["notes"]) == (1, 1, 1)
    found = {each["name"]: each["findings"] for each in view["checked"]}
    (fault,) = found[str(world["trust"] / "other.trust.json")]
    assert (fault["where"], fault["error"]) == ("json.malformed", True)
    (oddity,) = found[str(world["trust"] / "acceptance.json")]
    assert ("no issuer is accepted" in oddity["text"], oddity["error"]) == (True, False)


def test_a_key_that_began_years_ago_counts_for_two_years_from_today(run: Run, world: World, tmp_path: Path) -> None:
    arguments = ("--country", "US", "--format", "smart-health-card", "--issuer", "https://cards.example")
    for i, began in enumerate(["2021-06-01", None, "2099-01-01"]):
        given = () if began is None else ("--not-before", began)
        run("trust", "add", world["issuer.pub.pem"], *arguments, *given, "--trust", tmp_path / str(i))
        entry = json.loads((tmp_path / str(i) / "local.trust.json").read_text())["issuers"][0]["keys"][0]
        begins, ends = (datetime.fromisoformat(entry[name]) for name in ("not_before", "not_after"))
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        assert abs(max(begins, today) + timedelta(days=730) - ends) <= timedelta(days=1)  # midnight may have passed


def test_adding_a_key_again_says_what_changes_and_what_widens_trust(run: Run, world: World, tmp_path: Path) -> None:
    arguments = (world["issuer.pub.pem"], "--country", "UTO", "--format", "pratique", "--issuer", "https://h.example")
    window = ("--not-before", "2026-01-01", "--not-after", "2027-01-01")
    first = run("trust", "add", *arguments, *window, "--kinds", "clearance", "--trust", tmp_path)
    assert "more is trusted" not in first.stderr
    wider = run("trust", "add", *arguments, *window, "--trust", tmp_path)
    assert "warning: more is trusted: " in wider.stderr
    assert "it was clearance" in wider.stderr
    again = run("trust", "add", *arguments, *window, "--trust", tmp_path)
    assert "more is trusted" not in again.stderr
    narrower = run("trust", "add", *arguments, *window, "--kinds", "test", "--trust", tmp_path)
    assert "more is trusted" not in narrower.stderr
    assert "may sign less: test" in narrower.stderr


def test_what_is_odd_about_a_certificate_is_said(run: Run, certificate: Path, tmp_path: Path) -> None:
    odd = run("trust", "add", certificate, "--country", "FR", "--format", "eu-dcc", "--trust", tmp_path / "1")
    assert "the certificate names AT, and it was added for FRA" in odd.stderr
    own = run("trust", "add", certificate, "--country", "AT", "--format", "eu-dcc", "--trust", tmp_path / "2")
    assert "the certificate names" not in own.stderr
    authority = tmp_path / "csca.der"
    authority.write_bytes(SealState("SE", "SWE").certificate())
    for format_, is_odd in (("eu-dcc", True), ("icao-vds-nc", False)):
        added = run("trust", "add", authority, "--country", "SE", "--format", format_, "--trust", tmp_path / format_)
        assert ("an authority's, which signs certificates" in added.stderr) is is_odd


@pytest.mark.parametrize(
    ("issuer", "remarks"),
    [("https://cards.example", 0), ("https://cards.example/", 1), ("cards.example", 1)],
)
def test_an_issuer_that_no_card_will_name_is_remarked_on(
    run: Run, world: World, tmp_path: Path, issuer: str, remarks: int
) -> None:
    added = run(
        "trust", "add", world["issuer.pub.pem"], "--country", "US", "--format", "smart-health-card",
        "--issuer", issuer, "--trust", tmp_path,
    )  # fmt: skip
    assert added.stderr.count("without a slash at its end") == remarks


def test_a_did_document_is_sent_to_import(run: Run, tmp_path: Path) -> None:
    (tmp_path / "did.json").write_text('{"id": "did:web:x", "verificationMethod": []}')
    result = run("trust", "add", tmp_path / "did.json", "--country", "NZ", "--format", "eu-dcc", "--trust", tmp_path)
    assert (result.exit_code, "pratique trust import takes it" in result.stderr) == (2, True)


def test_check_of_a_folder_that_is_not_there_says_how_to_begin(run: Run, tmp_path: Path) -> None:
    result = run("trust", "check", "--trust", tmp_path / "nowhere")
    assert (result.exit_code, "is not there; add an issuer with" in result.stderr) == (2, True)
