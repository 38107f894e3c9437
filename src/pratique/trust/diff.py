"""What is different between two editions of a trust list: what a reviewer must see before the new one is signed.

What widens trust comes first. Whatever is not surely narrower counts as wider: another key under the same identifier,
another country, another address for status lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import PratiqueError
from pratique.model.dates import rfc3339
from pratique.trust.trust_list import TrustList, WithdrawalReason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.trust.trust_list import Scope, TrustedIssuer, TrustedKey, Withdrawal

_END_OF_TIME: Final = float("inf")


class Effect(StrEnum):
    """What a change does to what is trusted, in the order in which changes are shown."""

    WIDER = "wider"
    NARROWER = "narrower"
    NEITHER = "neither"


_ORDER: Final = tuple(Effect)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what it does, what kind it is of, where, and in a sentence.

    `what` is one of `list.*`, `issuer.*`, `key.*` and `entry.unusable`. `issuer` and `key_id` (hexadecimal) are None
    for what is not about one. The sentence has texts of the list in it, as they stand there: whoever shows it makes
    them harmless for a terminal.
    """

    effect: Effect
    what: str
    sentence: str
    issuer: str | None = None
    key_id: str | None = None

    def view(self) -> dict[str, str]:
        """Return the change as JSON has it, without what is None."""
        members = {
            "effect": self.effect.value,
            "what": self.what,
            "issuer": self.issuer,
            "key_id": self.key_id,
            "sentence": self.sentence,
        }
        return {name: value for name, value in members.items() if value is not None}


def diff(old_document: Any, new_document: Any) -> tuple[Change, ...]:
    """Return every difference between two editions in JSON; None for the old one where the list is new.

    Raises: TrustError (`trust.list_invalid`): one of them is not a trust list. See `diff_lists`.
    """
    old = None if old_document is None else TrustList.from_json(old_document)
    return diff_lists(old, TrustList.from_json(new_document))


def diff_lists(old: TrustList | None, new: TrustList) -> tuple[Change, ...]:
    """Return every difference between two editions, what widens trust first, and in the order of the list then.

    Without an old edition everything is new. Entries that were set aside count as absent, and those of the new edition
    are named. Keys are compared by themselves, whatever form they are listed in; one that cannot be read is the same as
    another only if it is listed in the same way.
    """
    changes = [*_list(old, new), *_issuers(old, new), *_set_aside(new)]
    return tuple(sorted(changes, key=lambda change: _ORDER.index(change.effect)))


def _list(old: TrustList | None, new: TrustList) -> Iterator[Change]:
    if old is None:
        yield Change(Effect.WIDER, "list.added", f"The list {new.id} is new.")
        return
    if old.id != new.id:
        yield Change(
            Effect.WIDER, "list.renamed", f"The list is called {new.id}, before {old.id}: acceptance goes by it."
        )
    if new.sequence <= old.sequence:
        sentence = f"The sequence is {new.sequence}, not above {old.sequence}: verifiers will refuse the list."
        yield Change(Effect.NEITHER, "list.sequence", sentence)
    for name, text in (("next_update", "The next edition is due"), ("expires_at", "The list ends")):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            effect = Effect.WIDER if after is None else Effect.NEITHER
            yield Change(effect, f"list.{name}", f"{text} {_when(after)}; it was {_when(before)}.")


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else rfc3339(moment)


def _set_aside(new: TrustList) -> Iterator[Change]:
    for entry in new.set_aside:
        why = entry.error.detail or entry.error.code.meaning
        yield Change(Effect.NEITHER, "entry.unusable", f"The entry {entry.where} cannot be used: {why}.")


def _issuers(old: TrustList | None, new: TrustList) -> Iterator[Change]:
    before = {} if old is None else _by_issuer(old)
    after = _by_issuer(new)
    for issuer_id, (issuer, keys) in after.items():
        if issuer_id in before:
            earlier, earlier_keys = before[issuer_id]
            yield from _issuer(earlier, issuer)
        else:
            earlier_keys = []
            yield _added_issuer(issuer, len(keys))
        yield from _keys(earlier_keys, keys)
    for issuer_id, (issuer, keys) in before.items():
        if issuer_id not in after:
            sentence = f"{issuer_id} ({issuer.country}) is gone, with {_number(len(keys))}."
            yield Change(Effect.NARROWER, "issuer.removed", sentence, issuer_id)


def _by_issuer(trust_list: TrustList) -> dict[str, tuple[TrustedIssuer, list[TrustedKey]]]:
    found: dict[str, tuple[TrustedIssuer, list[TrustedKey]]] = {
        issuer.id: (issuer, []) for issuer in trust_list.issuers
    }
    for key in trust_list.keys:
        found.setdefault(key.issuer.id, (key.issuer, []))[1].append(key)
    return found


def _number(keys: int) -> str:
    return f"{keys} key{'' if keys == 1 else 's'}"


def _added_issuer(issuer: TrustedIssuer, keys: int) -> Change:
    sentence = f"{issuer.id} ({issuer.country}) is new, with {_number(keys)}; it may sign {issuer.scope}."
    if issuer.status_lists:
        sentence = f"{sentence[:-1]}, and publishes status lists at {', '.join(issuer.status_lists)}."
    return Change(Effect.WIDER, "issuer.added", sentence, issuer.id)


def _issuer(old: TrustedIssuer, new: TrustedIssuer) -> Iterator[Change]:
    if old.country != new.country:
        sentence = f"{new.id} is of {new.country}, before of {old.country}."
        yield Change(Effect.WIDER, "issuer.country", sentence, new.id)
    if old.names != new.names:
        yield Change(Effect.NEITHER, "issuer.names", f"{new.id} has other names.", new.id)
    for effect, verb in _scopes(old.scope, new.scope):
        sentence = f"{new.id} may sign {verb}: {new.scope}; it was {old.scope}."
        yield Change(effect, "issuer.scope", sentence, new.id)
    for effect, verb, addresses in (
        (Effect.WIDER, "publishes status lists also", set(new.status_lists) - set(old.status_lists)),
        (Effect.NARROWER, "does not publish status lists any more", set(old.status_lists) - set(new.status_lists)),
    ):
        if addresses:
            sentence = f"{new.id} {verb} at {', '.join(sorted(addresses))}."
            yield Change(effect, "issuer.status_lists", sentence, new.id)


def _keys(old: list[TrustedKey], new: list[TrustedKey]) -> Iterator[Change]:
    """Yield the changes in the keys of one issuer: the same key first, else another under the same identifier."""
    left: dict[bytes, list[TrustedKey]] = {}
    for key in old:
        left.setdefault(key.key_id, []).append(key)
    others = []
    for key in new:
        same = [earlier for earlier in left.get(key.key_id, ()) if _is_same(earlier, key)]
        if same:
            earlier = next((each for each in same if each.formats == key.formats), same[0])
            left[key.key_id].remove(earlier)
            yield from _key(earlier, key)
        else:
            others.append(key)
    for key in others:
        if left.get(key.key_id):
            yield _change(Effect.WIDER, "key.exchanged", key, "is another key than before under this identifier")
            yield from _key(left[key.key_id].pop(0), key)
        else:
            effect = Effect.NEITHER if _voids_from(key.withdrawn) == -_END_OF_TIME else Effect.WIDER
            yield _change(effect, "key.added", key, f"is new: {_describe(key)}")
    for earlier in (earlier for keys in left.values() for earlier in keys):
        yield _change(Effect.NARROWER, "key.removed", earlier, f"is gone: {_describe(earlier)}")


def _is_same(one: TrustedKey, other: TrustedKey) -> bool:
    if one.is_listed_as(other):
        return True
    try:
        return one.key == other.key
    except PratiqueError:
        return False


def _key(old: TrustedKey, new: TrustedKey) -> Iterator[Change]:
    """Yield what is different about a key, apart from the key itself."""
    if old.certificate != new.certificate:
        verb = "exchanged" if old.certificate and new.certificate else "added" if new.certificate else "taken away"
        yield _change(Effect.NEITHER, "key.certificate", new, f"has its certificate {verb}")
    for effect, verb, formats in (
        (Effect.WIDER, "may also sign", new.formats - old.formats),
        (Effect.NARROWER, "may not sign any more", old.formats - new.formats),
    ):
        if formats:
            yield _change(effect, "key.formats", new, f"{verb} {', '.join(sorted(formats))}")
    for effect, verb in _scopes(old.scope, new.scope):
        yield _change(effect, "key.scope", new, f"may sign {verb}: {new.scope}; it was {old.scope}")
    for name, earlier, later, word in (
        ("not_before", new.not_before < old.not_before, new.not_before > old.not_before, "from"),
        ("not_after", new.not_after > old.not_after, new.not_after < old.not_after, "until"),
    ):
        if earlier or later:
            times = f"{word} {rfc3339(getattr(new, name))}; it was {rfc3339(getattr(old, name))}"
            yield _change(Effect.WIDER if earlier else Effect.NARROWER, "key.window", new, f"may sign {times}")
    if old.withdrawn != new.withdrawn:
        yield _withdrawal(old.withdrawn, new)


def _withdrawal(old: Withdrawal | None, key: TrustedKey) -> Change:
    effect = Effect.NARROWER
    if _voids_from(key.withdrawn) > _voids_from(old):
        effect = Effect.WIDER
    elif _voids_from(key.withdrawn) == _voids_from(old):
        effect = Effect.NEITHER
    before = "" if old is None else f"; before, it was so as {old.reason.value}, {rfc3339(old.at)}"
    if key.withdrawn is None:
        text = f"is not withdrawn any more{before}"
    else:
        voided = (
            "all that it signed is void" if key.withdrawn.reason is WithdrawalReason.COMPROMISE else "it signs no more"
        )
        text = f"is withdrawn as {key.withdrawn.reason.value}, {rfc3339(key.withdrawn.at)}: {voided}{before}"
    return _change(effect, "key.withdrawn", key, text)


def _voids_from(withdrawal: Withdrawal | None) -> float:
    """Return from when on what a key signed is void, in seconds since 1970."""
    if withdrawal is None:
        return _END_OF_TIME
    return -_END_OF_TIME if withdrawal.reason is WithdrawalReason.COMPROMISE else withdrawal.at.timestamp()


def _scopes(old: Scope, new: Scope) -> Iterator[tuple[Effect, str]]:
    """Yield whether a scope is wider, and whether it is narrower; it can be both."""
    pairs = ((old.kinds, new.kinds), (old.targets, new.targets))
    if any(_has_more(after, before) for before, after in pairs):
        yield Effect.WIDER, "more"
    if any(_has_more(before, after) for before, after in pairs):
        yield Effect.NARROWER, "less"


def _has_more(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """Return whether one limit lets something in that the other does not; None lets everything in."""
    return other is not None and (one is None or not one <= other)


def _describe(key: TrustedKey) -> str:
    """Return what a key may sign, and when."""
    text = (
        f"it may sign {', '.join(sorted(key.formats))}, {key.scope}, "
        f"from {rfc3339(key.not_before)} until {rfc3339(key.not_after)}"
    )
    return text if key.withdrawn is None else f"{text}; withdrawn as {key.withdrawn.reason.value}"


def _change(effect: Effect, what: str, key: TrustedKey, text: str) -> Change:
    key_id = key.key_id.hex()
    return Change(effect, what, f"The key {key_id} of {key.issuer.id} {text}.", key.issuer.id, key_id)
