"""The COSE_Sign1 examples of the COSE working group (github.com/cose-wg/Examples), read as foreign messages."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pratique.cose.algorithms import SIGNING
from pratique.cose.keys import PublicKey
from pratique.cose.sign1 import Sign1
from pratique.errors import PratiqueError, UnsupportedError
from pratique.reasons import Reason

VECTORS = Path(os.environ.get("PRATIQUE_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
EXAMPLES = {
    path.parent.name: (bytes.fromhex((path.parent / "input.txt").read_text()), meta)
    for path in sorted((VECTORS / "cose").glob("*/meta.json"))
    if (meta := json.loads(path.read_text()))["cose_kind"] in ("sign0", "sign1")
}
# Genuine, and refused all the same
NOT_OFFERED = {
    "ecdsa-examples-ecdsa-sig-03": "ES512: no format in COSE that is read here has it",
    "eddsa-examples-eddsa-sig-02": "EdDSA on Ed448: no format that is read here has it",
}


def public_key(jwk: dict[str, Any]) -> PublicKey:
    """Return the key of an example; some write their octets in hexadecimal."""
    members = {name: value for name, value in jwk.items() if name in ("kty", "crv", "x", "y")}
    for name in ("x", "y"):
        if f"{name}_hex" in jwk:
            members[name] = base64.urlsafe_b64encode(bytes.fromhex(jwk[f"{name}_hex"])).rstrip(b"=").decode()
    return PublicKey.from_jwk(members)


def verify(name: str) -> Sign1:
    data, meta = EXAMPLES[name]
    message = Sign1.decode(data, tolerant=True)
    message.verify(public_key(meta["key"]["value"]), external_aad=bytes.fromhex(meta["external_hex"] or ""))
    return message


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
    with pytest.raises(UnsupportedError):
        Sign1.decode(EXAMPLES[name][0], tolerant=True).algorithm(accepted=SIGNING)
