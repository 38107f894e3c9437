"""What is in a border bundle or in the folders that one is made of, part by part, and how old each part is.

Ages here are by the dates that the parts state themselves; a verifier may have stricter limits of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.errors import PratiqueError
from pratique.status import SignedStatusList, StatusPolicy, revocation_folder
from pratique.status.dcc_hash_list import HashBatch
from pratique.status.foreign import DCC, SEALS, SHC
from pratique.status.smart_rid import CardList
from pratique.trust import TrustList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.bundle import Bundle
    from pratique.trust.root import Root

CLOCK_SKEW: Final = timedelta(seconds=60)  # what clocks of operators and kiosks may differ by


class Age(StrEnum):
    """How old a part is.

    `early` is one from the future: a clock is wrong. `fresh` it counts. `due` it counts, and a newer one should be
    here. `stale` it can still refuse, and what it lets pass is referred to a person. `over` it counts no more.
    `undated` it does not say.
    """

    EARLY = "early"
    FRESH = "fresh"
    DUE = "due"
    STALE = "stale"
    OVER = "over"
    UNDATED = "undated"


class Part(NamedTuple):
    """A part of a bundle: what it is and is called, what is in it, its dates where it has them, and its age."""

    kind: str
    name: str
    content: str
    age: Age
    issued_at: datetime | None = None
    next_update: datetime | None = None
    expires_at: datetime | None = None


def inventory(bundle: Bundle, root: Root | None = None, *, at: datetime) -> tuple[Part, ...]:
    """Return the parts of a bundle, itself first, and of the root by which it counts, where that is given.

    A part that cannot be read is named with what is wrong with it, and is over.
    """
    return tuple(_parts(bundle, root, at))


def _parts(bundle: Bundle, root: Root | None, at: datetime) -> Iterator[Part]:
    times = (bundle.issued_at, bundle.next_update, bundle.expires_at)
    yield Part("bundle", bundle.id, f"sequence {bundle.sequence}", _age(at, *times), *times)
    if root is not None:
        ends = (root.issued_at, None, root.expires_at)
        yield Part("root", root.id, f"version {root.version}", _age(at, *ends), *ends)
    for i, payload in enumerate(bundle.trust_lists):
        try:
            yield trust_list(TrustList.from_cbor(payload), at=at)
        except PratiqueError as error:
            yield _unreadable("trust list", i, error)
    for i, token in enumerate(bundle.status_lists):
        try:
            yield status_list(SignedStatusList.decode(token), at=at)
        except PratiqueError as error:
            yield _unreadable("status list", i, error)
    yield from revocations(bundle.revocation, at=at)
    try:
        for rules in bundle.rules():
            span = (rules.valid_from, None, rules.valid_to)
            age = Age.EARLY if at < rules.valid_from else _age(at, *span)
            yield Part("entry rules", rules.id, f"version {rules.edition} for {rules.destination}", age, *span)
    except PratiqueError as error:
        yield _unreadable("entry rules", 0, error)


def trust_list(made: TrustList, *, at: datetime) -> Part:
    """Return what a trust list says of itself; who signed it is not checked."""
    times = (made.issued_at, made.next_update, made.expires_at)
    aside = f", {len(made.set_aside)} set aside" if made.set_aside else ""
    content = f"sequence {made.sequence}, {len(made.issuers)} issuers, {len(made.keys)} keys{aside}"
    return Part("trust list", made.id, content, _age(at, *times), *times)


def status_list(token: SignedStatusList, *, at: datetime) -> Part:
    """Return what a status list says of itself; who signed it is not checked."""
    due = None if token.time_to_live is None else _after(token.issued_at, token.time_to_live)
    ends = token.expires_at or _after(token.issued_at, StatusPolicy().lifetime)
    begins = token.not_before or token.issued_at
    age = Age.EARLY if at + CLOCK_SKEW < begins else _age(at, token.issued_at, due, ends)
    return Part("status list", token.uri, token.form.upper(), age, token.issued_at, due, ends)


def revocations(contents: Mapping[str, bytes], *, at: datetime) -> Iterator[Part]:
    """Yield what the files of a revocation folder hold of each network, and each certificate list, which has dates."""
    hashes = cards = behind = 0
    networks = set()
    as_of = {}
    for name, data in contents.items():
        try:
            if name == revocation_folder.AS_OF:
                as_of = revocation_folder.read_as_of(data)
                continue
            found, _ = revocation_folder.read_file(data)
        except PratiqueError as error:
            yield Part("revocations", name, error.detail or error.code.meaning, Age.OVER)
            continue
        for each in found:
            if isinstance(each, HashBatch):
                networks.add(DCC)
                hashes += len(each.hashes)
            elif isinstance(each, CardList):
                networks.add(SHC)
                cards += len(each)
                behind += each.is_behind
            else:
                stale = each.next_update is None or at >= each.next_update
                age = Age.EARLY if at + CLOCK_SKEW < each.this_update else Age.STALE if stale else Age.FRESH
                content = f"{name}, {len(each.serials)} certificates"
                yield Part("revocations", SEALS, content, age, each.this_update, each.next_update)
    held = {DCC: f"{hashes} hashes", SHC: f"{cards} cards" + (f", {behind} lists too old" if behind else "")}
    for network, content in held.items():
        if network in networks or network in as_of:
            since = as_of.get(network)
            age = Age.UNDATED if since is None else _age(at, since, None, None)
            yield Part("revocations", network, content, Age.STALE if network == SHC and behind else age, since)


def _age(at: datetime, issued_at: datetime, due: datetime | None, ends: datetime | None) -> Age:
    if ends is not None and at >= ends:
        return Age.OVER
    if at + CLOCK_SKEW < issued_at:
        return Age.EARLY
    return Age.DUE if due is not None and at >= due else Age.FRESH


def _after(moment: datetime, period: timedelta) -> datetime:
    try:
        return moment + period
    except OverflowError:  # a time at the end of the calendar
        return datetime.max.replace(tzinfo=UTC)


def _unreadable(kind: str, place: int, error: PratiqueError) -> Part:
    return Part(kind, f"number {place + 1}", error.detail or error.code.meaning, Age.OVER)
