"""Several codes of one traveller: joined by document or by name and birth date, and never silently."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from authority import DOCUMENT, HOLDER, OTHER_DOCUMENT, DccState, World, dcc_vaccination
from crafting import held, shown
from pratique.model import Holder
from pratique.model.dates import PartialDate
from pratique.qr import text as qr_text
from pratique.reasons import Reason
from pratique.report import Outcome, Verdict
from pratique.session import MAX_CODES, Session
from shc import ShcIssuer, digits, dose, parts, payload

ERIKSSON = {"fn": "Eriksson", "fnt": "ERIKSSON", "gn": "Anna Maria", "gnt": "ANNA<MARIA"}


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.trusted.append(DccState(made.clock).entry())
    return made


def session(world: World, *texts: str, **options: Any) -> Session:
    made = world.verifier().session(**{"at": world.clock.now, **options})
    for text in texts:
        made.add(text)
    return made


def dcc(world: World, *, names: dict[str, str] = ERIKSSON, born: str = "1974-08-12", **options: Any) -> str:
    return DccState(world.clock).sign({**dcc_vaccination(), "nam": names, "dob": born}, **options)


def test_codes_of_two_formats_are_joined_by_the_document(world: World) -> None:
    report = session(world, shown(world), dcc(world), document=DOCUMENT).report()
    assert (report.joining.outcome, report.joining.code) == (Outcome.PASSED, Reason.ONE_TRAVELLER)
    assert report.verdict is Verdict.ACCEPT
    assert [each.format for each in report.reports] == ["pratique", "eu-dcc"]


def test_codes_are_joined_by_name_and_birth_date_where_there_is_no_document(world: World) -> None:
    report = session(world, shown(world), dcc(world), compared_by_eye=True).report()
    assert report.joining.code is Reason.ONE_TRAVELLER
    assert report.verdict is Verdict.ACCEPT


def test_a_code_of_another_document_rejects_the_whole(world: World) -> None:
    report = session(world, shown(world), dcc(world), document=OTHER_DOCUMENT).report()
    assert report.joining.code is Reason.OTHER_TRAVELLER
    assert report.verdict is Verdict.REJECT


def test_two_people_are_never_joined(world: World) -> None:
    texts = shown(world), DccState(world.clock).sign(dcc_vaccination())
    report = session(world, *texts, compared_by_eye=True).report()
    assert [each.verdict for each in report.reports] == [Verdict.ACCEPT, Verdict.ACCEPT]
    assert report.joining.code is Reason.OTHER_TRAVELLER
    assert report.verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("names", "born"),
    [
        ({**ERIKSSON, "fnt": "ERIKSSEN"}, "1974-08-12"),
        ({**ERIKSSON, "gnt": "ANNA"}, "1974-08-12"),
        (ERIKSSON, "1974-08"),
        (ERIKSSON, "1974"),
    ],
    ids=["one letter", "a name missing", "no day", "no month"],
)
def test_a_near_miss_is_referred(world: World, names: dict[str, str], born: str) -> None:
    report = session(world, shown(world), dcc(world, names=names, born=born), compared_by_eye=True).report()
    assert report.joining.code is Reason.UNSURE_TRAVELLER
    assert report.verdict is Verdict.REFER


def test_another_birth_date_under_the_same_name_is_another_person(world: World) -> None:
    report = session(world, shown(world), dcc(world, born="1974-08-13"), compared_by_eye=True).report()
    assert report.joining.code is Reason.OTHER_TRAVELLER


def test_two_equally_partial_birth_dates_agree(world: World) -> None:
    partial = Holder(name=HOLDER.name, birth_date=PartialDate(1974))
    texts = held(world, holder=partial).present(disclose={"holder"}), dcc(world, born="1974")
    assert session(world, *texts, compared_by_eye=True).report().joining.code is Reason.ONE_TRAVELLER


def test_a_code_that_does_not_show_whose_it_is_makes_the_joining_unsure(world: World) -> None:
    report = session(world, held(world).present(), dcc(world), compared_by_eye=True).report()
    assert report.joining.code is Reason.UNSURE_TRAVELLER
    assert report.verdict is Verdict.REFER


def test_an_expired_code_beside_a_good_one_does_no_harm(world: World) -> None:
    old = dcc(world, now=world.clock.now - timedelta(days=200))
    report = session(world, shown(world), old, document=DOCUMENT).report()
    assert [each.verdict for each in report.reports] == [Verdict.ACCEPT, Verdict.REJECT]
    assert report.verdict is Verdict.ACCEPT


def test_a_forged_code_beside_a_good_one_is_referred(world: World) -> None:
    good = shown(world)
    forged = _flipped(shown(world))
    report = session(world, good, forged, document=DOCUMENT).report()
    assert [each.decisive.code for each in report.reports][1] is Reason.SIGNATURE_INVALID
    assert report.verdict is Verdict.REFER


def _flipped(text: str) -> str:
    data = bytearray(qr_text.decode(text))
    data[-1] ^= 1
    return qr_text.encode(bytes(data))


def test_codes_that_are_all_rejected_reject_the_whole(world: World) -> None:
    report = session(world, "no code", "PQ1:", document=DOCUMENT).report()
    assert (report.verdict, report.joining.code) == (Verdict.REJECT, Reason.ONE_CODE)


def test_the_same_code_shown_twice_counts_once(world: World) -> None:
    text = shown(world)
    made = session(world, text, document=DOCUMENT)
    assert made.add(text) is made.report().reports[0]
    assert len(made.report().reports) == 1
    assert made.report().verdict is Verdict.ACCEPT


def test_a_session_is_bounded(world: World) -> None:
    made = session(world, *map(str, range(MAX_CODES)))
    with pytest.raises(ValueError, match="at most"):
        made.add("one more")


def test_parts_of_one_code_are_one_code_in_whatever_order_they_are_shown(world: World) -> None:
    first, second, third = parts(ShcIssuer(world.clock).jws(payload(dose(), dose())), 3)
    made = session(world)
    assert made.add(third).decisive.code is Reason.QR_INCOMPLETE
    assert made.add(first).decisive.code is Reason.QR_INCOMPLETE
    assert len(made.report().reports) == 2
    whole = made.add(second)
    assert whole.format == "smart-health-card"
    assert whole.decisive.code is Reason.KEY_UNKNOWN
    assert made.report().reports == (whole,)
    assert made.add(third) is whole


def test_parts_of_a_code_that_was_shown_whole_are_that_code(world: World) -> None:
    issuer, card = ShcIssuer(world.clock), payload(dose())
    jws = issuer.jws(card)
    whole, (first, second) = f"shc:/{digits(jws)}", parts(jws, 2)
    made = session(world, whole, first)
    assert made.add(second) is made.add(whole) is made.add(first)
    assert len(made.report().reports) == 1


def test_a_line_end_makes_no_other_code(world: World) -> None:
    part = parts(ShcIssuer(world.clock).jws(payload(dose())), 2)[0]
    made = session(world, part)
    assert made.add(part + "\r\n") is made.add(part)


def test_what_is_no_text_is_a_mistake(world: World) -> None:
    with pytest.raises(TypeError):
        session(world).add(b"PQ1:")  # type: ignore[arg-type]


def test_an_empty_session_has_no_report(world: World) -> None:
    with pytest.raises(ValueError, match="no code"):
        session(world).report()


def test_a_session_report_says_what_it_means_and_holds_no_claim(world: World) -> None:
    report = session(world, shown(world), dcc(world), document=DOCUMENT).report()
    assert report.explain() == "Accept: 2 codes, 2 accept. All codes are the same traveller's."
    kept = json.dumps(report.record())
    assert "ERIKSSON" not in kept
    assert "1974" not in kept
    assert "ERIKSSON" not in repr(report)
    with pytest.raises(TypeError):
        bool(report)


def test_the_traveller_is_told_what_to_do_and_nothing_else(world: World) -> None:
    good = dcc(world)
    assert session(world, good, document=DOCUMENT).report().for_traveller() == "Your certificates are in order."
    forged = session(world, good[:60] + "AAAA" + good[64:]).report()
    assert forged.verdict is Verdict.REJECT
    assert forged.for_traveller().startswith("Please wait")
    lone = session(world, parts(ShcIssuer(world.clock).jws(payload(dose())), 2)[0]).report()
    assert "every part" in lone.for_traveller()
    other = session(world, good, dcc(world, born="1980-01-01")).report()
    assert other.joining.code is Reason.OTHER_TRAVELLER
    assert other.for_traveller()
    assert "1980" not in other.for_traveller()


def test_a_session_says_which_texts_each_code_was_put_together_from(world: World) -> None:
    jws = ShcIssuer(world.clock).jws(payload(dose()))
    first, second, third = parts(jws, 3)
    made = session(world, "PQ1:ABC", third, first.upper(), "HC1:ABC\r\n", second)
    assert [texts for texts, _ in made.shown()] == [
        ("PQ1:ABC",),
        (third, first.upper().replace("SHC", "shc"), second),
        ("HC1:ABC",),
    ]
    assert tuple(report for _, report in made.shown()) == made.report().reports


def test_the_case_of_a_cards_prefix_makes_no_other_code(world: World) -> None:
    text = ShcIssuer(world.clock).text(payload(dose()))
    made = session(world, text)
    assert made.add(text.replace("shc:", "SHC:")) is made.add(text)
    assert len(made.report().reports) == 1


def test_cards_that_begin_alike_are_each_put_together(world: World) -> None:
    issuer = ShcIssuer(world.clock)
    cards = [parts(issuer.jws(payload(dose(lotNumber=str(i)))), 3) for i in range(4)]
    made = session(world, *(part for card in cards for part in card))
    assert [report.format for report in made.report().reports] == ["smart-health-card"] * 4
    assert {report.decisive.code for report in made.report().reports} == {Reason.KEY_UNKNOWN}
