"""QR symbols written and read, beside the libraries that are usual for it."""

from __future__ import annotations

import io
import time
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import qrcode
from PIL import ImageOps

import authority
from benchmarks import distortions
from benchmarks.measure import ABSENT, Effort, Table, at_most, milli, take_turns
from benchmarks.scene import SHOWN
from pratique.qr import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from benchmarks.scene import Scene

    Read = Callable[[Image], tuple[str, ...]]

_FIXED_TARGET, _BEST_TARGET = 1.0, 2.0  # ms
_FIXED = 0


def optional(name: str) -> Any:
    """Return a module of the `bench` extra, None where it or what it needs is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def writing(scene: Scene, effort: Effort) -> Table:
    text = scene.shown.text
    issuer, at, holder = scene.world.home.issuer, scene.at, authority.holder_key().public
    segno = optional("segno")

    def signed(mask: int | None) -> bytes:
        held = issuer.issue(authority.VACCINATION, at=at, holder=authority.HOLDER, holder_key=holder)
        return render.png(held.present(disclose=SHOWN), mask=mask)

    def of_qrcode(mask: int | None) -> None:
        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=mask, box_size=8)
        code.add_data(text)
        code.make_image().save(io.BytesIO())

    def of_segno(mask: int | None) -> None:
        segno.make_qr(text, error="m", mask=mask, boost_error=False).save(io.BytesIO(), kind="png", scale=8)

    competitors: dict[str, Callable[[int | None], object]] = {
        "pratique: sign, present and write": signed,
        "pratique: write": lambda mask: render.png(text, mask=mask),
        f"segno {version('segno')}: write" if segno else "segno: write": of_segno,
        f"qrcode {version('qrcode')}: write": of_qrcode,
    }
    missing = {} if segno else {"segno: write": of_segno}
    present = {name: call for name, call in competitors.items() if name not in missing}
    spent = take_turns(
        {
            f"{name} {mask}": lambda call=call, mask=mask: call(mask)  # type: ignore[misc]
            for name, call in present.items()
            for mask in (_FIXED, None)
        },
        rounds=max(1, effort.rounds // 3),
        turn=effort.turn,
    )
    base = spent[f"pratique: write {_FIXED}"]
    rows = []
    for name in competitors:
        if name in missing:
            rows.append((name, ABSENT, "", "", "", ""))
            continue
        fixed, best = spent[f"{name} {_FIXED}"], spent[f"{name} None"]
        is_whole = "sign" in name
        rows.append(
            (
                name,
                milli(fixed),
                f"{fixed / base:.1f}",
                milli(best),
                f"{best / base:.1f}",
                f"{at_most(_FIXED_TARGET, fixed * 1e3, ' ms')}; {at_most(_BEST_TARGET, best * 1e3, ' ms')}"
                if is_whole
                else "",
            )
        )
    side = render.modules(text)
    return Table(
        "Write a QR code",
        f"A PNG file of {len(text)} characters ({side} by {side} modules, error correction M, 8 pixels to a module): "
        "with the mask pattern fixed, and with the one of eight that reads best. The first row has the signature in "
        "it: a new credential, issued, presented and drawn. Ratios are to pratique's writing with a fixed mask.",
        ("", "fixed mask", "ratio", "best mask", "ratio", "target"),
        tuple(rows),
    )


def reading(effort: Effort) -> Table:
    made = distortions.pictures(effort.pictures)
    readers: dict[str, Read | None] = {
        "pratique": distortions.climbing,
        f"zxing-cpp {version('zxing-cpp')}, one call": distortions.plain,
        "pyzbar": _pyzbar(),
        "OpenCV, QRCodeDetector": _opencv(),
    }
    right = dict.fromkeys(readers, 0)
    spent = dict.fromkeys(readers, 0.0)
    for _, content, picture in made:
        for name, reader in readers.items():
            if reader is None:
                continue
            begin = time.perf_counter()
            texts = reader(picture)
            spent[name] += time.perf_counter() - begin
            right[name] += content in texts
    first = spent["pratique"]
    rows = tuple(
        (name, ABSENT, "", "")
        if reader is None
        else (name, f"{right[name] / len(made):.1%}", milli(spent[name] / len(made)), f"{spent[name] / first:.2f}")
        for name, reader in readers.items()
    )
    transforms = ", ".join(name for name, _ in distortions.distortions())
    return Table(
        "Read a QR code in a poor picture",
        f"{len(made)} pictures of made-up credentials, {effort.pictures} of each distortion ({transforms}), from "
        "hardly visible to about the limit of any reader; `python benchmarks/distortions.py` lists them. Time is "
        "the mean over all pictures, those that are not read included.",
        ("", "read", "mean time", "ratio"),
        rows,
    )


def _pyzbar() -> Read | None:
    """Return pyzbar as a reader; None without it, or without the system's zbar (Debian: libzbar0)."""
    pyzbar = optional("pyzbar.pyzbar")
    if pyzbar is None:
        return None
    return lambda picture: tuple(
        code.data.decode("utf-8", "replace") for code in pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    )


def _opencv() -> Read | None:
    cv2, numpy = optional("cv2"), optional("numpy")
    if cv2 is None:
        return None
    detector = cv2.QRCodeDetector()

    def read(picture: Image) -> tuple[str, ...]:
        try:
            text, _, _ = detector.detectAndDecode(numpy.asarray(ImageOps.grayscale(picture)))
        except (cv2.error, UnicodeDecodeError):
            return ()
        return (text,) if text else ()

    return read
