"""What a verifier asks a traveller to show, signed; and the holder's side of it: whether to answer at all."""

from pratique.request.consideration import Consideration, Refusal, consider
from pratique.request.message import Request, SignedRequest, read
from pratique.request.verifier_list import ListedVerifier, VerifierList

__all__ = [
    "Consideration",
    "ListedVerifier",
    "Refusal",
    "Request",
    "SignedRequest",
    "VerifierList",
    "consider",
    "read",
]
