"""The extended key usage of a certificate, whatever its other extensions are like.

cryptography reads all extensions or none, and one that is not strict DER is enough for none: cA FALSE written out, a
path length without cA, an empty list of usages (14 of 927 genuine certificates). This reads the one that a verifier
needs past the others, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECT_IDENTIFIER, _OCTET_STRING, _SEQUENCE = 0x06, 0x04, 0x30
_EXTENSIONS = 0xA3  # [3], RFC 5280 section 4.1
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")  # 2.5.29.37
_LONG_FORM = 0x80
_MORE = 0x80
_MAX_IDENTIFIER_BYTES = 64  # those in use have 3 to 12


def extended_key_usage(tbs_certificate: bytes) -> frozenset[str] | None:
    """Return the usages that a TBSCertificate names, as dotted numbers; None where it has no such extension.

    Raises: KeyMaterialError: `certificate.malformed`; also where the extension occurs twice.
    """
    fields = dict(_items(_only(tbs_certificate, _SEQUENCE)))
    if _EXTENSIONS not in fields:
        return None
    found = None
    for tag, extension in _items(_only(fields[_EXTENSIONS], _SEQUENCE)):
        parts = list(_items(extension))
        if tag == _SEQUENCE and parts and parts[0] == (_OBJECT_IDENTIFIER, _EXTENDED_KEY_USAGE):
            last, value = parts[-1]
            if found is not None or last != _OCTET_STRING:
                raise _malformed()
            found = frozenset(_dotted(number) for _, number in _items(_only(value, _SEQUENCE)))
    return found


def _malformed() -> KeyMaterialError:
    return KeyMaterialError(Reason.CERTIFICATE_MALFORMED, "its extensions are not in DER")


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each item that `data` is made of (X.690; tags of one byte, definite lengths)."""
    position = 0
    while position < len(data):
        tag, start = data[position], position + 2
        if start > len(data):
            raise _malformed()
        size = data[position + 1]
        if size >= _LONG_FORM:
            start += size - _LONG_FORM
            size = int.from_bytes(data[position + 2 : start])
        position = start + size
        if position > len(data):
            raise _malformed()
        yield tag, data[start:position]


def _only(data: bytes, tag: int) -> bytes:
    items = list(_items(data))
    if len(items) != 1 or items[0][0] != tag:
        raise _malformed()
    return items[0][1]


def _dotted(encoded: bytes) -> str:
    """Return an object identifier in its usual form (X.690 section 8.19)."""
    if len(encoded) > _MAX_IDENTIFIER_BYTES:
        raise _malformed()
    numbers, value = list[int](), 0
    for byte in encoded:
        value = value << 7 | byte & ~_MORE
        if byte < _MORE:
            numbers.append(value)
            value = 0
    if not numbers or encoded[-1] >= _MORE:
        raise _malformed()
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
