"""Names are transliterated as Doc 9303 says, and compared so that doubt goes to a person."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.errors import DecodeError
from pratique.names import Match, compare_names, icao_name, transliterate
from pratique.reasons import Reason

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Eriksson", "ERIKSSON"),
        ("Anna Maria", "ANNA<MARIA"),
        ("  Anna  -  Maria ", "ANNA<MARIA"),
        ("O'Connor", "OCONNOR"),
        ("d\u2019Arc, Jeanne", "DARC<JEANNE"),
        ("M\u00fcller-Gro\u00df", "MUELLER<GROSS"),
        ("\u00c5se \u00c6r\u00f8", "AASE<AEROE"),
        ("\u0141ukasz \u0110or\u0111e", "LUKASZ<DORDE"),
        ("\u00deorsteinn \u00d0a\u00f0i", "THORSTEINN<DADI"),
        ("Nguy\u1ec5n \u1ea4n", "NGUYEN<AN"),
        ("Mun\u0303oz", "MUNOZ"),
        ("\u0131\u015f\u0131k \u0130nci", "ISIK<INCI"),
        ("\u0429\u0435\u0440\u0431\u0430\u043a\u043e\u0432", "SHCHERBAKOV"),
        ("\u041d\u0430\u0442\u0430\u043b\u044c\u044f \u042e\u0440\u044c\u0435\u0432\u043d\u0430", "NATALIA<IUREVNA"),
        ("ERIKSSON<ANNA", "ERIKSSON<ANNA"),
        ("", ""),
        ("-", ""),
    ],
)
def test_names_become_letters_and_fillers(text: str, expected: str) -> None:
    assert transliterate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "\u0623\u0628\u0648 \u0645\u062d\u0645\u062f \u0628\u0646 \u0632\u0643\u0631\u064a\u0627",
            "XAEBW<MXHMD<BN<ZKRYA",
        ),
        ("\u0647\u0627\u0631\u0648\u0646 \u0627\u0644\u0631\u0634\u064a\u062f", "HARWN<ALRXSHYD"),
        ("\u0639\u0628\u0651\u0627\u0633", "EBBAS"),
        ("\u0641\u0627\u0637\u0645\u0629", "FAXTTMXAH"),
        ("\u0641\u0627\u0637\u0645\u0629 \u0639", "FAXTTMXAH<E"),
        ("\u0629\u0639", "XTAE"),
        ("\u0645\u064f\u062d\u064e\u0645\u064e\u062f", "MXHMD"),
    ],
)
def test_arabic_follows_its_table_with_doubling_and_endings(text: str, expected: str) -> None:
    assert transliterate(text) == expected


@pytest.mark.parametrize("text", ["Anna2", "\u5c71\u7530", "\u039c\u03b5\u03bd", "A\U0001f600", "A\u00b5", "A+B"])
def test_what_has_no_transliteration_is_refused_by_its_place_alone(text: str) -> None:
    with pytest.raises(DecodeError) as caught:
        transliterate(text)
    assert caught.value.code is Reason.CONTENT_INVALID
    assert text not in str(caught.value)


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_any_text_gives_letters_and_single_fillers_or_is_refused(text: str) -> None:
    with suppress(DecodeError):
        name = transliterate(text)
        assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<")
        assert "<<" not in name
        assert name == name.strip("<") == transliterate(name)


def test_surname_and_given_names_have_two_fillers_between() -> None:
    assert icao_name("M\u00fcller", "Anna Maria") == "MUELLER<<ANNA<MARIA"
    assert icao_name("Sukarno") == "SUKARNO"


SAME = [
    ("ERIKSSON<<ANNA<MARIA", "ERIKSSON<<ANNA<MARIA"),
    ("Eriksson<<Anna-Maria", "ERIKSSON<<ANNA<MARIA"),
    ("M\u00fcller<<Hans", "MUELLER<<HANS"),
    ("SUKARNO", "SUKARNO"),
    ("Anna Maria Eriksson", "ERIKSSON<<ANNA<MARIA"),
    ("Eriksson Anna Maria", "ERIKSSON<<ANNA<MARIA"),
    ("\u0418\u0432\u0430\u043d\u043e\u0432<<\u0418\u0432\u0430\u043d", "IVANOV<<IVAN"),
]
NEAR = [
    ("ERIKSSON<<ANNA", "ERIKSSON<<ANNA<MARIA"),
    ("ERIKSSON<<ANNA<MARIA", "ERIKSSON<<MARIA"),
    ("ERIKSSON<<ANNA", "ERIKSSON"),
    ("GARCIA<LOPEZ<<ANA", "GARCIA<<ANA"),
    ("MULLER<<HANS", "MUELLER<<HANS"),
    ("JOERGENSEN<<KLAUS", "JORGENSEN<<KLAUS"),
    ("IULIIA<<ANNA", "YULIYA<<ANNA"),
    ("ERIKSSON<<ANNA<MARIA", "ERIKSSON<<ANNAMARIA"),
    ("ERIKSON<<ANNA", "ERIKSSON<<ANNA"),
    ("ERIKSSEN<<ANNA", "ERIKSSON<<ANNA"),
    ("EIRKSSON<<ANNA", "ERIKSSON<<ANNA"),
    ("ERIKSSONN<<ANNA", "ERIKSSON<<ANNA"),
    ("ANNA<<ERIKSSON", "ERIKSSON<<ANNA"),
    ("ERIKSSON<<MARIA<ANNA", "ERIKSSON<<ANNA<MARIA"),
    ("Anna Eriksson", "ERIKSSON<<ANNA<MARIA"),
    ("\u5c71\u7530<<\u592a\u90ce", "YAMADA<<TARO"),
    ("\u0413\u043d\u0430\u0442\u0438\u0432<<\u041e\u043b\u0433\u0430", "HNATYV<<OLHA"),
    ("", "ERIKSSON<<ANNA"),
    ("<<", "<<"),
]
DIFFERENT = [
    ("ERIKSSON<<ANNA", "SVENSSON<<ANNA"),
    ("ERIKSSON<<ANNA", "ERIKSSON<<ERIK"),
    ("ERIKSSON<<ANNA", "ERIKSSON<<ANNE"),
    ("LI<<AN", "LU<<AN"),
    ("LI<<AN", "LIU<<AN"),
    ("ERIKSEN<<ANNALENA", "ERIKSSON<<ANNALINA"),
    ("ERIKSSON<<ANNA<MARIA", "ERIKSSON<<ANNA<SOFIA"),
    ("Anna Svensson", "ERIKSSON<<ANNA"),
    ("ERIKSSON<<ANNA", "ERI<<ANNA"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_name_is_equal(one: str, other: str) -> None:
    assert compare_names(one, other) is compare_names(other, one) is Match.EQUAL


@pytest.mark.parametrize(("one", "other"), NEAR)
def test_what_may_be_the_same_name_is_near_and_never_equal(one: str, other: str) -> None:
    assert compare_names(one, other) is compare_names(other, one) is Match.NEAR


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_name_is_different(one: str, other: str) -> None:
    assert compare_names(one, other) is compare_names(other, one) is Match.DIFFERENT


LONG = "PAPANDROPOULOUS<<JONATHAN<ALEXANDER<CONSTANTINE"


@pytest.mark.parametrize("width", [39, 31, 30])
def test_a_name_cut_at_the_width_of_its_field_is_equal(width: int) -> None:
    assert compare_names(LONG, LONG[:width], truncated_at=width) is Match.EQUAL
    assert compare_names(LONG, LONG[:width]) is compare_names(LONG[:width], LONG) is Match.EQUAL


def test_a_name_cut_elsewhere_is_not_equal() -> None:
    assert compare_names(LONG, LONG[:29]) is Match.DIFFERENT
    assert compare_names(LONG, LONG[:38], truncated_at=39) is Match.DIFFERENT
    assert compare_names(LONG, LONG[:30], truncated_at=39) is Match.NEAR
    assert compare_names(LONG[:39], LONG, truncated_at=39) is Match.NEAR
    assert compare_names("X" + LONG[1:], LONG[:39], truncated_at=39) is not Match.EQUAL


def test_a_full_field_with_shortened_components_is_near() -> None:
    shortened = "PAPANDROPOULOUS<<JONATHAN<ALEXANDER<CON"
    assert len(shortened) == 39
    assert compare_names(LONG, "PAPANDROPOULOUS<<JONATHAN<ALEX<CONSTANT", truncated_at=39) is Match.NEAR
    assert compare_names(LONG, "PAPANDROPOULOUS<<JONATHAN<ALBE<CONSTANT", truncated_at=39) is Match.DIFFERENT


WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)
NAMES = st.builds(
    lambda surname, given: f"{surname}<<{'<'.join(given)}", WORDS, st.lists(WORDS, min_size=1, max_size=3)
)


@given(NAMES, NAMES)
@settings(max_examples=200)
def test_comparison_is_symmetric_and_equal_means_the_same_or_cut(one: str, other: str) -> None:
    assert compare_names(one, one) is Match.EQUAL
    match = compare_names(one, other)
    assert match is compare_names(other, one)
    if match is Match.EQUAL:
        short, long = sorted((one, other), key=len)
        assert short == long or (len(short) in {30, 31, 39} and long.startswith(short))


@given(NAMES, st.data())
@settings(max_examples=100)
def test_a_changed_letter_is_never_equal(name: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from([i for i, letter in enumerate(name) if letter != "<"]))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ").filter(lambda new: new != name[at]))
    assert compare_names(name, name[:at] + letter + name[at + 1 :]) is not Match.EQUAL


def test_names_of_deployed_certificates_are_transliterated_as_their_issuers_did(vectors: Path) -> None:
    known = {  # issuers who departed from the recommended sequence, or from the field's rules
        "TAN<CHEN<CHEN", "DARSONS<VAN<HALEN", "ALASM<ALWL", "BEN BEN",
    }  # fmt: skip
    seen, departed = 0, set()
    for path in sorted((vectors / "eu-dcc").glob("*/meta.json")):
        payload = json.loads(path.read_text(encoding="utf-8")).get("payload")
        names = payload.get("nam") if isinstance(payload, dict) else None
        for native, printed in (("fn", "fnt"), ("gn", "gnt")) if names else ():
            with suppress(DecodeError):
                seen += 1
                if transliterate(names.get(native) or "") != transliterate(names.get(printed) or ""):
                    departed.add(names[printed])
    assert seen > 300
    assert departed == known
