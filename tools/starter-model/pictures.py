"""Captioned training pictures: one sprite, perhaps recoloured, on a plain ground or in a drawn scene.

Pictures are float arrays [128, 128, 3], 0..255; sprites are [128, 128, 4] with premultiplied alpha.
Try it: python pictures.py SPRITE_FOLDER OUT.png
"""
import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 128
HORIZON = 88
OBJECT_SIZE, FOOT = 96, 110
VARIANTS_OF_SCENE = 24
CONCEPTS = json.loads((Path(__file__).parent / "concepts.json").read_text())
PLAIN_GROUNDS = {
    "red": (226, 58, 48), "orange": (248, 148, 40), "yellow": (252, 214, 62),
    "green": (92, 184, 88), "blue": (64, 132, 228), "purple": (146, 88, 204),
    "pink": (248, 160, 196), "black": (28, 28, 32), "gray": (150, 154, 160),
}
Y, X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


# ---- drawing ---------------------------------------------------------------------------------

def gradient(top, bottom):
    """Vertical gradient [128, 128, 3] between two colours."""
    share = (Y / (SIZE - 1))[..., None]
    return np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share


def paint(picture, mask, colour):
    """Lay a colour over the picture in place; mask [128, 128] is its opacity."""
    picture *= 1 - mask[..., None]
    picture += mask[..., None] * np.array(colour, np.float32)


def disk(x, y, radius):
    return np.clip(radius - np.hypot(X - x, Y - y) + 0.5, 0, 1)


def below(height, wave=0.0, phase=0.0):
    """Mask of everything under a wavy line."""
    return np.clip(Y - (height + wave * np.sin(X / SIZE * 5 + phase)) + 0.5, 0, 1)


def tree_shape(x, foot, height):
    """Mask of a plain triangular fir."""
    from_top = (Y - (foot - height)) / height
    inside = (np.abs(X - x) < from_top * height * 0.32) & (from_top >= 0) & (Y < foot)
    return inside.astype(np.float32)


def cloud(picture, x, y, size):
    for dx, dy, radius in ((-0.8, 0, 0.45), (-0.25, -0.25, 0.6), (0.35, -0.2, 0.6), (0.9, 0, 0.4)):
        paint(picture, disk(x + dx * size, y + dy * size, radius * size), (255, 255, 255))


def varied(rng, colour, spread=6):
    return np.clip(np.array(colour, np.float32) + rng.normal(0, spread), 0, 255)


# ---- scenes: each draws a background; objects stand on the ground or float -------------------

def grass(rng):
    picture = gradient(varied(rng, (120, 192, 250)), varied(rng, (206, 236, 255)))
    if rng.random() < 0.5:
        cloud(picture, rng.uniform(15, 113), rng.uniform(14, 26), 14)
    paint(picture, below(HORIZON, 3, rng.uniform(0, 6)), varied(rng, (108, 186, 86)))
    return picture


def sunset(rng):
    picture = gradient(varied(rng, (98, 64, 140)), varied(rng, (255, 170, 90)))
    paint(picture, disk(rng.uniform(16, 112), HORIZON - 6, 15), (255, 226, 120))
    paint(picture, below(HORIZON, 2, rng.uniform(0, 6)), varied(rng, (70, 48, 70), 4))
    return picture


def night(rng):
    picture = gradient(varied(rng, (10, 16, 50), 4), varied(rng, (40, 56, 120)))
    for _ in range(14):
        paint(picture, disk(rng.uniform(0, SIZE), rng.uniform(0, HORIZON), 1.3), (255, 255, 230))
    paint(picture, disk(rng.choice([18, 110]), rng.uniform(14, 22), 10), (250, 244, 200))
    paint(picture, below(HORIZON, 2, rng.uniform(0, 6)), varied(rng, (24, 40, 44), 4))
    return picture


def snow(rng):
    picture = gradient(varied(rng, (150, 190, 226)), varied(rng, (222, 236, 248)))
    paint(picture, below(HORIZON, 3, rng.uniform(0, 6)), (246, 250, 255))
    for _ in range(18):
        paint(picture, disk(rng.uniform(0, SIZE), rng.uniform(0, SIZE), 1.8), (255, 255, 255))
    return picture


def beach(rng):
    picture = gradient(varied(rng, (110, 196, 250)), varied(rng, (214, 240, 255)))
    paint(picture, disk(rng.choice([16, 112]), 16, 10), (255, 226, 100))
    paint(picture, below(62), varied(rng, (38, 150, 214)))
    paint(picture, below(HORIZON, 2, rng.uniform(0, 6)), varied(rng, (244, 218, 160), 4))
    return picture


def sea(rng):
    picture = gradient(varied(rng, (70, 180, 226)), varied(rng, (10, 60, 130)))
    for _ in range(6):
        paint(picture, disk(rng.uniform(0, SIZE), rng.uniform(0, SIZE), 3) * 0.5, (210, 240, 255))
    paint(picture, below(116, 3, rng.uniform(0, 6)), (222, 200, 140))
    return picture


def space(rng):
    picture = np.zeros((SIZE, SIZE, 3), np.float32) + varied(rng, (12, 10, 30), 3)
    glow = np.exp(-(((X - rng.uniform(20, 108)) / 45) ** 2 + ((Y - rng.uniform(20, 108)) / 35) ** 2))
    picture += glow[..., None] * np.array((70, 30, 95), np.float32)
    for _ in range(28):
        paint(picture, disk(rng.uniform(0, SIZE), rng.uniform(0, SIZE), 1.2), (255, 255, 245))
    return picture


def sky(rng):
    picture = gradient(varied(rng, (90, 170, 246)), varied(rng, (190, 226, 255)))
    for y in (rng.uniform(14, 40), rng.uniform(90, 116)):
        cloud(picture, rng.uniform(10, 118), y, 16)
    return picture


def forest(rng):
    picture = gradient(varied(rng, (150, 206, 200)), varied(rng, (196, 228, 180)))
    paint(picture, below(HORIZON, 2, rng.uniform(0, 6)), varied(rng, (84, 140, 66)))
    for x in (10, 36, 64, 92, 118):
        fir = tree_shape(x + rng.uniform(-6, 6), HORIZON + 2, rng.uniform(46, 64))
        paint(picture, fir, varied(rng, (40, 104, 62)))
    return picture


def desert(rng):
    picture = gradient(varied(rng, (120, 190, 240)), varied(rng, (252, 226, 176)))
    paint(picture, disk(rng.choice([18, 110]), 18, 10), (255, 236, 140))
    paint(picture, below(HORIZON - 6, 5, rng.uniform(0, 6)), varied(rng, (226, 174, 98)))
    return picture


DRAW = dict(grass=grass, sunset=sunset, night=night, snow=snow, beach=beach, sea=sea,
            space=space, sky=sky, forest=forest, desert=desert)
FLOATING = {"sea", "space", "sky"}


# ---- sprites ---------------------------------------------------------------------------------

def load_sprites(folder):
    """{(style, name): premultiplied uint8 [128, 128, 4]}"""
    sprites = {}
    for style, extension in (("flat", "png"), ("3d", "webp")):
        for item in CONCEPTS["objects"]:
            image = Image.open(Path(folder) / style / f"{item['name']}.{extension}").convert("RGBA")
            image = image.convert("RGBa").resize((SIZE, SIZE), Image.BOX)
            sprites[style, item["name"]] = np.array(image).reshape(SIZE, SIZE, 4)
    return sprites


def recolour(sprite, colour):
    """Turn the sprite's main hue to another; other hues, grey, white and black parts stay."""
    alpha = sprite[..., 3:].astype(np.float32)
    straight = np.clip(sprite[..., :3] * (255 / np.maximum(alpha, 1)), 0, 255).astype(np.uint8)
    hsv = np.array(Image.fromarray(straight).convert("HSV"))
    angle = hsv[..., 0].astype(np.float32) / 255 * 2 * np.pi
    coloured = (hsv[..., 1] > 100) & (alpha[..., 0] > 128)
    main_angle = np.angle(np.exp(1j * angle[coloured]).mean())
    distance = np.abs(np.angle(np.exp(1j * (angle - main_angle))))
    share = np.clip((hsv[..., 1].astype(np.float32) - 70) / 40, 0, 1) * np.clip((1.2 - distance) * 4, 0, 1)
    hsv[..., 0] = round(CONCEPTS["colours"][colour] / 360 * 255)
    if colour == "pink":
        hsv[..., 1] = hsv[..., 1] * 0.55
        hsv[..., 2] = np.maximum(hsv[..., 2], 235)
    else:
        hsv[..., 1] = np.maximum(hsv[..., 1], 190)
    if colour == "green":
        hsv[..., 2] = hsv[..., 2] * 0.78
    changed = np.asarray(Image.fromarray(hsv, "HSV").convert("RGB"), np.float32)
    mixed = straight * (1 - share[..., None]) + changed * share[..., None]
    return np.concatenate([mixed * alpha / 255, alpha], -1).round().astype(np.uint8)


def place(picture, sprite, x, y, size):
    """Draw the sprite in place with its centre at (x, y), size pixels wide."""
    small = np.asarray(Image.fromarray(sprite, "RGBa").resize((size, size), Image.BOX))
    left, top = round(x - size / 2), round(y - size / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(SIZE, left + size), min(SIZE, top + size)
    part = small[y0 - top:y1 - top, x0 - left:x1 - left].astype(np.float32)
    view = picture[y0:y1, x0:x1]
    view *= 1 - part[..., 3:] / 255
    view += part[..., :3]


# ---- picture and caption ---------------------------------------------------------------------

def with_article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


@lru_cache(1)
def scene_bank():
    """{scene: pictures}: drawing a scene is slow, so each has a fixed number of variants."""
    rng = np.random.default_rng(0)
    return {scene: [draw(rng) for _ in range(VARIANTS_OF_SCENE)] for scene, draw in DRAW.items()}


def background(rng):
    """(picture, words, whether the object stands on a ground and throws a shadow)"""
    choice = rng.random()
    if choice < 0.42:
        words = " on a white background" if rng.random() < 0.15 else ""
        return np.full((SIZE, SIZE, 3), 255, np.float32), words, False
    if choice < 0.5:
        name = rng.choice(list(PLAIN_GROUNDS))
        picture = np.zeros((SIZE, SIZE, 3), np.float32) + varied(rng, PLAIN_GROUNDS[name])
        return picture, f" on {with_article(name)} background", False
    scene = str(rng.choice(list(DRAW)))
    words = " " + str(rng.choice(CONCEPTS["scenes"][scene]))
    variant = scene_bank()[scene][rng.integers(VARIANTS_OF_SCENE)]
    return variant.copy(), words, scene not in FLOATING


def make_picture(rng, sprites):
    """One training example: (uint8 [128, 128, 3], caption).

    The object always has the same size and place: with few samples to spend, shapes are learnt
    several times faster than when they move about.
    """
    item = CONCEPTS["objects"][rng.integers(len(CONCEPTS["objects"]))]
    words = item["name"]
    style = "3d" if rng.random() < 0.2 else "flat"
    sprite = sprites[style, words]
    if item.get("colours") and rng.random() < 0.55:
        colour = str(rng.choice(list(CONCEPTS["colours"])))
        if f"{colour} {words}" not in CONCEPTS["heldOut"]:
            sprite, words = recolour(sprite, colour), f"{colour} {words}"

    picture, where, has_shadow = background(rng)
    if has_shadow:
        shade = 1 - np.hypot((X - 64) / (OBJECT_SIZE * 0.45), (Y - FOOT) / (OBJECT_SIZE * 0.1))
        paint(picture, np.clip(shade, 0, 1) * 0.35, (20, 20, 30))
    place(picture, sprite, 64, FOOT - OBJECT_SIZE * 0.46, OBJECT_SIZE)

    if words != "pizza" and rng.random() < 0.7:
        words = with_article(words)
    caption = words + where
    if style == "3d" or rng.random() < 0.25:
        caption += f", {rng.choice(CONCEPTS['styles'][style])}"
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8), caption


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    sprites = load_sprites(sys.argv[1])
    sheet = Image.new("RGB", (12 * SIZE, 6 * SIZE))
    for index in range(72):
        picture, caption = make_picture(rng, sprites)
        print(caption)
        sheet.paste(Image.fromarray(picture), (index % 12 * SIZE, index // 12 * SIZE))
    sheet.save(sys.argv[2])
