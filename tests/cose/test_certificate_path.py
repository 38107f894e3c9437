"""Paths from a signer's certificate to a trusted authority: every check has a case that fails it alone."""

from __future__ import annotations

import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ObjectIdentifier

from pki import SINCE, UNTIL, Node, key_usage, name
from pratique.cose import unproven
from pratique.cose.certificate_path import MAX_AUTHORITIES, MAX_SIGNATURES, Authorities
from pratique.cose.certificates import Certificate
from pratique.cose.revocation_list import RevocationList
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CSCA = Node("CSCA", path_length=0)


def refused(signer: Node, *trusted: Node, links: tuple[Node, ...] = (), at: datetime = AT) -> TrustError:
    """Return the error with which a path to one of the trusted authorities is refused."""
    authorities = Authorities((each.certificate for each in trusted), links=(each.certificate for each in links))
    with pytest.raises(TrustError) as error:
        authorities.path(signer.certificate, at=at)
    return error.value


def found(signer: Node, *trusted: Node, links: tuple[Node, ...] = (), at: datetime = AT) -> tuple[bytes, ...]:
    """Return the authorities of the path."""
    authorities = Authorities((each.certificate for each in trusted), links=(each.certificate for each in links))
    path = authorities.path(signer.certificate, at=at)
    assert path.signer.der == signer.der
    assert path.anchor == path.authorities[-1]
    return tuple(each.der for each in path.authorities)


def test_signer_under_a_trusted_authority_has_a_path() -> None:
    assert found(CSCA.sign("Signer"), Node("Other"), CSCA) == (CSCA.der,)


@pytest.mark.parametrize(("kind", "digest"), [("RSA", hashes.SHA512()), ("P-384", hashes.SHA384())])
def test_authority_may_have_another_type_of_key(kind: str, digest: Any) -> None:
    csca = Node("CSCA", country="XX", kind=kind)
    assert found(csca.sign("Signer", country="XX", digest=digest), csca) == (csca.der,)


def test_authority_that_is_not_known_gives_no_path() -> None:
    signer = CSCA.sign("Signer")
    assert refused(signer).code is Reason.AUTHORITY_UNKNOWN
    assert refused(signer, Node("Other")).code is Reason.AUTHORITY_UNKNOWN


def test_namesake_of_the_authority_did_not_sign() -> None:
    namesake = Node("CSCA 2", subject=CSCA.name)
    assert refused(CSCA.sign("Signer"), namesake).code is Reason.CERTIFICATE_SIGNATURE
    assert found(CSCA.sign("Signer"), namesake, CSCA) == (CSCA.der,)


def test_key_of_the_authority_under_another_name_is_not_the_authority() -> None:
    signer = CSCA.sign("Signer", issuer=name("Somebody else", "UT"))
    assert refused(signer, CSCA).code is Reason.AUTHORITY_UNKNOWN


def test_names_are_the_same_in_other_case_and_type_of_string() -> None:
    issuer = name(" csca", "UT", type_=_ASN1Type.PrintableString)
    assert found(CSCA.sign("Signer", issuer=issuer), CSCA) == (CSCA.der,)


def test_identifier_of_another_key_only_says_whom_to_try_first() -> None:
    assert found(CSCA.sign("Signer", authority_key_id=b"another"), CSCA) == (CSCA.der,)
    assert found(CSCA.sign("Signer", authority_key_id=None), CSCA) == (CSCA.der,)


def test_sha_1_does_not_count() -> None:
    csca = Node("CSCA", country="XX", kind="RSA")
    signer = csca.sign("Signer", country="XX")
    sha256, sha1 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    assert signer.der.count(sha256) == 2
    signer.der = signer.der.replace(sha256, sha1)
    error = refused(signer, csca)
    assert error.code is Reason.CERTIFICATE_SIGNATURE
    assert "SHA-1" in error.detail


@pytest.mark.parametrize(
    "options",
    [
        {"authority": False, "usage": key_usage("key_cert_sign")},
        {"usage": key_usage("digital_signature", "crl_sign")},
        {"further": ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00"), True),)},
    ],
    ids=["no-basic-constraints", "no-key-cert-sign", "critical-extension"],
)
def test_who_may_not_sign_certificates_is_no_authority(options: dict[str, Any]) -> None:
    csca = Node("CSCA", **options)
    assert refused(csca.sign("Signer"), csca).code is Reason.NOT_AUTHORITY


def test_authority_without_key_usage_may_sign() -> None:
    csca = Node("CSCA", usage=None)
    assert found(csca.sign("Signer"), csca) == (csca.der,)


def test_signer_of_another_country_is_refused() -> None:
    error = refused(CSCA.sign("Signer", country="XX"), CSCA)
    assert (error.code, error.detail) == (Reason.OTHER_COUNTRY, "XX under UT")
    anonymous = CSCA.sign("Signer", country=None)  # its country is that of its issuer
    assert found(anonymous, CSCA) == (CSCA.der,)


def test_key_that_may_not_sign_data_is_no_signer() -> None:
    assert refused(CSCA.sign("Signer", usage=key_usage("key_agreement")), CSCA).code is Reason.NOT_SIGNER
    critical = ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00"), True),)
    assert refused(CSCA.sign("Signer", further=critical), CSCA).code is Reason.NOT_SIGNER
    assert found(CSCA.sign("Signer", usage=None), CSCA) == (CSCA.der,)


@pytest.mark.parametrize("who", ["the authority", "the signer"])
def test_windows_count_to_the_second(who: str) -> None:
    window = (AT - timedelta(days=2), AT + timedelta(days=2))
    csca = Node("CSCA", window=window if who == "the authority" else (SINCE, UNTIL))
    signer = csca.sign("Signer", window=window if who == "the signer" else (SINCE, UNTIL))
    for inside in window:
        assert found(signer, csca, at=inside) == (csca.der,)
    early, late = refused(signer, csca, at=window[0] - SECOND), refused(signer, csca, at=window[1] + SECOND)
    assert (early.code, early.detail) == (Reason.CERTIFICATE_NOT_YET_VALID, f"{who}, from 2026-11-21T12:00:00Z")
    assert (late.code, late.detail) == (Reason.CERTIFICATE_EXPIRED, f"{who}, until 2026-11-25T12:00:00Z")


def test_of_two_certificates_for_one_authority_the_one_in_its_time_counts() -> None:
    past = Node("CSCA", window=(SINCE, AT - SECOND))
    assert found(CSCA.sign("Signer"), past, CSCA) == (CSCA.der,)


def test_time_must_be_aware() -> None:
    with pytest.raises(TypeError, match="aware"):
        Authorities(()).path(CSCA.certificate, at=datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def rollovers(count: int, **options: Any) -> list[Node]:
    """Return an authority and the link certificates of its later keys, all under one name."""
    nodes = [Node("CSCA", path_length=0)]
    for number in range(count):
        nodes.append(nodes[-1].sign(f"CSCA {number}", subject=nodes[0].name, authority=True, path_length=0, **options))
    return nodes


def test_link_certificate_leads_from_the_new_key_to_the_old_one() -> None:
    old, link = rollovers(1)
    signer = link.sign("Signer")
    assert found(signer, old, links=(link,)) == (link.der, old.der)
    assert refused(signer, old).code is Reason.CERTIFICATE_SIGNATURE


def test_link_certificate_alone_is_not_trusted() -> None:
    old, link = rollovers(1)
    for links in ((link,), (link, old)):
        assert refused(link.sign("Signer"), links=links).code is Reason.AUTHORITY_UNKNOWN


def test_link_certificate_that_has_expired_leads_nowhere() -> None:
    old, link = rollovers(1, window=(SINCE, AT - SECOND))
    assert refused(link.sign("Signer"), old, links=(link,)).code is Reason.CERTIFICATE_EXPIRED


def test_links_are_followed_so_far_and_no_further() -> None:
    nodes = rollovers(MAX_AUTHORITIES)
    allowed, beyond = nodes[:MAX_AUTHORITIES], nodes
    assert found(allowed[-1].sign("Signer"), nodes[0], links=tuple(allowed)) == tuple(
        node.der for node in reversed(allowed)
    )
    error = refused(beyond[-1].sign("Signer"), nodes[0], links=tuple(beyond))
    assert (error.code, "4 nearest" in error.detail) == (Reason.PATH_LENGTH, True)


def test_links_in_a_circle_end() -> None:
    one = Node("CSCA")
    two = one.sign("CSCA 2", subject=one.name, authority=True)
    back = two.sign("CSCA", subject=one.name, authority=True)
    assert refused(two.sign("Signer", authority_key_id=None), links=(one, two, back)).code is Reason.AUTHORITY_UNKNOWN


def test_search_ends_after_so_many_signatures() -> None:
    namesakes = tuple(Node(f"CSCA {number}", subject=CSCA.name) for number in range(MAX_SIGNATURES))
    signer = CSCA.sign("Signer", authority_key_id=None)
    error = refused(signer, *namesakes, CSCA)
    assert (error.code, error.detail) == (Reason.PATH_LENGTH, f"{MAX_SIGNATURES} signatures were checked")
    assert found(signer, *namesakes[1:], CSCA) == (CSCA.der,)
    assert found(CSCA.sign("Signer"), *namesakes, CSCA) == (CSCA.der,), "the named key is tried first"


def test_path_length_counts_authorities_of_another_name() -> None:
    """RFC 5280 section 4.2.1.9: an authority that allows none below it vouches for its own later keys alone."""
    below = CSCA.sign("Sub-authority", authority=True)
    assert refused(below.sign("Signer"), CSCA, links=(below,)).code is Reason.PATH_LENGTH
    generous = Node("CSCA", path_length=1)
    below = generous.sign("Sub-authority", authority=True)
    assert found(below.sign("Signer"), generous, links=(below,)) == (below.der, generous.der)


def test_authority_that_cannot_be_read_closely_is_set_aside() -> None:
    twice = CSCA.der.replace(bytes.fromhex("0603551d23"), bytes.fromhex("0603551d0e"))
    damaged = Certificate(
        **{field: getattr(CSCA.certificate, field) for field in Certificate.__dataclass_fields__ if field != "der"},
        der=twice,
    )
    authorities = Authorities([damaged])
    (certificate, error), *_ = authorities.set_aside
    assert (certificate.der, error.code) == (twice, Reason.CERTIFICATE_MALFORMED)
    with pytest.raises(TrustError) as unknown:
        authorities.path(CSCA.sign("Signer").certificate, at=AT)
    assert unknown.value.code is Reason.AUTHORITY_UNKNOWN


def test_every_signer_of_whos_list_finds_its_authority_or_says_why(vectors: Path) -> None:
    """WHO's list of August 2026: five signers of two states are signed with SHA-1, three are older than their state's
    authority; two certificates are of use for no code and were signed by none of these.
    """
    document = json.loads((vectors / "trust" / "gdhcn" / "prod-v2-did.json").read_text(encoding="utf-8"))
    signers, authorities = list[Certificate](), list[Certificate]()
    for method in document["verificationMethod"]:
        if not isinstance(method, dict):
            continue
        chain = [Certificate.read(base64.b64decode(each)) for each in method["publicKeyJwk"].get("x5c", [])]
        is_authority = ":SCA" in method["id"]
        signers += [] if is_authority else chain[:1]
        authorities += chain if is_authority else chain[1:]
    known = Authorities(authorities)
    assert known.set_aside == ()
    answers: Counter[str] = Counter()
    for signer in signers:
        try:
            answers[f"{len(known.path(signer, at=signer.not_before).authorities)} authority"] += 1
        except PratiqueError as error:
            answers[error.code] += 1
    assert answers == {"1 authority": 430, Reason.CERTIFICATE_SIGNATURE: 7, Reason.CERTIFICATE_NOT_YET_VALID: 3}


def test_genuine_signer_of_seals_is_under_its_state(vectors: Path) -> None:
    folder = vectors / "trust" / "csca"
    seal = json.loads((vectors / "vds-nc" / "AU-lib-validVDSJson" / "input.txt").read_text(encoding="utf-8"))
    signer = Certificate.read(base64.urlsafe_b64decode(seal["sig"]["cer"] + "=="))
    authority = Certificate.read((folder / "AUS-csca.der").read_bytes())
    assert Authorities([authority]).path(signer, at=AT).authorities == (authority,)
    assert unproven.read(signer.der).serial not in RevocationList.read((folder / "AUS-csca.crl").read_bytes()).serials
