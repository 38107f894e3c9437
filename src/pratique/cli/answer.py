"""The holder's answer to entry rules, or to a request that goes by them: the least that will do, or nothing at all.

What is said about it goes to stderr: stdout is for the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pratique.cli import output
from pratique.cli.request import words
from pratique.cli.rulings import print_judgement, title
from pratique.errors import RuleError
from pratique.model import KeyBinding
from pratique.present import HeldCredential
from pratique.qr import text as qr_text
from pratique.request import consider
from pratique.rules import Shown
from pratique.rules.judgement import judge_visible
from pratique.rules.minimum import minimum
from pratique.sdcwt import KeyBindingToken, key_binding

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.cose.keys import PrivateKey
    from pratique.request import Consideration, SignedRequest, VerifierList
    from pratique.rules import RuleSet


@dataclass(frozen=True, slots=True)
class Answering:
    """What an answer is made of: the holder's copy, the destination's rules, the time, and the holder's key if any."""

    held: HeldCredential
    rules: RuleSet
    at: datetime
    key: PrivateKey | None

    def to_rules(self) -> str | None:
        """Return the code that shows what the rules need; None where they cannot be met, having said why."""
        text = self._answer(None, frozenset(self.held.disclosable))
        if text is not None and isinstance(self.held.credential.binding, KeyBinding):
            output.note("It is bound to a key: without a verifier's request nobody can tell by it that it is yours.")
        return text

    def to_request(self, signed: SignedRequest, verifiers: VerifierList) -> str | None:
        """Return the code that answers a request; None where it is refused, having said why."""
        found = consider(signed, verifiers=verifiers, rule_set=self.rules, at=self.at)
        words.print_considered(found, err=True)
        if found.refusals or found.request is None:
            words.print_refusals(found.refusals, err=True)
            return None
        if isinstance(self.held.credential.binding, KeyBinding) and self.key is None:
            raise click.UsageError("the credential is bound to a key: give --holder-key, which signs for this verifier")
        return self._answer(found, found.request.claims.intersection(self.held.disclosable))

    def _answer(self, request: Consideration | None, offered: frozenset[str]) -> str | None:
        try:
            text = self._present(request)
        except RuleError as error:
            click.secho("REFUSED: nothing is shown.", bold=True, fg="red", err=True)
            judgement = judge_visible(self.rules, (Shown(self.held.credential),), self.at, offered)
            output.paragraph(f"{error.code.value}: {error.code.meaning} {title(self.rules)}", indent=2, err=True)
            print_judgement(self.rules, judgement, self.at, err=True)
            return None
        shown = _shown(text)
        closed = [name for name in self.held.disclosable if name not in shown]
        if not self.held.is_complete:
            closed.append("what this copy does not open")
        rows = [("shown", words.claims_text(shown)), ("stays closed", ", ".join(closed) or "nothing")]
        if request is None:
            kinds = {kind for kind, _ in self.held.credential.kinds}
            needs = frozenset().union(*(minimum(self.rules, kind) for kind in kinds))
            rows = [("rules", title(self.rules)), ("can read", words.claims_text(needs)), *rows]
        output.pairs(rows, indent=0, err=True)
        return text

    def _present(self, request: Consideration | None) -> str:
        if request is None:
            return self.held.present(rules=self.rules, at=self.at)
        from pratique.cose.signer import SoftwareSigner  # noqa: PLC0415 - only where somebody asks

        signer = None if self.key is None else SoftwareSigner(self.key)
        public = None if self.key is None else self.key.public
        return self.held.present(request=request, signer=signer, at=self.at, holder_key=public)


def _shown(text: str) -> tuple[str, ...]:
    """Return the claims that a code shows beyond what is always shown."""
    data = qr_text.decode(text)
    return HeldCredential(KeyBindingToken.decode(data).sd_cwt if key_binding.is_token(data) else data).disclosable
