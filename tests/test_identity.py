"""Step 9: whose credential it is, by the document it is bound to, by name and birth date, or by a person's eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from authority import DOCUMENT, HOLDER, OTHER_DOCUMENT, DccState, World, dcc_vaccination, holder_key
from crafting import held, resigned
from pratique.model.dates import PartialDate
from pratique.mrz import parse_mrz, td3
from pratique.reasons import Reason
from pratique.report import Check, Outcome, Step, Verdict

if TYPE_CHECKING:
    from pratique.model import Holder
    from pratique.mrz import TravelDocument

NAME_AND_DATE = ("holder.name", "holder.birth_date")


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def bound(world: World) -> str:
    """Return a credential that is bound to DOCUMENT and shows nothing."""
    return world.home.issue_vaccination().present()


def binding(
    world: World, text: str, document: TravelDocument | None = None, *, compared_by_eye: bool = False
) -> tuple[Outcome, Reason]:
    check = checked(world, text, document, compared_by_eye=compared_by_eye)
    return check.outcome, check.code


def checked(world: World, text: str, document: TravelDocument | None, *, compared_by_eye: bool) -> Check:
    return world.verify(text, document=document, compared_by_eye=compared_by_eye).check(Step.BINDING)


# Bound to a travel document


def test_document_that_it_is_bound_to_matches(world: World, bound: str) -> None:
    assert binding(world, bound, DOCUMENT) == (Outcome.PASSED, Reason.DOCUMENT_MATCHES)


def test_other_document_does_not_match(world: World, bound: str) -> None:
    assert binding(world, bound, OTHER_DOCUMENT) == (Outcome.FAILED, Reason.DOCUMENT_MISMATCH)


def test_renewed_document_does_not_match(world: World, bound: str) -> None:
    renewed = replace(DOCUMENT, expiry_date=date(2036, 4, 15))
    assert binding(world, bound, renewed) == (Outcome.FAILED, Reason.DOCUMENT_MISMATCH)


def test_name_and_birth_date_do_not_rescue_another_document(world: World) -> None:
    text = world.home.issue_vaccination(document=OTHER_DOCUMENT).present(disclose=NAME_AND_DATE)
    assert binding(world, text, DOCUMENT) == (Outcome.FAILED, Reason.DOCUMENT_MISMATCH)
    assert binding(world, text, DOCUMENT, compared_by_eye=True) == (Outcome.FAILED, Reason.DOCUMENT_MISMATCH)


def test_without_a_document_one_is_needed(world: World, bound: str) -> None:
    assert binding(world, bound) == (Outcome.INCONCLUSIVE, Reason.DOCUMENT_NEEDED)
    assert world.verify(bound).verdict is Verdict.REFER


def test_eye_compares_nothing_where_nothing_is_shown(world: World, bound: str) -> None:
    assert binding(world, bound, compared_by_eye=True) == (Outcome.INCONCLUSIVE, Reason.DOCUMENT_NEEDED)


def test_name_and_birth_date_shown_can_be_compared_by_eye(world: World) -> None:
    text = world.home.issue_vaccination().present(disclose=NAME_AND_DATE)
    assert binding(world, text) == (Outcome.INCONCLUSIVE, Reason.COMPARE_BY_EYE)
    assert binding(world, text, compared_by_eye=True) == (Outcome.PASSED, Reason.COMPARED_BY_EYE)


@pytest.mark.parametrize("shown", [("holder.name",), ("holder.birth_date",), ("holder.document_number",)])
def test_half_of_an_identity_cannot_be_compared_by_eye(world: World, shown: tuple[str, ...]) -> None:
    text = world.home.issue_vaccination().present(disclose=shown)
    assert binding(world, text, compared_by_eye=True) == (Outcome.INCONCLUSIVE, Reason.DOCUMENT_NEEDED)


# Bound to a holder's key


def test_key_that_has_signed_nothing_proves_nothing(world: World) -> None:
    text = held(world).present()
    for document in (None, DOCUMENT):
        assert binding(world, text, document) == (Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN)
    assert binding(world, text, compared_by_eye=True) == (Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN)


def test_name_and_birth_date_serve_where_a_key_has_signed_nothing(world: World) -> None:
    text = held(world).present(disclose=NAME_AND_DATE)
    assert binding(world, text, DOCUMENT) == (Outcome.PASSED, Reason.HOLDER_MATCHES)
    assert binding(world, text, OTHER_DOCUMENT) == (Outcome.FAILED, Reason.HOLDER_MISMATCH)


def test_eye_has_no_effect_where_a_document_is_given(world: World) -> None:
    text = held(world).present(disclose=NAME_AND_DATE)
    assert binding(world, text, OTHER_DOCUMENT, compared_by_eye=True) == (Outcome.FAILED, Reason.HOLDER_MISMATCH)


# By name and birth date


def named(world: World, **changes: object) -> str:
    holder: Holder = replace(HOLDER, **changes)  # type: ignore[arg-type]
    issued = held(world, holder=holder)
    return issued.present(disclose=[name for name in NAME_AND_DATE if name in issued.disclosable])


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("ERIKSSON<<ANNA<MARIA", Outcome.PASSED, Reason.HOLDER_MATCHES),
        ("ERIKSON<<ANNA<MARIA", Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN),
        ("ERIKSSON<<ANNA", Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN),
        ("ANNA<MARIA<<ERIKSSON", Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN),
        ("ERIKSSON<<BRITTA", Outcome.FAILED, Reason.HOLDER_MISMATCH),
        ("SPECIMEN<<ANNA<MARIA", Outcome.FAILED, Reason.HOLDER_MISMATCH),
        ("E<<A", Outcome.FAILED, Reason.HOLDER_MISMATCH),
    ],
)
def test_name_is_equal_near_or_different(world: World, name: str, outcome: Outcome, code: Reason) -> None:
    assert binding(world, named(world, name=name), DOCUMENT) == (outcome, code)


@pytest.mark.parametrize(
    ("stated", "outcome", "code"),
    [
        (PartialDate(1974, 8, 12), Outcome.PASSED, Reason.HOLDER_MATCHES),
        (PartialDate(1974, 8), Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN),
        (PartialDate(1974), Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN),
        (PartialDate(1974, 8, 13), Outcome.FAILED, Reason.HOLDER_MISMATCH),
        (PartialDate(1974, 12, 8), Outcome.FAILED, Reason.HOLDER_MISMATCH),
        (PartialDate(1974, 9), Outcome.FAILED, Reason.HOLDER_MISMATCH),
        (PartialDate(1975), Outcome.FAILED, Reason.HOLDER_MISMATCH),
    ],
    ids=str,
)
def test_birth_date_is_compared_with_the_precision_that_both_have(
    world: World, stated: PartialDate, outcome: Outcome, code: Reason
) -> None:
    assert binding(world, named(world, birth_date=stated), DOCUMENT) == (outcome, code)


@pytest.mark.parametrize("printed", ["7408<<", "74<<<<", "<<<<<<"])
def test_document_that_knows_less_of_the_birth_date_leaves_it_open(world: World, printed: str) -> None:
    partial = {"7408<<": PartialDate(1974, 8), "74<<<<": PartialDate(1974), "<<<<<<": None}[printed]
    document = replace(DOCUMENT, birth_date=partial, birth_printed=printed)
    assert binding(world, named(world), document) == (Outcome.INCONCLUSIVE, Reason.HOLDER_UNCERTAIN)


def test_near_name_does_not_hide_another_birth_date(world: World) -> None:
    text = named(world, name="ERIKSON<<ANNA<MARIA", birth_date=PartialDate(1974, 8, 13))
    assert binding(world, text, DOCUMENT) == (Outcome.FAILED, Reason.HOLDER_MISMATCH)


@pytest.mark.parametrize("missing", ["name", "birth_date"])
def test_half_of_an_identity_is_not_enough(world: World, missing: str) -> None:
    assert binding(world, named(world, **{missing: None}), DOCUMENT) == (Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN)


# EU DCCs: bound to nothing but name and birth date


@pytest.fixture(scope="module")
def eu(world: World) -> World:
    world.trusted.append(DccState(world.clock).entry())
    return world


PASSPORT = parse_mrz(
    td3(
        issuing_state="AUT",
        surname="MUSTERFRAU GOESSINGER",
        given_names="GABRIELE",
        document_number="P1234567",
        nationality="AUT",
        birth_date=date(1998, 2, 26),
        sex="F",
        expiry_date=date(2031, 1, 1),
    ),
    today=date(2026, 11, 23),
)


def test_eu_certificate_of_the_documents_holder_matches(eu: World) -> None:
    assert binding(eu, DccState(eu.clock).sign(dcc_vaccination()), PASSPORT) == (Outcome.PASSED, Reason.HOLDER_MATCHES)


def test_eu_certificate_of_somebody_else_does_not_match(eu: World) -> None:
    report = eu.verify(DccState(eu.clock).sign(dcc_vaccination()), document=DOCUMENT)
    assert report.decisive.code is Reason.HOLDER_MISMATCH
    assert report.verdict is Verdict.REJECT


@pytest.mark.parametrize("birth_date", ["", "1998", "1998-02"])
def test_eu_certificate_with_a_partial_birth_date_is_never_a_match(eu: World, birth_date: str) -> None:
    text = DccState(eu.clock).sign({**dcc_vaccination(), "dob": birth_date})
    assert binding(eu, text, PASSPORT)[0] is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    "names",
    [
        None,
        {},
        [],
        "MUSTERFRAU",
        {"fnt": "<", "gnt": "<<<"},
        {"fnt": 1, "gnt": 2},
        {"fn": "", "gn": " "},
        {"x": "y"},
        [1],
    ],
)
def test_eu_certificate_without_a_usable_name_is_never_a_match(eu: World, names: object) -> None:
    text = DccState(eu.clock).sign({**dcc_vaccination(), "nam": names})
    assert binding(eu, text, PASSPORT)[0] is not Outcome.PASSED
    assert binding(eu, text, compared_by_eye=True)[0] is not Outcome.PASSED


@pytest.mark.parametrize("birth_date", [None, "", " ", "x", "1998-99-99", 19980226, ["1998-02-26"]])
def test_eu_certificate_without_a_usable_birth_date_is_never_a_match(eu: World, birth_date: object) -> None:
    text = DccState(eu.clock).sign({**dcc_vaccination(), "dob": birth_date})
    assert binding(eu, text, PASSPORT)[0] is not Outcome.PASSED
    assert binding(eu, text, compared_by_eye=True)[0] is not Outcome.PASSED


def test_holder_key_thumbprint_alone_proves_nothing(world: World) -> None:
    thumbprint = holder_key().public.thumbprint
    text = resigned(held(world), world.home.keys[-1], claims={8: {5: thumbprint}}, disclosures=[])
    assert binding(world, text, DOCUMENT) == (Outcome.INCONCLUSIVE, Reason.KEY_NOT_PROVEN)
