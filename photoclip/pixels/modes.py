"""Any of Pillow's modes to RGB: palettes resolved, deep greys scaled to 8 bits, alpha over white."""

from __future__ import annotations

from PIL import Image


def to_rgb(image: Image.Image) -> Image.Image:
    """An 8-bit RGB picture; `image` itself where it is one."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        white.alpha_composite(image)
        return white.convert("RGB")
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert("RGB")


def extrema(image: Image.Image) -> list[tuple[float, float]]:
    """The least and the greatest value of each band."""
    found = image.getextrema()
    return [found] if len(image.getbands()) == 1 else list(found)  # type: ignore[list-item, arg-type]


def _from_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # only None when converting in place
    return converted


def _deep_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float grey to 8 bits: 16-bit by its full range, others by the range they use."""
    wide = image.convert("F")
    low, high = extrema(wide)[0]
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0 if image.mode != "I" or high > 255 else 255.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scale = 255.0 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale - low * scale).convert("L")
