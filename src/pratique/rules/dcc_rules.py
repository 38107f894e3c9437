"""The rules that states published through the gateway of the EU DCC, as entries of a rule set.

Their logic stays as it is: it reads `payload` and `external`, and is asked of EU DCCs alone. Source: eHealth Network,
EU DCC Validation Rules 1.1, section 5.5.2, and the gateway's schema `validation-rule`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pratique.errors import RuleError
from pratique.model.codes import country_alpha3
from pratique.reasons import Reason
from pratique.rules.ruleset import RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_IDENTIFIER: Final = re.compile(r"(GR|VR|TR|RR|IR)-[A-Z]{2}-[0-9]{4}")
_KINDS: Final = {"Acceptance": "acceptance", "Invalidation": "invalidation"}
_TYPES: Final = {"General": None, "Vaccination": "vaccination", "Test": "test", "Recovery": "recovery"}
_ENGINE: Final = "CERTLOGIC"


def rule_from_dcc(document: Any) -> dict[str, Any]:
    """Return the entry of a rule set for one rule of the gateway.

    Its certificate type becomes the kind of fact that it applies to; an invalidation rule applies to certificates of
    the country that made it. What a rule says of its `AffectedFields` and of the versions of engine and schema is left
    out: the logic says the one, and the engine that reads it is of the newest version.
    Raises: RuleError (`rules.invalid`): not in the form of such a rule, for another engine, or for one region alone.
    Not checked: the logic, which `RuleSet` compiles.
    """
    if type(document) is not dict:
        raise _invalid("it is not an object")
    identifier, kind, of = (document.get(name) for name in ("Identifier", "Type", "CertificateType"))
    if type(identifier) is not str or not _IDENTIFIER.fullmatch(identifier):
        raise _invalid("Identifier is not in its form")
    if document.get("Engine") != _ENGINE:
        raise _invalid(f"{identifier} is for another engine than {_ENGINE}")
    if type(kind) is not str or kind not in _KINDS or type(of) is not str or of not in _TYPES:
        raise _invalid(f"{identifier} has a Type or CertificateType that is not known")
    if document.get("Region"):
        raise _invalid(f"{identifier} is for one region of its country")
    applies_to: dict[str, list[str]] = {"formats": ["eu-dcc"]}
    if (fact := _TYPES[of]) is not None:
        applies_to["kinds"] = [fact]
    if kind == "Invalidation":
        country = document.get("Country")
        alpha3 = country_alpha3(country) if type(country) is str else None
        if alpha3 is None:
            raise _invalid(f"{identifier} is for the certificates of no country")
        applies_to["countries"] = [alpha3]
    missing = {"Version", "Logic", "ValidFrom", "ValidTo"} - document.keys()
    if missing:
        raise _invalid(f"{identifier}: {min(missing)} is missing")
    return {
        "id": identifier,
        "version": document["Version"],
        "kind": _KINDS[kind],
        "description": _description(document.get("Description"), identifier),
        "logic": document["Logic"],
        "applies_to": applies_to,
        "valid_from": document["ValidFrom"],
        "valid_to": document["ValidTo"],
    }


def _description(entries: Any, identifier: str) -> dict[str, Any]:
    if type(entries) is not list or not all(
        type(entry) is dict and type(entry.get("lang")) is str and "desc" in entry for entry in entries
    ):
        raise _invalid(f"{identifier}: Description is not an array of lang and desc")
    return {entry["lang"]: entry["desc"] for entry in entries}


def value_set_from_dcc(document: Any) -> tuple[str, list[str]]:
    """Return name and codes of one of the EU's value sets, `valueSetId` and the names in `valueSetValues`.

    Raises: RuleError (`rules.invalid`).
    """
    values = document.get("valueSetValues") if type(document) is dict else None
    if type(values) is not dict or type(document.get("valueSetId")) is not str:
        raise _invalid("the value set has no valueSetId or no valueSetValues")
    return document["valueSetId"], list(values)


def rule_set_from_dcc(
    rules: Iterable[Any], *, value_sets: Mapping[str, Iterable[str]], about: Mapping[str, Any]
) -> RuleSet:
    """Return the rule set of one destination.

    Args:
        rules: the destination's acceptance rules, and invalidation rules of any country, as the gateway has them.
        value_sets: every value set that they read below `external.valueSets`, by name.
        about: the other members of the rule set, from `id` to `legal_basis`; without `zone` days are counted in UTC, as
            CertLogic itself does.
    Raises: RuleError (`rules.invalid`).
    """
    return RuleSet.from_json(
        {
            **about,
            "rules": [rule_from_dcc(rule) for rule in rules],
            "value_sets": {name: list(codes) for name, codes in value_sets.items()},
        }
    )


def _invalid(detail: str) -> RuleError:
    return RuleError(Reason.RULES_INVALID, detail)
