"""Signatures: verification from the text to the report, in one thread and in two, the binding, and signing."""

from __future__ import annotations

import threading
import time
from statistics import median
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import authority
from benchmarks import peers
from benchmarks.measure import ABSENT, Effort, Table, at_least, at_most, micro, milli, take_turns
from pratique.codec import base45, deflate
from pratique.formats import hc1, pratique
from pratique.qr import text as qr_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.scene import Case, Scene

_THREADS_TARGET = 1.4
_WHOLE = "whole"
_PEERS = {
    "cwt": "python-cwt {}, `COSE.decode`, of the inflated bytes",
    "cwt from text": "python-cwt {} behind base45 and zlib, from the text",
    "pycose": "pycose {}, decode and verify, of the inflated bytes",
}


def verification(scene: Scene, effort: Effort) -> Table:
    cases = scene.cases()
    spent = take_turns(
        {name: call for case in cases for name, call in ((case.name, case.verify), (f"raw {case.name}", case.raw()))},
        rounds=effort.rounds,
        turn=effort.turn,
    )
    rows = [_from_text(case, spent[case.name], spent[f"raw {case.name}"]) for case in cases]
    rows += _of_peers(scene.dcc, effort)
    return Table(
        "Verify a QR text",
        "`Verifier.verify`, from the text to the report with every check in it, of another traveller's code each time, "
        "beside the bare signature check of such bytes by the same OpenSSL (`key.verify` of cryptography, key and "
        "signature parsed beforehand). The other libraries are measured beside that check too, in a process of their "
        "own, on one code; they check the signature alone: no trust, time, scope, schema or report.",
        ("", "time", "bare check", "ratio", "target"),
        tuple(rows),
    )


def _from_text(case: Case, whole: float, raw: float) -> tuple[str, ...]:
    ratio = whole / raw
    return (f"pratique: {case.name}", micro(whole), micro(raw), f"{ratio:.2f}", at_most(case.at_most, ratio))


def _of_peers(case: Case, effort: Effort) -> list[tuple[str, ...]]:
    measured = peers.measured(case, effort)
    if measured is None:
        return [(name.replace(" {}", ""), ABSENT, "", "", "") for name in _PEERS.values()]
    return [
        (
            name.format(measured["versions"][peer.split()[0]]),
            micro(measured[peer]),
            micro(measured["raw"]),
            f"{measured[peer] / measured['raw']:.2f}",
            "",
        )
        for peer, name in _PEERS.items()
    ]


def threads(scene: Scene, effort: Effort) -> Table:
    competitors: dict[str, Callable[[], object]] = {
        "bare signature check": scene.dcc.raw(),
        "pratique: EU DCC": scene.dcc.verify,
        "pratique: own credential": scene.hidden.verify,
    }
    single = take_turns(competitors, rounds=1)
    counts = {name: max(1, round(effort.seconds / single[name])) for name in competitors}
    times: dict[tuple[str, int], list[float]] = {(name, number): [] for name in competitors for number in (1, 2)}
    for _ in range(effort.rounds):
        for (name, number), found in times.items():
            found.append(_together(competitors[name], counts[name], number))
    rows = []
    for name, count in counts.items():
        one, two = min(times[name, 1]), min(times[name, 2])
        gain, usual = 2 * one / two, 2 * median(times[name, 1]) / median(times[name, 2])
        target = "" if name.startswith("bare") else at_least(_THREADS_TARGET, gain)
        rows.append((name, f"{count / one:,.0f}", f"{2 * count / two:,.0f}", f"{gain:.2f}", target, f"{usual:.2f}"))
    return Table(
        "Two threads",
        "Verifications a second. OpenSSL works without Python's lock; everything else holds it, and what the bare "
        "check gains is what the machine lets anybody gain. The part under the lock is shorter than the signature "
        "check, so that two threads that take turns never meet: that is the gain, by the shortest times as everywhere "
        "here. Once they do meet, the one that waits is put to sleep and woken, which takes tens of microseconds on a "
        "virtual machine, and they may stay in step for a while: the last column is the gain by the median times. "
        "Where throughput counts, use processes.",
        ("", "one thread", "two threads", "gain", "target", "gain, median"),
        tuple(rows),
    )


def _together(call: Callable[[], object], count: int, number: int) -> float:
    """Return the seconds in which `number` threads each make `count` calls, from the moment that all are ready."""
    ready = threading.Barrier(number + 1)

    def work() -> None:
        ready.wait()
        for _ in range(count):
            call()

    workers = [threading.Thread(target=work) for _ in range(number)]
    for worker in workers:
        worker.start()
    ready.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - begin


def stages(scene: Scene, effort: Effort) -> Table:
    """Return what each part of a verification takes when it is run by itself, again and again."""
    stages_of = {"EU DCC": _hc1_stages(scene.dcc), "own credential, nothing disclosed": _own_stages(scene.hidden)}
    calls = {f"{name}: {stage}": call for name, stages in stages_of.items() for stage, call in stages.items()}
    spent = take_turns(calls, rounds=effort.rounds, turn=effort.turn)
    rows = []
    for name, stages in stages_of.items():
        times = {stage: spent[f"{name}: {stage}"] for stage in stages}
        times["all other steps, and caches"] = 2 * times[_WHOLE] - sum(times.values())
        del times[_WHOLE]
        rows += [(f"{name}: {stage}", micro(time_)) for stage, time_ in times.items()]
    return Table(
        "Where the microseconds go",
        "Each part run by itself again and again, its own code and data in the processor's caches. Between two "
        "signature checks the same parts take about half as long again, because OpenSSL's tables and our objects drive "
        "each other out: what remains of a whole verification when its parts are taken away is that, and the steps "
        "on trust, time, issuer, status and holder with the report. [Decision 11]"
        "(decisions/0011-python-on-the-verify-path.md) says what was done and tried, and why none of it is compiled.",
        ("", "time"),
        tuple(rows),
    )


def _hc1_stages(case: Case) -> dict[str, Callable[[], object]]:
    packed = base45.decode(case.text[len(hc1.PREFIX) :])
    data = deflate.inflate(packed)
    envelope = hc1.Hc1Envelope(data)
    return {
        "Base45": lambda: base45.decode(case.text[len(hc1.PREFIX) :]),
        "inflate": lambda: deflate.inflate(packed),
        "COSE_Sign1 and headers": lambda: hc1.Hc1Envelope(data),
        "CBOR and reading of the claims": envelope.read,
        "signature": case.raw(),
        _WHOLE: case.verify,
    }


def _own_stages(case: Case) -> dict[str, Callable[[], object]]:
    data = qr_text.decode(case.text)
    envelope = pratique.PratiqueEnvelope(data)
    return {
        "Base45": lambda: qr_text.decode(case.text),
        "COSE_Sign1 and headers": lambda: pratique.PratiqueEnvelope(data),
        "reading of the claims, by their pattern": envelope.read,
        "signature": case.raw(),
        _WHOLE: case.verify,
    }


def binding(scene: Scene, effort: Effort) -> Table:
    case = scene.hidden
    spent = take_turns(
        {
            "without": case.verify,
            "with": lambda: case.verifier.verify(case.text, at=case.at, document=scene.document),
        },
        rounds=max(1, effort.rounds // 4),
        turn=0,
    )
    return Table(
        "Compare with the travel document",
        "Argon2id makes guessing a document's number from a credential slow, and so costs this much on purpose: once "
        "for each traveller, beside seconds for the code and the document to be shown.",
        ("", "time"),
        (
            ("pratique: own credential, without a document", milli(spent["without"])),
            ("pratique: own credential, with its document", milli(spent["with"])),
        ),
    )


def signing(scene: Scene, effort: Effort) -> Table:
    home, holder = scene.world.home, authority.holder_key().public
    native, message, algorithm = (
        home.keys[-1].native,
        scene.hidden.envelopes()[0].to_be_signed,
        ec.ECDSA(hashes.SHA256()),
    )
    issuer, at = home.issuer, scene.at
    spent = take_turns(
        {
            "raw": lambda: native.sign(message, algorithm),
            "full": lambda: issuer.issue(authority.VACCINATION, at=at, holder=authority.HOLDER, holder_key=holder),
            "short": lambda: issuer.issue(authority.CLEARANCE, at=at, holder_key=holder),
        },
        rounds=effort.rounds,
        turn=effort.turn,
    )
    names = {
        "raw": "bare signature (`key.sign` of cryptography)",
        "short": "pratique: clearance, no hidden claim",
        "full": "pratique: vaccination and holder, every claim there is, hidden",
    }
    return Table(
        "Sign",
        "`Issuer.issue`, bound to a holder's key: claims checked, hidden one by one, encoded, signed, and read again "
        "before it is handed out. Binding to a document costs Argon2id on top.",
        ("", "time", "ratio"),
        tuple((name, micro(spent[key]), f"{spent[key] / spent['raw']:.2f}") for key, name in names.items()),
    )
