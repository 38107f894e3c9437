"""The signed examples of the COSE working group (github.com/cose-wg/Examples), read as foreign messages."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pratique.cose.algorithms import SIGNING
from pratique.cose.keys import PublicKey
from pratique.cose.sign import Sign
from pratique.cose.sign1 import Sign1
from pratique.errors import PratiqueError, UnsupportedError
from pratique.reasons import Reason

VECTORS = Path(os.environ.get("PRATIQUE_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
EXAMPLES = {
    path.parent.name: (bytes.fromhex((path.parent / "input.txt").read_text()), meta)
    for path in sorted((VECTORS / "cose").glob("*/meta.json"))
    if (meta := json.loads(path.read_text()))["cose_kind"] in ("sign", "sign0", "sign1")
}
# Genuine, and refused all the same
NOT_OFFERED = {
    "ecdsa-examples-ecdsa-sig-03": "ES512: no format in COSE that is read here has it",
    "eddsa-examples-eddsa-sig-02": "EdDSA on Ed448: no format that is read here has it",
    "ecdsa-examples-ecdsa-03": "ES512, as above",
    "eddsa-examples-eddsa-02": "Ed448, as above",
    "hashsig-hashsig-01": "HSS-LMS: no format that is read here has it",
    "rsa-pss-examples-rsa-pss-02": "PS384: no format that is read here has it",
}


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """Return the key of an example; some write their octets in hexadecimal."""
    members = {name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")}
    members["kty"] = {"EC2": "EC"}.get(members["kty"], members["kty"])
    for name in ("x", "y", "n", "e"):
        if f"{name}_hex" in jwk:
            members[name] = base64.urlsafe_b64encode(bytes.fromhex(jwk[f"{name}_hex"])).rstrip(b"=").decode()
    return PublicKey.from_jwk(members)


def verify(name: str) -> Sign1 | Sign:
    data, meta = EXAMPLES[name]
    external_aad = bytes.fromhex(meta["external_hex"] or "")
    if meta["cose_kind"] != "sign":
        message = Sign1.decode(data, tolerant=True)
        message.verify(public_key(meta["key"]["value"]), external_aad=external_aad)
        return message
    several = Sign.decode(data, tolerant=True)
    for signature, jwk in zip(several.signatures, meta["key"]["value"], strict=True):
        several.verify(signature, public_key(jwk), external_aad=external_aad)
    return several


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - NOT_OFFERED.keys()))
def test_example_has_the_outcome_that_it_states(name: str) -> None:
    _, meta = EXAMPLES[name]
    if meta["expected"]["signature_valid"]:
        assert verify(name).payload == meta["plaintext"].encode()
    else:
        with pytest.raises(PratiqueError):
            verify(name)


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() & NOT_OFFERED.keys()))
def test_example_of_what_is_not_offered_is_refused_for_that(name: str) -> None:
    with pytest.raises(PratiqueError) as refused:
        verify(name)
    assert refused.value.code in (Reason.KEY_UNSUPPORTED, Reason.COSE_ALGORITHM)


@pytest.mark.parametrize("name", [name for name, (_, meta) in EXAMPLES.items() if not meta["failures"]])
def test_older_algorithms_are_refused_where_only_ours_are_accepted(name: str) -> None:
    data, meta = EXAMPLES[name]
    for signed in (
        Sign.decode(data, tolerant=True).signatures
        if meta["cose_kind"] == "sign"
        else [Sign1.decode(data, tolerant=True)]
    ):
        with pytest.raises(UnsupportedError):
            signed.algorithm(accepted=SIGNING)


def test_examples_of_both_kinds_are_there() -> None:
    kinds = [meta["cose_kind"] for _, meta in EXAMPLES.values()]
    assert not EXAMPLES or (kinds.count("sign") >= 17 and len(kinds) > kinds.count("sign"))
