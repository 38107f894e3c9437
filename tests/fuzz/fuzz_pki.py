"""Fuzz certificates, paths, revocation lists, master lists and directories: only a PratiqueError may come out.

Run: pip install atheris && PYTHONPATH=tests python tests/fuzz/fuzz_pki.py -max_total_time=60
"""

from __future__ import annotations

import base64

from fuzzing import fuzz

from master_lists import SIGNED_AT, SIGNER, master_list
from pki import Node
from pratique.cose.certificate_path import Authorities
from pratique.cose.certificates import Certificate
from pratique.cose.keys import PublicKey
from pratique.cose.master_list import MasterList
from pratique.cose.revocation_list import RevocationList
from pratique.trust import TrustList
from pratique.trust.importers import Instructions, icao, vci

CSCA = Node("CSCA", country="FR")
MAKER = CSCA.sign("Master list signer", country="FR", extended=[SIGNER])
DSC = CSCA.sign("Signer", country="FR").der
LIST = master_list([CSCA.der], MAKER, CSCA)
INSTRUCTIONS = Instructions(at=SIGNED_AT, country="USA")


def altered(genuine: bytes, data: bytes) -> bytes:
    """Put a few bytes into genuine ones: they stand where the structure still leads to them."""
    place = int.from_bytes(data[:2]) % len(genuine)
    return genuine[:place] + data[2:] + genuine[place + max(0, len(data) - 2) :]


def path(data: bytes) -> None:
    """A certificate that was altered has no path, or is the same as before."""
    certificate = Certificate.read(altered(DSC, data))
    found = Authorities([CSCA.certificate], links=[certificate]).path(certificate, at=SIGNED_AT)
    assert found.signer.public_key == Certificate.read(DSC).public_key


def authority(data: bytes) -> None:
    certificate = Certificate.read(altered(CSCA.der, data))
    Authorities([certificate]).path(Certificate.read(DSC), at=SIGNED_AT)


def altered_master_list(data: bytes) -> None:
    assert MasterList.verify(altered(LIST, data)).authorities == (CSCA.der,)


def listed(data: bytes) -> None:
    """A genuine list of anything: its maker is the attacker."""
    imported = icao.import_(master_list([data, altered(CSCA.der, data)], MAKER, CSCA), INSTRUCTIONS)
    TrustList.from_json(imported.trust_list("icao", sequence=1, issued_at=SIGNED_AT))


def directory(data: bytes) -> None:
    icao.import_(data, INSTRUCTIONS)
    encoded = base64.b64encode(data).decode()
    icao.import_(f"dn: cn=1\npkdMasterListContent:: {encoded}\n".encode(), INSTRUCTIONS)


def issuers(data: bytes) -> None:
    vci.import_(data, INSTRUCTIONS, metadata=data)


def key(data: bytes) -> None:
    PublicKey.from_spki(data)


def revoked(data: bytes) -> None:
    RevocationList.read(data).verify(CSCA.certificate)


TARGETS = (path, authority, altered_master_list, listed, directory, issuers, key, revoked)

if __name__ == "__main__":
    fuzz(TARGETS)
