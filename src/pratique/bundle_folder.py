"""The folder of a kiosk: one bundle, the newest that it has seen, and the memory by which it takes nothing older.

    take("kiosk", data, root=pinned, at=now)         # from a stick, or from wherever
    verifier = Verifier.of_bundle(load("kiosk").bundle)

It is kept as a trust folder is (`trust.repository`): the root pinned first, those that followed it, the bundle as it
was signed, and what was seen. An update happens at one moment or not at all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.bundle import KIND, Bundle
from pratique.errors import TrustError
from pratique.reasons import Reason
from pratique.trust import signed
from pratique.trust.folder import BUNDLE_SUFFIX, ROOT_FILE, unusable
from pratique.trust.repository import Repository, Series, Taken

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.trust.root import Root

_AT_HAND: Final = Series(KIND, BUNDLE_SUFFIX, Bundle.from_cbor, "bundle")


class Installed(NamedTuple):
    """The bundle of a folder, and the root by which it counts: the last of those that followed the pinned one."""

    bundle: Bundle
    root: Root


def take(folder: Path | str, data: bytes, *, root: Root, at: datetime, expect: str | None = None) -> Taken:
    """Take in a signed bundle, or the next root, and return what it was; on an error the same counts as before.

    The first bundle makes the folder, pins the root in it, and gives it its id: a bundle of another id is refused from
    then on. What was taken in before is no error.

    Args:
        folder: where it is kept, made where it is not there.
        data: the document, as its keepers signed it.
        root: the root that the caller pins; the one of a folder that is there must be this one, or follow it.
        at: now, aware.
        expect: the id of the bundle that this should be; None is that of the one at hand, if there is one. Where one
            is at hand, another id is refused.
    Raises: as `Repository.update`, with `bundle.invalid` where the bundle's own members are faulty; PratiqueError: a
        part of it cannot be used: a kiosk keeps what works rather than take what does not.
    """
    is_root = signed.kind_of(data) == signed.ROOT
    if not (Path(folder) / ROOT_FILE).exists():
        if not is_root:
            Bundle.read(data, root)  # else a root that does not vouch for it would stay pinned
        Repository.create(folder, root)
    repository = Repository.open(folder, root=root)
    if not is_root:
        expect = _expected(repository, expect)
    return repository.update(data, at=at, expect=expect, series=_TAKEN)


def load(folder: Path | str, *, root: Root | None = None) -> Installed:
    """Return the bundle of a folder.

    Args:
        folder: as `take` made it.
        root: the root that the caller pins itself; None goes by the one that is pinned in the folder.
    Raises: TrustError: there is none (`bundle.invalid`), or it is not what was taken in, or the root does not vouch for
        it; two were taken in at the same time, of different ids (`trust.folder_invalid`); and as `Repository`.
    Not checked: its age; the verifier does that.
    """
    repository = Repository.open(folder, root=root)
    found, bundles, aside = repository.load_series(_AT_HAND)
    if len(repository.state().bundles) > 1:
        raise unusable(f"{folder} holds several bundles")  # which of them is meant, nobody can say
    if not bundles:
        taken = [each.error for each in aside if each.error.code is not Reason.TRUST_LIST_NOT_TAKEN]
        raise taken[0] if taken else TrustError(Reason.BUNDLE_INVALID, f"{folder} holds no bundle")
    return Installed(replace(bundles[0], root=found), found)


def _expected(repository: Repository, expect: str | None) -> str | None:
    """Return the id that a bundle must have: a folder keeps to one."""
    for held in repository.state().bundles:
        if expect not in {None, held}:
            raise TrustError(Reason.DOCUMENT_UNEXPECTED, f"bundle {held!r} is at hand, and {expect!r} is expected")
        return held
    return expect


def _tried(payload: bytes) -> Bundle:
    """Return the bundle of a payload, each part of which can be used."""
    bundle = Bundle.from_cbor(payload)
    bundle.trust()
    bundle.held()
    bundle.rules()
    return bundle


_TAKEN: Final = Series(KIND, BUNDLE_SUFFIX, _tried, "bundle")
