"""PKCS #11 URIs: what names a key is read, and whatever is not understood is refused."""

from __future__ import annotations

from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.cose.pkcs11_uri import MAX_CHARACTERS, Pkcs11Uri
from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

MODULE = "?module-path=/lib/hsm.so"


def test_every_attribute_is_read() -> None:
    uri = (
        "pkcs11:model=M%202;manufacturer=Maker;serial=00e3;token=Health%20office;id=%00%FF1;object=issuer;type=private"
        "?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin"
    )
    assert Pkcs11Uri.parse(uri) == Pkcs11Uri(
        "/usr/lib/softhsm/libsofthsm2.so",
        token="Health office",  # noqa: S106 - its label
        serial="00e3",
        manufacturer="Maker",
        model="M 2",
        label="issuer",
        key_id=b"\x00\xff1",
        pin_file="/run/secrets/pin",
    )


def test_a_token_and_a_key_are_enough() -> None:
    assert Pkcs11Uri.parse(f"pkcs11:serial=1;id=%01{MODULE}") == Pkcs11Uri("/lib/hsm.so", serial="1", key_id=b"\x01")


@pytest.mark.parametrize("source", ["file:/etc/pin", "file:///etc/pin", "/etc/pin", "file:%2Fetc%2Fpin"])
def test_a_pin_is_in_a_file_of_this_machine(source: str) -> None:
    assert Pkcs11Uri.parse(f"pkcs11:token=T;object=k{MODULE}&pin-source={source}").pin_file == "/etc/pin"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("", "does not begin with"),
        ("PKCS11:token=T;object=k?module-path=/m", "does not begin with"),
        ("file:/issuer.pem", "does not begin with"),
        ("pkcs11:", "module-path"),
        (f"pkcs11:{MODULE}", "neither token nor serial"),
        ("pkcs11:token=T;object=k", "module-path"),
        ("pkcs11:token=T;object=k?", "module-path"),
        ("pkcs11:token=T;object=k?module-path=hsm.so", "absolute"),
        ("pkcs11:token=T;object=k?module-path=/m%00", "NUL"),
        ("pkcs11:token=T;object=k?module-path=/m&module-path=/n", "twice"),
        ("pkcs11:token=T;object=k?module-name=hsm", "module-name"),
        (f"pkcs11:object=k{MODULE}", "neither token nor serial"),
        (f"pkcs11:model=M;manufacturer=A;object=k{MODULE}", "neither token nor serial"),
        (f"pkcs11:token=T{MODULE}", "neither object nor id"),
        (f"pkcs11:token=T;object=k;object=k{MODULE}", "twice"),
        (f"pkcs11:token=T;object={MODULE}", "empty"),
        (f"pkcs11:token=T;object=k;{MODULE}", "an attribute"),
        (f"pkcs11:token=T;object{MODULE}", "an attribute"),
        (f"pkcs11:token=T;object=k;type=public{MODULE}", "type"),
        (f"pkcs11:token=T;object=k;slot-id=1{MODULE}", "slot-id"),
        (f"pkcs11:token=T;object=k;x-vendor=1{MODULE}", "an attribute"),
        (f"pkcs11:token=T;object=k;pin-source=/etc/pin{MODULE}", "an attribute"),
        (f"pkcs11:token=T;object=k{MODULE}&object=k", "an attribute"),
        (f"pkcs11:token=T;object=k{MODULE}&", "an attribute"),
        (f"pkcs11:token=T;object=k{MODULE}&pin-value=1234", "pin-value"),
        (f"pkcs11:token=T;object=k{MODULE}&pin-source=|/bin/pin", "pin-source"),
        (f"pkcs11:token=T;object=k{MODULE}&pin-source=pin", "pin-source"),
        (f"pkcs11:token=T;object=k{MODULE}&pin-source=file://server/pin", "pin-source"),
        (f"pkcs11:token=T;object=k{MODULE}&pin-source=https://server/pin", "pin-source"),
        (f"pkcs11:token=T;object=a b{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=ä{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=a/b{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=%4{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=%zz{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=k\n{MODULE}", "percent-encoded"),
        (f"pkcs11:token=T;object=%ff{MODULE}", "UTF-8"),
    ],
)
def test_what_does_not_name_one_key_is_refused(uri: str, why: str) -> None:
    with pytest.raises(KeyMaterialError, match=why) as caught:
        Pkcs11Uri.parse(uri)
    assert caught.value.code is Reason.PKCS11_URI
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(("size", "held"), [(MAX_CHARACTERS, True), (MAX_CHARACTERS + 1, False)])
def test_a_uri_has_a_longest_length(size: int, held: bool) -> None:  # noqa: FBT001 - a table
    start, end = "pkcs11:token=T;object=", MODULE
    text = start + "k" * (size - len(start) - len(end)) + end
    if held:
        assert Pkcs11Uri.parse(text).module_path == "/lib/hsm.so"
    else:
        with pytest.raises(KeyMaterialError, match="characters"):
            Pkcs11Uri.parse(text)


@settings(max_examples=100)
@given(
    token=st.text(min_size=1, max_size=32),
    label=st.text(min_size=1, max_size=32),
    identifier=st.binary(min_size=1, max_size=20),
    path=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
)
def test_what_another_library_encodes_is_what_is_read(token: str, label: str, identifier: bytes, path: str) -> None:
    named = f"token={quote(token, safe='')};object={quote(label, safe='')};id={quote_from_bytes(identifier, safe='')}"
    text = f"pkcs11:{named}?module-path={quote('/' + path)}"
    assert Pkcs11Uri.parse(text) == Pkcs11Uri("/" + path, token=token, label=label, key_id=identifier)


@settings(max_examples=200)
@given(st.text(alphabet="pkcs1:;=?&%/0aftokenbjmdul-h\0ä", max_size=60))
def test_nothing_but_a_named_error_comes_of_any_text(text: str) -> None:
    try:
        Pkcs11Uri.parse("pkcs11:token=T;object=k?module-path=/m" + text)
    except KeyMaterialError as error:
        assert error.code is Reason.PKCS11_URI  # noqa: PT017 - it may be read as well
