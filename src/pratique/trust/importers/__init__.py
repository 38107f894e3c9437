"""Imports of the trust networks that exist: bytes in, an unsigned trust list out, for a person to review and sign.

One module for each network. Nothing here opens a file or a connection.

    imported = import_(data, Instructions(at=now))      # or Instructions(at=now, signer=certificate)
    document = imported.trust_list("who", sequence=1, issued_at=now)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.codec import json
from pratique.errors import PratiqueError, TrustError
from pratique.reasons import Reason
from pratique.trust.importers import did_web, eu_dcc, gdhcn, icao, single, vci
from pratique.trust.importers.base import MAX_SOURCE_BYTES, Imported, Instructions, Remark, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["IMPORTERS", "Imported", "Importer", "Instructions", "Remark", "import_", "recognise"]


class Importer(NamedTuple):
    """How a network's publications are known, from their bytes and their JSON (None where they have none), and read."""

    recognises: Callable[[bytes, Any], bool]
    import_: Callable[[bytes, Instructions], Imported]


IMPORTERS: Final[Mapping[str, Importer]] = {  # asked in this order: a later one may take what an earlier one is for
    gdhcn.NETWORK: Importer(lambda _, document: gdhcn.recognises(document), gdhcn.import_),
    did_web.NETWORK: Importer(lambda _, document: did_web.recognises(document), did_web.import_),
    icao.NETWORK: Importer(lambda data, _: icao.recognises(data), icao.import_),
    vci.NETWORK: Importer(lambda _, document: vci.recognises(document), vci.import_),
    eu_dcc.FORMAT: Importer(lambda data, _: eu_dcc.recognises(data), eu_dcc.import_),
    single.NETWORK: Importer(lambda data, _: single.recognises(data), single.import_),
}
"""The networks by name."""


def recognise(data: bytes) -> str:
    """Return the name of the network whose publication data look like; they may be faulty all the same.

    Raises: TrustError (`import.unknown`): of none; `import.invalid`: there are more bytes than are read.
    """
    _bounded(data)
    document = None
    if data.lstrip().startswith((b"{", b"[")):
        try:
            document = json.decode(data, limit=MAX_SOURCE_BYTES)
        except PratiqueError as error:
            raise TrustError(Reason.IMPORT_UNKNOWN, error.detail) from None
    for name, importer in IMPORTERS.items():
        if importer.recognises(data, document):
            return name
    raise TrustError(Reason.IMPORT_UNKNOWN)


def import_(data: bytes, instructions: Instructions, network: str | None = None) -> Imported:
    """Return what a source holds, and what was verified of it.

    Args:
        data: the bytes of the source.
        instructions: what they do not say themselves.
        network: one of `IMPORTERS`; None recognises it.
    Raises: PratiqueError: the source as a whole cannot be used; a single entry that cannot be is left out, with a
        remark. ValueError: there is no such network.
    """
    _bounded(data)
    if network is None:
        network = recognise(data)
    if network not in IMPORTERS:
        raise ValueError(f"no network is called {network!r}; there are {', '.join(IMPORTERS)}")
    return IMPORTERS[network].import_(data, instructions)


def _bounded(data: bytes) -> None:
    if len(data) > MAX_SOURCE_BYTES:
        raise invalid(f"{len(data)} bytes; {MAX_SOURCE_BYTES} is the most that is read")
