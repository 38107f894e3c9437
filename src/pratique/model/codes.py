"""Coded values: a system, a code in it, and the name to show people.

    system            what its codes name                               table in `data/`
    icd11             disease agents of WHO's list, by ICD-11 code      icd11.json
    icd11-vaccine     ICD-11 extension codes: vaccines                  icd11-vaccine.json
    snomed            SNOMED CT: diseases, vaccines, test results       snomed.json
    cvx               CVX of the CDC: vaccines                          cvx.json
    atc               ATC: vaccines                                     atc.json
    loinc             LOINC: kinds of test, tests, their answers        loinc.json
    eu-product        vaccines in the EU's value set                    eu-product.json
    eu-manufacturer   their manufacturers                               eu-manufacturer.json
    eu-device         rapid tests in the EU's value set                 eu-device.json
    who-pq            yellow fever and polio vaccines that WHO          who-pq.json
                      prequalified, by SMART ICVP product identifier

Codes of any other system are their own name. The system `name` has no codes at all, but what a certificate calls a
thing; `other` are codes whose system is not among these.

Two more tables serve the functions on countries: countries.json (ISO 3166-1) and doc9303.json (what ICAO Doc 9303
adds); transliteration.json serves `pratique.names`. Each states its source, version and licence, and is read once,
when it is first needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

SYSTEMS: Final = (
    "icd11",
    "icd11-vaccine",
    "snomed",
    "cvx",
    "atc",
    "loinc",
    "eu-product",
    "eu-manufacturer",
    "eu-device",
    "who-pq",
)
_VACCINES: Final = frozenset({"cvx", "snomed"})
_RESULTS: Final = frozenset({"snomed", "loinc"})
TABLES: Final = (*SYSTEMS, "countries", "doc9303", "transliteration")


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a named system; `str` is `system|code`, as credentials carry it."""

    system: str
    code: str

    def __str__(self) -> str:
        return f"{self.system}|{self.code}"

    @property
    def display(self) -> str:
        """The English name, or the code itself where no table has it."""
        return str(_codes(self.system).get(self.code, {}).get("name", self.code))


@dataclass(frozen=True, slots=True)
class Product:
    """A medicinal product or test device: its trade name, who makes it, and the disease agents it is for (ICD-11)."""

    name: str
    manufacturer: str | None
    targets: tuple[str, ...]


@cache
def table(name: str) -> dict[str, Any]:
    """Return one of `TABLES`, not to be changed: `source`, `version`, `licence`, `retrieved`, `codes` and its own."""
    from json import loads  # noqa: PLC0415 - most uses of the model need no table
    from pathlib import Path  # noqa: PLC0415

    # Beside this file: `importlib.resources` takes longer to import than the tables take to read.
    path = Path(__file__).parent / "data" / f"{name}.json"
    content: dict[str, Any] = loads(path.read_text(encoding="utf-8"))
    return content


def _codes(system: str) -> dict[str, dict[str, Any]]:
    """Return the entries of a table by code; none for a system that has no table, which input may well name."""
    entries: dict[str, dict[str, Any]] = table(system)["codes"] if system in TABLES else {}
    return entries


def is_known(coding: Coding) -> bool:
    """Return whether the table of its system has a code."""
    return coding.code in _codes(coding.system)


def targets() -> tuple[str, ...]:
    """Return the ICD-11 codes of the disease agents on WHO's list."""
    return tuple(_codes("icd11"))


def is_known_target(target: str) -> bool:
    """Return whether a disease agent is on WHO's list."""
    return target in _codes("icd11")


def target_of_snomed(code: str) -> str | None:
    """Return the ICD-11 code for a disease that SNOMED CT names, 840539006 to RA01; None for any other."""
    return _targets_by_snomed().get(code)


@cache
def _targets_by_snomed() -> dict[str, str]:
    return {code: str(entry["target"]) for code, entry in _codes("snomed").items() if "target" in entry}


def target_of_icd11(code: str) -> str | None:
    """Return the disease agent of WHO's list that an ICD-11 code is or belongs to, RA01 for RA01.0; None for others."""
    return next((each for each in (code, code.partition(".")[0]) if is_known_target(each)), None)


def target_of_vaccine(code: str) -> str | None:
    """Return the ICD-11 code for the disease that a vaccine with this ICD-11 extension code is for; None for others."""
    target = _codes("icd11-vaccine").get(code, {}).get("target")
    return None if target is None else str(target)


def vaccine_targets(vaccine: Coding) -> tuple[str, ...]:
    """Return the disease agents (ICD-11) of a vaccine of `cvx`, `snomed` or `icd11-vaccine`; none for any other."""
    if vaccine.system == "icd11-vaccine":
        target = target_of_vaccine(vaccine.code)
        return () if target is None else (target,)
    return tuple(_codes(vaccine.system).get(vaccine.code, {}).get("targets", ())) if vaccine.system in _VACCINES else ()


def test_target(test: Coding) -> str | None:
    """Return the disease agent (ICD-11) that a laboratory test finds, by its LOINC code; None for any other.

    Tests for antibodies find none: that somebody has some says nothing about an infection today.
    """
    target = _codes("loinc").get(test.code, {}).get("target") if test.system == "loinc" else None
    return None if target is None else str(target)


def test_method(test: Coding) -> Coding:
    """Return the kind of a laboratory test, LP6464-4 for 94500-6; the code itself where no table says it."""
    method = _codes("loinc").get(test.code, {}).get("method") if test.system == "loinc" else None
    return test if method is None else Coding("loinc", str(method))


def common_result(result: Coding) -> Coding:
    """Return the code that formats share for a result: detected, not detected; any other result as it is.

    Positive and negative are the same by other words, in SNOMED CT and in the answers of LOINC.
    """
    common = _codes(result.system).get(result.code, {}).get("result") if result.system in _RESULTS else None
    return result if common is None else Coding("snomed", str(common))


@lru_cache(maxsize=256)
def days_until_valid(target: str) -> int:
    """Return how many days after vaccination it begins to count: 10 for yellow fever, 0 where no rule says otherwise.

    Source: International Health Regulations (2005), Annex 7, paragraph 2(a).
    """
    return int(_codes("icd11").get(target, {}).get("days_until_valid", 0))


@lru_cache(maxsize=256)
def counts_for_life(target: str) -> bool:
    """Return whether vaccination counts for life once it counts: yellow fever's does, by the rules that bind states.

    Source: International Health Regulations (2005), Annex 7, paragraph 2(b), as amended in 2014 (WHA67.13).
    """
    return bool(_codes("icd11").get(target, {}).get("for_life", False))


def product(coding: Coding) -> Product | None:
    """Return what is known of a product: of `eu-product`, `eu-device` or `who-pq`; None for any other.

    The EU's names of devices begin with their manufacturer, which is not given apart.
    """
    if coding.system not in ("eu-product", "eu-device", "who-pq") or not is_known(coding):
        return None
    entry = _codes(coding.system)[coding.code]
    manufacturer = entry.get("manufacturer")
    if coding.system == "eu-product":
        manufacturer = Coding("eu-manufacturer", str(manufacturer)).display
    aims = entry.get("targets") or table(coding.system)["targets"]
    return Product(coding.display, manufacturer, tuple(aims))


def products(system: str, target: str) -> tuple[Coding, ...]:
    """Return the products of a system for a disease agent, in the table's order: a value set for entry rules."""
    codings = (Coding(system, code) for code in _codes(system))
    return tuple(coding for coding in codings if (found := product(coding)) and target in found.targets)


@cache
def _alpha2_of() -> dict[str, str]:
    return {str(entry["alpha3"]): alpha2 for alpha2, entry in _codes("countries").items()} | {
        code: str(entry["alpha2"]) for code, entry in _codes("doc9303").items() if "alpha2" in entry
    }


@cache
def _alpha3_of() -> dict[str, str]:
    return {alpha2: alpha3 for alpha3, alpha2 in _alpha2_of().items()}


def country_alpha3(alpha2: str) -> str | None:
    """Return the alpha-3 code of a country, upper case; RKS, as in Doc 9303, for XK; None for any other."""
    return _alpha3_of().get(alpha2)


def country_alpha2(alpha3: str) -> str | None:
    """Return the alpha-2 code of a country, upper case; XK for RKS; None for any other."""
    return _alpha2_of().get(alpha3)


def state_alpha3(code: str) -> str:
    """Return the code of an issuing state or nationality as credentials carry it.

    That is DEU for the D of German documents; every other code of a machine-readable zone stays as it is.
    """
    return str(_codes("doc9303").get(code, {}).get("alpha3", code))


def country_name(code: str) -> str | None:
    """Return the English name behind an alpha-2 or alpha-3 code or a code that Doc 9303 adds; None for any other."""
    entry = _codes("doc9303").get(code) or _codes("countries").get(_alpha2_of().get(code, code))
    if entry is None:
        return country_name("RKS") if code == "XK" else None
    return str(entry["name"])
