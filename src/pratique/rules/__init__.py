"""Entry rules: data that a destination publishes, judged by a small total engine, and what they need to be shown.

    rule_set = RuleSet.decode(path.read_bytes())
    judgement = judge(rule_set, Shown(report.credential), at)      # .answer, .code, .detail, .missing

What a holder has to show for a rule set, `pratique.rules.minimum` finds.
"""

from pratique.rules.judgement import Answer, Judgement, RequirementAnswer, RuleAnswer, judge
from pratique.rules.ruleset import AppliesTo, Rule, RuleSet, in_force
from pratique.rules.variables import Shown

__all__ = [
    "Answer",
    "AppliesTo",
    "Judgement",
    "RequirementAnswer",
    "Rule",
    "RuleAnswer",
    "RuleSet",
    "Shown",
    "in_force",
    "judge",
]
