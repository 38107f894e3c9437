"""Curves spelled out in parameters, as passport authorities have them: read as the curve with a name, or not at all."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from pki import Node
from pratique.cose.certificate_path import Authorities
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

# RFC 5639 section 3: p, a, b, x and y of the base point, its order
CURVES = {
    "BP-256": (
        0xA9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377,
        0x7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9,
        0x26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6,
        0x8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262,
        0x547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997,
        0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
    ),
    "BP-384": (
        0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123ACD3A729901D1A71874700133107EC53,
        0x7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F8AA5814A503AD4EB04A8C7DD22CE2826,
        0x4A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57CB4390295DBC9943AB78696FA504C11,
        0x1D1C64F068CF45FFA2A63A81B7C13F6B8847A3E77EF14FE3DB7FCAFE0CBD10E8E826E03436D646AAEF87B2E247D4AF1E,
        0x8ABE1D7520F9C2A45CB1EB8E95CFD55262B70B29FEEC5864E19C054FF99129280E4646217791811142820341263C5315,
        0x8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7CF3AB6AF6B7FC3103B883202E9046565,
    ),
    "BP-512": (
        0xAADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA703308717D4D9B009BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3,
        0x7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA,
        0x3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723,
        0x81AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098EFF3B1F78E2D0D48D50D1687B93B97D5F7C6D5047406A5E688B352209BCB9F822,
        0x7DDE385D566332ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111B2DCDE494A5F485E5BCA4BD88A2763AED1CA2B2FA8F0540678CD1E0F3AD80892,
        0xAADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870553E5C414CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069,
    ),
}
AT = datetime(2026, 11, 23, tzinfo=UTC)


def spelled_out(native: Any, kind: str, *, compressed: bool = False, **changes: int) -> asn1.PublicKeyInfo:
    """Return a public key with its curve spelled out; a change is to one of its numbers."""
    p, a, b, x, y, order = CURVES[kind]
    numbers = {"p": p, "a": a, "b": b, "x": x, "y": y, "order": order, **changes}
    size = (p.bit_length() + 7) // 8
    x_, y_ = numbers["x"].to_bytes(size), numbers["y"].to_bytes(size)
    domain = keys.SpecifiedECDomain(
        {
            "version": "ecdpVer1",
            "field_id": {"field_type": "prime_field", "parameters": numbers["p"]},
            "curve": {"a": numbers["a"].to_bytes(size), "b": numbers["b"].to_bytes(size)},
            "base": bytes((2 | y & 1,)) + x_ if compressed else b"\x04" + x_ + y_,
            "order": numbers["order"],
            "cofactor": 1,
        }
    )
    info = keys.PublicKeyInfo.load(native.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    parameters = keys.ECDomainParameters("specified", domain)
    info["algorithm"] = {"algorithm": "ec", "parameters": parameters}
    return info


@pytest.mark.parametrize("kind", CURVES)
def test_parameters_of_the_rfc_are_those_of_the_curve(kind: str) -> None:
    """A key that cryptography made on the named curve lies on the one that the numbers above spell out."""
    p, a, b, x, y, _ = CURVES[kind]
    made = Node("CSCA", kind=kind).key.public_key().public_numbers()
    for point in ((made.x, made.y), (x, y)):
        assert (point[1] ** 2 - point[0] ** 3 - a * point[0] - b) % p == 0


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", CURVES)
def test_curve_that_is_spelled_out_is_read_as_the_named_one(kind: str, compressed: bool) -> None:  # noqa: FBT001
    native = Node("CSCA", kind=kind).key.public_key()
    read = PublicKey.from_spki(spelled_out(native, kind, compressed=compressed).dump())
    assert read == PublicKey.from_native(native)


@pytest.mark.parametrize("number", ["p", "a", "b", "x", "order"])
def test_curve_with_one_other_number_is_refused(number: str) -> None:
    """Nobody's own curve counts, and nobody's own base point: with that, anybody has the key to any public key."""
    native = Node("CSCA", kind="BP-256").key.public_key()
    other = CURVES["BP-256"][["p", "a", "b", "x", "y", "order"].index(number)] ^ 1
    with pytest.raises(KeyMaterialError) as refused:
        PublicKey.from_spki(spelled_out(native, "BP-256", **{number: other}).dump())
    assert refused.value.code is Reason.KEY_UNSUPPORTED


SPELLED_OUT = spelled_out(Node("CSCA", kind="BP-256").key.public_key(), "BP-256").dump()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SPELLED_OUT) - 1), st.integers(0, 255))
def test_altered_parameters_raise_only_our_errors(position: int, value: int) -> None:
    with contextlib.suppress(KeyMaterialError):
        PublicKey.from_spki(SPELLED_OUT[:position] + bytes((value,)) + SPELLED_OUT[position + 1 :])


@pytest.mark.parametrize("kind", CURVES)
def test_authority_whose_curve_is_spelled_out_vouches_for_its_signers(kind: str) -> None:
    csca = Node("CSCA", kind=kind)
    certificate = asn1.Certificate.load(csca.der)
    certificate["tbs_certificate"]["subject_public_key_info"] = spelled_out(csca.key.public_key(), kind)
    message = certificate["tbs_certificate"].dump(force=True)
    certificate["signature_value"] = csca.key.sign(message, ec.ECDSA(hashes.SHA256()))
    authority = Certificate.read(certificate.dump(force=True))
    path = Authorities([authority]).path(csca.sign("Signer").certificate, at=AT)
    assert path.anchor == authority
    assert path.anchor.public_key.family.startswith("EC brainpool")
