"""Pictures that nobody photographs: text, user interfaces, charts, drawings, grids, dithers, flat grounds and ramps.

Everything is drawn from a random generator; nothing is read but the fonts that the system has (Pillow's own without any).
"""

import functools
import glob
import string

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT_PATTERNS = ("/usr/share/fonts/**/*.ttf", "/usr/share/fonts/**/*.otf")
#: Fonts of symbols would draw boxes in place of letters.
NOT_TEXT = ("symbol", "dingbat", "emoji", "icon", "d050000l", "standardsymbols", "math", "initials")
CORPUS = (
    "the of and to in is was for that with as on be at by this had not are but from or have an they which one you were "
    "all her she there would their we him been has when who will no more if out so said what up its about into than them "
    "can only other new some could time these two may then do first any my now such like our over man me even most made "
    "after also did many before must through years where much your way well down should because long each just state "
    "value error return import class int float void const static public index size width height file open close save "
    "Settings Account Password Search Home Menu Cancel OK Apply Edit View Help Window Total Price Quantity Date Name"
).split()


@functools.cache
def fonts():
    """Paths of the fonts of this system."""
    found = sorted({p for pattern in FONT_PATTERNS for p in glob.glob(pattern, recursive=True)})
    return [p for p in found if not any(word in p.lower() for word in NOT_TEXT)]


@functools.lru_cache(maxsize=512)
def _font(path, size):
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


def font(rng, smallest=8, largest=40):
    size = int(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
    known = fonts()
    return _font(known[rng.integers(len(known))] if known else None, size)


def color(rng, saturated=0.35):
    """A colour; often a corner of the cube, or on its edges and faces."""
    kind = rng.random()
    if kind < saturated:
        return tuple(int(v) for v in rng.choice([0, 255], 3))
    if kind < 0.6:
        return tuple(int(v) for v in np.where(rng.random(3) < 0.4, rng.choice([0, 255], 3), rng.integers(0, 256, 3)))
    return tuple(int(v) for v in rng.integers(0, 256, 3))


def scheme(rng):
    """(ground, ink): dark on light, light on dark, or any two colours that differ."""
    kind = rng.random()
    grey = lambda low, high: (int(rng.integers(low, high)),) * 3
    if kind < 0.35:
        return ((255, 255, 255) if rng.random() < 0.7 else grey(230, 256)), (grey(0, 60) if rng.random() < 0.7 else color(rng))
    if kind < 0.6:
        dark = tuple(int(v) for v in rng.integers(0, 50, 3))
        return dark, (grey(180, 256) if rng.random() < 0.6 else color(rng))
    while True:
        ground, ink = color(rng), color(rng)
        if np.abs(np.subtract(ground, ink)).sum() > 120:
            return ground, ink


def words(rng, count):
    result = []
    for _ in range(count):
        word = CORPUS[rng.integers(len(CORPUS))]
        kind = rng.random()
        if kind < 0.1:
            word = str(rng.integers(0, 10 ** int(rng.integers(1, 6))))
        elif kind < 0.2:
            word = word.upper() if rng.random() < 0.3 else word.capitalize()
        elif kind < 0.27:
            word += rng.choice(list(".,;:!?()[]{}=+-*/<>&%#@"))
        elif kind < 0.29:
            word = "".join(rng.choice(list(string.ascii_letters + string.digits), rng.integers(2, 12)))
        result.append(word)
    return " ".join(result)


def write(rng, draw, box, face, ink, spacing=1.25):
    """Lines of text that fill a box."""
    left, top, right, bottom = box
    size = face.size
    y = top
    while y < bottom:
        count = max(1, int((right - left) / (2.8 * size)) + 1)
        indent = int(rng.integers(0, 4)) * size if rng.random() < 0.15 else 0
        draw.text((left + indent, y), words(rng, count), fill=ink, font=face)
        y += max(2, int(size * spacing))


def text_page(rng, size):
    ground, ink = scheme(rng)
    image = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.3:
        draw.fontmode = "1"  # no smoothing
    margin = -int(rng.integers(0, 30)) if rng.random() < 0.7 else int(rng.integers(4, 40))
    face = font(rng)
    write(rng, draw, (margin, margin, size, size), face, ink, rng.uniform(1.05, 1.7))
    return image


def code(rng, size):
    """Lines of coloured words, as editors and terminals show."""
    ground, ink = scheme(rng)
    image = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(image)
    face = font(rng, 9, 22)
    inks = [ink] + [color(rng) for _ in range(4)]
    y = -int(rng.integers(0, 12))
    while y < size:
        x = int(rng.integers(0, 5)) * 2 * face.size - int(rng.integers(0, 8))
        for _ in range(int(rng.integers(0, 8))):
            word = words(rng, 1)
            draw.text((x, y), word, fill=inks[rng.integers(len(inks))], font=face)
            x += int(draw.textlength(word + " ", font=face))
        y += int(face.size * 1.3) + 1
    return image


def interface(rng, size):
    """Panels, buttons, rules and labels."""
    ground, ink = scheme(rng)
    image = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 14))):
        x, y = rng.integers(-40, size, 2)
        w, h = (int(v) for v in np.exp(rng.uniform(np.log(8), np.log(size), 2)))
        fill = color(rng, 0.15) if rng.random() < 0.6 else None
        line = color(rng) if fill is None or rng.random() < 0.4 else None
        box = (int(x), int(y), int(x) + w, int(y) + h)
        radius = int(rng.integers(0, 9))
        kind = rng.random()
        if kind < 0.6:
            draw.rounded_rectangle(box, radius, fill, line, int(rng.integers(1, 3)))
        elif kind < 0.75:
            draw.ellipse(box, fill, line, int(rng.integers(1, 3)))
        else:
            draw.line((box[0], box[1], box[2], box[1]), fill=color(rng), width=int(rng.integers(1, 3)))
        if rng.random() < 0.6:
            ink = color(rng) if fill is None else ((255,) * 3 if sum(fill) < 380 else (0,) * 3)
            draw.text((box[0] + 6, box[1] + 4), words(rng, int(rng.integers(1, 4))), fill=ink, font=font(rng, 9, 20))
    return image


def chart(rng, size):
    """Axes with lines, bars or points; drawn at twice or four times the size and reduced."""
    factor = int(rng.choice([1, 2, 4]))
    side = size * factor
    ground, ink = scheme(rng)
    image = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(image)
    step = int(rng.integers(12, 50)) * factor
    for k in range(0, side, step):
        if rng.random() < 0.8:
            draw.line((k, 0, k, side), fill=color(rng, 0) if rng.random() < 0.1 else tuple((np.add(ground, ink) // 2).tolist()), width=factor)
            draw.line((0, k, side, k), fill=tuple((np.add(ground, ink) // 2).tolist()), width=factor)
    for _ in range(int(rng.integers(1, 5))):
        points = np.cumsum(rng.normal(0, 0.06, 60)) + rng.uniform(0.2, 0.8)
        places = [(int(x), int(np.clip(v, 0, 1) * side)) for x, v in zip(np.linspace(0, side, 60), points)]
        kind, shade = rng.random(), color(rng)
        if kind < 0.5:
            draw.line(places, fill=shade, width=int(rng.integers(1, 4)) * factor)
        elif kind < 0.75:
            width = side // 60
            for x, y in places[:: int(rng.integers(1, 4))]:
                draw.rectangle((x, y, x + width, side), fill=shade)
        else:
            radius = int(rng.integers(1, 4)) * factor
            for x, y in places:
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    image = image.resize((size, size), Image.Resampling.BOX) if factor > 1 else image
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 5))):
        draw.text(tuple(int(v) for v in rng.integers(0, size, 2)), words(rng, 1), fill=ink, font=font(rng, 8, 16))
    return image


def drawing(rng, size):
    """Outlines and filled shapes, as in comics and technical drawings."""
    factor = int(rng.choice([1, 2, 4]))
    side = size * factor
    ground, ink = scheme(rng)
    image = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 16))):
        count = int(rng.integers(3, 9))
        centre = rng.uniform(0, side, 2)
        places = [tuple(p) for p in (centre + rng.normal(0, rng.uniform(0.05, 0.3) * side, (count, 2))).tolist()]
        width = int(rng.integers(1, 5)) * factor
        if rng.random() < 0.4:
            draw.polygon(places, fill=color(rng), outline=ink, width=width)
        else:
            draw.line(places, fill=ink if rng.random() < 0.7 else color(rng), width=width, joint="curve")
    return image.resize((size, size), Image.Resampling.BOX) if factor > 1 else image


def grid(rng, size):
    """Squares of two colours, at random as in matrix codes or in turn as on a checkerboard."""
    module = int(rng.integers(1, 17))
    count = size // module + 2
    cells = rng.random((count, count)) < 0.5 if rng.random() < 0.6 else np.indices((count, count)).sum(0) % 2 == 1
    ground, ink = scheme(rng) if rng.random() < 0.6 else ((255,) * 3, (0,) * 3)
    picture = np.where(np.kron(cells, np.ones((module, module), bool))[..., None], ink, ground)
    y, x = rng.integers(0, module, 2)
    return picture[y : y + size, x : x + size].astype(np.uint8)


def flat(rng, size):
    """One to four flat colours."""
    picture = np.empty((size, size, 3), np.uint8)
    y, x = (int(v) for v in rng.integers(1, size, 2))
    picture[:], picture[y:], picture[:, x:], picture[y:, x:] = color(rng), color(rng), color(rng), color(rng)
    if rng.random() < 0.6:
        picture[:] = color(rng)
    if rng.random() < 0.25:
        noise = rng.normal(0, rng.uniform(0.3, 2), picture.shape)
        picture = (picture + noise).round().clip(0, 255).astype(np.uint8)
    return picture


def ramp(rng, size):
    """A ramp between two to four colours, straight or round."""
    y, x = np.mgrid[:size, :size] / size - rng.uniform(0, 1, 2)[:, None, None]
    angle = rng.uniform(0, 2 * np.pi)
    place = np.hypot(y, x) if rng.random() < 0.3 else y * np.sin(angle) + x * np.cos(angle)
    place = place * np.exp(rng.uniform(-2, 1))
    stops = [color(rng) for _ in range(int(rng.integers(2, 5)))]
    picture = np.stack([np.interp(place % 1 if rng.random() < 0.1 else place, np.linspace(-0.5, 1, len(stops)), c) for c in zip(*stops)], -1)
    if rng.random() < 0.3:
        picture = picture + rng.uniform(-0.5, 0.5, picture.shape)
    return picture.round().clip(0, 255).astype(np.uint8)


DRAWN = ((text_page, 5), (code, 3), (interface, 3), (chart, 2), (drawing, 2), (grid, 1.5), (flat, 1.5), (ramp, 2))


def drawn(rng, size):
    """[size, size, 3], uint8: any of these without a photograph."""
    weights = np.array([w for _, w in DRAWN])
    kind = DRAWN[rng.choice(len(DRAWN), p=weights / weights.sum())][0]
    return np.asarray(kind(rng, size))


def dithered(rng, picture):
    """A photograph in black and white, or in two levels of every component."""
    grey = picture.mean(-1, keepdims=True) if rng.random() < 0.7 else picture
    if rng.random() < 0.5:
        side = int(rng.choice([2, 4, 8]))
        matrix = np.zeros((1, 1))
        while len(matrix) < side:
            matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
        threshold = (np.tile(matrix, [-(-s // side) for s in grey.shape[:2]])[: grey.shape[0], : grey.shape[1]] + 0.5) / side**2
        threshold = threshold[..., None] * 255
    else:
        threshold = rng.uniform(0, 255, grey.shape)
    return np.broadcast_to(np.where(grey > threshold, 255, 0), picture.shape).astype(np.uint8)


def composed(rng, picture):
    """A photograph with something drawn around it, over it or beside it."""
    size = picture.shape[0]
    other = np.asarray(flat(rng, size) if rng.random() < 0.6 else drawn(rng, size))
    y, x = np.mgrid[:size, :size]
    kind = rng.random()
    if kind < 0.35:  # a frame, or a picture on a page
        top, left = rng.integers(0, size // 2, 2)
        bottom, right = rng.integers(size // 2, size + 1, 2)
        mask = ((y >= top) & (y < bottom) & (x >= left) & (x < right)).astype(float)
    elif kind < 0.7:  # a shape before a ground
        centre, radius = rng.uniform(0.2, 0.8, 2) * size, rng.uniform(0.15, 0.6, 2) * size
        distance = np.hypot((y - centre[0]) / radius[0], (x - centre[1]) / radius[1])
        mask = np.clip((1 - distance) * size * rng.uniform(0.05, 0.6), 0, 1)
    else:  # text over it
        cover = Image.new("L", (size, size), 255)
        write(rng, ImageDraw.Draw(cover), (int(rng.integers(-20, size // 2)), int(rng.integers(0, size)), size, size), font(rng, 10, 60), 0, 1.4)
        mask = np.asarray(cover) / 255
        other = np.broadcast_to(np.array(color(rng)), picture.shape)
    mask = mask[..., None]
    return (picture * mask + other * (1 - mask)).round().astype(np.uint8)


def grey(picture):
    """A copy in shades of grey."""
    luma = picture @ np.array([0.299, 0.587, 0.114])
    return np.repeat(luma[..., None].round(), 3, -1).astype(np.uint8)


def varied(rng, picture, share):
    """(a square crop as training sees it, whether it is more than a photograph): `share` of crops become something drawn, a
    composition, a dither, or grey."""
    kind = rng.random() / max(share, 1e-9)
    if kind >= 1:
        return picture, False
    if kind < 0.55:
        return drawn(rng, picture.shape[0]), True
    if kind < 0.8:
        return composed(rng, picture), True
    if kind < 0.85:
        return dithered(rng, picture), True
    return grey(picture), True
