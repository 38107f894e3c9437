"""What is in a token, as far as signing needs it: private keys, the public keys that belong to them, mechanisms.

Calls go through python-pkcs11, of which `pkcs11` is the module; its errors pass, and `pkcs11.py` maps them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.cose import _der, algorithms
from pratique.cose.algorithms import EC_P256, EC_P384, ED25519
from pratique.cose.keys import PublicKey
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from pratique.cose.algorithms import Algorithm
    from pratique.cose.pkcs11_uri import Pkcs11Uri

_HASHES: Final = {EC_P256: hashlib.sha256, EC_P384: hashlib.sha384}  # RFC 9864 section 2.1
_HASHING: Final = {EC_P256: "ECDSA_SHA256", EC_P384: "ECDSA_SHA384"}
_EC_PUBLIC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")  # RFC 5480 section 2.1.1
_EDWARDS_25519: Final = bytes.fromhex("06032b6570")  # RFC 8410 section 3
_EDWARDS_NAMES: Final = frozenset(
    {
        _EDWARDS_25519,
        b"\x13\x0cedwards25519",  # the name as PrintableString, PKCS #11 3.0 section 2.3.5
        bytes.fromhex("06092b06010401da470f01"),  # an older number of the same curve, which several modules have
    }
)
_RAW_POINTS: Final = frozenset({65, 97})  # bytes on P-256 and P-384, where a module leaves the OCTET STRING out
_RAW_EDWARDS: Final = 32


class Mechanism(NamedTuple):
    """How a module signs: the hash that is made before, or None where it makes its own, and its CKM_ number."""

    hashed: Callable[[bytes], Any] | None
    number: Any


def private_key(pkcs11: ModuleType, session: Any, place: Pkcs11Uri) -> Any:
    """Return the one private key that is named, if it may sign and is of a type that is used here."""
    attribute = pkcs11.Attribute
    wanted: dict[Any, Any] = {attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    if place.label is not None:
        wanted[attribute.LABEL] = place.label
    if place.key_id is not None:
        wanted[attribute.ID] = place.key_id
    found = _objects(session, wanted)
    if len(found) != 1:
        raise KeyMaterialError(
            Reason.PKCS11_KEY,
            "the token has no private key of that name" if not found else f"{len(found)} private keys have that name",
            hint="see pkcs11-tool --list-objects --login" if not found else "name it by both its object and its id",
        )
    key = found[0]
    if _type_of(pkcs11, key) is None:
        raise KeyMaterialError(Reason.KEY_UNSUPPORTED, "the key is neither for ECDSA nor for EdDSA")
    if not isinstance(key, pkcs11.types.SignMixin):
        raise KeyMaterialError(Reason.KEY_UNSUITABLE, "the key may not sign (CKA_SIGN is false)")
    if _always_asks(pkcs11, key):
        raise KeyMaterialError(
            Reason.KEY_UNSUITABLE, "the key asks for the PIN at every signature (CKA_ALWAYS_AUTHENTICATE)"
        )
    return key


def _objects(session: Any, wanted: dict[Any, Any]) -> list[Any]:
    """Return all that is found: a search left halfway holds the session."""
    return list(session.get_objects(wanted))


def _type_of(pkcs11: ModuleType, key: Any) -> Any:
    """Return the type of a key, or None where it is none that is used here."""
    try:
        found = key[pkcs11.Attribute.KEY_TYPE]
    except ValueError:  # a number of the maker's own
        return None
    return found if found in (pkcs11.KeyType.EC, pkcs11.KeyType.EC_EDWARDS) else None


def _always_asks(pkcs11: ModuleType, key: Any) -> bool:
    try:
        return bool(key[pkcs11.Attribute.ALWAYS_AUTHENTICATE])
    except pkcs11.PKCS11Error:  # an attribute that older modules do not have
        return False


def public_key(pkcs11: ModuleType, session: Any, private_key: Any) -> PublicKey:
    """Return the public key that belongs to a private one: by its CKA_ID, or its label where it has none."""
    attribute, classes = pkcs11.Attribute, pkcs11.ObjectClass
    identifier = private_key[attribute.ID]
    same = {attribute.ID: identifier} if identifier else {attribute.LABEL: private_key[attribute.LABEL]}
    kind = _type_of(pkcs11, private_key)
    objects = _objects(session, {attribute.CLASS: classes.PUBLIC_KEY, attribute.KEY_TYPE: kind, **same})
    edwards = kind == pkcs11.KeyType.EC_EDWARDS
    found = {_of_point(each[attribute.EC_PARAMS], each[attribute.EC_POINT], edwards=edwards) for each in objects}
    if not found:
        certificates = {attribute.CLASS: classes.CERTIFICATE, attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509}
        objects = _objects(session, {**certificates, **same})
        found = {PublicKey.from_certificate(each[attribute.VALUE]) for each in objects}
    if len(found) != 1:
        raise KeyMaterialError(
            Reason.PKCS11_KEY,
            f"{len(found) or 'no'} public keys belong to the private key",
            hint="put the public key or its certificate into the token, with the private key's id",
        )
    return found.pop()


def _of_point(parameters: bytes, point: bytes, *, edwards: bool) -> PublicKey:
    """Return the key of CKA_EC_PARAMS and CKA_EC_POINT: a point in an OCTET STRING, or bare as some modules have it.

    Raises: KeyMaterialError.
    """
    if edwards and parameters not in _EDWARDS_NAMES:
        raise KeyMaterialError(Reason.KEY_UNSUPPORTED, "the Edwards curve is not Ed25519")
    bare = len(point) == _RAW_EDWARDS if edwards else len(point) in _RAW_POINTS
    algorithm = _EDWARDS_25519 if edwards else _EC_PUBLIC_KEY + parameters
    try:
        content = point if bare else _der.only(point, _der.OCTET_STRING)
    except KeyMaterialError:
        raise KeyMaterialError(Reason.KEY_MALFORMED, "the public key in the token is not a point in DER") from None
    bits = _der.encode(_der.BIT_STRING, b"\0" + content)
    return PublicKey.from_spki(_der.encode(_der.SEQUENCE, _der.encode(_der.SEQUENCE, algorithm) + bits))


def mechanism(pkcs11: ModuleType, token: Any, key: Any, public: PublicKey, algorithm: Algorithm) -> Mechanism:
    """Return how the module signs by an algorithm. Raises: KeyMaterialError."""
    family, names = algorithm.family, pkcs11.Mechanism
    if family not in _HASHES and family != ED25519:
        raise KeyMaterialError(Reason.KEY_UNSUPPORTED, f"nothing here is signed with {public.kind} in a module")
    edwards = _type_of(pkcs11, key) == pkcs11.KeyType.EC_EDWARDS
    if not public.fits(algorithm) or edwards != (family == ED25519):
        raise algorithms.unsuitable(public.family, algorithm)
    offered = token.slot.get_mechanisms()
    ways = (
        ((None, names.EDDSA),)
        if edwards
        else ((_HASHES[family], names.ECDSA), (None, getattr(names, _HASHING[family])))
    )
    for way in ways:
        if way[1] in offered:
            return Mechanism(*way)
    raise KeyMaterialError(Reason.KEY_UNSUPPORTED, f"the module does not offer {algorithm.name}")
