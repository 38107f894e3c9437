"""DER (X.690) as far as certificates need it, read past what other libraries stumble over.

cryptography reads all extensions or none, and one that is not strict DER is enough for none: cA FALSE written out, a
path length without cA, an empty list of usages (14 of 927 genuine certificates). It also refuses a certificate whose
ECDSA algorithm has NULL for parameters, as those of Japan's passport authority have. This reads single fields past the
others, and nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31
EXTENSIONS = 0xA3  # [3], RFC 5280 section 4.1
EXPLICIT_0 = VERSION = 0xA0  # [0]

BASIC_CONSTRAINTS = "2.5.29.19"  # RFC 5280 section 4.2.1
EXTENDED_KEY_USAGE = "2.5.29.37"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"

Name = tuple[frozenset[tuple[bytes, str]], ...]
"""A distinguished name in a form in which names that RFC 5280 section 7.1 holds to be the same are equal."""
_ENCODINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}

_SUBJECT_PUBLIC_KEY = 5  # after serialNumber, signature, issuer, validity, subject; the version not counted
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_KEY_IDENTIFIER = 0x80  # [0] of the AuthorityKeyIdentifier
_LONG_FORM = 0x80
_CONSTRUCTED = 0x20
_END_OF_CONTENTS = b"\0\0"
MAX_ITEMS = 250_000
"""Items next to each other; the most, some 200,000, are in the longest list of revoked certificates that is read."""
_MAX_BER_DEPTH = 12  # a CMS message has 5 levels around what is always in DER
_MORE = 0x80
_MAX_IDENTIFIER_BYTES = 64  # those in use have 3 to 12


def elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield tag, content and the whole of each item that `data` is made of (tags of one byte, definite lengths).

    Raises: KeyMaterialError: `certificate.malformed`, as everything here.
    """
    position = count = 0
    while position < len(data):
        start, end = _extent(data, position)
        if (count := count + 1) > MAX_ITEMS:
            raise malformed(f"more than {MAX_ITEMS} items next to each other")
        yield data[position], data[start:end], data[position:end]
        position = end


def _extent(data: bytes, position: int) -> tuple[int, int]:
    """Return where the content of the item at a position begins and ends."""
    start = position + 2
    if start > len(data):
        raise malformed()
    size = data[position + 1]
    if size == _LONG_FORM:  # a length that only the end will tell: not in DER
        raise malformed()
    if size > _LONG_FORM:
        start += size - _LONG_FORM
        size = int.from_bytes(data[position + 2 : start])
    end = start + size
    if end > len(data):
        raise malformed()
    return start, end


def items(data: bytes) -> list[tuple[int, bytes]]:
    """Return tag and content of each item that `data` is made of."""
    return [(tag, content) for tag, content, _ in elements(data)]


def definite(data: bytes, *, depth: int = _MAX_BER_DEPTH) -> bytes:
    """Return an item of BER whose constructed items may have no length (X.690 section 8.1.3.6) with all their lengths.

    What has its length stays as it is, whatever is in it.
    """
    item, end = _definite(data, 0, depth)
    if end != len(data):
        raise malformed()
    return item


def _definite(data: bytes, position: int, depth: int) -> tuple[bytes, int]:
    if depth == 0 or position + 2 > len(data):
        raise malformed()
    tag, start = data[position], position + 2
    if data[position + 1] != _LONG_FORM:
        _, end = _extent(data, position)
        return data[position:end], end
    if not tag & _CONSTRUCTED:
        raise malformed()
    parts = []
    while data[start : start + 2] != _END_OF_CONTENTS:
        part, start = _definite(data, start, depth - 1)
        parts.append(part)
        if len(parts) > MAX_ITEMS:
            raise malformed(f"more than {MAX_ITEMS} items next to each other")
    return encode(tag, b"".join(parts)), start + len(_END_OF_CONTENTS)


def only(data: bytes, tag: int) -> bytes:
    """Return the content of the one item that `data` is."""
    found = items(data)
    if len(found) != 1 or found[0][0] != tag:
        raise malformed()
    return found[0][1]


def encode(tag: int, content: bytes) -> bytes:
    """Return an item in DER."""
    size = len(content)
    if size < _LONG_FORM:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _LONG_FORM | len(length))) + length + content


def dotted(encoded: bytes) -> str:
    """Return an object identifier in its usual form (X.690 section 8.19)."""
    if len(encoded) > _MAX_IDENTIFIER_BYTES:
        raise malformed()
    numbers, value = list[int](), 0
    for byte in encoded:
        value = value << 7 | byte & ~_MORE
        if byte < _MORE:
            numbers.append(value)
            value = 0
    if not numbers or encoded[-1] >= _MORE:
        raise malformed()
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def time(tag: int, content: bytes) -> datetime:
    """Return a time (RFC 5280 section 4.1.2.5), aware, UTC: two-digit years are those from 1950 to 2049."""
    try:
        text = content.decode("ascii")
        if tag == _UTC_TIME:
            text = ("19" if text >= "50" else "20") + text
        elif tag != _GENERALIZED_TIME:
            raise malformed()
        if len(text) != 15 or not text[:14].isdigit():  # noqa: PLR2004 - YYYYMMDDHHMMSSZ
            raise malformed()
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise malformed("a time in it is no time") from None


def name(encoded: bytes) -> Name:
    """Return a distinguished name to be compared: text without regard to its type, its case and runs of spaces.

    Not done: the mapping and normalisation of RFC 4518 beyond that.
    """
    found = list[frozenset[tuple[bytes, str]]]()
    for tag, relative in items(only(encoded, SEQUENCE)):
        if tag != SET:
            raise malformed()
        found.append(frozenset(_attribute(attribute) for _, attribute in items(relative)))
    return tuple(found)


def _attribute(encoded: bytes) -> tuple[bytes, str]:
    parts = items(encoded)
    if len(parts) != 2 or parts[0][0] != OBJECT_IDENTIFIER:  # noqa: PLR2004 - type and value
        raise malformed()
    tag, value = parts[1]
    try:
        return parts[0][1], " ".join(value.decode(_ENCODINGS[tag]).casefold().split())
    except (KeyError, UnicodeDecodeError):  # no text: the same only where the bytes are
        return parts[0][1], f"#{tag:02x}{value.hex()}"


def extensions(tbs_certificate: bytes) -> Iterator[tuple[str, bool, bytes]]:
    """Yield name, criticality and value of each extension of a TBSCertificate."""
    fields = dict(items(only(tbs_certificate, SEQUENCE)))
    if EXTENSIONS in fields:
        yield from extension_items(only(fields[EXTENSIONS], SEQUENCE))


def extension_items(content: bytes) -> Iterator[tuple[str, bool, bytes]]:
    """Yield name, criticality and value of each of the Extensions whose content this is (RFC 5280 section 4.1)."""
    for tag, extension in items(content):
        parts = items(extension)
        if tag != SEQUENCE or len(parts) not in (2, 3) or parts[0][0] != OBJECT_IDENTIFIER:
            raise malformed()
        if parts[-1][0] != OCTET_STRING:
            raise malformed()
        yield dotted(parts[0][1]), parts[1] not in ((BOOLEAN, b"\0"), parts[-1]), parts[-1][1]


def extension(tbs_certificate: bytes, name: str) -> bytes | None:
    """Return the value of one extension, None where there is none. It may not occur twice."""
    found = [value for each, _, value in extensions(tbs_certificate) if each == name]
    if len(found) > 1:
        raise malformed()
    return found[0] if found else None


def usages(value: bytes) -> frozenset[str]:
    """Return what an extended key usage names, as dotted numbers."""
    return frozenset(dotted(number) for _, number in items(only(value, SEQUENCE)))


def extended_key_usage(tbs_certificate: bytes) -> frozenset[str] | None:
    """Return the usages that a TBSCertificate names, as dotted numbers; None where it has no such extension."""
    value = extension(tbs_certificate, EXTENDED_KEY_USAGE)
    return None if value is None else usages(value)


def subject_public_key(tbs_certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a TBSCertificate."""
    fields = [whole for tag, _, whole in elements(only(tbs_certificate, SEQUENCE)) if tag != VERSION]
    if len(fields) <= _SUBJECT_PUBLIC_KEY:
        raise malformed()
    return fields[_SUBJECT_PUBLIC_KEY]


def subject_key_identifier(tbs_certificate: bytes) -> bytes | None:
    """Return the identifier by which those that a certificate signs name it; None where none is readable."""
    try:
        value = extension(tbs_certificate, SUBJECT_KEY_IDENTIFIER)
        return None if value is None else only(value, OCTET_STRING)
    except KeyMaterialError:
        return None


def authority_key_identifier(value: bytes | None) -> bytes | None:
    """Return the identifier of the key that signed, of the extension that names it; None where it names none."""
    if value is None:
        return None
    return next((content for tag, content in items(only(value, SEQUENCE)) if tag == _KEY_IDENTIFIER), None)


def is_authority(tbs_certificate: bytes) -> bool:
    """Return whether readable basic constraints say that the key signs certificates."""
    try:
        value = extension(tbs_certificate, BASIC_CONSTRAINTS)
        return value is not None and (BOOLEAN, b"\xff") in items(only(value, SEQUENCE))
    except KeyMaterialError:
        return False


def without_null_parameters(certificate: bytes) -> bytes:
    """Return a certificate without NULL as parameters of its signature algorithms: to be parsed, not to be verified."""
    parts = list(elements(only(certificate, SEQUENCE)))
    if len(parts) != 3:  # noqa: PLR2004 - RFC 5280 section 4.1: TBSCertificate, algorithm, signature
        raise malformed()
    fields = list(elements(parts[0][1]))
    place = 2 if fields and fields[0][0] == VERSION else 1
    if len(fields) <= place or fields[place][0] != SEQUENCE or parts[1][0] != SEQUENCE:
        raise malformed()
    tbs = b"".join(_without_null(content) if i == place else whole for i, (_, content, whole) in enumerate(fields))
    return encode(SEQUENCE, encode(SEQUENCE, tbs) + _without_null(parts[1][1]) + parts[2][2])


def _without_null(algorithm: bytes) -> bytes:
    return encode(SEQUENCE, b"".join(whole for tag, _, whole in elements(algorithm) if tag != NULL))


def malformed(detail: str = "it is not in DER") -> KeyMaterialError:
    """Return the error for a certificate that is not what its form demands."""
    return KeyMaterialError(Reason.CERTIFICATE_MALFORMED, detail)
