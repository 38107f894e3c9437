"""Codes that are recognised and never accepted, each with the reason why: so that an officer is not left guessing.

They are recognised by how they look, in any case where what begins the text is no Base45. Nothing is unpacked, decoded,
parsed or fetched.

Source of the shapes: DIVOC, ISO/IEC 18013-5, CoronaCheck, SMART Health Links, PathCheck and ICAO Doc 9303 part 13.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

from pratique.errors import UnsupportedError
from pratique.formats.base import Reader
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

_ZIP: Final = "PK\x03\x04"
_ZIP_IN_BASE64: Final = "b64:UEsD"
_JSON_LD: Final = ('"@context"', '"proof"')
_SEAL_VERSIONS: Final = 16


def _looks_like(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a text begins as a pattern has it, after any white space."""
    match = re.compile(rf"\s*(?:{pattern})", re.ASCII).match
    return lambda text: match(text) is not None


def _is_seal(text: str) -> bool:
    """Return whether a text is a binary seal: a constant byte, then the version, 2 or 3 so far; no words begin so."""
    return text[:1] == "\xdc" and text[1:2] in map(chr, range(_SEAL_VERSIONS))


def _is_divoc(text: str) -> bool:
    """Return whether a text is a ZIP archive, in Base64 or as bytes, or JSON with a context and a proof."""
    start = text.lstrip()
    if start.startswith(_ZIP) or start[:4].lower() + start[4:8] == _ZIP_IN_BASE64:
        return True
    return start[:1] in ("{", "[") and all(member in start for member in _JSON_LD)


def _refuse(reason: Reason, _text: str) -> NoReturn:
    raise UnsupportedError(reason)


def _refused(format_: str, title: str, reason: Reason, recognises: Callable[[str], bool]) -> Reader:
    return Reader(format_, title, "", partial(_refuse, reason), recognises=recognises)


REFUSED: Final[tuple[Reader, ...]] = (
    _refused("divoc", "DIVOC and other JSON-LD certificates", Reason.FORMAT_DIVOC, _is_divoc),
    _refused("nl-domestic", "Dutch domestic proof", Reason.FORMAT_NL_DOMESTIC, _looks_like("NL[0-9]:")),
    _refused("no-domestic", "Norwegian domestic proof", Reason.FORMAT_NO_DOMESTIC, _looks_like("NO[0-9]:")),
    _refused("mdoc", "Mobile document session", Reason.FORMAT_MDOC, _looks_like("(?i:mdoc:)")),
    _refused("pathcheck", "PathCheck paper credential", Reason.FORMAT_PATHCHECK, _looks_like("(?i:CRED:)")),
    _refused(
        "health-link",
        "Link to health records",
        Reason.FORMAT_LINK,
        _looks_like(r"(?i:(?:https?://\S*#)?(?:shlink|vhlink):/)"),
    ),
    _refused("digital-seal", "Visible digital seal", Reason.FORMAT_SEAL, _is_seal),
    _refused(
        "hcert-other",
        "Health certificate of an unknown version or national variant",
        Reason.FORMAT_HCERT_VERSION,
        _looks_like("HC[02-9A-Z]:|AT[02-9]:"),  # 1 is read
    ),
)
"""Asked after every reader, so that none of these takes a text from a format that is read."""
