"""ICAO's authorities: from master lists, from the directory's download, from files; and what is said of each."""

from __future__ import annotations

import base64
import contextlib
import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from authority import DOCUMENT, World
from master_lists import SIGNED_AT, SIGNER, master_list
from pki import SINCE, Node, key_usage, private_key
from pratique import Verdict, schemas
from pratique.cose.keys import PublicKey
from pratique.errors import DecodeError, SignatureError, TrustError
from pratique.reasons import Reason
from pratique.trust import TrustList
from pratique.trust.importers import icao
from pratique.trust.importers.base import Imported, Instructions
from seals import SealState, vaccination

if TYPE_CHECKING:
    from pathlib import Path

AT = SIGNED_AT + timedelta(days=20)
UTOPIA = Node("CSCA", country="FR")
MAKER = UTOPIA.sign("Master list signer", country="FR", extended=[SIGNER], serial=8)
OTHER = Node("CSCA", country="DE", kind="RSA")


def read(data: bytes, **instructions: Any) -> Imported:
    imported = icao.import_(data, Instructions(at=AT, **instructions))
    document = imported.trust_list("icao", sequence=1, issued_at=AT)
    schemas.check(document, "trust-list")
    assert TrustList.from_json(document).set_aside == ()
    return imported


def listed(imported: Imported) -> dict[str, list[str]]:
    """Return the certificates of each issuer."""
    return {issuer["id"]: [key["certificate"] for key in issuer["keys"]] for issuer in imported.issuers}


def b64(*nodes: Node) -> list[str]:
    return [base64.b64encode(node.der).decode() for node in nodes]


def pem(node: Node) -> bytes:
    return load_der_x509_certificate(node.der).public_bytes(Encoding.PEM)


def test_master_list_under_a_pinned_authority_is_verified() -> None:
    imported = read(master_list([UTOPIA.der, OTHER.der], MAKER, UTOPIA), signer=UTOPIA.certificate)
    assert listed(imported) == {"icao-vds-nc:DEU": b64(OTHER), "icao-vds-nc:FRA": b64(UTOPIA)}
    assert imported.verified == (
        "the master list is signed under the authority given, and every certificate between is in time",
        "the master list is as its signer, of FR, signed it, by its own word 2026-11-01T10:00:00Z",
    )
    assert (imported.unverified, imported.remarks) == ((), ())
    key = imported.issuers[0]["keys"][0]
    assert base64.b64decode(key["key_id"]) == OTHER.certificate.subject_key_id
    assert key["formats"] == ["icao-vds-nc"]


def test_signer_itself_can_be_pinned_by_certificate_or_key() -> None:
    data = master_list([OTHER.der], MAKER)
    key = PublicKey.from_native(UTOPIA.key.public_key())
    for pinned in (MAKER.certificate, MAKER.certificate.public_key, key):
        assert listed(read(data, signer=pinned)) == {"icao-vds-nc:DEU": b64(OTHER)}


@pytest.mark.parametrize(
    "pinned",
    [OTHER.certificate, OTHER.certificate.public_key, Node("CSCA 2", subject=UTOPIA.name).certificate],
    ids=["another-state", "another-key", "namesake"],
)
def test_list_that_is_not_by_the_pinned_signer_is_refused(pinned: Any) -> None:
    with pytest.raises(SignatureError) as refused:
        read(master_list([OTHER.der], MAKER, UTOPIA), signer=pinned)
    assert refused.value.code is Reason.IMPORT_SIGNATURE


def test_pinned_signer_must_be_in_time() -> None:
    window = (SINCE, AT)
    maker = UTOPIA.sign("Master list signer", country="FR", extended=[SIGNER], window=window)
    data = master_list([OTHER.der], maker)
    second = timedelta(seconds=1)
    for pinned in (maker.certificate, UTOPIA.certificate):
        icao.import_(data, Instructions(at=AT, signer=pinned))
        with pytest.raises(SignatureError):
            icao.import_(data, Instructions(at=AT + second, signer=pinned))


def test_list_that_was_signed_after_the_import_is_refused() -> None:
    data = master_list([OTHER.der], MAKER, UTOPIA)
    for pinned in (None, MAKER.certificate, UTOPIA.certificate, MAKER.certificate.public_key):
        icao.import_(data, Instructions(at=SIGNED_AT, signer=pinned))
        with pytest.raises(TrustError) as stale:
            icao.import_(data, Instructions(at=SIGNED_AT - timedelta(seconds=1), signer=pinned))
        assert stale.value.code is Reason.IMPORT_STALE


def test_without_a_pin_the_import_says_that_nobody_vouches() -> None:
    by_itself = read(master_list([UTOPIA.der], MAKER))
    assert by_itself.unverified == ("who made the master list: its signer is under an authority that it lists itself",)
    (by_nobody,) = read(master_list([OTHER.der], MAKER)).unverified
    assert "no signer was given, and by the list alone, certificate.authority_unknown" in by_nobody


def test_list_that_does_not_hold_is_refused_whole() -> None:
    with pytest.raises(SignatureError):
        read(master_list([OTHER.der], MAKER, altered=b"0"))
    with pytest.raises(DecodeError):
        read(master_list([OTHER.der], MAKER)[:-1])


def test_own_certificate_stands_for_a_key_and_links_only_where_it_is_missing() -> None:
    old = Node("CSCA 1", country="NL")
    new = Node("CSCA 2", country="NL", subject=old.name)
    link = old.sign("CSCA 2", country="NL", subject=old.name, authority=True)
    with_own = read(master_list([link.der, old.der, new.der], MAKER))
    assert listed(with_own) == {"icao-vds-nc:NLD": b64(old, new)}
    (remark,) = with_own.remarks
    assert (remark.where, remark.code, remark.left_out) == ("/0", Reason.IMPORT_DUPLICATE, True)
    without = read(master_list([link.der, old.der], MAKER))
    assert listed(without) == {"icao-vds-nc:NLD": b64(link, old)}
    assert without.remarks == ()
    (alone,) = read(master_list([link.der], MAKER)).remarks
    assert (alone.code, alone.left_out) == (Reason.AUTHORITY_UNKNOWN, False)


def test_what_is_wrong_with_one_certificate_leaves_the_others() -> None:
    expired = Node("CSCA", country="ES", window=(SINCE, AT - timedelta(seconds=1)))
    no_state = Node("CSCA", country="QQ")
    signer = UTOPIA.sign("Document signer", country="FR")
    forged = bytearray(Node("CSCA", country="IT").der)
    forged[-1] ^= 1
    no_usage = Node("CSCA", country="PT", usage=key_usage("crl_sign"))
    certificates = [b"\x30\x03abc", expired.der, no_state.der, signer.der, bytes(forged), no_usage.der]
    imported = read(master_list([*certificates, OTHER.der, OTHER.der], MAKER))
    assert listed(imported) == {"icao-vds-nc:DEU": b64(OTHER), "icao-vds-nc:ESP": b64(expired)}
    assert {remark.where: (remark.code, remark.left_out) for remark in imported.remarks} == {
        "/0": (Reason.CERTIFICATE_MALFORMED, True),
        "/1": (Reason.IMPORT_EXPIRED, False),
        "/2": (Reason.IMPORT_COUNTRY, True),
        "/3": (Reason.NOT_AUTHORITY, True),
        "/4": (Reason.CERTIFICATE_SIGNATURE, True),
        "/5": (Reason.NOT_AUTHORITY, True),
        "/7": (Reason.IMPORT_DUPLICATE, False),
    }


@pytest.mark.parametrize(("state", "code"), [("EU", "EUE"), ("UN", "UNO"), ("XO", "XOM"), ("XK", "RKS")])
def test_organisations_that_issue_passports_have_the_codes_of_passports(state: str, code: str) -> None:
    authority = Node("CSCA", country=state)
    assert listed(read(master_list([authority.der], MAKER))) == {f"icao-vds-nc:{code}": b64(authority)}


def ldif(*lists: bytes, attribute: str = "pkdMasterListContent", width: int = 76) -> bytes:
    """Return the lists as ICAO's directory offers them: base64 in folded lines."""
    entries = []
    for number, each in enumerate(lists):
        line = f"{attribute}:: {base64.b64encode(each).decode()}"
        folded = "\r\n ".join([line[:width], *(line[at : at + width - 1] for at in range(width, len(line), width - 1))])
        entries.append(
            f"dn: cn={number},o=ml,c=XX,dc=data\r\nobjectClass: pkdMasterList\r\n{folded}\r\ncn: {number}\r\n"
        )
    return ("version: 1\r\n\r\n" + "\r\n".join(entries)).encode()


def test_directory_download_holds_the_lists_of_many_states() -> None:
    german = OTHER.sign("Master list signer", country="DE", extended=[SIGNER])
    data = ldif(
        master_list([UTOPIA.der], MAKER, UTOPIA), master_list([OTHER.der, UTOPIA.der], german, OTHER), b"0\x03abc"
    )
    assert icao.recognises(data)
    unpinned = read(data)
    assert listed(unpinned) == {"icao-vds-nc:DEU": b64(OTHER), "icao-vds-nc:FRA": b64(UTOPIA)}
    assert [(remark.where, remark.code, remark.left_out) for remark in unpinned.remarks] == [
        ("/2", Reason.CMS_MALFORMED, True)
    ]
    assert "the master list /1 is as its signer, of DE, signed it" in unpinned.verified[1]
    pinned = read(data, signer=UTOPIA.certificate)
    assert listed(pinned) == {"icao-vds-nc:FRA": b64(UTOPIA)}
    assert [(remark.where, remark.code) for remark in pinned.remarks] == [
        ("/1", Reason.IMPORT_SIGNATURE),
        ("/2", Reason.CMS_MALFORMED),
    ]


def test_directory_without_lists_is_refused() -> None:
    for data in (b"dn: cn=1\n\n", ldif(b"x", attribute="userCertificate;binary")):
        with pytest.raises(TrustError) as refused:
            read(data)
        assert refused.value.code is Reason.IMPORT_INVALID


def test_certificates_in_a_file_are_listed_on_their_makers_word() -> None:
    for data, nodes in ((UTOPIA.der, [UTOPIA]), (pem(UTOPIA) + b"text\n" + pem(OTHER), [UTOPIA, OTHER])):
        imported = read(data)
        found = [base64.b64decode(each) for certificates in listed(imported).values() for each in certificates]
        assert sorted(found) == sorted(node.der for node in nodes)
        assert imported.unverified == ("whose the certificates are: whoever made the file says so",)
    with pytest.raises(SignatureError):
        read(UTOPIA.der, signer=UTOPIA.certificate)
    assert read(b"nothing").remarks[0].code is Reason.CERTIFICATE_MALFORMED


def test_certificates_that_begin_and_never_end_are_each_looked_at_once() -> None:
    begun = b"-----BEGIN CERTIFICATE-----\n"
    imported = read(begun * 40_000 + pem(UTOPIA))  # hours, if each were looked for an end to the end of the file
    assert listed(imported) == {"icao-vds-nc:FRA": b64(UTOPIA)}
    assert {remark.code for remark in imported.remarks} == {Reason.IMPORT_DUPLICATE, Reason.CERTIFICATE_MALFORMED}


def test_forms_are_told_apart() -> None:
    assert icao.recognises(master_list([OTHER.der], MAKER))
    assert not icao.recognises(UTOPIA.der)
    assert not icao.recognises(pem(UTOPIA))
    assert not icao.recognises(b"{}")


def test_master_list_truncated_anywhere_lists_nobody() -> None:
    """Cut before it says what it is, it is taken for a certificate, and is none."""
    data = master_list([UTOPIA.der], MAKER)
    for end in range(len(data)):
        with contextlib.suppress(DecodeError):
            assert read(data[:end]).issuers == ()


def test_seal_counts_under_an_authority_of_a_master_list() -> None:
    world = World()
    state = SealState("FR", "FRA", key="ES256")
    imported = icao.import_(master_list([state.certificate()], MAKER), Instructions(at=world.clock.now))
    world.trusted += imported.issuers
    report = world.verify(state.sign(vaccination()), document=DOCUMENT)
    assert report.verdict is Verdict.ACCEPT, report.explain()
    other = SealState("FR", "FRA", key="ES256", owner="another")
    assert world.verify(other.sign(vaccination()), document=DOCUMENT).verdict is Verdict.REJECT


@pytest.mark.parametrize("kind", ["BP-256", "BP-512"])
def test_seal_counts_under_an_authority_on_a_brainpool_curve(kind: str) -> None:
    """Such a key has no JWK: the list has its certificate alone."""
    world = World()
    state = SealState("FR", "FRA", key="ES256")
    state.key = private_key("Brainpool", kind)
    imported = icao.import_(master_list([state.certificate()], MAKER), Instructions(at=world.clock.now))
    assert "public_key" not in imported.issuers[0]["keys"][0]
    world.trusted += imported.issuers
    assert world.verify(state.sign(vaccination()), document=DOCUMENT).verdict is Verdict.ACCEPT


def test_authority_of_australia_is_listed_as_it_is(vectors: Path) -> None:
    imported = read((vectors / "trust" / "csca" / "AUS-csca.der").read_bytes())
    ((issuer,), counts) = imported.issuers, imported.counts()
    assert (issuer["id"], issuer["names"]["en"], counts) == ("icao-vds-nc:AUS", "Australia", Counter())
    (key,) = issuer["keys"]
    assert base64.b64decode(key["key_id"]).hex() == "3617c1e7f56795712e3775708e55833186e9380e"
    assert (key["not_before"], key["not_after"]) == ("2020-05-05T01:04:32Z", "2036-05-05T00:47:02Z")


def test_authorities_that_readers_of_seals_ship_are_listed(vectors: Path) -> None:
    """Those of Australia and Japan, whose ECDSA has NULL for parameters, each with a link from the key before."""
    path = vectors / "vds-nc" / "KDE-single-vaccine" / "meta.json"
    sources = json.loads(path.read_text(encoding="utf-8"))["key"]["value"]
    australia, link, japan, other_link = (base64.b64decode(each["der_b64"]) for each in sources)
    whole = read(master_list([link, australia, other_link, japan], MAKER))
    assert {issuer: len(keys) for issuer, keys in listed(whole).items()} == {"icao-vds-nc:AUS": 1, "icao-vds-nc:JPN": 1}
    left_out = [(remark.where, remark.code) for remark in whole.remarks if remark.left_out]
    assert left_out == [("/0", Reason.IMPORT_DUPLICATE), ("/2", Reason.IMPORT_DUPLICATE)]
    (alone,) = read(master_list([link], MAKER)).remarks
    assert (alone.code, alone.left_out) == (Reason.AUTHORITY_UNKNOWN, False)
