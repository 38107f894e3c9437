"""The revocation lists of foreign formats that a verifier holds, and what they say of one proven credential.

    lists = revocation_folder.load("revocation")
    if lists.concern(credential.format):
        answer = lists.answer(envelope.revocation_identifiers(), keys, at=at)

Nobody revokes what is not theirs: a hash list counts for the key that it names and the country of the key's owner, a
card list for the key that it names, a certificate list for the authority whose key signed it. The first two are files
without a signature of their own (that of a batch is checked and taken off when it is fetched, see `gateway_batch`):
whoever puts them into the folder vouches for them. Certificate lists are verified here.

A credential that is not listed has not been revoked only as far as the lists are complete and new, so that there are
six answers, the first that applies:

    status.revoked        a list names it
    status.list_invalid   it is on none, but a file of this network could not be read
    status.not_yet        it is on none, and they are from the future: a clock is wrong
    status.stale          it is on none, and they are too old, or say themselves that there is a later one
    status.not_listed     it is on none
    status.none_held      no list is at hand on which it could be
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from pratique.model import CardIdentifier, HashedIdentifiers
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.status.answer import CLOCK_SKEW
from pratique.status.crl import CertificateLists
from pratique.status.dcc_hash_list import HashBatch, HashLists
from pratique.status.smart_rid import CardList
from pratique.trust.entries import HCERT, ICAO_VDS_NC, SMART_HEALTH_CARD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pratique.cose.revocation_list import RevocationList
    from pratique.model import RevocationIdentifiers, SignerIdentifier
    from pratique.trust import TrustedKey

DCC, SHC, SEALS = "eu-dcc", SMART_HEALTH_CARD, ICAO_VDS_NC
NETWORKS: Final = (DCC, SHC, SEALS)
"""What the lists of one origin are kept under; certificates in HC1 of every kind are in the first."""
_NETWORKS_OF: Final = {**dict.fromkeys(HCERT, DCC), SHC: SHC, SEALS: SEALS}


class Answer(NamedTuple):
    """What the lists say of one credential: the code, why, and of when the lists are, where that is known.

    `detail` never tells one credential from another.
    """

    code: Reason
    detail: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Damage:
    """A file, or some entries of one, that could not be used: where, why, and whether the whole file is left out."""

    where: str
    network: str | None
    detail: str
    left_out: bool


class ForeignRevocation:
    """Lists of all three networks, asked once in a verification.

    Args:
        lists: hash batches, card lists and certificate lists, in any order. Of two card lists of one issuer and key,
            the one with the higher counter counts.
        as_of: when the lists of a network were last complete, aware. A network that is not in it is not known to be
            complete: then a certificate of a country without any batch gets `status.none_held`.
        max_age: from this age on, counted from then, they are stale; None is no limit. Where it is set, a network
            without `as_of` is stale. Certificate lists have dates of their own and go by those.
        damage: what could not be read. A file that is left out makes every answer of its network that depends on it
            inconclusive; one whose network is not known, those of all three.
    Raises: DecodeError (`status.list_invalid`): more hashes or certificate lists than are held. ValueError: a name that
        is no network, a naive time, a negative age.
    """

    def __init__(
        self,
        lists: Iterable[HashBatch | CardList | RevocationList] = (),
        *,
        as_of: Mapping[str, datetime] | None = None,
        max_age: timedelta | None = None,
        damage: Iterable[Damage] = (),
    ) -> None:
        batches: list[HashBatch] = []
        certificate_lists: list[RevocationList] = []
        self._cards: dict[tuple[str | None, bytes], CardList] = {}
        for each in lists:
            if isinstance(each, HashBatch):
                batches.append(each)
            elif isinstance(each, CardList):
                owner = each.issuer, each.key_id
                if owner not in self._cards or self._cards[owner].counter <= each.counter:
                    self._cards[owner] = each
            else:
                certificate_lists.append(each)
        self._hashes = HashLists(batches)
        self._certificates = CertificateLists(certificate_lists)
        self._as_of = dict(as_of or {})
        if not self._as_of.keys() <= set(NETWORKS):
            raise ValueError(f"the networks are {', '.join(NETWORKS)}")
        if any(moment.utcoffset() is None for moment in self._as_of.values()):
            raise ValueError("the time of which the lists are must be aware")
        if max_age is not None and max_age < timedelta():
            raise ValueError("the age is negative")
        self._max_age = max_age
        self.damage: Final = tuple(damage)
        left_out = {each.network for each in self.damage if each.left_out}
        self._incomplete = frozenset(NETWORKS if None in left_out else left_out)
        held = {DCC: len(self._hashes), SHC: len(self._cards), SEALS: len(self._certificates)}
        active = {name for name in NETWORKS if held[name] or name in self._as_of or name in self._incomplete}
        self._formats = frozenset(name for name, network in _NETWORKS_OF.items() if network in active)

    def __repr__(self) -> str:
        return (
            f"ForeignRevocation({len(self._hashes)} hashes, {len(self._cards)} card lists, "
            f"{len(self._certificates)} certificate lists)"
        )

    def concern(self, format_: str) -> bool:
        """Return whether anything is held that could say something of a credential in this format."""
        return format_ in self._formats

    def answer(self, identifiers: RevocationIdentifiers | None, keys: Sequence[TrustedKey], *, at: datetime) -> Answer:
        """Return what the lists say of a credential.

        Args:
            identifiers: what the envelope of the proven credential gave; None gets `status.none_held`.
            keys: every trusted key that verifies it: an issuer on any of them may have revoked it.
            at: the time of the verification, aware.
        """
        if identifiers is None:
            return Answer(Reason.STATUS_NOT_HELD)
        if isinstance(identifiers, HashedIdentifiers):
            return self._hashed(identifiers, keys, at)
        if isinstance(identifiers, CardIdentifier):
            return self._card(identifiers, keys, at)
        return self._signer(identifiers, keys, at)

    def _hashed(self, identifiers: HashedIdentifiers, keys: Sequence[TrustedKey], at: datetime) -> Answer:
        owners = dict.fromkeys((key.issuer.country, key.key_id) for key in keys)
        for country, key_id in owners:
            found = self._hashes.find(identifiers, country=country, key_id=key_id, at=at)
            if found is not None:
                return Answer(Reason.STATUS_REVOKED, f"{country}, by a hash of type {found}", self._as_of.get(DCC))
        # That the gateway's lists are complete says something of those who send theirs there, as its members do.
        is_complete = DCC in self._as_of and any(DCC in key.formats for key in keys)
        is_held = is_complete or any(country in self._hashes.countries for country, _ in owners)
        return self._not_listed(DCC, at, is_held=is_held)

    def _card(self, card: CardIdentifier, keys: Sequence[TrustedKey], at: datetime) -> Answer:
        owners = dict.fromkeys((issuer, key.key_id) for key in keys for issuer in (card.issuer, None))
        held = [self._cards[owner] for owner in owners if owner in self._cards]
        for each in held:
            if each.revokes(card):
                return Answer(Reason.STATUS_REVOKED, f"list with counter {each.counter}", self._as_of.get(SHC))
        answer = self._not_listed(SHC, at, is_held=bool(held))
        for each in held:
            if each.is_behind and answer.code is not Reason.STATUS_LIST_INVALID:
                detail = f"counter {each.counter}, the issuer has announced {each.stated_counter}"
                return answer._replace(code=Reason.STATUS_STALE, detail=detail)
        return answer

    def _signer(self, signer: SignerIdentifier, keys: Sequence[TrustedKey], at: datetime) -> Answer:
        held = [found for key in keys if (found := self._certificates.newest(key.key)) is not None]
        for each in held:
            if signer.serial in each.serials:
                return Answer(
                    Reason.STATUS_REVOKED, "the certificate of the signer, by its authority", each.this_update
                )
        if SEALS in self._incomplete:
            return Answer(Reason.STATUS_LIST_INVALID, "a file of certificate lists cannot be read")
        if not held:
            return Answer(Reason.STATUS_NOT_HELD)
        held.sort(key=lambda each: each.this_update)
        oldest, latest = held[0], held[-1]
        if latest.this_update - at > CLOCK_SKEW:
            return Answer(Reason.STATUS_NOT_YET, f"issued {rfc3339(latest.this_update)}", latest.this_update)
        if oldest.next_update is None or at >= oldest.next_update:
            since = "it does not say until when" if oldest.next_update is None else rfc3339(oldest.next_update)
            return Answer(Reason.STATUS_STALE, f"counted until: {since}", oldest.this_update)
        return Answer(Reason.STATUS_NOT_LISTED, "", oldest.this_update)

    def _not_listed(self, network: str, at: datetime, *, is_held: bool) -> Answer:
        """Return what it is worth that no list of a network without dates of its own names a credential."""
        as_of = self._as_of.get(network)
        if network in self._incomplete:
            return Answer(Reason.STATUS_LIST_INVALID, f"a file of {network} cannot be read", as_of)
        if not is_held:
            return Answer(Reason.STATUS_NOT_HELD, "", as_of)
        if as_of is not None and as_of - at > CLOCK_SKEW:
            return Answer(Reason.STATUS_NOT_YET, f"lists of {network}, of: {rfc3339(as_of)}", as_of)
        if self._max_age is not None and (as_of is None or at - as_of >= self._max_age):
            of = "no time is known" if as_of is None else rfc3339(as_of)
            return Answer(Reason.STATUS_STALE, f"lists of {network}, of: {of}", as_of)
        return Answer(Reason.STATUS_NOT_LISTED, "", as_of)
