"""The code tables are complete, state where they come from, and agree with the lists they were made from."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pratique.model import codes
from pratique.model.codes import Coding

DATA = Path(codes.__file__).parent / "data"


def table(name: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a name occurs twice in one object"
        return dict(pairs)

    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"), object_pairs_hook=unique)  # type: ignore[no-any-return]


def test_every_table_is_listed_and_every_listed_table_is_there() -> None:
    assert {path.stem for path in DATA.glob("*.json")} == set(codes.TABLES)


@pytest.mark.parametrize("name", codes.TABLES)
def test_every_table_states_where_it_comes_from(name: str) -> None:
    content = table(name)
    for field in ("source", "version", "licence"):
        assert len(content[field]) > 5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", content["retrieved"])
    assert content["codes"]
    if name != "transliteration":
        assert all(entry["name"].strip() == entry["name"] != "" for entry in content["codes"].values())


@pytest.mark.parametrize("name", codes.SYSTEMS)
def test_every_system_is_described_and_fits_into_a_credential(name: str) -> None:
    assert f"\n    {name} " in (codes.__doc__ or "")
    assert all(re.fullmatch(r"[!-{}~]{1,80}", f"{code}") for code in table(name)["codes"])


def test_targets_are_those_of_who() -> None:
    assert {"1D47", "1C81", "RA01"} < set(codes.targets())
    assert len(codes.targets()) == 25
    assert codes.is_known_target("1D47")
    assert not codes.is_known_target("1D4")
    assert Coding("icd11", "1D47").display == "Yellow fever"
    assert Coding("icd11", "1C81").display == "Poliomyelitis"


def test_yellow_fever_vaccination_counts_from_the_tenth_day_and_others_at_once() -> None:
    assert codes.days_until_valid("1D47") == 10
    assert [target for target in codes.targets() if codes.days_until_valid(target)] == ["1D47"]
    assert codes.days_until_valid("unknown") == 0


@pytest.mark.parametrize(
    ("code", "target"),
    [("RA01.0", "RA01"), ("RA01", "RA01"), ("1E50.0", "1E50.0"), ("1E50.2", None), ("RA0", None), ("", None)],
)
def test_subcategory_stands_for_the_disease_that_who_lists(code: str, target: str | None) -> None:
    assert codes.target_of_icd11(code) == target


@pytest.mark.parametrize(
    ("code", "target"), [("XM68M6", "RA01"), ("XM0N24", "1D47"), ("XM5V19", "1C81"), ("RA01", None), ("", None)]
)
def test_vaccines_of_icd_11_have_their_disease(code: str, target: str | None) -> None:
    assert codes.target_of_vaccine(code) == target


@pytest.mark.parametrize(
    ("vaccine", "targets"),
    [
        ("cvx|208", ("RA01",)),
        ("cvx|37", ("1D47",)),
        ("cvx|110", ("1C17", "1C13", "1C12", "1E50.1", "1C81")),
        ("cvx|204", ()),
        ("snomed|1119349007", ("RA01",)),
        ("snomed|840539006", ()),
        ("icd11-vaccine|XM0N24", ("1D47",)),
        ("icd11|RA01", ()),
        ("eu-product|208", ()),
        ("nowhere|208", ()),
    ],
)
def test_vaccines_have_the_diseases_that_they_are_for(vaccine: str, targets: tuple[str, ...]) -> None:
    assert codes.vaccine_targets(Coding(*vaccine.split("|"))) == targets


def test_every_vaccine_of_the_cdc_is_for_diseases_of_whos_list() -> None:
    for code, entry in table("cvx")["codes"].items():
        assert all(map(codes.is_known_target, entry.get("targets", ()))), code
    assert {code for code, entry in table("cvx")["codes"].items() if "1D47" in entry.get("targets", ())} == {
        "37",
        "183",
        "184",
    }


def test_laboratory_tests_have_their_kind_and_disease_and_results_one_code() -> None:
    assert codes.test_target(Coding("loinc", "94500-6")) == "RA01"
    assert codes.test_method(Coding("loinc", "94500-6")) == Coding("loinc", "LP6464-4")
    assert codes.test_method(Coding("loinc", "94558-4")) == Coding("loinc", "LP217198-3")
    for unknown in (Coding("loinc", "94563-4"), Coding("loinc", "LP6464-4"), Coding("cvx", "94500-6")):
        assert codes.test_target(unknown) is None
        assert codes.test_method(unknown) == unknown
    for code, entry in table("loinc")["codes"].items():
        assert codes.is_known(codes.test_method(Coding("loinc", code)))
        assert ("result" in entry) is code.startswith("LA")
    assert codes.common_result(Coding("loinc", "LA6577-6")) == Coding("snomed", "260415000")
    assert codes.common_result(Coding("snomed", "10828004")) == Coding("snomed", "260373001")
    for same in (Coding("snomed", "260415000"), Coding("snomed", "720735008"), Coding("cvx", "LA6577-6")):
        assert codes.common_result(same) == same


def test_snomed_diseases_have_their_icd_11_code() -> None:
    assert codes.target_of_snomed("840539006") == "RA01"
    assert codes.target_of_snomed("260373001") is None
    assert codes.target_of_snomed("1") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("eu-product|EU/1/20/1528", "Comirnaty"),
        ("eu-manufacturer|ORG-100030215", "Biontech Manufacturing GmbH"),
        ("eu-device|1232", "Abbott Rapid Diagnostics, Panbio COVID-19 Ag Rapid Test"),
        ("snomed|260373001", "Detected"),
        ("icd11-vaccine|XM0GQ8", "COVID-19 vaccine, RNA based"),
        ("loinc|LP6464-4", "Nucleic acid amplification with probe detection"),
        ("cvx|37", "Yellow Fever"),
        ("atc|J07BX03", "covid-19 vaccines"),
        ("who-pq|YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0", "STAMARIL"),
        ("eu-product|nothing", "nothing"),
        ("nowhere|x", "x"),
        ("../icd11|1D47", "1D47"),
    ],
)
def test_a_coding_has_a_name_or_shows_its_code(text: str, name: str) -> None:
    coding = Coding(*text.split("|"))
    assert coding.display == name
    assert str(coding) == text
    assert codes.is_known(coding) is (name != coding.code)


def test_products_know_manufacturer_and_targets() -> None:
    comirnaty = codes.product(Coding("eu-product", "EU/1/20/1528"))
    assert comirnaty == codes.Product("Comirnaty", "Biontech Manufacturing GmbH", ("RA01",))
    stamaril = codes.product(Coding("who-pq", "YellowFeverProductd8a09f80301dc05e124f99ffe7711fc0"))
    assert stamaril == codes.Product("STAMARIL", "Sanofi Pasteur", ("1D47",))
    assert codes.product(Coding("eu-device", "1232")) is not None
    assert codes.product(Coding("eu-product", "nothing")) is None
    assert codes.product(Coding("snomed", "1119349007")) is None


def test_products_are_found_by_their_target() -> None:
    assert len(codes.products("who-pq", "1D47")) == 11
    assert len(codes.products("who-pq", "1C81")) == 49
    assert len(codes.products("eu-product", "RA01")) == 39
    assert codes.products("eu-product", "1D47") == codes.products("nowhere", "RA01") == ()


def test_every_product_is_for_known_targets_and_has_a_known_manufacturer() -> None:
    manufacturers = table("eu-manufacturer")["codes"]
    for system in ("eu-product", "eu-device", "who-pq"):
        for code in table(system)["codes"]:
            found = codes.product(Coding(system, code))
            assert found is not None
            assert found.targets
            assert all(map(codes.is_known_target, found.targets))
    assert {entry["manufacturer"] for entry in table("eu-product")["codes"].values()} <= set(manufacturers)


def test_alpha_2_and_alpha_3_codes_are_one_to_one() -> None:
    countries = table("countries")["codes"]
    assert len(countries) == 249
    assert len({entry["alpha3"] for entry in countries.values()}) == 249
    assert len({entry["name"] for entry in countries.values()}) == 249
    for alpha2, entry in countries.items():
        assert re.fullmatch(r"[A-Z]{2}", alpha2)
        assert re.fullmatch(r"[A-Z]{3}", entry["alpha3"])
        assert codes.country_alpha3(alpha2) == entry["alpha3"]
        assert codes.country_alpha2(entry["alpha3"]) == alpha2
        assert codes.country_name(alpha2) == codes.country_name(entry["alpha3"]) == entry["name"]
        assert codes.state_alpha3(entry["alpha3"]) == entry["alpha3"]


def test_codes_of_doc_9303_stand_beside_those_of_iso() -> None:
    assert not {entry["alpha3"] for entry in table("countries")["codes"].values()} & set(table("doc9303")["codes"])
    assert codes.state_alpha3("D") == "DEU"
    assert codes.state_alpha3("UTO") == "UTO"
    assert codes.country_name("D") == codes.country_name("DEU") == "Germany"
    assert codes.country_name("XXA") == "Stateless person"
    assert (codes.country_alpha3("XK"), codes.country_alpha2("RKS")) == ("RKS", "XK")
    assert codes.country_name("XK") == codes.country_name("RKS") == "Kosovo"
    assert codes.country_name("QQ") is codes.country_alpha3("QQ") is codes.country_alpha2("QQQ") is None
    assert codes.country_alpha3("de") is None


EU_SETS = {
    "disease-agent-targeted": ("snomed",),
    "test-manf-example": ("eu-device",),
    "test-result": ("snomed",),
    "test-type": ("loinc",),
    "vaccine-mah-manf": ("eu-manufacturer",),
    "vaccine-medicinal-product": ("eu-product",),
    "vaccine-prophylaxis": ("snomed", "atc"),
}


@pytest.mark.parametrize("name", EU_SETS)
def test_tables_agree_with_the_eu_value_sets(vectors: Path, name: str) -> None:
    values = json.loads((vectors / "reference/eu-valuesets" / f"{name}.json").read_text(encoding="utf-8"))
    ours = {code: entry for system in EU_SETS[name] for code, entry in table(system)["codes"].items()}
    for code, value in values["valueSetValues"].items():
        assert ours[code]["name"] == value["display"].removesuffix(" (deprecated)").strip()
        assert ours[code].get("active", True) is value["active"]
    if EU_SETS[name] not in {("snomed",), ("snomed", "atc"), ("loinc",)}:
        assert set(ours) == set(values["valueSetValues"])


def test_countries_are_those_of_the_eu_value_set(vectors: Path) -> None:
    text = (vectors / "reference/eu-valuesets/country-2-codes.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["valueSetValues"]) == {*table("countries")["codes"], "XK"}


def test_who_products_are_those_of_the_catalogue(vectors: Path) -> None:
    with (vectors / "reference/who/icvp_products.csv").open(encoding="utf-8") as file:
        rows = {row["product_id"]: "".join(row["catalogue_text"].split()) for row in csv.DictReader(file)}
    ours = table("who-pq")["codes"]
    assert set(ours) == set(rows)
    for code, entry in ours.items():
        assert "".join((entry["type"] + entry["manufacturer"]).split()) != ""
        for part in (entry["type"], entry["manufacturer"], str(entry["doses"])):
            assert "".join(part.split()) in rows[code]
        expected = "1D47" if code.startswith("YellowFever") else "1C81"
        assert expected in entry["targets"]
