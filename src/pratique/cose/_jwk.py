"""JSON Web Keys (RFC 7517, 7518 section 6, 8037) to COSE_Key members and back."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from pratique.cose import _public
from pratique.cose._public import malformed, unsupported
from pratique.cose.algorithms import REGISTRY
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = {"OKP": _public.OKP, "EC": _public.EC2, "RSA": _public.KTY_RSA, "AKP": _public.AKP}
_CURVES = {
    "P-256": _public.CRV_P256,
    "P-384": _public.CRV_P384,
    "P-521": _public.CRV_P521,
    "Ed25519": _public.CRV_ED25519,
}
_EC_OKP = {"x": _public.X, "y": _public.Y, "d": _public.D}
# RFC 8230 section 4; `oth` is an array of more primes
_RSA = {"n": _public.N, "e": _public.E, "d": -3, "p": -4, "q": -5, "dp": -6, "dq": -7, "qi": -8}
_MEMBERS = {
    _public.OKP: _EC_OKP,
    _public.EC2: _EC_OKP,
    _public.KTY_RSA: _RSA,
    _public.AKP: {"pub": _public.PUB, "priv": _public.PRIV},
}
_OPERATIONS = {"sign": 1, "verify": 2}
_LABELS = {algorithm.name: algorithm.label for algorithm in REGISTRY.values()}  # JOSE uses the same names
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def to_cose_key(jwk: Mapping[str, Any]) -> dict[int, Any]:
    """Return the COSE_Key members of a JWK; `kid` and certificates in it are left out.

    Raises: KeyMaterialError: `key.malformed`, `key.unsupported`, `key.unsuitable` (another `alg`, or `use` is not sig).
    Not checked: that the key is one; reading the COSE_Key does that.
    """
    kty = _TYPES.get(_text(jwk, "kty"))
    if kty is None:
        raise unsupported()
    members: dict[int, Any] = {_public.KTY: kty}
    if kty in (_public.EC2, _public.OKP):
        curve = _CURVES.get(_text(jwk, "crv"))
        if curve is None:
            raise unsupported("the key's curve is not P-256, P-384, P-521 or Ed25519")
        members[_public.CRV] = curve
    members |= {label: _bytes(jwk, name) for name, label in _MEMBERS[kty].items() if name in jwk}
    if kty == _public.KTY_RSA and "oth" in jwk:
        raise malformed("the key has private parts, of more than two primes")
    if jwk.get("use", "sig") != "sig":
        raise KeyMaterialError(Reason.KEY_UNSUITABLE, "the key's use is not sig")
    if "alg" in jwk:
        label = _LABELS.get(_text(jwk, "alg"))
        if label is None:
            raise KeyMaterialError(Reason.KEY_UNSUITABLE, "the key is restricted to an algorithm that is not used here")
        members[_public.ALG] = label
    if "key_ops" in jwk:
        operations = jwk["key_ops"]
        if not isinstance(operations, list) or not all(isinstance(each, str) for each in operations):
            raise malformed("key_ops is not an array of text")
        members[_public.KEY_OPS] = [_OPERATIONS.get(each, 0) for each in operations]
    return members


def from_cose_key(members: Mapping[int, Any]) -> dict[str, str]:
    """Return the JWK of a public COSE_Key that has the members its type requires."""
    kty = members[_public.KTY]
    jwk = {"kty": next(name for name, number in _TYPES.items() if number == kty)}
    if kty == _public.AKP:
        jwk["alg"] = REGISTRY[members[_public.ALG]].name
    if kty in (_public.EC2, _public.OKP):
        jwk["crv"] = next(name for name, number in _CURVES.items() if number == members[_public.CRV])
    for name, label in _MEMBERS[kty].items():
        if label in members:
            jwk[name] = urlsafe_b64encode(members[label]).rstrip(b"=").decode()
    return jwk


def _text(jwk: Mapping[str, Any], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise malformed(f"the key's {name} is missing or no text")
    return value


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    text = _text(jwk, name)
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if _BASE64URL.fullmatch(text) else None
    except ValueError:
        data = None
    if data is None or urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise malformed(f"the key's {name} is not base64url without padding")
    return data
