"""`pratique status`: from an issuer's register to the desk of a border."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from https_server import Authority, serving
from pratique.cose.keys import PrivateKey
from pratique.status import SignedStatusList, StatusStore, revocation_folder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run, World

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
URI = "https://health.utopia.example/status/1"


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@pytest.fixture
def register(run: Run, tmp_path: Path) -> Path:
    made = run("status", "create", tmp_path / "register", "--uri", URI, "--size", "8000", "--bits", "2")
    assert made.exit_code == 0, made.stderr
    return tmp_path / "register"


@pytest.fixture
def list_key(world: World) -> Path:
    """Return a key that stands on the demonstration's trust list for the status lists of its issuer."""
    key = PrivateKey.generate()
    path = world["lists.pem"]
    path.write_bytes(key.to_pem())
    file = world["trust"] / "local.trust.json"
    document = json.loads(file.read_text())
    issuer = document["issuers"][0]
    entry = {
        "key_id": base64.b64encode(key.public.key_id).decode(),
        "public_key": key.public.jwk,
        "formats": ["token-status-list"],
    }
    entry |= {name: issuer["keys"][0][name] for name in ("not_before", "not_after")}
    issuer["keys"].append(entry)
    issuer["status_lists"] = [URI]
    file.write_text(json.dumps(document))
    return path


def allocate(run: Run, register: Path, count: int = 1) -> list[int]:
    return [int(line) for line in run("status", "allocate", register, "--count", count).stdout.splitlines()]


def publish(run: Run, register: Path, key: Path, out: Path, *more: object, at: datetime = NOW) -> Any:
    return run("status", "publish", register, "--key", key, "--out", out, "--at", moment(at), *more)


def test_credential_that_was_revoked_is_refused_at_the_border(
    run: Run, world: World, register: Path, list_key: Path, tmp_path: Path
) -> None:
    kept, revoked = allocate(run, register, 2)
    texts = []
    for index in (kept, revoked):
        arguments = ["--key", world["issuer.pem"], "--issuer", world.issuer, "--holder-key", world["issuer.pub.pem"]]
        issued = run(
            "issue", world["claims.json"], *arguments, "--status-uri", URI, "--status-index", index,
            "--out", tmp_path / f"{index}.pq1",
        )  # fmt: skip
        assert issued.exit_code == 0, issued.stderr
        texts.append(run("present", tmp_path / f"{index}.pq1").stdout.strip())
    assert run("status", "revoke", register, revoked).exit_code == 0
    published = publish(run, register, list_key, tmp_path / "list")
    assert published.exit_code == 0, published.stderr
    folder = tmp_path / "status"
    taken = run(
        "trust", "update", tmp_path / "list", "--status", folder, "--trust", world["trust"], "--at", moment(NOW)
    )
    assert taken.exit_code == 0, taken.stderr
    assert f"{URI}: issued {moment(NOW)}, ends {moment(NOW + 48 * HOUR)}" in taken.stderr
    codes = []
    for text in texts:
        report = run("verify", text, "--trust", world["trust"], "--status", folder, "--json")
        codes.append(next(c["code"] for c in json.loads(report.stdout)["checks"] if c["step"] == "status"))
    assert codes == ["status.valid", "status.revoked"]


def test_places_are_given_out_once_each(run: Run, register: Path) -> None:
    indices = [*allocate(run, register, 300), *allocate(run, register, 200)]
    assert len(set(indices)) == 500
    assert set(indices) <= set(range(8000))
    given = json.loads(run("status", "allocate", register, "--json").stdout)
    assert given["status_uri"] == URI
    assert len(given["status_indices"]) == 1
    shown = json.loads(run("status", "show", register, "--json").stdout)
    assert (shown["given_out"], shown["free"], shown["published_at"]) == (501, 7499, None)
    full = run("status", "allocate", register, "--count", "7500")
    assert full.exit_code == 2
    assert "register.full" in full.stderr
    assert full.stdout == ""


def test_statuses_are_on_the_list_that_is_published(run: Run, register: Path, list_key: Path, tmp_path: Path) -> None:
    revoked, suspended, reinstated, untouched = allocate(run, register, 4)
    run("status", "revoke", register, revoked)
    run("status", "suspend", register, suspended, reinstated)
    run("status", "reinstate", register, reinstated)
    for form in ("cwt", "jwt"):
        at = NOW if form == "cwt" else NOW + SECOND
        assert publish(run, register, list_key, tmp_path / form, "--format", form, at=at).exit_code == 0
        received = SignedStatusList.decode((tmp_path / form).read_bytes())
        assert received.form == form
        statuses = received.token().statuses
        assert [statuses.get(index) for index in (revoked, suspended, reinstated, untouched)] == [1, 2, 0, 0]
    assert received.time_to_live == 12 * HOUR
    assert received.expires_at == NOW + SECOND + 48 * HOUR


def test_what_was_revoked_stays_revoked_unless_the_register_was_made_otherwise(run: Run, register: Path) -> None:
    (index,) = allocate(run, register)
    run("status", "revoke", register, index)
    refused = run("status", "reinstate", register, index)
    assert refused.exit_code == 2
    assert "register.change_refused" in refused.stderr
    other = register.parent / "other"
    run("status", "create", other, "--uri", URI, "--size", "80", "--can-be-undone")
    (index,) = allocate(run, other)
    run("status", "revoke", other, index)
    assert run("status", "reinstate", other, index).exit_code == 0
    assert "register.change_refused" in run("status", "suspend", other, index).stderr  # one bit


def test_one_place_that_was_not_given_out_changes_none(
    run: Run, register: Path, list_key: Path, tmp_path: Path
) -> None:
    (index,) = allocate(run, register)
    other = (index + 1) % 8000
    refused = run("status", "revoke", register, index, other)
    assert refused.exit_code == 2
    assert str(other) not in refused.stderr
    publish(run, register, list_key, tmp_path / "list")
    statuses = SignedStatusList.decode((tmp_path / "list").read_bytes()).token().statuses
    assert statuses.get(index) == 0


def test_list_is_replaced_by_a_later_one_only(run: Run, register: Path, list_key: Path, tmp_path: Path) -> None:
    assert publish(run, register, list_key, tmp_path / "list").exit_code == 0
    again = publish(run, register, list_key, tmp_path / "list")
    assert again.exit_code == 2
    assert "register.change_refused" in again.stderr
    assert publish(run, register, list_key, tmp_path / "list", at=NOW + SECOND).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--uri", "http://health.example/1", "--size", "80"], "https://"),
        (["--uri", "https://health.example/1", "--size", "81"], "multiple of 8"),
        (["--uri", "https://health.example/1", "--size", "80", "--bits", "3"], "'3' is not one of"),
    ],
)
def test_register_that_cannot_be_is_not_made(run: Run, tmp_path: Path, arguments: list[str], complaint: str) -> None:
    made = run("status", "create", tmp_path / "register", *arguments)
    assert made.exit_code == 2
    assert complaint in made.stderr
    assert not (tmp_path / "register").exists()


def test_register_that_is_there_is_not_made_again(run: Run, register: Path) -> None:
    again = run("status", "create", register, "--uri", URI, "--size", "80")
    assert again.exit_code == 2
    assert "register.invalid" in again.stderr
    assert json.loads(run("status", "show", register, "--json").stdout)["size"] == 8000


def test_folder_without_a_register_is_refused(run: Run, tmp_path: Path) -> None:
    for command in ("allocate", "publish", "revoke"):
        more = {"publish": ["--key", __file__, "--out", "x"], "revoke": ["1"]}.get(command, [])
        assert run("status", command, tmp_path, *more).exit_code == 2


def test_end_before_the_next_is_a_misuse(run: Run, register: Path, list_key: Path, tmp_path: Path) -> None:
    late = publish(run, register, list_key, tmp_path / "list", "--ttl", "49")
    assert late.exit_code == 2
    assert "--ttl is longer than --ends" in late.stderr
    assert not (tmp_path / "list").exists()


def test_lists_that_nobody_entitled_signed_and_older_ones_are_refused(
    run: Run, world: World, register: Path, list_key: Path, tmp_path: Path
) -> None:
    publish(run, register, list_key, tmp_path / "old")
    publish(run, register, list_key, tmp_path / "new", at=NOW + SECOND)
    publish(run, register, world["issuer.pem"], tmp_path / "forged", at=NOW + 2 * SECOND)
    (tmp_path / "junk").write_bytes(b"junk")
    into = ["--status", tmp_path / "status", "--trust", world["trust"], "--at", moment(NOW + 2 * SECOND)]
    sources = [tmp_path / name for name in ("junk", "new", "forged", "old")]
    fetched = run("trust", "update", *sources, *into)
    assert fetched.exit_code == 1
    complaints = [line for line in fetched.stderr.splitlines() if line.startswith("error: ")]
    assert [line.partition(": ")[2].partition(":")[0].rpartition("/")[2] for line in complaints] == [
        "junk",
        "forged",
        "old",
    ]
    assert "status.rollback" in complaints[-1]
    (held,) = StatusStore.load(tmp_path / "status").lists
    assert held.issued_at == NOW + SECOND


def test_fetch_opens_no_connection_but_https(run: Run, world: World, tmp_path: Path) -> None:
    into = ["--status", tmp_path / "status", "--trust", world["trust"]]
    refused = run("trust", "update", "http://health.example/status/1", *into)
    assert refused.exit_code == 1
    assert "fetch.refused" in refused.stderr
    assert run("trust", "update", *into).exit_code == 2
    assert run("trust", "update", "--again", "--trust", world["trust"]).exit_code == 2


def test_lists_are_fetched_from_their_addresses_again_and_again(
    run: Run, world: World, list_key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path)
    with serving(authority) as server:
        uri = f"{server.address}/status/9"
        file = world["trust"] / "local.trust.json"
        document = json.loads(file.read_text())
        document["issuers"][0]["status_lists"].append(f"{server.address}/status/")
        file.write_text(json.dumps(document))
        run("status", "create", tmp_path / "register", "--uri", uri, "--size", "80")
        into = ["--status", tmp_path / "status", "--trust", world["trust"], "--at", moment(NOW + HOUR)]
        for at, source in ((NOW, uri), (NOW + HOUR, "--again")):
            publish(run, tmp_path / "register", list_key, tmp_path / "list", at=at)
            server.files["/status/9"] = (tmp_path / "list").read_bytes()
            fetched = run("trust", "update", source, *into, "--ca", authority.file)
            assert fetched.exit_code == 0, fetched.stderr
            (held,) = StatusStore.load(tmp_path / "status").lists
            assert (held.uri, held.issued_at) == (uri, at)
        unknown = run("trust", "update", "--again", *into)
        assert unknown.exit_code == 1
        assert "fetch.failed" in unknown.stderr
        assert [path for path, _ in server.asked] == ["/status/9"] * 2


def test_lists_are_shown_with_their_ages(
    run: Run, world: World, register: Path, list_key: Path, tmp_path: Path
) -> None:
    publish(run, register, list_key, tmp_path / "list")
    folder = tmp_path / "status"
    run("trust", "update", tmp_path / "list", "--status", folder, "--trust", world["trust"], "--at", moment(NOW))
    starts = {"early": -61 * SECOND, "fresh": -60 * SECOND, "due": 12 * HOUR, "over": 48 * HOUR}
    for age, after in starts.items():
        shown = run("status", "show", folder, "--json", "--at", moment(NOW + after))
        (part,) = json.loads(shown.stdout)["lists"]
        assert (part["name"], part["age"]) == (URI, age)
        assert shown.exit_code == (1 if age == "over" else 0)
        assert age in run("status", "show", folder, "--at", moment(NOW + after)).stdout
    for after in (12 * HOUR - SECOND, 48 * HOUR - SECOND):
        (part,) = json.loads(run("status", "show", folder, "--json", "--at", moment(NOW + after)).stdout)["lists"]
        assert part["age"] == ("fresh" if after < 12 * HOUR else "due")


def test_file_that_is_no_list_is_shown_as_such(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.statuslist").write_bytes(b"junk")
    shown = run("status", "show", tmp_path)
    assert shown.exit_code == 1
    assert "cannot be used: x.statuslist" in shown.stderr


def _cards(counter: int = 1, kid: int = 0, **members: Any) -> dict[str, Any]:
    name = base64.urlsafe_b64encode(bytes([kid]) * 32).decode().rstrip("=")
    return {"kid": name, "method": "rid", "ctr": counter, "rids": ["abc"], **members}


def test_foreign_lists_are_taken_and_noted_as_complete(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cards.json").write_text(json.dumps(_cards()))
    folder = tmp_path / "revocation"
    at = ["--at", moment(NOW)]
    added = run("status", "add", tmp_path / "cards.json", "--into", folder, "--complete", "smart-health-card", *at)
    assert added.exit_code == 0, added.stderr
    assert "1 lists taken in" in added.stderr
    (part,) = json.loads(run("status", "show", folder, "--json", *at).stdout)["lists"]
    assert (part["name"], part["content"], part["age"]) == ("smart-health-card", "1 cards", "fresh")
    earlier = run("status", "add", "--into", folder, "--complete", "smart-health-card", "--at", moment(NOW - HOUR))
    assert earlier.exit_code == 2
    assert "status.rollback" in earlier.stderr


def test_snapshot_of_the_directory_gives_a_list_for_each_key(run: Run, tmp_path: Path) -> None:
    issuer = {"iss": "https://cards.example"}
    keys = [{"kid": _cards(kid=kid)["kid"], "crlVersion": kid + 1} for kid in range(2)]
    snapshot = {"issuerInfo": [{"issuer": issuer, "keys": keys, "crls": [_cards(), "junk"]}]}
    (tmp_path / "vci.json").write_text(json.dumps(snapshot))
    folder = tmp_path / "revocation"
    added = run("status", "add", tmp_path / "vci.json", "--into", folder)
    assert added.exit_code == 0, added.stderr
    assert "2 lists taken in" in added.stderr
    (part,) = json.loads(run("status", "show", folder, "--json").stdout)["lists"]
    assert (part["content"], part["age"]) == ("1 cards, 1 lists too old", "stale")


def test_list_that_is_refused_leaves_the_rest_and_the_network_incomplete(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.json" for i in range(3)]
    for file, text in zip(files, [json.dumps(_cards(2)), json.dumps(_cards(1)), "junk"], strict=True):
        file.write_text(text)
    folder = tmp_path / "revocation"
    added = run("status", "add", *files, "--into", folder, "--complete", "smart-health-card")
    assert added.exit_code == 1
    assert "status.rollback" in added.stderr
    assert "1 lists taken in" in added.stderr
    assert set(revocation_folder.contents(folder)) == {file.name for file in folder.glob("*.rids.json")}


def test_batch_that_no_upload_certificate_signed_is_refused(run: Run, tmp_path: Path) -> None:
    certificate = Authority(tmp_path).file
    (tmp_path / "batch.cms").write_text("MIIB")
    folder = tmp_path / "revocation"
    added = run("status", "add", tmp_path / "batch.cms", "--into", folder, "--uploader", f"AUT={certificate}")
    assert added.exit_code == 1
    assert "cms.malformed" in added.stderr
    assert revocation_folder.contents(folder) == {}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [([], "give files"), (["x.json", "--uploader", "AUT"], "--uploader is a country and a file")],
)
def test_misuse_of_add_is_said(run: Run, tmp_path: Path, arguments: list[str], complaint: str) -> None:
    result = run("status", "add", *arguments, "--into", tmp_path)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_trust_is_read_once_for_several_lists_and_nobody_trusted_is_said(
    run: Run, register: Path, list_key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.get_app_dir", lambda _: str(tmp_path / "settings"))
    publish(run, register, list_key, tmp_path / "list")
    lists = [tmp_path / "list"] * 3
    refused = run("trust", "update", *lists, "--status", tmp_path / "status", "--at", moment(NOW))
    assert refused.exit_code == 1
    assert refused.stderr.count("nobody is trusted yet") == 1
    assert refused.stderr.count("error: ") == 3


def test_a_file_that_is_not_there_does_not_keep_others_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nonsense.json").write_text("{")
    added = run("status", "add", tmp_path / "absent", tmp_path / "nonsense.json", "--into", tmp_path / "lists")
    assert added.exit_code == 1
    assert "absent: fetch.failed: No such file or directory" in added.stderr
    assert "nonsense.json: json.malformed" in added.stderr
