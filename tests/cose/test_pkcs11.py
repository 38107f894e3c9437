"""Keys in a security module: SoftHSM holds them, and other libraries check what it signed."""

from __future__ import annotations

import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pycose.keys import CoseKey
from pycose.messages import Sign1Message

import tokens as softhsm
from pratique.cose import _pkcs11_objects, algorithms, sign1
from pratique.cose.algorithms import ED25519_PURE, EDDSA, ES256, ES384, ESP256, ESP384, Algorithm
from pratique.cose.keys import PrivateKey, PublicKey
from pratique.cose.pkcs11 import Pkcs11Signer
from pratique.cose.pkcs11_uri import Pkcs11Uri
from pratique.cose.signer import Signer
from pratique.errors import KeyMaterialError, PratiqueError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from tokens import Tokens

PIN, WRONG_PIN = softhsm.PIN, softhsm.WRONG_PIN
MESSAGE = b"exactly these bytes"
KINDS = [("p256", ESP256), ("p384", ESP384), ("ed25519", ED25519_PURE)]


def opened(tokens: Tokens, label: str = "p256", **options: object) -> Pkcs11Signer:
    return Pkcs11Signer.open(tokens.uri(label), **{"pin": PIN, **options})  # type: ignore[arg-type]


def refusal(tokens: Tokens, uri: str | None = None, **options: object) -> PratiqueError:
    with pytest.raises(PratiqueError) as caught:
        Pkcs11Signer.open(uri or tokens.uri(), **{"pin": PIN, **options})  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(("label", "algorithm"), KINDS)
def test_a_key_in_a_token_signs(tokens: Tokens, label: str, algorithm: Algorithm) -> None:
    with opened(tokens, label) as signer:
        assert isinstance(signer, Signer)
        assert signer.algorithm is algorithm
        assert signer.key_id == signer.public_key.thumbprint[:8]
        signature = signer.sign(MESSAGE)
    assert algorithms.verify(algorithm, signer.public_key, signature, MESSAGE)
    assert not algorithms.verify(algorithm, signer.public_key, signature, MESSAGE + b".")


@pytest.mark.parametrize(("label", "older"), [("p256", ES256), ("p384", ES384), ("ed25519", EDDSA)])
def test_pycose_verifies_what_a_token_signed(tokens: Tokens, label: str, older: Algorithm) -> None:
    with opened(tokens, label, algorithm=older) as signer:
        protected, unprotected, payload, signature = cbor2.loads(sign1.encode({}, {}, b"payload", signer)).value
    message = Sign1Message(uhdr=dict(unprotected), payload=payload, phdr_encoded=protected)
    message.signature = signature
    message.key = CoseKey.from_dict(dict(signer.public_key.cose_key))
    assert message.verify_signature()


def test_a_token_answers_raw_and_der_of_it_is_the_same_signature(tokens: Tokens) -> None:
    with opened(tokens) as signer:
        for _ in range(20):  # high and low s, leading zeros now and then
            raw = signer.sign(MESSAGE)
            der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
            signer.public_key.native.verify(der, MESSAGE, ec.ECDSA(hashes.SHA256()))
            assert len(raw) == 64
            assert algorithms.raw_ecdsa(der, ESP256) == raw


def test_the_key_is_named_by_label_id_or_both(tokens: Tokens) -> None:
    with opened(tokens) as signer:
        by_label = signer.public_key
    for uri in (tokens.uri(None, more=";id=%01"), tokens.uri(more=";id=%01;type=private")):
        with Pkcs11Signer.open(uri, pin=PIN) as signer:
            assert signer.public_key == by_label
    with Pkcs11Signer.open(tokens.uri("L%C3%A4%C3%9F%201%3B2", more=";id=%0A%25"), pin=PIN) as signer:
        assert signer.public_key != by_label


def test_the_token_is_named_by_its_serial_and_its_maker_too(tokens: Tokens) -> None:
    token = tokens.token("Health")
    place = Pkcs11Uri(
        softhsm.LIBRARY or "",
        serial=token.serial.decode(),
        manufacturer=token.manufacturer_id,
        model=token.model,
        label="p256",
    )
    with Pkcs11Signer.open(place, pin=PIN) as signer:
        assert signer.algorithm is ESP256


def test_the_public_key_comes_from_a_certificate_where_there_is_no_other(tokens: Tokens) -> None:
    with opened(tokens, "certified") as signer:
        assert algorithms.verify(ESP256, signer.public_key, signer.sign(MESSAGE), MESSAGE)


def test_identifier_and_public_key_can_be_given(tokens: Tokens) -> None:
    with opened(tokens, key_id=b"kid") as signer:
        assert signer.key_id == b"kid"
    assert refusal(tokens, tokens.uri("alone")).code is Reason.PKCS11_KEY
    with (
        opened(tokens, "alone", public_key=PrivateKey.generate().public) as signer,
        pytest.raises(KeyMaterialError, match=r"pkcs11\.signing_refused.*public key"),
    ):
        signer.sign(MESSAGE)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("nothing", Reason.PKCS11_KEY),
        ("two", Reason.PKCS11_KEY),
        ("alone", Reason.PKCS11_KEY),
        ("several", Reason.PKCS11_KEY),
        ("agrees", Reason.KEY_UNSUITABLE),
        ("asks", Reason.KEY_UNSUITABLE),
        ("rsa", Reason.KEY_UNSUPPORTED),
        ("k256", Reason.KEY_UNSUPPORTED),
        ("p521", Reason.KEY_UNSUPPORTED),
    ],
)
def test_a_key_that_is_not_the_one_to_sign_with_is_refused(tokens: Tokens, label: str, code: Reason) -> None:
    assert refusal(tokens, tokens.uri(label)).code is code


def test_one_of_two_keys_of_one_label_is_told_by_its_id(tokens: Tokens) -> None:
    assert "2 private keys" in str(refusal(tokens, tokens.uri("two")))
    with Pkcs11Signer.open(tokens.uri("two", more=";id=%08"), pin=PIN) as signer:
        assert signer.sign(MESSAGE)


@pytest.mark.parametrize(("label", "hashing"), [("p256", "ECDSA_SHA256"), ("p384", "ECDSA_SHA384")])
def test_a_module_that_hashes_by_itself_gets_the_message(tokens: Tokens, label: str, hashing: str) -> None:
    import pkcs11  # noqa: PLC0415 - only where there is a module

    ours = pkcs11.Mechanism[hashing]
    with opened(tokens, label) as signer:
        arguments = (signer._key, signer.public_key, signer.algorithm)
        for offered, way in [({ours}, (None, ours)), ({ours, pkcs11.Mechanism.ECDSA}, signer._mechanism)]:
            token = SimpleNamespace(slot=SimpleNamespace(get_mechanisms=lambda offered=offered: offered))
            assert _pkcs11_objects.mechanism(pkcs11, token, *arguments) == way
        token = SimpleNamespace(slot=SimpleNamespace(get_mechanisms=lambda: {pkcs11.Mechanism.EDDSA}))
        with pytest.raises(KeyMaterialError, match="does not offer"):
            _pkcs11_objects.mechanism(pkcs11, token, *arguments)


@pytest.mark.parametrize(("label", "algorithm"), [("p256", ESP384), ("p256", ED25519_PURE), ("ed25519", ESP256)])
def test_a_key_for_another_algorithm_is_refused(tokens: Tokens, label: str, algorithm: Algorithm) -> None:
    assert refusal(tokens, tokens.uri(label), algorithm=algorithm).code is Reason.KEY_UNSUITABLE


def test_a_public_key_of_another_type_is_refused(tokens: Tokens) -> None:
    other = PrivateKey.generate("Ed25519").public
    assert refusal(tokens, public_key=other).code is Reason.KEY_UNSUITABLE


def test_a_signature_that_the_listed_public_key_would_not_verify_never_goes_out(tokens: Tokens) -> None:
    with opened(tokens, "mixed") as signer, pytest.raises(KeyMaterialError) as caught:
        signer.sign(MESSAGE)
    assert caught.value.code is Reason.PKCS11_SIGNING


@pytest.mark.parametrize("token", ["Nowhere", "Twin"])
def test_a_token_must_be_the_only_one_of_its_name(tokens: Tokens, token: str) -> None:
    assert refusal(tokens, tokens.uri(token=token)).code is Reason.PKCS11_TOKEN


def test_a_token_without_the_key_is_left_again(tokens: Tokens) -> None:
    for _ in range(2):
        assert refusal(tokens, tokens.uri(token="Spare")).code is Reason.PKCS11_KEY  # noqa: S106 - its label
    assert refusal(tokens, tokens.uri(token="Spare"), pin=WRONG_PIN).code is Reason.PKCS11_PIN  # noqa: S106


@pytest.mark.parametrize("pin", [WRONG_PIN, b"zyx", b"8" * 300, b"", b"\xff\xff\xff\xff", None])
def test_a_wrong_pin_is_refused_and_not_told(tokens: Tokens, pin: bytes | None) -> None:
    error = refusal(tokens, pin=pin)
    assert error.code is Reason.PKCS11_PIN
    if pin:
        told = "".join(traceback.format_exception(error)) + repr(error)
        assert pin.decode("latin-1") not in told


def test_a_signer_tells_nothing_of_its_pin(tokens: Tokens) -> None:
    with opened(tokens) as signer:
        held = [repr(signer), *(repr(getattr(signer, name)) for name in Pkcs11Signer.__slots__)]
    assert held[0] == f"Pkcs11Signer(ESP256, key_id={signer.key_id.hex()})"
    assert not any(PIN.decode() in text for text in held)


@pytest.mark.parametrize("path", ["/nowhere/hsm.so", sys.executable, "/"])
def test_a_file_that_is_no_module_is_refused(tokens: Tokens, path: str) -> None:
    assert refusal(tokens, f"pkcs11:token=Health;object=p256?module-path={path}").code is Reason.PKCS11_MODULE


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(UnsupportedError) as caught:
        Pkcs11Signer.open("pkcs11:token=T;object=k?module-path=/hsm.so", pin=PIN)
    assert (caught.value.code, caught.value.hint) == (Reason.PKCS11_ABSENT, "pip install 'pratique[hsm]'")


def test_many_threads_sign_with_one_signer_while_others_come_and_go(tokens: Tokens) -> None:
    with opened(tokens) as signer, ThreadPoolExecutor(8) as pool:

        def use_another(number: int) -> None:
            with opened(tokens, "ed25519" if number % 2 else "p384") as other:
                assert algorithms.verify(other.algorithm, other.public_key, other.sign(MESSAGE), MESSAGE)

        others = [pool.submit(use_another, number) for number in range(20)]
        messages = [bytes([number]) * 100 for number in range(200)]
        for message, signature in zip(messages, pool.map(signer.sign, messages), strict=True):
            assert algorithms.verify(ESP256, signer.public_key, signature, message)
        for other in others:
            other.result()


def test_the_last_signer_of_a_token_logs_out(tokens: Tokens) -> None:
    first = opened(tokens)
    with Pkcs11Signer.open(tokens.uri("p384"), pin=WRONG_PIN) as second:  # logged in already: not looked at
        first.close()
        first.close()
        assert second.sign(MESSAGE)
    assert refusal(tokens, pin=WRONG_PIN).code is Reason.PKCS11_PIN


def test_a_closed_signer_does_not_sign(tokens: Tokens) -> None:
    signer = opened(tokens)
    signer.close()
    with pytest.raises(ValueError, match="closed"):
        signer.sign(MESSAGE)


def test_a_login_of_the_application_itself_is_used_and_left_alone(tokens: Tokens) -> None:
    with tokens.session() as session:
        with opened(tokens) as signer:
            assert signer.sign(MESSAGE)
        assert list(session.get_objects())
        with opened(tokens) as signer:
            assert signer.sign(MESSAGE)


def test_a_lost_session_is_an_error_and_a_new_signer_logs_in_again(tokens: Tokens) -> None:
    signer, idle = opened(tokens), opened(tokens, "p384")
    tokens.module.reinitialize()
    for _ in range(2):
        with pytest.raises(KeyMaterialError) as caught:
            signer.sign(MESSAGE)
        assert caught.value.code is Reason.PKCS11_SESSION
    with opened(tokens) as again:
        signer.close()
        idle.close()
        assert again.sign(MESSAGE)


def test_a_lost_session_that_nobody_noticed_is_replaced(tokens: Tokens) -> None:
    idle = opened(tokens)
    tokens.module.reinitialize()
    with opened(tokens, "p384") as again:
        idle.close()
        assert again.sign(MESSAGE)


def test_a_fork_of_the_process_does_not_use_the_session(tokens: Tokens) -> None:
    script = f"""
import os
from pratique.cose.pkcs11 import Pkcs11Signer
from pratique.errors import KeyMaterialError
signer = Pkcs11Signer.open({tokens.uri()!r}, pin={PIN!r})
if os.fork() == 0:
    try:
        signer.sign(b"")
    except KeyMaterialError as error:
        signer.close()
        os._exit(error.code == "pkcs11.session_lost" and 7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
signer.sign(b"")
"""
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603 - of these tests


NATIVE = ec.generate_private_key(ec.SECP256R1()).public_key()
P256_NAME = bytes.fromhex("06082a8648ce3d030107")
EDWARDS_KEY = PrivateKey.generate("Ed25519").public


def test_points_are_read_in_an_octet_string_and_bare() -> None:
    point = NATIVE.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    expected = PublicKey.from_native(NATIVE)
    for form in (b"\x04\x41" + point, point):
        assert _pkcs11_objects._of_point(P256_NAME, form, edwards=False) == expected


@pytest.mark.parametrize("name", ["130c656477617264733235353139", "06032b6570", "06092b06010401da470f01"])
def test_ed25519_has_three_names_in_modules(name: str) -> None:
    point = EDWARDS_KEY.native.public_bytes_raw()
    for form in (b"\x04\x20" + point, point):
        assert _pkcs11_objects._of_point(bytes.fromhex(name), form, edwards=True) == EDWARDS_KEY


@pytest.mark.parametrize(
    ("parameters", "point", "edwards"),
    [
        (P256_NAME, b"", False),
        (P256_NAME, b"\x04\x41\x04", False),
        (P256_NAME, b"\x04" + bytes(64), False),
        (P256_NAME, b"\x03\x42\0\x04" + bytes(64), False),
        (b"", NATIVE.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), False),
        (b"\x30\x80", NATIVE.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint), False),
        (bytes.fromhex("06032b6571"), bytes(32), True),  # Ed448
        (bytes.fromhex("06032b6570"), bytes(31), True),
        (bytes.fromhex("06032b6570"), b"\x04\x1f" + bytes(31), True),
    ],
    ids=["none", "cut", "bare", "another tag", "no curve", "cut curve", "Ed448", "short", "short string"],
)
def test_what_is_no_point_is_refused(parameters: bytes, point: bytes, edwards: bool) -> None:  # noqa: FBT001 - a table
    with pytest.raises(KeyMaterialError):
        _pkcs11_objects._of_point(parameters, point, edwards=edwards)
