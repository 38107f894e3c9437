"""Whether a credential was taken back: status lists, and the revocation lists of foreign formats."""

from pratique.status.answer import StatusAnswer, StatusPolicy
from pratique.status.register import Published, Register
from pratique.status.store import StatusStore
from pratique.status.token import SignedStatusList, StatusListToken
from pratique.status.token_status_list import StatusList, StatusType

__all__ = [
    "Published",
    "Register",
    "SignedStatusList",
    "StatusAnswer",
    "StatusList",
    "StatusListToken",
    "StatusPolicy",
    "StatusStore",
    "StatusType",
]
