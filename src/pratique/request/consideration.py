"""Whether a holder should answer a request: who really asks, and whether they ask for no more than they may.

Everything is looked at, so that the answer names all that stands against the request; but what a request says counts
for nothing until the key of a listed verifier has signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pratique.errors import RequestError
from pratique.model.codes import country_name
from pratique.model.dates import rfc3339
from pratique.reasons import Reason
from pratique.rules.minimum import minimum

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.request.message import Request, SignedRequest
    from pratique.request.verifier_list import ListedVerifier, VerifierList
    from pratique.rules.ruleset import RuleSet

CLOCK_SKEW: Final = timedelta(seconds=60)  # what the clocks of a phone and a verifier may differ by


class Refusal(NamedTuple):
    """Something that stands against a request. `detail` says what was found; it holds no claim of the holder."""

    code: Reason
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Return it in a plain sentence."""
        return self.code.sentence(self.detail)


@dataclass(frozen=True, slots=True)
class Consideration:
    """What the holder's side found: what stands against the request, who asks, and what.

    `request` and `verifier` are there once the verifier's signature holds; before, nobody knows who asks for what.
    `rule_set` are the holder's rules that it was compared with, `excess` the claims beyond what these can read.
    """

    refusals: tuple[Refusal, ...]
    request: Request | None = None
    verifier: ListedVerifier | None = None
    rule_set: RuleSet | None = None
    excess: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        raise TypeError("a consideration is not a yes or no: ask whether it `is_acceptable`")

    @property
    def is_acceptable(self) -> bool:
        """Return whether nothing stands against the request. Whether to answer it is still for the holder to say."""
        return not self.refusals and self.request is not None

    def raise_for_refusal(self) -> tuple[Request, RuleSet]:
        """Return the request and its rules if nothing stands against it. Raises: RequestError: the first refusal."""
        for refusal in self.refusals:
            raise RequestError(refusal.code, refusal.detail, hint=refusal.code.advice)
        if self.request is None or self.rule_set is None:
            raise RequestError(Reason.REQUEST_SIGNER_UNKNOWN)
        return self.request, self.rule_set

    def explain(self, language: str = "en") -> str:
        """Return in plain sentences who asks for what, why and for how long, and what stands against it."""
        sentences = []
        if self.request is not None and self.verifier is not None:
            asks, by = self.request, self.verifier
            country = country_name(by.country) or by.country
            what = ", ".join(sorted(asks.claims)) or "nothing beyond what every code shows"
            law = asks.legal_basis.get(language) or asks.legal_basis.get("en") or next(iter(asks.legal_basis.values()))
            sentences += [
                f"{by.name(language)} ({country}) asks for {what}.",
                f"Purpose: {asks.purpose}, by the rules {asks.rule_set}.",
                f"Kept: {kept(asks.retention)}.",
                f"Legal basis: {law}.",
            ]
        sentences += [refusal.sentence for refusal in self.refusals]
        sentences += dict.fromkeys(refusal.code.advice for refusal in self.refusals if refusal.code.advice)
        return " ".join(sentences)

    @property
    def document(self) -> dict[str, Any]:
        """Return it as JSON (`schemas/request.schema.json`, `consideration`), for a wallet to show."""
        view: dict[str, Any] = {
            "acceptable": self.is_acceptable,
            "refusals": [
                {"code": refusal.code.value, "meaning": refusal.code.meaning, "detail": refusal.detail}
                for refusal in self.refusals
            ],
        }
        if self.verifier is not None:
            names = dict(self.verifier.names)
            view["verifier"] = {"id": self.verifier.id, "country": self.verifier.country, "names": names}
        if self.request is not None:
            view["request"] = self.request.document
            view["excess"] = sorted(self.excess)
        return view


def consider(
    signed: SignedRequest,
    *,
    verifiers: VerifierList,
    rule_set: RuleSet | None,
    at: datetime,
) -> Consideration:
    """Return whether a holder should answer a request.

    Args:
        signed: the request as it was scanned.
        verifiers: the holder's list of verifiers.
        rule_set: the destination's rules, as the holder got them from whoever publishes them; None where the holder has
            none, and then no request is acceptable. More than these rules can read may not be asked for.
        at: the time, aware.
    Raises: TypeError: a naive time. Whatever the request is, it raises nothing else: the refusals say it.
    """
    if at.utcoffset() is None:
        raise TypeError("the time of a consideration must be aware")
    if verifiers.issued_at - at > CLOCK_SKEW:  # a clock set back would make what has expired count again
        return Consideration((Refusal(Reason.VERIFIERS_NOT_YET, f"from {rfc3339(verifiers.issued_at)}"),))
    if not verifiers.is_current(at):
        return Consideration((Refusal(Reason.VERIFIERS_EXPIRED, f"it ended {rfc3339(verifiers.expires_at or at)}"),))
    signers = [
        (listed, entry.key)
        for listed, entry in verifiers.keys_for(signed.key_id)
        if entry.is_current(at) and signed.signer([entry.key]) is not None
    ]
    if not signers:
        return Consideration((Refusal(Reason.REQUEST_SIGNER_UNKNOWN),))
    verifier, key = signers[0]
    try:
        request = signed.verify([key])
    except RequestError as error:
        return Consideration((Refusal(error.code, error.detail),), verifier=verifier)
    # Several desks may sign with one key, each in its own name.
    verifier = next((listed for listed, _ in signers if listed.id == request.verifier), verifier)
    excess = request.claims if rule_set is None else request.claims - minimum(rule_set)
    refusals = (
        *_about_verifier(request, verifier),
        *_about_time(request, at),
        *_about_rules(request, rule_set, at),
        *((Refusal(Reason.REQUEST_ASKS_TOO_MUCH, ", ".join(sorted(excess))),) if excess else ()),
    )
    return Consideration(refusals, request, verifier, rule_set, excess)


def _about_verifier(request: Request, verifier: ListedVerifier) -> Iterator[Refusal]:
    if request.verifier != verifier.id:
        yield Refusal(Reason.REQUEST_VERIFIER_MISMATCH, f"the key is of {verifier.id}")
    # Else one verifier could pass another's nonce on, and show there what was shown to it.
    if request.audience != verifier.id and not request.audience.startswith(f"{verifier.id.rstrip('/')}/"):
        yield Refusal(Reason.REQUEST_VERIFIER_MISMATCH, "what is shown would be for another verifier")
    if request.purpose not in verifier.purposes:
        allowed = ", ".join(sorted(verifier.purposes)) or "none"
        yield Refusal(Reason.REQUEST_PURPOSE, f"{request.purpose}; it may ask for {allowed}")
    if request.retention > verifier.max_retention:
        yield _too_long(request.retention, verifier.max_retention, "the list of verifiers allows")


def _about_time(request: Request, at: datetime) -> Iterator[Refusal]:
    if request.issued_at - at > CLOCK_SKEW:
        yield Refusal(Reason.REQUEST_NOT_YET, f"from {rfc3339(request.issued_at)}")
    if at >= request.expires_at:
        yield Refusal(Reason.REQUEST_EXPIRED, f"it ended {rfc3339(request.expires_at)}")


def _about_rules(request: Request, rule_set: RuleSet | None, at: datetime) -> Iterator[Refusal]:
    """Yield what stands between a request and the rules that it names."""
    if rule_set is None or (request.rule_set, request.rule_set_sha256) != (rule_set.id, rule_set.sha256):
        detail = (
            "these rules are not at hand" if rule_set is None or rule_set.id != request.rule_set else "another edition"
        )
        yield Refusal(Reason.REQUEST_OTHER_RULES, detail)
        return
    if not rule_set.is_in_force(at):
        yield Refusal(Reason.REQUEST_OTHER_RULES, "they are not in force")
    if request.purpose != rule_set.purpose:
        yield Refusal(Reason.REQUEST_PURPOSE, f"{request.purpose}; its rules are for {rule_set.purpose}")
    if request.retention > rule_set.retention:
        yield _too_long(request.retention, rule_set.retention, "its rules allow")


def _too_long(asked: timedelta, allowed: timedelta, by: str) -> Refusal:
    most = f"at most {kept(allowed)}" if allowed else "nothing to be kept"
    return Refusal(Reason.REQUEST_RETENTION, f"{kept(asked)}; {by} {most}")


def kept(retention: timedelta) -> str:
    """Return a time for which something is kept in words, such as `30 days`, or `not at all`."""
    if not retention:
        return "not at all"
    hours = retention // timedelta(hours=1)
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
