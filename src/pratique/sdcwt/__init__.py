"""Selective disclosure on CWT (draft-ietf-spice-sd-cwt-07): what an issuer hides, a holder opens and signs for."""

from pratique.sdcwt.disclosure import Disclosed, Path, disclosed
from pratique.sdcwt.key_binding import Challenge, KeyBindingToken
from pratique.sdcwt.redaction import Redaction

__all__ = ["Challenge", "Disclosed", "KeyBindingToken", "Path", "Redaction", "disclosed"]
