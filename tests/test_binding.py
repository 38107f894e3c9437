"""A credential is bound to a travel document by a slow hash that a second implementation computes alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from pratique import binding
from pratique.errors import DecodeError, UnsupportedError
from pratique.model.credential import DocumentBinding
from pratique.mrz import TravelDocument, mrz_information, parse_mrz

SALT = bytes(range(16))


@pytest.fixture
def document() -> TravelDocument:
    lines = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C<3UTO6908061F9406236ZE184226B<<<<<14"
    return parse_mrz(lines, today=date(2026, 6, 1))


def test_argon2id_gives_the_published_answer() -> None:
    """RFC 9106, section 5.3."""
    derivation = Argon2id(
        salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
    )
    expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert derivation.derive(b"\1" * 32).hex() == expected


def test_the_tag_of_the_specimen_is_known(document: TravelDocument) -> None:
    tag = binding.document_tag(document, SALT)
    assert tag.hex() == "e91857846f6afc763350faccd1957f91"
    assert tag == hash_secret_raw(mrz_information(document), SALT, 1, 46 * 1024, 1, 16, Type.ID)


def test_a_new_binding_matches_its_document_alone(document: TravelDocument) -> None:
    made = binding.new_binding(document)
    assert (made.derivation, len(made.salt), len(made.tag)) == (1, 16, 16)
    assert binding.matches(document, made)
    assert not binding.matches(replace(document, document_number="L898902D"), made)
    assert not binding.matches(replace(document, birth_printed="690807"), made)
    assert not binding.matches(replace(document, expiry_date=date(1994, 6, 24)), made)


def test_two_bindings_to_one_document_have_nothing_in_common(document: TravelDocument) -> None:
    first, second = binding.new_binding(document), binding.new_binding(document)
    assert first.salt != second.salt
    assert first.tag != second.tag


def test_what_is_not_hashed_does_not_matter(document: TravelDocument) -> None:
    made = binding.new_binding(document)
    assert binding.matches(replace(document, surname="OTHER", issuing_state="XXX", sex="M"), made)


def test_an_unknown_derivation_is_refused(document: TravelDocument) -> None:
    with pytest.raises(UnsupportedError):
        binding.matches(document, DocumentBinding(2, SALT, bytes(16)))


@pytest.mark.parametrize(("salt", "tag"), [(b"", bytes(16)), (SALT[:15], bytes(16)), (SALT, b""), (SALT, bytes(17))])
def test_a_salt_or_tag_of_another_length_is_refused(document: TravelDocument, salt: bytes, tag: bytes) -> None:
    with pytest.raises(DecodeError):
        binding.matches(document, DocumentBinding(1, salt, tag))


def test_a_tag_needs_a_whole_salt(document: TravelDocument) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        binding.document_tag(document, SALT[:8])
