"""PKCS #11 URIs (RFC 7512): which key in which token of which security module; nothing is opened here.

    pkcs11:token=Health;object=issuer?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin

Stricter than the RFC: what is not understood is refused and never ignored, so that no narrowing of the choice is lost.
A PIN in the URI itself (`pin-value`), a program that tells it (`pin-source=|...`) and slot numbers, which change when
a machine starts, are refused too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pratique.errors import KeyMaterialError
from pratique.reasons import Reason

SCHEME: Final = "pkcs11:"
MAX_CHARACTERS: Final = 4096  # every byte of a path, a label and the token's names percent-encoded fits

_CHOICE = r"[A-Za-z0-9\-._~:\[\]@!$'()*+,="  # unreserved and pk11-res-avail, RFC 7512 section 2.3
_PATH_VALUE: Final = re.compile(rf"(?:{_CHOICE}&]|%[0-9A-Fa-f]{{2}})*")
_QUERY_VALUE: Final = re.compile(rf"(?:{_CHOICE}/?|]|%[0-9A-Fa-f]{{2}})*")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_PATH: Final = frozenset({"token", "serial", "manufacturer", "model", "object", "id", "type"})
_QUERY: Final = frozenset({"module-path", "pin-source"})
_WHY: Final = {
    "pin-value": "a PIN does not belong in a URI, which others see and keep",
    "slot-id": "a slot's number changes; name the token by its label or serial",
    "module-name": "the library is named by its path, module-path",
}


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """A key in a security module: the library, what the token must be called, and what the key must be called.

    What is None may be anything; `key_id` is the object's CKA_ID and not what COSE calls a key identifier. `pin_file`
    is the path of a file whose first line is the PIN; it is not read here.
    """

    module_path: str
    token: str | None = None
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    label: str | None = None
    key_id: bytes | None = None
    pin_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse what does not say which key. Raises: KeyMaterialError: `pkcs11.uri_invalid`."""
        if not self.module_path.startswith("/"):  # a bare name is looked for wherever the loader is told to look
            raise _invalid("module-path is not the absolute path of a library")
        if "\0" in self.module_path:
            raise _invalid("module-path has a NUL")
        if self.token is None and self.serial is None:
            raise _invalid("neither token nor serial says which token it is")
        if self.label is None and self.key_id is None:
            raise _invalid("neither object nor id says which key it is")

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """Return what a URI names.

        Raises: KeyMaterialError: `pkcs11.uri_invalid`: not a URI of a private key with all that is needed to find it,
            or with something in it that is not understood. The message never quotes a value.
        """
        if not text.startswith(SCHEME):
            raise _invalid(f"it does not begin with {SCHEME}")
        if len(text) > MAX_CHARACTERS:
            raise _invalid(f"it has {len(text)} characters, at most {MAX_CHARACTERS} are read")
        path, question, query = text.removeprefix(SCHEME).partition("?")
        named = _attributes(path, ";", _PATH, _PATH_VALUE)
        asked = _attributes(query, "&", _QUERY, _QUERY_VALUE) if question else {}
        if _text(named, "type") not in (None, "private"):
            raise _invalid("type is not private")
        module_path = _text(asked, "module-path")
        if module_path is None:
            raise _invalid("module-path, the library of the module, is missing")
        return cls(
            module_path,
            token=_text(named, "token"),
            serial=_text(named, "serial"),
            manufacturer=_text(named, "manufacturer"),
            model=_text(named, "model"),
            label=_text(named, "object"),
            key_id=named.get("id"),
            pin_file=_file(_text(asked, "pin-source")),
        )


def _attributes(part: str, separator: str, known: frozenset[str], form: re.Pattern[str]) -> dict[str, bytes]:
    """Return the attributes of a path or query, their values percent-decoded."""
    found: dict[str, bytes] = {}
    for attribute in part.split(separator) if part else ():
        name, equals, value = attribute.partition("=")
        if name in _WHY:
            raise _invalid(f"{name} is refused: {_WHY[name]}")
        if not equals or name not in known:
            raise _invalid(f"an attribute is none of {', '.join(sorted(known))}")
        if name in found:
            raise _invalid(f"{name} comes twice")
        if not value:
            raise _invalid(f"{name} is empty")
        if form.fullmatch(value) is None:
            raise _invalid(f"{name} has a character that must be percent-encoded")
        found[name] = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), value.encode())
    return found


def _text(attributes: dict[str, bytes], name: str) -> str | None:
    value = attributes.get(name)
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        raise _invalid(f"{name} is not UTF-8") from None


def _file(source: str | None) -> str | None:
    """Return the path of a `file:` URI (RFC 8089) without a host, or of a plain absolute path."""
    if source is None:
        return None
    path = source.removeprefix("file://") if source.startswith("file:///") else source.removeprefix("file:")
    if not path.startswith("/") or path.startswith("//") or "\0" in path:
        raise _invalid("pin-source is not a file of this machine: file:/path")
    return path


def _invalid(detail: str) -> KeyMaterialError:
    return KeyMaterialError(
        Reason.PKCS11_URI,
        detail,
        hint="such as pkcs11:token=Health;object=issuer?module-path=/usr/lib/softhsm/libsofthsm2.so",
    )
