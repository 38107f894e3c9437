"""What entry rules came to, rule by rule, in words, and what to ask for next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

import click

from pratique.cli import output
from pratique.cli.rules.explain import in_language
from pratique.rules import Answer
from pratique.rules.minimum import minimum

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from pratique.model import Credential
    from pratique.rules import Judgement, RequirementAnswer, Rule, RuleAnswer, RuleSet

_MARKS: Final = {Answer.PASSED: ("ok", "green"), Answer.FAILED: ("FAIL", "red"), Answer.INCONCLUSIVE: ("?", "yellow")}
_MARGIN: Final = 8  # characters; the marks of a report stand before it


def title(rule_set: RuleSet) -> str:
    """Return what a rule set is called."""
    return f"{rule_set.id} {rule_set.edition}: {in_language(rule_set.title, 'en')}"


def print_judgement(rule_set: RuleSet, judgement: Judgement, at: datetime, *, err: bool = False) -> None:
    """Print which rules hold, which do not, and which cannot be answered and for want of what."""
    rules = rule_set.requirements(at)
    for requirement in judgement.requirements:
        if len(judgement.requirements) > 1:
            click.echo(f"  {output.safe(requirement.requirement)}", err=err)
        _print_requirement(requirement, {rule.id: rule for rule in rules[requirement.requirement]}, err=err)


def _print_requirement(requirement: RequirementAnswer, rules: dict[str, Rule], *, err: bool) -> None:
    if requirement.shown is None:
        text = f"nothing shown is a fact that counts for {requirement.requirement}"
        output.paragraph(text, lead=_lead(Answer.FAILED), indent=_MARGIN, err=err)
    for answer in requirement.rules:
        if answer.answer is not Answer.NOT_APPLICABLE:
            text = f"{answer.rule}: {in_language(rules[answer.rule].description, 'en')}{_want(answer)}"
            output.paragraph(text, lead=_lead(answer.answer), indent=_MARGIN, err=err)


def _lead(answer: Answer) -> str:
    mark, colour = _MARKS[answer]
    return f"  {click.style(mark.rjust(_MARGIN - 4), fg=colour)}  "


def _want(answer: RuleAnswer) -> str:
    if answer.missing:
        return f" Not shown: {', '.join(sorted(answer.missing))}."
    return f" Not answered: {answer.detail}." if answer.answer is Answer.INCONCLUSIVE else ""


def follow_up(rule_set: RuleSet, missing: Iterable[str], credential: Credential | None, rules_path: Path | None) -> str:
    """Return how to ask for what is missing, and for nothing else; one code must show that beside what it showed."""
    claims = sorted({*missing, *(name for name in minimum(rule_set) if _is_shown(credential, name))})
    file = "RULES.json" if rules_path is None else shlex.quote(str(rules_path))
    asked = " ".join(f"--claim {claim}" for claim in claims)
    return (
        f"a wallet can be asked for exactly that: pratique request make --rules {file} {asked} --key ... --verifier ..."
    )


def _is_shown(credential: Credential | None, name: str) -> bool:
    if credential is None:
        return False
    place, _, claim = name.partition(".")
    holder = credential.evidence[0] if place == "event" else credential.holder
    return getattr(holder, claim, None) is not None
