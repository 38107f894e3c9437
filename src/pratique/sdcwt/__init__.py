"""Selective disclosure on CWT (draft-ietf-spice-sd-cwt-07): what an issuer hides and what a holder opens."""

from pratique.sdcwt.disclosure import Disclosed, Path, disclosed
from pratique.sdcwt.redaction import Redaction

__all__ = ["Disclosed", "Path", "Redaction", "disclosed"]
