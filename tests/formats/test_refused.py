"""Codes that are recognised and never accepted: each has its own code, nothing in it is looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority import World
from pratique.errors import DecodeError, UnsupportedError
from pratique.formats import READERS, REFUSED, recognise
from pratique.qr.read import read
from pratique.reasons import Reason
from pratique.report import Outcome, Step, Verdict
from pratique.view import report_view

if TYPE_CHECKING:
    from pathlib import Path

ZIP = "PK\x03\x04\x14\0\0\0\x08\0"
JSON_LD = '{"@context": ["https://www.w3.org/2018/credentials/v1"], "proof": {"type": "RsaSignature2018"}}'

CASES = [
    (ZIP, "divoc", Reason.FORMAT_DIVOC),
    ("B64:UEsDBBQAAAAIAA==", "divoc", Reason.FORMAT_DIVOC),
    ("b64:UEsDBBQAAAAIAA==", "divoc", Reason.FORMAT_DIVOC),
    (JSON_LD, "divoc", Reason.FORMAT_DIVOC),
    (f" \n[{JSON_LD}]", "divoc", Reason.FORMAT_DIVOC),
    ("NL2:B4V.W9D:LWJ5W2S6A", "nl-domestic", Reason.FORMAT_NL_DOMESTIC),
    ("\nNL2:B4V.W9D:LWJ5W2S6A", "nl-domestic", Reason.FORMAT_NL_DOMESTIC),
    ("NL3:B4V.W9D:LWJ5W2S6A", "nl-domestic", Reason.FORMAT_NL_DOMESTIC),
    ("NO1:NCFOXN", "no-domestic", Reason.FORMAT_NO_DOMESTIC),
    ("mdoc:owBjMS4wAYIB2BhYS6QBAiABIVggWojRgrzl9C76", "mdoc", Reason.FORMAT_MDOC),
    ("CRED:1:STATUS:GBCAEIA:1AK5ZQ", "pathcheck", Reason.FORMAT_PATHCHECK),
    ("cred:1:STATUS:GBCAEIA:1AK5ZQ", "pathcheck", Reason.FORMAT_PATHCHECK),
    ("shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUuY29tIn0", "health-link", Reason.FORMAT_LINK),
    ("SHLINK:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUuY29tIn0", "health-link", Reason.FORMAT_LINK),
    ("vhlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUuY29tIn0", "health-link", Reason.FORMAT_LINK),
    ("HTTPS://VIEWER.EXAMPLE/#SHLINK:/eyJ1cmwiOiJ4In0", "health-link", Reason.FORMAT_LINK),
    ("https://viewer.example/open?a=b#shlink:/eyJ1cmwiOiJ4In0", "health-link", Reason.FORMAT_LINK),
    ("http://viewer.example/#vhlink:/eyJ1cmwiOiJ4In0", "health-link", Reason.FORMAT_LINK),
    ("\xdc\x02\x4d\x65", "digital-seal", Reason.FORMAT_SEAL),
    ("\xdc\x03\x4d\x65", "digital-seal", Reason.FORMAT_SEAL),
    ("HC2:6BFOXN", "hcert-other", Reason.FORMAT_HCERT_VERSION),
    ("HCA:6BFOXN", "hcert-other", Reason.FORMAT_HCERT_VERSION),
    ("AT2:6BFOXN", "hcert-other", Reason.FORMAT_HCERT_VERSION),
]


@pytest.mark.parametrize(("text", "format_", "reason"), CASES)
def test_code_is_recognised_and_refused_with_its_own_reason(text: str, format_: str, reason: Reason) -> None:
    reader, text = recognise(text)
    assert reader.format == format_
    with pytest.raises(UnsupportedError) as raised:
        reader.envelope(text)
    assert raised.value.code is reason
    report = World().verify(text)
    assert (report.verdict, report.format) == (Verdict.REJECT, format_)
    assert report.decisive.code is reason
    assert report.check(Step.READ).outcome is Outcome.PASSED
    assert report_view(report)["format"] == format_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PK",
        "PKZIP was a program",
        "B64:",
        "B64:uesd",
        "{}",
        '{"@context": []}',
        '{"proof": {}}',
        '"@context" "proof"',
        "NL:",
        "NLX:",
        "NL2",
        "NO:1",
        "HC:",
        "https://viewer.example/",
        "https://viewer.example/shlink:/eyJ1",
        "https://viewer.example/ #shlink:/eyJ1",
        "see https://viewer.example/#shlink:/eyJ1",
        "mdoc",
        "CREDO",
        "\xdc",
        "\xdcberweisung",
        "\xdc 12",
        "a NL2:B4V",
        "no1: call home",
        "nl2: more",
        "hc1:6BFOXN",
        " HC1:6BFOXN",
        "at5:30 p.m.",
    ],
)
def test_what_only_resembles_them_is_unknown(text: str) -> None:
    with pytest.raises(DecodeError) as raised:
        recognise(text)
    assert raised.value.code is Reason.FORMAT_UNKNOWN


def test_formats_that_are_read_come_first() -> None:
    names = [reader.format for reader in (*READERS, *REFUSED)]
    assert len(set(names)) == len(names)
    for reader in READERS:
        if reader.recognises is None:
            assert recognise(reader.prefix)[0] is reader


def test_every_refusal_tells_the_traveller_what_to_do() -> None:
    for _, _, reason in CASES:
        assert reason.advice


@given(st.text(max_size=50))
def test_no_message_quotes_what_was_scanned(rest: str) -> None:
    reader, text = recognise("shlink:/" + rest.strip())
    with pytest.raises(UnsupportedError) as raised:
        reader.envelope(text)
    assert str(raised.value) == f"format.link: {Reason.FORMAT_LINK.meaning}"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        # The metadata expects that a reader takes it apart and finds no valid signature; we do not take it apart.
        ("divoc/KDE-partial-vaccination", Reason.FORMAT_DIVOC),
        ("nl-coronacheck/KDE-sample-one-day", Reason.FORMAT_NL_DOMESTIC),
        # The metadata expects that its payload is read; a link is not opened here, and so its payload is not read.
        ("shl/hl7-IPS_IG", Reason.FORMAT_LINK),
    ],
)
def test_published_code_is_refused_with_its_reason(vectors: Path, folder: str, reason: Reason) -> None:
    texts: list[str] = []
    for file in sorted((vectors / folder).glob("input.*")):
        if file.suffix == ".png":
            texts += read(file)
        else:  # bytes that are no text come as one character each, as `qr.read` hands them over
            texts.append(file.read_bytes().decode("latin-1"))
    assert texts
    for text in texts:
        report = World().verify(text)
        assert (report.verdict, report.decisive.code) == (Verdict.REJECT, reason)
        assert report.credential is None
