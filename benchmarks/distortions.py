"""Pictures of QR codes as borders see them: a print-out folded, stained, photographed in a hurry, sent through a chat.

`distortions()` gives named transforms of a picture; the same picture, name and seed give the same pixels. Strengths are
drawn evenly from "hardly visible" to about the limit of any reader. Run as a program, this prints how many pictures are
read by the retry ladder of `pratique.qr.read` and by one plain call of zxing-cpp.

    python benchmarks/distortions.py [PICTURES PER TRANSFORM, default 35]
"""

# ruff: noqa: S311 - the pictures are to be the same every time

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Callable
from random import Random

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from pratique.errors import DecodeError
from pratique.qr import read, render, text

Distortion = Callable[[Image.Image, int], Image.Image]
PAPER = 235


def distortions() -> list[tuple[str, Distortion]]:
    """Return each transform with its name: a function of a grey picture and a seed."""
    return [
        ("rotation", _rotation),
        ("perspective", _perspective),
        ("blur", _blur),
        ("motion blur", _motion_blur),
        ("noise", _noise),
        ("low contrast", _low_contrast),
        ("uneven light", _uneven_light),
        ("JPEG", _jpeg),
        ("small", _small),
        ("stain", _stain),
        ("crumpled", _crumpled),
        ("photographed", _photographed),
    ]


def page(content: str, *, module: int = 4) -> Image.Image:
    """Return a grey picture of a QR code on paper, with room around it."""
    code = Image.open(io.BytesIO(render.png(content, module=module, mask=0))).convert("L")
    margin = 12 * module
    sheet = Image.new("L", (code.width + 2 * margin, code.height + 2 * margin), PAPER)
    sheet.paste(code.point(lambda value: 20 + value * (PAPER - 20) // 255), (margin, margin))
    return sheet


def sample(seed: int) -> str:
    """Return the QR text of a made-up credential, 120 to 480 bytes."""
    random = Random(seed)
    return text.encode(random.randbytes(random.randrange(120, 481)))


def _rotation(picture: Image.Image, seed: int) -> Image.Image:
    angle = Random(seed).uniform(0, 360)
    return picture.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=PAPER)


def _perspective(picture: Image.Image, seed: int, strength: float = 0.25) -> Image.Image:
    """Move each corner inwards by up to `strength` of the side."""
    random = Random(seed)
    width, height = picture.size
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    moved = []
    for x, y in corners:
        inwards_x, inwards_y = random.uniform(0, strength) * width, random.uniform(0, strength) * height
        moved.append((x + (inwards_x if x == 0 else -inwards_x), y + (inwards_y if y == 0 else -inwards_y)))
    data = _homography(moved, corners)
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BILINEAR, fillcolor=PAPER
    )


def _homography(shown: list[tuple[float, float]], source: list[tuple[int, int]]) -> list[float]:
    """Return the eight coefficients that map points of the result to points of the source, by elimination."""
    rows = []
    for (x, y), (u, v) in zip(shown, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):
        pivot = max(range(i, 8), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(8):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[8] for row in rows]


def _blur(picture: Image.Image, seed: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(Random(seed).uniform(0.5, 2.6)))


def _motion_blur(picture: Image.Image, seed: int, longest: float = 6) -> Image.Image:
    """Average the picture over a straight movement of up to `longest` pixels."""
    random = Random(seed)
    angle, length = random.uniform(0, math.pi), random.uniform(1, longest)
    steps = 8
    result = picture
    for step in range(1, steps):
        x, y = (round(length * step / (steps - 1) * f(angle)) for f in (math.cos, math.sin))
        result = Image.blend(result, ImageChops.offset(picture, x, y), 1 / (step + 1))
    return result


def _noise(picture: Image.Image, seed: int, strongest: float = 150) -> Image.Image:
    """Add noise of a triangular distribution, up to `strongest` grey levels either way."""
    random = Random(seed)
    strength = random.uniform(10, strongest)
    one, other = (Image.frombytes("L", picture.size, random.randbytes(picture.width * picture.height)) for _ in "12")
    share = strength / 128
    noise = ImageChops.add(one, other, 2).point(lambda value: round(128 + (value - 128) * share))
    return ImageChops.add(picture, noise, 1, -128)


def _low_contrast(picture: Image.Image, seed: int) -> Image.Image:
    """Squeeze the greys into 8 to 100 levels, as a worn thermal print does, and let a sensor's noise show."""
    random = Random(seed)
    levels = random.uniform(8, 100)
    darkest = random.uniform(0, 255 - levels)
    return _noise(picture.point(lambda value: round(darkest + value * levels / 255)), seed, 12)


def _uneven_light(picture: Image.Image, seed: int) -> Image.Image:
    """Let a shadow fall from one side, and a lamp shine back from a spot."""
    random = Random(seed)
    shadow = Image.linear_gradient("L").rotate(random.uniform(0, 360)).resize(picture.size, Image.Resampling.BILINEAR)
    depth = random.uniform(0.3, 0.92)
    lit = ImageChops.multiply(picture, shadow.point(lambda value: round(255 * (1 - depth) + value * depth)))
    spot = ImageChops.invert(Image.radial_gradient("L")).resize(picture.size, Image.Resampling.BILINEAR)
    x, y = (random.uniform(-0.4, 0.4) * side for side in picture.size)
    glare = random.uniform(0, 0.7)
    shine = ImageChops.offset(spot, round(x), round(y)).point(lambda value: round(value * glare))
    return ImageChops.add(lit, shine)


def _jpeg(picture: Image.Image, seed: int, worst: int = 1) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=Random(seed).randint(worst, worst + 20))
    return Image.open(file).convert("L")


def _small(picture: Image.Image, seed: int) -> Image.Image:
    """Shrink to 1.1 to 2.2 pixels a module, where `page` has 4."""
    scale = Random(seed).uniform(1.1, 2.2) / 4
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _stain(picture: Image.Image, seed: int) -> Image.Image:
    """Spill coffee over the paper, and tear or cover a little of it."""
    random = Random(seed)
    stain = Image.new("L", picture.size, 255)
    draw = ImageDraw.Draw(stain)
    for _ in range(3):
        x, y, radius = (random.uniform(0.1, 0.9) * side for side in (*picture.size, picture.width / 5))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=random.randint(90, 220))
    result = ImageChops.multiply(picture, stain.filter(ImageFilter.GaussianBlur(2)))
    side = picture.width * random.uniform(0.02, 0.12)
    # The middle third: a finder pattern under a thumb is beyond any reader.
    x, y = (random.uniform(0.36, 0.64) * length - side / 2 for length in picture.size)
    ImageDraw.Draw(result).rectangle((x, y, x + side, y + side), fill=random.choice((0, 60, 255)))
    return result


def _crumpled(picture: Image.Image, seed: int, strength: float = 1.0) -> Image.Image:
    """Bend the paper in two waves of up to 0.8 % of its side, and shade it along them."""
    random = Random(seed)
    width, height = picture.size
    waves = [
        (random.uniform(0.5, 2), random.uniform(0, math.tau), strength * random.uniform(0.001, 0.008)) for _ in "12"
    ]

    def bent(x: float, y: float) -> tuple[float, float]:
        (count_x, phase_x, size_x), (count_y, phase_y, size_y) = waves
        return (
            x + size_x * width * math.sin(math.tau * count_x * y / height + phase_x),
            y + size_y * height * math.sin(math.tau * count_y * x / width + phase_y),
        )

    cell = 16
    mesh = []
    for top in range(0, height, cell):
        for left in range(0, width, cell):
            right, bottom = min(left + cell, width), min(top + cell, height)
            corners = ((left, top), (left, bottom), (right, bottom), (right, top))
            mesh.append(((left, top, right, bottom), tuple(value for corner in corners for value in bent(*corner))))
    result = picture.transform(picture.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR, fillcolor=PAPER)
    shade = Image.new("L", (1, height))
    for y in range(height):
        shade.putpixel((0, y), round(215 + 40 * strength * math.sin(math.tau * waves[0][0] * y / height)) % 256)
    return ImageChops.multiply(result, shade.resize(picture.size))


def _photographed(picture: Image.Image, seed: int) -> Image.Image:
    """Some of everything, each at a moderate strength, in the order in which it happens."""
    random = Random(seed)
    result = _crumpled(picture, seed, 0.5)
    result = result.rotate(random.uniform(-20, 20), Image.Resampling.BILINEAR, expand=True, fillcolor=PAPER)
    result = _perspective(result, seed, 0.06)
    result = result.filter(ImageFilter.GaussianBlur(random.uniform(0.2, 1.1)))
    result = _noise(result, seed, 45)
    return _jpeg(result, seed, 15)


def pictures(each: int) -> list[tuple[str, str, Image.Image]]:
    """Return `each` pictures of every transform: its name, the code's text, the picture."""
    made = []
    for place, (name, distort) in enumerate(distortions()):
        for number in range(each):
            seed = 1000 * place + number
            made.append((name, sample(seed), distort(page(sample(seed)), seed)))
    return made


def plain(picture: Image.Image) -> tuple[str, ...]:
    """Return what one call of zxing-cpp, restricted to QR codes, reads."""
    return tuple(code.text for code in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormat.QRCode))


def climbing(picture: Image.Image) -> tuple[str, ...]:
    """Return what `pratique.qr.read` reads."""
    try:
        return read.read(picture)
    except DecodeError:
        return ()


def main() -> None:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 35
    made = pictures(each)
    readers = {"plain": plain, "ladder": climbing}
    right = {reader: {name: 0 for name, _ in distortions()} for reader in readers}
    spent = {}
    for reader, function in readers.items():
        begin = time.perf_counter()
        for name, content, picture in made:
            right[reader][name] += content in function(picture)
        spent[reader] = time.perf_counter() - begin
    print(f"{'of ' + str(each):14}" + "".join(f"{reader:>10}" for reader in readers))
    for name, _ in distortions():
        print(f"{name:14}" + "".join(f"{right[reader][name]:10}" for reader in readers))
    print(f"{'read':14}" + "".join(f"{sum(right[reader].values()) / len(made):10.1%}" for reader in readers))
    print(f"{'ms a picture':14}" + "".join(f"{spent[reader] / len(made) * 1000:10.2f}" for reader in readers))


if __name__ == "__main__":
    main()
