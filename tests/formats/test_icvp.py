"""The content of a yellow card in each form: what is read, what is only noted, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.codec.cbor import UNDEFINED, Tag
from pratique.errors import DecodeError
from pratique.formats.icvp import MAX_DOSES, Icvp, counting
from pratique.model import Holder, PartialDate, Vaccination
from pratique.model.codes import Coding, products
from pratique.reasons import Reason
from who import BORN, NAME, STAMARIL, card, polio_product

GIVEN = PartialDate(2026, 3, 14)
LISTED = Vaccination(
    target="1D47",
    date=GIVEN,
    valid_from=PartialDate(2026, 3, 24),
    lifelong=True,
    practitioner="Dr Nilsson",
    authority="Ministry of Health",
    product=Coding("who-pq", STAMARIL),
    manufacturer=Coding("name", "Sanofi Pasteur"),
    batch="AB123-77",
)


def test_second_and_third_form_say_the_same() -> None:
    for form in (2, 3):
        read = Icvp(card(form))
        assert read.evidence() == (LISTED,)
        assert read.kinds() == (("vaccination", "1D47"),)
        assert read.holder() == Holder(
            name_native=NAME,
            birth_date=PartialDate.parse(BORN),
            sex="F",
            nationality="SWE",
            document_number="L898902C3",
            guardian="Carl Eriksson",
        )
        assert read.deviations() == ()
        assert read.shows_identity()
        assert read.number() is None


def test_first_form_names_disease_and_vaccine_by_code() -> None:
    read = Icvp(card(1))
    (fact,) = read.evidence()
    assert isinstance(fact, Vaccination)
    assert (fact.target, fact.vaccine, fact.product) == (
        "1D47",
        Coding("icd11-vaccine", "XM0N24"),
        Coding("name", "Stamaril"),
    )
    assert (fact.valid_from, fact.lifelong) == (PartialDate(2026, 3, 24), True)
    assert fact.dose is not None
    assert fact.dose.number == 1
    assert read.holder().nationality == "SWE"
    assert read.holder().national_id == "740812-123"
    assert read.deviations() == ("vp",)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (card(1), "first"),
        (card(2), "second"),
        (card(2, v=card(2)["v"][0]), "second"),
        (card(2, v={**card(2)["v"][0], "tg": "1D47"}), "first"),
        (card(2, v={**card(2)["v"][0], "dn": 1}), "first"),
        (card(2, v={**card(2)["v"][0], "vp": "1119305005", "tg": "RA01"}), "first"),
        (card(3), "third"),
        (card(3, v=None), "third"),
        (card(3, v=[]), "third"),
    ],
)
def test_form_is_told_by_where_the_doses_are(content: dict[str, Any], form: str) -> None:
    assert f"{form} form" in Icvp(content).variant or f"{form} form," in Icvp(content).variant


@pytest.mark.parametrize(
    "content",
    [
        {},
        card(3, vx=None),
        card(3, vx=[card(3)["vx"]]),
        card(3, vx="x"),
        card(2, v=[]),
        card(2, v=["x"]),
        card(2, v=[card(2)["v"][0], None]),
        card(2, v=card(2)["v"] * (MAX_DOSES + 1)),
        card(2, v=7),
        card(2, {"vp": None}),
        card(2, {"vp": 7}),
        card(2, {"vp": "YellowFever"}),
        card(3, {"vp": "YellowFeverProduct" + "f" * 32}),
        card(3, {"vp": STAMARIL[:-1]}),
    ],
)
def test_what_has_no_dose_of_a_listed_product_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(DecodeError) as refused:
        Icvp(content)
    assert refused.value.code is Reason.CONTENT_INVALID


@pytest.mark.parametrize(
    ("content", "deviations"),
    [
        (card(2, n=None), ("n",)),
        (card(2, n=7), ("n",)),
        (card(2, dob=None), ("dob",)),
        (card(2, dob="1974"), ("dob",)),
        (card(2, dob="1974-13-01"), ("dob",)),
        (card(2, s=None), ()),
        (card(2, s="other"), ()),
        (card(2, s="?"), ("s",)),
        (card(3, s=None), ("s",)),
        (card(2, ntl=None), ()),
        (card(2, ntl="XXX"), ()),
        (card(2, ntl="Sverige"), ("ntl",)),
        (card(3, nt=None), ("nt",)),
        (card(3, nt="ZZZ"), ("nt",)),
        (card(3, v="9.9"), ("v",)),
        (card(3, v=None), ("v",)),
        (card(2, {"dt": None}), ("dt",)),
        (card(2, {"dt": "2026-02-30"}), ("dt",)),
        (card(2, {"dt": "2026-03"}), ("dt",)),
        (card(2, {"dt": "2026-03-14T09:00:00Z"}), ()),
        (card(3, {"dv": "yesterday"}), ("dv",)),
        (card(3, {"dv": None, "dt": "2026-03-14"}), ()),
        (card(3, {"dv": None}), ("dt",)),
        (card(2, {"cn": None}), ()),
        (card(2, {"is": None}), ()),
        (card(2, {"cn": None, "is": None}), ("cn", "is")),
        (card(2, {"bo": None}), ("bo",)),
        (card(1, {"bo": None}), ("vp",)),
        (card(1, {"tg": "nothing"}), ("vp", "tg")),
        (card(1, {"tg": "1C81"}), ("vp", "tg")),
        (card(1, {"vp": "1119305005", "tg": "RA01"}), ("vp",)),
        (card(2, {"vle": "never"}), ("vle",)),
        (card(2, {"vls": 5}), ("vls",)),
        (card(3, {"vle": "never"}), ()),
    ],
)
def test_members_out_of_their_form_are_named(content: dict[str, Any], deviations: tuple[str, ...]) -> None:
    assert Icvp(content).deviations() == deviations


# A tag around an array or a map cannot be hashed, and says so by another error than an array or a map does.
NO_TEXTS: list[Any] = [
    Tag(0, ["x"]), Tag(0, {"a": 1}), Tag(0, "2026-03-14"), [], {}, {"s": "F"}, b"F", True, 1, 1.0, UNDEFINED, "", " ",
    "F" * 256, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("value", NO_TEXTS, ids=repr)
@pytest.mark.parametrize("form", [1, 2, 3])
def test_no_value_of_a_member_is_too_odd_to_be_read(form: int, value: Any) -> None:
    whole = card(form)
    for name in whole.keys() - {"v", "vx"} | ({"v"} if form == 3 else set()):
        read = Icvp({**whole, name: value})
        coded = {"s", "ntl", "nt", "n", "dob"} | ({"v"} if form == 3 else set())
        has_text = name == "n" and value in ("F" * 255, "\ud800")
        assert (name in read.deviations()) is (name in coded and not has_text), name
        assert len(read.evidence()) == len(read.spans()) == 1
        read.holder()
    (dose,) = whole["v"] if form == 2 else [whole["vx" if form == 3 else "v"]]
    for name in dose.keys() - {"vp"}:
        read = Icvp(card(form, {**dose, name: value}))
        assert len(read.evidence()) == len(read.spans()) == 1


@pytest.mark.parametrize(
    ("issued", "deviations"),
    [("2026-03-13", ()), ("2026-03-14", ()), ("2026-03-12", ("dt",)), ("2030-01-01", ()), ("9999-12-31", ())],
)
def test_dose_is_not_given_after_the_card_was_issued(issued: str, deviations: tuple[str, ...]) -> None:
    """A calendar day more is left, because the clinic's may be ahead of UTC."""
    at = datetime.fromisoformat(f"{issued}T12:00:00").replace(tzinfo=UTC)
    assert Icvp(card(2), issued_at=at).deviations() == deviations


@pytest.mark.parametrize(
    ("changes", "document", "national"),
    [
        ({"ndt": "PPN", "nid": "L 898-902c3"}, "L898902C3", None),
        ({"ndt": "ppn"}, "L898902C3", None),
        ({"ndt": "NI"}, None, "L898902C3"),
        ({"ndt": None}, None, "L898902C3"),
        ({"nid": None}, None, None),
        ({"ndt": "PPN", "nid": "Ä" * 3}, None, None),
    ],
)
def test_number_is_of_a_travel_document_only_where_the_type_says_so(
    changes: dict[str, Any], document: str | None, national: str | None
) -> None:
    holder = Icvp(card(2, **changes)).holder()
    assert (holder.document_number, holder.national_id) == (document, national)


@pytest.mark.parametrize(
    ("code", "sex"), [("M", "M"), ("male", "M"), ("Female", "F"), ("f", "F"), ("unknown", "X"), ("1", None)]
)
def test_sex_is_read_from_words_and_letters(code: str, sex: str | None) -> None:
    assert Icvp(card(2, s=code)).holder().sex == sex


def test_name_in_the_form_of_a_passport_is_taken_as_one() -> None:
    holder = Icvp(card(3, n="ERIKSSON<<ANNA<MARIA")).holder()
    assert (holder.name, holder.name_native) == ("ERIKSSON<<ANNA<MARIA", None)


def test_every_listed_product_has_its_disease_and_manufacturer() -> None:
    for target in ("1D47", "1C81"):
        for coding in products("who-pq", target):
            (fact,) = Icvp(card(3, {"vp": coding.code})).evidence()
            assert isinstance(fact, Vaccination)
            assert fact.target == target
            assert fact.manufacturer is not None
            assert bool(fact.lifelong) is (target == "1D47")


def test_polio_counts_as_stated_and_from_its_day() -> None:
    (fact,) = Icvp(card(2, {"vp": polio_product(), "vle": "2027-03-14"})).evidence()
    assert (fact.valid_from, fact.valid_until, fact.lifelong) == (GIVEN, PartialDate(2027, 3, 14), None)
    (fact,) = Icvp(card(2, {"vp": polio_product(), "vls": "2026-04-01"})).evidence()
    assert (fact.valid_from, fact.valid_until) == (PartialDate(2026, 4, 1), None)


def test_day_ten_crosses_months_and_leap_days_and_stops_at_the_end_of_the_calendar() -> None:
    for given, begins in (
        ("2024-02-20", "2024-03-01"),
        ("2025-02-20", "2025-03-02"),
        ("2026-12-25", "2027-01-04"),
        ("2099-12-31", "2099-12-31"),
    ):
        assert counting("1D47", PartialDate.parse(given), None, None) == (PartialDate.parse(begins), None, True)
    assert counting("1D47", None, GIVEN, GIVEN) == (None, None, None)
    assert counting("1D47", PartialDate(2026, 3), None, None) == (None, None, None)
    assert counting(None, GIVEN, None, None) == (GIVEN, None, None)
